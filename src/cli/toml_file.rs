//! TOML files with a place for every key and value, for configuration and jobs.

use std::ops::Range;
use std::path::{Path, PathBuf};

use model::{ByteSize, Fault, Place};
use toml::de::{DeTable, DeValue};

use super::files;

const SIZE_MAX: ByteSize = ByteSize(1 << 20);

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Located<T> {
    pub(crate) place: Place,
    pub(crate) item: T,
}

/// A table in the order of its keys.
pub(crate) type Table = Vec<(Located<String>, Located<Value>)>;

/// What a key can hold.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    /// An integer or a decimal, exactly as written.
    Number(String),
    Flag(bool),
    List(Vec<Located<Value>>),
    Table(Table),
}

impl Value {
    /// The word for its type.
    pub(crate) fn type_word(&self) -> &'static str {
        match self {
            Value::Text(_) => "a text",
            Value::Number(_) => "a number",
            Value::Flag(_) => "true or false",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// A text or a number as it stands; empty for what has parts.
    pub(crate) fn plain(&self) -> &str {
        match self {
            Value::Text(text) | Value::Number(text) => text,
            _ => "",
        }
    }

    /// As TOML would write it on one line.
    pub(crate) fn to_toml(&self) -> String {
        match self {
            Value::Text(text) => toml::Value::String(text.clone()).to_string(),
            Value::Number(number) => number.clone(),
            Value::Flag(flag) => flag.to_string(),
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(|item| item.item.to_toml()).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Table(rows) => {
                let rows: Vec<String> =
                    rows.iter().map(|(key, value)| format!("{} = {}", key.item, value.item.to_toml())).collect();
                format!("{{ {} }}", rows.join(", "))
            }
        }
    }
}

/// Reads and parses `path`.
///
/// # Errors
/// I/O faults; `bad-toml` with line and column.
pub(crate) fn read(path: &Path) -> Result<Table, Fault> {
    parse(&files::read_text(path, SIZE_MAX)?, Some(path))
}

/// Parses `text`; `path` is for the places.
///
/// # Errors
/// `bad-toml` with line and column.
pub(crate) fn parse(text: &str, path: Option<&Path>) -> Result<Table, Fault> {
    let source = Source { text, path: path.map(Path::to_path_buf) };
    let root = DeTable::parse(text).map_err(|error| {
        let place = source.place(error.span().unwrap_or(0..0));
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        Fault::bad_config("bad-toml", format!("This is not TOML: {message}\n{}", source.excerpt(&place)))
            .at(place)
            .advise("Mend the line; texts stand in double quotes, and a key appears once.")
    })?;
    Ok(source.table(root.get_ref()))
}

/// A located complaint about one key, with the line and a caret under it, as compilers show it.
pub(crate) fn complaint(code: &'static str, message: &str, place: &Place) -> Fault {
    Fault::bad_config(code, with_excerpt(message, place)).at(place.clone())
}

fn with_excerpt(message: &str, place: &Place) -> String {
    let excerpt = place.file.as_deref().filter(|_| place.line > 0).and_then(|path| {
        let text = files::read_text(path, SIZE_MAX).ok()?;
        Some(Source { text: &text, path: None }.excerpt(place))
    });
    match excerpt {
        Some(excerpt) => format!("{message}\n{excerpt}"),
        None => message.to_owned(),
    }
}

/// The same fault, in `path`, with the line and a caret under it.
pub(crate) fn show_line(fault: &Fault, path: &Path) -> Fault {
    let place = fault.place().cloned().unwrap_or_default().in_file(path);
    let message = with_excerpt(fault.message(), &place);
    let shown = Fault::new(fault.kind(), fault.code(), message).at(place);
    match fault.advice() {
        Some(advice) => shown.advise(advice),
        None => shown,
    }
}

/// A located complaint about an unknown key, with the nearest known one.
pub(crate) fn unknown_key(key: &Located<String>, known: &[&str]) -> Fault {
    let fault = complaint("unknown-key", &format!("There is no key {:?} here", key.item), &key.place);
    fault.advise(match model::nearest(&key.item, known.iter().copied()) {
        Some(nearest) => format!("Did you mean {nearest:?}?"),
        None => format!("The keys are: {}.", known.join(", ")),
    })
}

struct Source<'a> {
    text: &'a str,
    path: Option<PathBuf>,
}

impl Source<'_> {
    fn place(&self, span: Range<usize>) -> Place {
        let before = &self.text[..span.start.min(self.text.len())];
        let line = before.matches('\n').count() as u64 + 1;
        let column = before.len() - before.rfind('\n').map_or(0, |newline| newline + 1) + 1;
        Place { file: self.path.clone(), line, column: column as u64 }
    }

    /// The line at `place` with a caret under its column.
    fn excerpt(&self, place: &Place) -> String {
        let line = self.text.lines().nth(place.line.saturating_sub(1) as usize).unwrap_or_default();
        let number = place.line.to_string();
        let margin = " ".repeat(number.len());
        let indent = " ".repeat(place.column.saturating_sub(1) as usize);
        format!("  {number} | {line}\n  {margin} | {indent}^")
    }

    fn table(&self, table: &DeTable<'_>) -> Table {
        let mut rows: Table = table
            .iter()
            .map(|(key, value)| {
                let key_place = self.place(key.span());
                let key = Located { place: key_place, item: key.get_ref().to_string() };
                (key, Located { place: self.place(value.span()), item: self.value(value.get_ref()) })
            })
            .collect();
        rows.sort_by_key(|(key, _)| (key.place.line, key.place.column));
        rows
    }

    fn value(&self, value: &DeValue<'_>) -> Value {
        match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => Value::Number(number.to_string()),
            DeValue::Float(number) => Value::Number(number.to_string()),
            DeValue::Boolean(flag) => Value::Flag(*flag),
            DeValue::Datetime(time) => Value::Text(time.to_string()),
            DeValue::Array(items) => Value::List(
                items
                    .iter()
                    .map(|item| Located { place: self.place(item.span()), item: self.value(item.get_ref()) })
                    .collect(),
            ),
            DeValue::Table(table) => Value::Table(self.table(table)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_know_their_place() {
        let table = parse("a = 1\n[b]\nc = [\"x\", true]\n", Some(Path::new("p.toml"))).unwrap();
        let (key, value) = &table[1];
        assert_eq!(key.item, "b");
        let Value::Table(inner) = &value.item else { panic!("b is a table") };
        assert_eq!(inner[0].1.place.to_string(), "p.toml:3:5");
        assert_eq!(inner[0].1.item.to_toml(), "[\"x\", true]");
    }

    #[test]
    fn a_syntax_error_is_located() {
        let fault = parse("a = 1\nb = \n", Some(Path::new("p.toml"))).unwrap_err();
        assert_eq!(fault.code(), "bad-toml");
        assert_eq!(fault.place().unwrap().line, 2);
    }
}
