//! By when a request is to be answered, as the section `[privacy]` has it.

use model::{Fault, Instant};
use privacy::deadline::{self, Calendar, Due, Duty, Holidays, Pause, Regime, Zone};
use privacy::register::Request;

use super::context::Context;

/// The regime that the configuration names: its word and what it means.
///
/// # Errors
/// `unknown-regime`.
pub(crate) fn regime(context: &Context) -> Result<(String, Regime), Fault> {
    let word = context.config.text("privacy.regime").to_lowercase();
    let regime = regime_of(&word)?;
    Ok((word, regime))
}

/// Zone and holidays of the configuration.
///
/// # Errors
/// `unknown-zone`, `unknown-country`.
pub(crate) fn calendar(context: &Context) -> Result<Calendar, Fault> {
    let holidays = match context.config.text("privacy.holidays") {
        "" => Holidays::default(),
        country => Holidays::of(country)?,
    };
    Ok(Calendar { zone: Zone::of(context.config.text("privacy.zone"))?, holidays })
}

/// When the answer to `request` is due.
///
/// # Errors
/// `unknown-regime`, `unknown-zone`, `unknown-country`, `term-out-of-range`.
pub(crate) fn due(context: &Context, request: &Request) -> Result<Option<Due>, Fault> {
    due_at(context, request, context.now())
}

fn due_at(context: &Context, request: &Request, now: Instant) -> Result<Option<Due>, Fault> {
    let counted = deadline::Request {
        regime: regime_of(&request.regime)?,
        extended: request.extension.is_some(),
        pauses: request.pauses.iter().map(|pause| Pause { from: pause.from, until: pause.until }).collect(),
    };
    deadline::due(Duty::Answer, request.received, &counted, &calendar(context)?, now)
}

fn regime_of(word: &str) -> Result<Regime, Fault> {
    match word {
        "gdpr" => Ok(Regime::Gdpr),
        "ccpa" => Ok(Regime::Ccpa),
        _ => Err(Fault::bad_config("unknown-regime", format!("There are no terms under {word:?}"))
            .advise("Set privacy.regime to \"gdpr\" or \"ccpa\".")),
    }
}
