//! The parsers of what others wrote and of what servers say, for the fuzzer: not a part of what the room offers.

use std::io::Read;

use model::Fault;
use privacy::row::FieldPath;

use crate::bodies::formats::{self, Changed, Format, Options, Verdict};
use crate::document::json::{self, Malformed, Node, Value};
use crate::document::{edit, template::Template};

#[path = "bucket/answers.rs"]
mod answers;

/// What becomes of a row.
pub enum Choice {
    /// It stays.
    Keep,
    /// It goes.
    Drop,
    /// This field has this value from now on.
    Set(String, Option<String>),
}

/// The formats of rows that are rewritten.
pub const FORMATS: usize = 3;

fn format(number: usize) -> (Format, &'static str) {
    [(Format::Lines, "x.jsonl"), (Format::Csv, "x.csv"), (Format::Array, "x.json")][number % FORMATS]
}

/// Rewrites a file, row by row as `choose` says of its bytes; its bytes afterwards.
///
/// # Errors
/// `bad-row`.
pub fn rewrite(number: usize, input: &[u8], choose: &mut dyn FnMut(&[u8]) -> Choice) -> Result<Vec<u8>, Fault> {
    let (format, name) = format(number);
    let mut output = Vec::new();
    let input: Box<dyn Read + '_> = Box::new(input);
    formats::rewrite(format, &Options::default(), name, input, &mut output, &mut |_, bytes| {
        Ok(match choose(bytes) {
            Choice::Keep => Verdict::Keep,
            Choice::Drop => Verdict::Drop,
            Choice::Set(field, value) => Verdict::Set(vec![(FieldPath::column(&field), value)]),
        })
    })
    .map(|_: Changed| output)
}

/// The members of a row, in their order: name and JSON.
pub type Members = Vec<(String, String)>;

/// The rows of a file: their bytes, and their members.
///
/// # Errors
/// `bad-row`.
pub fn rows(number: usize, input: &[u8]) -> Result<Vec<(Vec<u8>, Members)>, Fault> {
    let (format, name) = format(number);
    let mut rows = Vec::new();
    formats::read(format, &Options::default(), name, Box::new(input), &mut |node, bytes| {
        let members = node.members().iter().map(|member| (member.name.clone(), member.node.compact()));
        rows.push((bytes.to_vec(), members.collect()));
        Ok(std::ops::ControlFlow::Continue(()))
    })?;
    Ok(rows)
}

/// What a bucket says: how many elements it has.
pub fn xml(bytes: &[u8]) -> Option<usize> {
    let (root, found) = answers::elements(bytes)?;
    let keys = found.iter().filter(|element| element.field("Key").is_some()).count();
    assert!(keys <= found.len() && root.field("").is_none_or(str::is_empty));
    Some(found.len())
}

/// JSON without blanks, or at which byte it is none.
///
/// # Errors
/// The byte.
pub fn compact(text: &str) -> Result<String, usize> {
    json::parse(text).map(|node| node.compact()).map_err(|Malformed { at, .. }| at)
}

/// `text` with a field set, and the value that it then has.
pub fn set(text: &str, path: &str, value: Option<&str>) -> Option<(String, Option<String>)> {
    let node = json::parse(text).ok()?;
    let path = FieldPath::parse(path);
    let new = edit::set(text, &node, &[(path.clone(), value.map(str::to_owned))])?;
    let again = json::parse(&new).expect("what was edited is JSON");
    let found = path.0.iter().try_fold(again, |node: Node, name| node.member(name).cloned());
    Some((new, found.and_then(|node| if node.value == Value::Null { None } else { node.cell() })))
}

/// Whether a template of keys means `name`; what it takes out of the name puts the name together again.
pub fn template(text: &str, name: &str, separator: char) -> Option<bool> {
    let template = Template::parse(text, separator).ok()?;
    assert_eq!(template.text(), text);
    let Some(found) = template.matches(name) else { return Some(false) };
    assert!(name.starts_with(template.prefix()), "{text:?} {name:?}");
    if !text.contains(['*', '>']) {
        let known = |variable: &str| found.iter().find(|(name, _)| name == variable).map(|(_, value)| value.clone());
        assert_eq!(template.fill(&known, ""), name, "{text:?}");
    }
    Some(true)
}

/// What a plug-in says in answer to question `id`.
///
/// # Errors
/// Why it is no answer.
pub fn plugin(line: &[u8], id: u64) -> Result<String, String> {
    crate::exec::part(line, id).map(|(name, _)| name)
}
