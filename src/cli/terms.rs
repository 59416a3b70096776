//! By when a request is to be answered, as the section `[privacy]` has it.

use model::Fault;
use privacy::deadline::{Calendar, Due, Duty, Holidays, Regime, Zone};
use privacy::register::Request;

use super::context::Context;

/// The regime that the configuration names: its word and what it means.
///
/// # Errors
/// `unknown-regime`.
pub(crate) fn regime(context: &Context) -> Result<(String, Regime), Fault> {
    let word = context.config.text("privacy.regime").to_lowercase();
    let regime = Regime::parse(&word)?;
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
    request.term(Duty::Answer, &calendar(context)?, context.now())
}
