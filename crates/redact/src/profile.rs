//! Profiles: which types go, how, and on what ground.

use model::Fault;

use crate::detector::fold_name;
use crate::operator::Operator;
use crate::settings::{self, Settings};

mod built_in {
    include!(concat!(env!("OUT_DIR"), "/profiles.rs"));
}

/// Which types go, how, and on what ground.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// One line for people.
    pub about: String,
    /// The law or rule behind it, where there is one: `Fed. R. Civ. P. 5.2(a)`.
    pub basis: Option<String>,
    /// Where names of persons, places and organisations are looked for.
    pub names: Names,
    /// Whether the reason stands at the place of the redaction.
    pub shows_reason: bool,
    rules: Vec<Rule>,
    unlisted: Option<Operator>,
    /// Types and detectors that somebody left out.
    excluded: Vec<String>,
}

/// Where names are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Nowhere.
    Never,
    /// In documents, and in text that is written in sentences.
    Prose,
    /// Everywhere.
    Always,
}

impl Names {
    /// `never`, `prose` or `always`.
    ///
    /// # Errors
    /// `bad-names`.
    pub fn parse(place: &str) -> Result<Self, Fault> {
        match place {
            "never" => Ok(Names::Never),
            "prose" => Ok(Names::Prose),
            "always" => Ok(Names::Always),
            _ => Err(Fault::usage("bad-names", "names are looked for never, in prose, or always")
                .advise("Write one of the three words.")),
        }
    }
}

/// What happens to some types.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    types: Vec<String>,
    pub(crate) operator: Operator,
    pub(crate) reason: Option<String>,
    when: Vec<String>,
}

impl Profile {
    /// The built-in profile of that name.
    ///
    /// # Errors
    /// `unknown-profile`, with the nearest name.
    pub fn built_in(name: &str) -> Result<Self, Fault> {
        let names = || built_in::PROFILES.iter().map(|(name, _)| *name);
        match built_in::PROFILES.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => Self::parse(text),
            None => {
                let hint = model::nearest(name, names()).map(|near| format!("{near:?} is near. ")).unwrap_or_default();
                let all: Vec<&str> = names().collect();
                Err(Fault::usage("unknown-profile", format!("there is no profile {name:?}"))
                    .advise(format!("{hint}Profiles: {}; or the path of a file of your own.", all.join(", "))))
            }
        }
    }

    /// Names and texts of the built-in profiles.
    pub fn all() -> &'static [(&'static str, &'static str)] {
        built_in::PROFILES
    }

    /// Reads a profile.
    ///
    /// # Errors
    /// `bad-profile` with line and column.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        settings::parse(text, "bad-profile", Self::read)
    }

    fn read(file: &mut Settings<'_, '_>) -> Result<Self, Fault> {
        let base = file.text("extends")?.map(|name| {
            Self::built_in(&name).map_err(|_| file.wrong("extends", &format!("there is no built-in profile {name:?}")))
        });
        let base = base.transpose()?;
        let needs_reason = file.flag("needs_reason")?.unwrap_or(false);
        let mut rules = file.tables("rule", |table| Rule::read(table, needs_reason))?;
        let unlisted = match file.text("unlisted")?.as_deref() {
            None => base.as_ref().map_or(Some(Operator::Label), |base| base.unlisted),
            Some("keep") => None,
            Some(name) => Some(Operator::parse(name, 0).map_err(|fault| file.wrong("unlisted", fault.message()))?),
        };
        let names = match file.text("names")?.as_deref() {
            None => base.as_ref().map_or(Names::Prose, |base| base.names),
            Some(place) => Names::parse(place).map_err(|fault| file.wrong("names", fault.message()))?,
        };
        let shows_reason = file.flag("show_reason")?.unwrap_or(base.as_ref().is_some_and(|base| base.shows_reason));
        let basis = file.text("basis")?.or(base.as_ref().and_then(|base| base.basis.clone()));
        rules.extend(base.into_iter().flat_map(|base| base.rules));
        Ok(Profile {
            name: file.required("name")?,
            about: file.required("about")?,
            basis,
            names,
            shows_reason,
            rules,
            unlisted,
            excluded: Vec::new(),
        })
    }

    /// What happens to a type: the first rule that names it, its detector, or `*`. `None`: it stays.
    ///
    /// `near` says whether one of some words stands near the value.
    pub(crate) fn rule(&self, kind: &str, detector: &str, near: impl Fn(&[String]) -> bool) -> Option<Answer<'_>> {
        if self.is_excluded(kind, detector) {
            return None;
        }
        let named = |rule: &&Rule| {
            rule.types.iter().any(|name| name == kind || name == detector || name == "*")
                && (rule.when.is_empty() || near(&rule.when))
        };
        match self.rules.iter().find(named) {
            Some(rule) => Some(Answer { operator: rule.operator, reason: rule.reason.as_deref() }),
            None => self.unlisted.map(|operator| Answer { operator, reason: None }),
        }
    }

    /// Whether what happens to a type depends on nothing but the type and its detector.
    pub(crate) fn is_unconditional(&self) -> bool {
        self.rules.iter().all(|rule| rule.when.is_empty())
    }

    /// Whether anything of a type can go: otherwise its detectors need not run. Those that somebody left out run all the
    /// same: what they find is not found as something else.
    pub fn concerns(&self, kind: &str, detector: &str) -> bool {
        self.is_excluded(kind, detector) || self.rule(kind, detector, |_| true).is_some()
    }

    fn is_excluded(&self, kind: &str, detector: &str) -> bool {
        self.excluded.iter().any(|name| name == kind || name == detector)
    }

    /// Whether a rule names a type, or its detector, by itself: not by `*`, and not by what happens to the unlisted.
    pub fn asks_for(&self, kind: &str, detector: &str) -> bool {
        self.rules.iter().any(|rule| rule.types.iter().any(|name| name == kind || name == detector))
    }

    /// Every operator that some rule uses.
    pub fn operators(&self) -> impl Iterator<Item = Operator> {
        self.rules.iter().map(|rule| rule.operator).chain(self.unlisted)
    }

    /// The same profile with one operator for everything that goes.
    #[must_use]
    pub fn with_operator(mut self, operator: Operator) -> Self {
        for rule in self.rules.iter_mut().filter(|rule| rule.operator != Operator::Keep) {
            rule.operator = operator;
        }
        self.unlisted = self.unlisted.map(|_| operator);
        self
    }

    /// The same profile without some types or detectors: they stay, and are no findings.
    #[must_use]
    pub fn without(mut self, types: &[String]) -> Self {
        self.excluded.extend_from_slice(types);
        self
    }
}

/// What happens to a value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer<'p> {
    pub(crate) operator: Operator,
    pub(crate) reason: Option<&'p str>,
}

impl Rule {
    fn read(table: &mut Settings<'_, '_>, needs_reason: bool) -> Result<Self, Fault> {
        let leave_last = table.number("leave_last")?.unwrap_or(0);
        let leave_last = u8::try_from(leave_last).map_err(|_| table.wrong("leave_last", "at most 255 can be left"))?;
        let name = table.required("op")?;
        let reason = table.text("reason")?;
        if needs_reason && reason.is_none() && name != "keep" {
            return Err(table.wrong("op", "this profile needs a reason for every rule"));
        }
        let when = table.texts("when")?;
        Ok(Rule {
            types: table.texts("types")?,
            operator: Operator::parse(&name, leave_last).map_err(|fault| table.wrong("op", fault.message()))?,
            reason,
            when: when.iter().map(|word| fold_name(word)).collect(),
        })
    }
}
