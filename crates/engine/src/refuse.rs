//! DataFusion's errors as faults, in words that a person can act on.

use datafusion::arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;
use model::{Fault, Kind, RecordKind};

use crate::session::INCREMENTS;

/// Who wrote the SQL that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    /// Whoever typed a query.
    User,
    /// A rule file.
    Rule,
}

/// The fault that `error` is.
pub(crate) fn fault(error: &DataFusionError, author: Author) -> Fault {
    match root(error) {
        DataFusionError::External(inner) => match inner.downcast_ref::<Fault>() {
            Some(fault) => copy(fault, author),
            None => unreadable(&inner.to_string()),
        },
        DataFusionError::ResourcesExhausted(reason) => Fault::unavailable(
            "memory-limit",
            format!("The query needs more memory than it may take: {}", line(reason)),
        )
        .advise("Ask for fewer rows or groups, raise the memory limit, or name a folder to spill to."),
        DataFusionError::ObjectStore(_) | DataFusionError::IoError(_) => unreadable(&root(error).to_string()),
        DataFusionError::ParquetError(reason) => Fault::new(
            Kind::Unverified,
            "damaged-data-file",
            format!("A data file does not read: {}", line(&reason.to_string())),
        )
        .advise("Run `probity audit verify`; it names the file that differs from its digest."),
        DataFusionError::Internal(reason) => {
            Fault::internal("engine-failed", format!("The engine failed: {}", line(reason)))
                .advise("Please report it, with the query.")
        }
        DataFusionError::ExecutionJoin(reason) => {
            Fault::internal("engine-failed", format!("The engine failed: {}", line(&reason.to_string())))
                .advise("Please report it, with the query.")
        }
        _ => bad_query(error, author),
    }
}

/// `bad-query` in plain words.
pub(crate) fn bad_query_because(message: impl Into<String>, author: Author) -> Fault {
    let kind = match author {
        Author::User => Kind::Usage,
        Author::Rule => Kind::BadConfig,
    };
    Fault::new(kind, "bad-query", message)
}

fn bad_query(error: &DataFusionError, author: Author) -> Fault {
    let root = root(error);
    let fault = bad_query_because(words(root), author);
    fault.advise(advice(root).unwrap_or_else(|| COLUMNS.to_owned()))
}

fn unreadable(reason: &str) -> Fault {
    Fault::unavailable("io-failed", format!("The store cannot be read: {}", line(reason)))
        .advise("Run `probity audit verify`; a data file may be missing.")
}

/// The innermost error that DataFusion itself made; not what arrow or the disk say below it.
fn root(error: &DataFusionError) -> &DataFusionError {
    match error {
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => root(inner),
        DataFusionError::Shared(inner) => root(inner),
        DataFusionError::Collection(errors) => errors.first().map_or(error, root),
        DataFusionError::ArrowError(inner, _) => match inner.as_ref() {
            ArrowError::ExternalError(inner) => inner.downcast_ref().map_or(error, root),
            _ => error,
        },
        DataFusionError::External(inner) => inner.downcast_ref().map_or(error, root),
        _ => error,
    }
}

fn words(error: &DataFusionError) -> String {
    match error {
        DataFusionError::SQL(parser, _) => match parser.as_ref() {
            ParserError::ParserError(text) | ParserError::TokenizerError(text) => line(text),
            ParserError::RecursionLimitExceeded => "The query is nested too deeply".to_owned(),
        },
        DataFusionError::SchemaError(inner, _) => match inner.as_ref() {
            SchemaError::FieldNotFound { field, .. } => format!("There is no column {}", field.flat_name()),
            other => line(&other.to_string()),
        },
        DataFusionError::Plan(text) => match text.split('\'').collect::<Vec<_>>().as_slice() {
            ["table ", table, " not found"] => {
                format!("There is no table {}", table.rsplit('.').next().unwrap_or(table))
            }
            ["Invalid function ", function, ..] => format!("There is no function {function}"),
            _ => one_statement(text).unwrap_or_else(|| line(text)),
        },
        DataFusionError::NotImplemented(text) => one_statement(text).unwrap_or_else(|| line(text)),
        DataFusionError::Execution(text) | DataFusionError::Configuration(text) => line(text),
        DataFusionError::ArrowError(inner, _) => line(&inner.to_string()),
        other => line(&other.to_string()),
    }
}

