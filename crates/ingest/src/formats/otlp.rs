//! x
use crate::Request;
use crate::output::Output;
use model::Fault;
use std::io::Read;
pub(crate) fn read(_: &mut dyn Read, _: &Request, _: &mut Output<'_>) -> Result<(), Fault> {
    Ok(())
}
