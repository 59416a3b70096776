//! What the project needs that is somewhere else.

#[cfg(feature = "alerts")]
use alerts::Held;
#[cfg(any(feature = "alerts", feature = "pdf", feature = "privacy"))]
use model::Fault;
#[cfg(feature = "alerts")]
use model::counted;

use super::{Check, State};
use crate::cli::context::Context;

/// Targets of alerts take what they are told. None is told anything here: the register knows how it went.
#[cfg(feature = "alerts")]
pub(super) fn targets(context: &Context) -> Check {
    use crate::cli::alerts as project;
    let look = || -> Result<Check, Fault> {
        let policy = project::policy(context, None)?;
        let register = project::read_whole(context)?;
        let total = policy.targets.len();
        if total == 0 {
            return Ok(Check::of("targets", State::Absent, "alerts.yaml names none"));
        }
        let due = register.due(&policy, context.now());
        let waiting: u64 = due.iter().map(|due| due.letters.len() as u64).sum();
        let resting: Vec<&str> = due
            .iter()
            .filter(|due| matches!(due.held, Some(Held::Open(_))))
            .map(|due| due.target.name.as_str())
            .collect();
        let check = match resting.as_slice() {
            [] => Check::of(
                "targets",
                State::Ok,
                format!("{}; {waiting} to be told", counted(total as u64, "target", "targets")),
            ),
            names => Check::of("targets", State::Degraded, format!("left alone for a while: {}", names.join(", ")))
                .advise("See why with `probity alert test TARGET`; what it is to be told stays due."),
        };
        Ok(check.figure("known", total).figure("resting", resting.len()).figure("waiting_letters", waiting))
    };
    look().unwrap_or_else(|fault| Check::failed("targets", &fault))
}

/// Authorities give time stamps.
#[cfg(feature = "pdf")]
pub(super) fn authorities(context: &Context, reach: bool) -> Check {
    use crate::cli::authority::{Authorities, TimeArgs};
    let authorities = match Authorities::new(context, &TimeArgs::default()) {
        Err(fault) => return Check::failed("authorities", &fault),
        Ok(authorities) if !authorities.are_named() => {
            return Check::of("authorities", State::Absent, "`package.tsa` names none");
        }
        Ok(_) if !reach => return unasked("authorities"),
        Ok(authorities) => authorities,
    };
    let tried = authorities.try_each(&seal::sha256(b"probity health"));
    counted_up("authorities", &tried)
}

/// Stores let us in, and tell what they hold.
#[cfg(feature = "privacy")]
pub(super) fn stores(context: &Context, reach: bool) -> Check {
    use crate::cli::{store_keys, stores};
    if store_keys::names(&context.config).is_empty() {
        return Check::of("stores", State::Absent, "probity.toml names none");
    }
    if !reach {
        return unasked("stores");
    }
    match stores::open(context, &privacy::map::DataMap::default(), &[]) {
        Err(fault) => Check::failed("stores", &fault),
        Ok(fleet) => {
            let reached = fleet.members.iter().map(|member| (member.name.clone(), Ok(())));
            let tried: Vec<_> =
                reached.chain(fleet.unreachable.into_iter().map(|(name, fault)| (name, Err(fault)))).collect();
            counted_up("stores", &tried)
        }
    }
}

#[cfg(any(feature = "pdf", feature = "privacy"))]
fn unasked(name: &'static str) -> Check {
    Check::of(name, State::Absent, "not asked").advise("`--reach` asks them.")
}

/// Degraded when some do not answer, failed when none does.
#[cfg(any(feature = "pdf", feature = "privacy"))]
fn counted_up(name: &'static str, tried: &[(String, Result<(), Fault>)]) -> Check {
    let failed: Vec<(&String, &Fault)> =
        tried.iter().filter_map(|(name, outcome)| Some((name, outcome.as_ref().err()?))).collect();
    let check = match failed.as_slice() {
        [] => Check::of(name, State::Ok, format!("{} of {} answered", tried.len(), tried.len())),
        [(_, first), ..] => {
            let all = failed.len() == tried.len();
            let says: Vec<String> = failed.iter().map(|(name, fault)| format!("{name}: {}", fault.message())).collect();
            let state = if all { State::Failed } else { State::Degraded };
            let check = Check::of(name, state, says.join("; "));
            Check { code: Some(first.code()), advice: first.advice().map(str::to_owned), ..check }
        }
    };
    check.figure("known", tried.len()).figure("unreachable", failed.len())
}
