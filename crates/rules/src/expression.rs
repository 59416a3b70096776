//! One expression of a rule, compiled, checked and ready to run.

use std::sync::Arc;

use cel::common::value::CowVal;
use cel::parser::ParseErrors;
use cel::{Context, Env, Program, Value};
use model::{Fault, Place};

use crate::check::{self, Scope};
use crate::limits::Limits;
use crate::shape::Shape;

/// A CEL expression whose every name is known to exist.
#[derive(Debug)]
pub(crate) struct Expression {
    source: String,
    program: Program,
    /// How deep its loops stand in one another.
    pub(crate) loops: usize,
    /// What it gives, where that is known before it runs.
    pub(crate) shape: Option<Shape>,
}

impl Expression {
    /// Compiles `source`, which was written at `place`, and checks every name in it against `scope`.
    ///
    /// # Errors
    /// `bad-expression`, `unknown-name`, with line and column in the rule file.
    pub(crate) fn compile(source: &str, place: &Place, scope: &Scope<'_>, limits: &Limits) -> Result<Self, Fault> {
        if source.len() > limits.expression_bytes {
            let message = format!("The expression is longer than {} bytes", limits.expression_bytes);
            return Err(Fault::bad_config("bad-expression", message)
                .advise("Split the rule in two, or let a fact carry what is computed here.")
                .at(place.clone()));
        }
        if let Some(offset) = check::too_deep(source, limits.brackets) {
            let message = format!("More than {} brackets stand in one another", limits.brackets);
            return Err(Fault::bad_config("bad-expression", message)
                .advise("Split the rule in two, or let a fact carry what is computed here.")
                .at(within(place, source, offset)));
        }
        let program = environment().compile(source).map_err(|errors| unparsable(&errors, source, place))?;
        let checked = check::check(&program, scope).map_err(|problem| {
            let fault = Fault::bad_config(problem.code, problem.message);
            let fault = problem.advice.into_iter().fold(fault, Fault::advise);
            fault.at(within(place, source, problem.offset))
        })?;
        if checked.loops > limits.loops {
            let message = format!("{} loops stand in one another, and at most {} may", checked.loops, limits.loops);
            return Err(Fault::bad_config("bad-expression", message)
                .advise("Nothing can interrupt an expression: let `each` be the outermost loop.")
                .at(place.clone()));
        }
        Ok(Expression { source: source.to_owned(), program, loops: checked.loops, shape: checked.shape })
    }

    /// What the items of the list look like that it gives, where that is known before it runs.
    pub(crate) fn item<'s>(&self, scope: &Scope<'s>) -> Option<&'s Shape> {
        check::item(&self.program, scope)
    }

    /// Runs it.
    ///
    /// # Errors
    /// Why it has no value, as a sentence: a field was not known, a list too short, a division by zero.
    pub(crate) fn run(&self, context: &Context<'_, '_>) -> Result<Value, String> {
        self.program.execute(context).map_err(|error| self.none(&error))
    }

    /// Runs it, and copies nothing of what the context holds: a list of facts is the facts' own.
    ///
    /// # Errors
    /// As [`Expression::run`].
    pub(crate) fn value<'e, 'v>(&'e self, context: &'e Context<'_, 'v>) -> Result<CowVal<'e, 'v>, String> {
        Value::resolve_val(self.program.expression(), context).map_err(|error| self.none(&error))
    }

    // The library's text repeats whole values, which a message must never do: they may be personal data.
    fn none(&self, error: &cel::ExecutionError) -> String {
        format!("`{}` has no value: {}", self.source, reason(error))
    }
}

/// The functions every expression has: CEL's own and those for text.
pub(crate) fn environment() -> Arc<Env> {
    use std::sync::OnceLock;
    static ENVIRONMENT: OnceLock<Arc<Env>> = OnceLock::new();
    Arc::clone(ENVIRONMENT.get_or_init(|| Arc::new(Env::stdlib())))
}

fn reason(error: &cel::ExecutionError) -> &'static str {
    use cel::ExecutionError as E;
    match error {
        E::NoSuchKey(_) | E::IndexOutOfBounds(_) => "it looks for something that is not there",
        E::DivisionByZero(_) | E::RemainderByZero(_) => "it divides by zero",
        E::Overflow(..) => "a number grows too large",
        E::FunctionError { .. } => "a function was given something it cannot use",
        _ => "it puts together values of different kinds, or one that is not known",
    }
}

fn unparsable(errors: &ParseErrors, source: &str, place: &Place) -> Fault {
    let Some(first) = errors.errors.first() else {
        return Fault::bad_config("bad-expression", "This is not CEL").at(place.clone());
    };
    let (line, column) = (first.pos.0.max(1) as usize, first.pos.1.max(0) as usize);
    let before: usize = source.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let message = match first.msg.lines().next().unwrap_or_default() {
        message if message.contains("Recursion limit") => "too much of it stands in one another",
        message => message,
    };
    Fault::bad_config("bad-expression", format!("This is not CEL: {message}"))
        .advise("The language is described at https://cel.dev; text stands in quotes, and `==` compares.")
        .at(within(place, source, before + column))
}

/// The place of byte `offset` of an expression that begins at `place`.
fn within(place: &Place, source: &str, offset: usize) -> Place {
    let before = source.get(..offset.min(source.len())).unwrap_or(source);
    let lines = before.matches('\n').count() as u64;
    let mut place = place.clone();
    match lines {
        0 if source.contains('\n') => place.line += 1,
        0 => place.column += before.len() as u64,
        _ => (place.line, place.column) = (place.line + 1 + lines, 0),
    }
    place
}