/// What DataFusion says about the number of statements, in our words.
fn one_statement(text: &str) -> Option<String> {
    let more = text.contains("only supports a single SQL statement").then_some("There is more than one statement");
    let none = text.contains("No SQL statements were provided").then_some("There is no statement");
    more.or(none).map(str::to_owned)
}

const COLUMNS: &str = "`probity query \"DESCRIBE logs\"` shows the columns and their types; so for metrics and traces.";
const ONE_SELECT: &str = "Ask with one SELECT, such as: SELECT * FROM logs LIMIT 10.";

/// What people ask for most; DataFusion knows hundreds more and guesses less well.
const FUNCTIONS: [&str; 12] =
    ["count", "sum", "avg", "min", "max", "percentile", "round", "coalesce", "lower", "date_trunc", "date_bin", "now"];

fn advice(error: &DataFusionError) -> Option<String> {
    match error {
        DataFusionError::SchemaError(inner, _) => match inner.as_ref() {
            SchemaError::FieldNotFound { field, valid_fields } => {
                let names: Vec<&str> = valid_fields.iter().map(|valid| valid.name.as_str()).collect();
                Some(match model::nearest(&field.name, names.iter().copied()) {
                    Some(near) => format!("Did you mean {near}?"),
                    None => format!("The columns are {}.", names.join(", ")),
                })
            }
            _ => None,
        },
        DataFusionError::Plan(text) if text.starts_with("table '") => {
            let names: Vec<&str> = RecordKind::ALL.map(RecordKind::word).into_iter().chain([INCREMENTS]).collect();
            let asked = text.split('\'').nth(1).and_then(|table| table.rsplit('.').next()).unwrap_or_default();
            Some(match model::nearest(asked, names.iter().copied()) {
                Some(near) => format!("Did you mean {near}? The tables are {}.", names.join(", ")),
                None => format!("The tables are {}.", names.join(", ")),
            })
        }
        DataFusionError::Plan(text) if text.contains("approx_percentile") || text.contains("approx_median") => {
            Some("Use percentile(x, 0.95): nearest rank, and the same answer on any number of threads.".to_owned())
        }
        DataFusionError::Plan(text) if text.starts_with("Invalid function '") => {
            // DataFusion names the nearest it has, however far that is.
            let mut quoted = text.split('\'').skip(1).step_by(2);
            let asked = quoted.next().unwrap_or_default();
            let near = model::nearest(asked, FUNCTIONS).or_else(|| model::nearest(asked, quoted));
            Some(match near {
                Some(near) => format!("Did you mean {near}?"),
                None => "`SHOW FUNCTIONS` lists them.".to_owned(),
            })
        }
        DataFusionError::SQL(..) => Some(ONE_SELECT.to_owned()),
        DataFusionError::Plan(text) | DataFusionError::NotImplemented(text) if one_statement(text).is_some() => {
            Some(ONE_SELECT.to_owned())
        }
        DataFusionError::ArrowError(inner, _) if matches!(**inner, ArrowError::DivideByZero) => {
            Some("Divide by NULLIF(x, 0): nothing divided by nothing is then NULL.".to_owned())
        }
        _ => None,
    }
}

/// One line, without the prefixes that DataFusion and arrow stack up.
fn line(text: &str) -> String {
    const PREFIXES: [&str; 6] = [
        "Error during planning: ",
        "Schema error: ",
        "Execution error: ",
        "Arrow error: ",
        "Parser error: ",
        "sql parser error: ",
    ];
    let mut text = text.split("\n\nbacktrace:").next().unwrap_or(text);
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix)) {
        text = rest;
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is wrong with what was typed is wrong with the rule, where a rule was read.
fn copy(fault: &Fault, author: Author) -> Fault {
    let kind = match (fault.kind(), author) {
        (Kind::Usage, Author::Rule) => Kind::BadConfig,
        (kind, _) => kind,
    };
    let copy = Fault::new(kind, fault.code(), fault.message());
    match fault.advice() {
        Some(advice) => copy.advise(advice),
        None => copy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_lose_their_prefixes_and_line_ends() {
        assert_eq!(line("Error during planning: Execution error: a\n b"), "a b");
    }
}
