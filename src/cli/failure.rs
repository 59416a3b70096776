//! Failures reach people on standard error, machines as one document, and the caller as an exit code: decided here only.

use model::Fault;
use serde_json::{Value, json};

use super::args::GlobalArgs;
use super::context::Context;
use super::exit::Exit;
use super::output::Output;

/// Reports a failure; the answer is the exit code.
pub(crate) fn report(context: &mut Context, fault: &Fault) -> Exit {
    say(&mut context.output, fault)
}

/// As [`report`], when there is no context yet.
pub(crate) fn report_without_context(fault: &Fault, global: &GlobalArgs) -> Exit {
    say(&mut Output::new(global), fault)
}

fn say(output: &mut Output, fault: &Fault) -> Exit {
    output.error(fault);
    if output.is_json() {
        // The failure is on standard error already; a closed standard output cannot be told anything.
        let _ = output.document(document(fault));
    }
    fault.kind().into()
}

/// Why a run that had finished some of its steps ended before the last one: exit 5.
#[derive(Debug)]
pub(crate) struct Unfinished {
    /// What stopped it.
    pub(crate) fault: Fault,
    /// How many steps are left, the one that failed among them.
    pub(crate) left: usize,
}

/// A failure as `failure/1`.
pub(crate) fn document(fault: &Fault) -> Value {
    let exit = Exit::from(fault.kind());
    json!({
        "schema": "failure/1",
        "code": fault.code(),
        "exit": exit.code(),
        "name": exit.name(),
        "message": fault.message(),
        "advice": fault.advice(),
        "place": fault.place().map(|place| json!({
            "file": place.file.as_ref().map(|file| file.display().to_string()),
            "line": place.line,
            "column": place.column,
        })),
    })
}
