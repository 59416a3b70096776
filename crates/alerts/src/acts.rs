//! What people do about alerts.

use model::{Fault, Instant};
use serde_json::{Map, Value, json};

use crate::Limits;
use crate::alert::Alert;
use crate::event::{Entry, Event};
use crate::matcher::Matcher;
use crate::register::Register;

/// Who acts, and when.
#[derive(Clone, Copy, Debug)]
pub struct Actor<'a> {
    /// Who.
    pub by: &'a str,
    /// When.
    pub now: Instant,
}

impl Register {
    /// Somebody knows of an alert.
    ///
    /// # Errors
    /// `no-alert`, `alert-over`.
    pub fn acknowledge(&mut self, name: &str, note: Option<&str>, actor: Actor<'_>) -> Result<(), Fault> {
        let id = self.open(name)?.id.clone();
        self.act(Event::Acknowledged, &id, json!({"note": note}), actor)
    }

    /// Somebody says that it is over, and why.
    ///
    /// # Errors
    /// `no-alert`, `alert-over`.
    pub fn resolve(&mut self, name: &str, reason: &str, actor: Actor<'_>) -> Result<(), Fault> {
        let id = self.open(name)?.id.clone();
        self.act(Event::Resolved, &id, json!({"since": actor.now.to_string(), "why": reason}), actor)
    }

    /// It belongs to an incident; one that is over can as well.
    ///
    /// # Errors
    /// `no-alert`.
    pub fn link(&mut self, name: &str, incident: &str, actor: Actor<'_>) -> Result<(), Fault> {
        let id = self.known(name)?.id.clone();
        self.act(Event::Linked, &id, json!({"incident": incident}), actor)
    }

    /// Alerts that match disturb nobody until then. Gives the id of the silence.
    ///
    /// # Errors
    /// `silence-length` when that is not to come, or too long.
    pub fn silence(
        &mut self,
        matchers: &[Matcher],
        until: Instant,
        reason: &str,
        actor: Actor<'_>,
    ) -> Result<String, Fault> {
        let seconds = until.seconds() - actor.now.seconds();
        if until <= actor.now || seconds > Limits::SILENCE_DAYS * 86_400 {
            let message = format!("A silence until {until} would last {seconds} seconds");
            return Err(Fault::usage("silence-length", message)
                .advise(format!("A silence ends in the future, at most {} days from now.", Limits::SILENCE_DAYS)));
        }
        let id = self.next_silence();
        let matchers: Vec<String> = matchers.iter().map(ToString::to_string).collect();
        let said = json!({"matchers": matchers, "reason": reason, "until": until.to_string()});
        self.act(Event::Silenced, &id, said, actor)?;
        Ok(id)
    }

    /// Ends a silence before its time.
    ///
    /// # Errors
    /// `no-silence`: there is none of this id that holds.
    pub fn unsilence(&mut self, id: &str, actor: Actor<'_>) -> Result<(), Fault> {
        let holds = self.silences().iter().any(|silence| silence.id == id && silence.holds(actor.now));
        if !holds {
            return Err(Fault::bad_input("no-silence", format!("There is no silence {id:?} that holds"))
                .advise("`probity alert silence --list` names them."));
        }
        self.act(Event::Unsilenced, id, json!({}), actor)
    }

    /// The alert of this id or fingerprint.
    ///
    /// # Errors
    /// `no-alert`.
    pub fn known(&self, name: &str) -> Result<&Alert, Fault> {
        self.alert(name).ok_or_else(|| {
            Fault::bad_input("no-alert", format!("There is no alert {name:?} in this project"))
                .advise("`probity alert list --all` names them.")
        })
    }

    fn open(&self, name: &str) -> Result<&Alert, Fault> {
        let alert = self.known(name)?;
        if alert.is_open() {
            return Ok(alert);
        }
        Err(Fault::refused("alert-over", format!("{} is {}", alert.id, alert.status.word()))
            .advise("What comes back is a new alert; `probity alert list` names those that are open."))
    }

    fn act(&mut self, event: Event, about: &str, said: Value, actor: Actor<'_>) -> Result<(), Fault> {
        let said: Map<String, Value> =
            said.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect();
        let said = said.into_iter().filter(|(_, value)| !value.is_null()).collect();
        self.enter(Entry { at: actor.now, by: actor.by.to_owned(), event, about: about.to_owned(), said })
    }
}
