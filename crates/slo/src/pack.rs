//! Packs: folders of OpenSLO files whose numbers are parameters.
//!
//! A pack holds `pack.toml` (title, description, parameters) and OpenSLO files in which `${parameter}` stands for a
//! value. Sums and differences are allowed, exactly and in decimals: `${100 - offload_percent - offload_band}`.
//! Parameters are put into values after the YAML was read, so that no value can change the shape of a rule.

use std::path::{Path, PathBuf};

use model::{ByteSize, Decimal, Fault, Place};
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use yaml::{Fields, Key, Node, Value};

use crate::Limits;
use crate::book::{Book, Reading};
use crate::duration::Duration;
use crate::files::documents;
use crate::notes::Faults;
use crate::openslo::is_dns_label;

macro_rules! built_in {
    ($pack:literal: $($file:literal),*) => {
        ($pack, &[$(($file, include_str!(concat!("../packs/", $pack, "/", $file)))),*])
    };
}

type Files = &'static [(&'static str, &'static str)];

const BUILT_IN: &[(&str, Files)] = &[built_in!(
    "production": "pack.toml", "availability.yaml", "battery.yaml", "cpu.yaml", "latency.yaml", "memory.yaml",
    "network.yaml", "offload.yaml"
)];

/// A pack, read and not yet given its values.
#[derive(Clone, Debug)]
pub struct Pack {
    name: String,
    title: String,
    parameters: Vec<Parameter>,
    files: Vec<(PathBuf, Vec<Node>)>,
    reading: Reading,
}

/// A number of a pack that its user may set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What kind of value it takes.
    pub kind: ParameterKind,
    /// The value when nobody sets one.
    pub default: String,
    /// The unit, in which the value is given.
    pub unit: String,
    /// What it means, in a sentence.
    pub meaning: String,
}

/// What values a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// An exact decimal number, 0 or above.
    Decimal,
    /// A decimal from 0 up to, but not including, 100.
    Percent,
    /// A size: `512MB`, `512MiB`, `4096`; put in as a number of bytes.
    Bytes,
    /// An OpenSLO duration: `30d`.
    Duration,
    /// An RFC 1123 label.
    Name,
}

impl ParameterKind {
    const ALL: [(ParameterKind, &'static str); 5] = [
        (ParameterKind::Decimal, "decimal"),
        (ParameterKind::Percent, "percent"),
        (ParameterKind::Bytes, "bytes"),
        (ParameterKind::Duration, "duration"),
        (ParameterKind::Name, "name"),
    ];

    /// The word that `pack.toml` uses.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| word)
    }
}

impl Book {
    /// The rules of a built-in pack, with `settings` (name and value) over the defaults.
    ///
    /// # Errors
    /// `unknown-pack`, `unknown-parameter`, `bad-parameter`, and whatever is wrong with the rules that come out.
    pub fn pack(name: &str, settings: &[(String, String)], reading: &Reading) -> Result<Book, Faults> {
        Pack::built_in(name, reading)?.book(settings)
    }

    /// The same from the files of a folder, `pack.toml` among them: an edited copy, or a pack of one's own.
    ///
    /// # Errors
    /// As [`Pack::read`] and [`Book::pack`].
    pub fn pack_from(
        name: &str,
        files: Vec<(PathBuf, String)>,
        settings: &[(String, String)],
        reading: &Reading,
    ) -> Result<Book, Faults> {
        Pack::read(name, files, reading)?.book(settings)
    }
}

impl Pack {
    /// The names of the built-in packs.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// File names and texts of a built-in pack, to write them out for editing.
    pub fn texts(name: &str) -> Option<&'static [(&'static str, &'static str)]> {
        BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, files)| *files)
    }

    /// A built-in pack.
    ///
    /// # Errors
    /// `unknown-pack`.
    pub fn built_in(name: &str, reading: &Reading) -> Result<Pack, Faults> {
        let Some(files) = Self::texts(name) else {
            let known: Vec<&str> = Self::names().collect();
            let advice = match model::nearest(name, known.iter().copied()) {
                Some(nearest) => format!("Did you mean {nearest:?}?"),
                None => format!("Built in: {}. One of your own is a folder in rules/packs.", known.join(", ")),
            };
            return Err(Fault::usage("unknown-pack", format!("There is no pack {name:?}")).advise(advice).into());
        };
        let folder = Path::new("packs").join(name);
        let files = files.iter().map(|(file, text)| (folder.join(file), (*text).to_owned())).collect();
        Self::read(name, files, reading)
    }

    /// A pack from the files of a folder, `pack.toml` among them.
    ///
    /// # Errors
    /// `no-pack-file`, `bad-yaml`, `bad-toml`, `unknown-key` and the other faults of malformed files, located.
    pub fn read(name: &str, files: Vec<(PathBuf, String)>, reading: &Reading) -> Result<Pack, Faults> {
        let is_settings = |path: &Path| path.file_name().is_some_and(|file| file == "pack.toml");
        let (settings, rules): (Vec<_>, Vec<_>) = files.into_iter().partition(|(path, _)| is_settings(path));
        let Some((path, text)) = settings.into_iter().next() else {
            return Err(Fault::bad_config("no-pack-file", format!("The pack {name:?} has no pack.toml"))
                .advise("Add one with a title and the parameters, or name the files with --rule.")
                .into());
        };
        let (title, parameters) = describe(&text, &reading.limits).map_err(|fault| fault.in_file(&path))?;
        let mut files = vec![];
        for (path, text) in rules {
            let documents = documents(&text, &reading.limits).map_err(|fault| fault.in_file(&path))?;
            files.push((path, documents));
        }
        Ok(Pack { name: name.to_owned(), title, parameters, files, reading: *reading })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What may be set, in the order of `pack.toml`.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The rules with `settings` (name and value) over the defaults.
    ///
    /// # Errors
    /// As [`Book::pack`].
    pub fn book(&self, settings: &[(String, String)]) -> Result<Book, Faults> {
        let values = self.values(settings)?;
        let mut files = self.files.clone();
        for (path, documents) in &mut files {
            for document in documents {
                values.fill(document).map_err(|fault| fault.in_file(path))?;
            }
        }
        Book::bind(files, &self.reading, Some(&self.name))
    }

    fn values(&self, settings: &[(String, String)]) -> Result<Values, Fault> {
        let known = || self.parameters.iter().map(|parameter| parameter.name.as_str());
        for (name, _) in settings {
            if !known().any(|known| known == name) {
                return Err(unknown(name, known(), &format!("of the pack {}", self.name)));
            }
        }
        let mut values = vec![];
        for parameter in &self.parameters {
            // The last setting wins, as the last of repeated flags does.
            let set = settings.iter().rev().find(|(name, _)| *name == parameter.name).map(|(_, value)| value);
            let value = parameter.read(set.unwrap_or(&parameter.default))?;
            values.push((parameter.name.clone(), value));
        }
        Ok(Values(values))
    }
}

fn unknown<'k>(name: &str, known: impl Iterator<Item = &'k str>, of: &str) -> Fault {
    let known: Vec<&str> = known.collect();
    let advice = match model::nearest(name, known.iter().copied()) {
        Some(near) => format!("Did you mean {near:?}?"),
        None => format!("The parameters are {}.", known.join(", ")),
    };
    Fault::bad_config("unknown-parameter", format!("{name:?} is not a parameter {of}")).advise(advice)
}

/// A value that fits its parameter.
#[derive(Clone, Debug)]
enum Filled {
    Number(Decimal),
    Text(String),
}

impl Parameter {
    fn read(&self, text: &str) -> Result<Filled, Fault> {
        let number = || Decimal::parse(text).ok().filter(|number| *number >= Decimal::ZERO);
        let filled = match self.kind {
            ParameterKind::Decimal => number().map(Filled::Number),
            ParameterKind::Percent => number().filter(|number| *number < Decimal::integer(100)).map(Filled::Number),
            ParameterKind::Bytes => {
                let size = ByteSize::parse(text).ok().and_then(|size| Decimal::parse(&size.0.to_string()).ok());
                size.map(Filled::Number)
            }
            ParameterKind::Duration => {
                Duration::parse(text, &self.name, &Place::default()).ok().map(|_| Filled::Text(text.to_owned()))
            }
            ParameterKind::Name => is_dns_label(text).then(|| Filled::Text(text.to_owned())),
        };
        filled.ok_or_else(|| {
            let message = format!("The parameter {} is {text:?}, which is not a {}", self.name, self.kind.word());
            Fault::bad_config("bad-parameter", message)
                .advise(format!("{} For example {}.", self.meaning, self.default))
        })
    }
}

struct Values(Vec<(String, Filled)>);

impl Values {
    /// Puts values into every scalar. The tree is at most [`Limits::depth`] deep.
    fn fill(&self, node: &mut Node) -> Result<(), Fault> {
        match &mut node.value {
            Value::List(items) => items.iter_mut().try_for_each(|item| self.fill(item)),
            Value::Map(entries) => entries.iter_mut().try_for_each(|(_, node)| self.fill(node)),
            Value::Scalar { text, plain } => {
                if !text.contains("${") {
                    return Ok(());
                }
                let (filled, number) = self.replace(text).map_err(|fault| fault.at(node.place.clone()))?;
                // `"${latency_ms}"` in quotes is a number all the same: quotes only keep YAML from reading the brace.
                *plain = *plain || number;
                *text = filled;
                Ok(())
            }
        }
    }

    /// The text with its values, and whether it is nothing but one number.
    fn replace(&self, text: &str) -> Result<(String, bool), Fault> {
        let (mut out, mut rest, mut number) = (String::new(), text, false);
        while let Some(start) = rest.find("${") {
            let after = &rest[start + 2..];
            let Some(end) = after.find('}') else {
                return Err(Fault::bad_config("bad-expression", format!("{text:?} has ${{ without an end"))
                    .advise("Write ${parameter}."));
            };
            let value = self.sum(&after[..end])?;
            out.push_str(&rest[..start]);
            number = out.is_empty() && after.len() == end + 1 && matches!(value, Filled::Number(_));
            match value {
                Filled::Number(value) => out.push_str(&value.to_string()),
                Filled::Text(value) => out.push_str(&value),
            }
            rest = &after[end + 1..];
        }
        out.push_str(rest);
        Ok((out, number))
    }

    /// Terms joined by `+` and `-`.
    fn sum(&self, expression: &str) -> Result<Filled, Fault> {
        let mut sum: Option<Filled> = None;
        let mut sign = 1;
        for word in expression.replace('+', " + ").replace('-', " - ").split_whitespace() {
            match (word, &sum, sign) {
                ("+", Some(_), 0) => sign = 1,
                ("-", Some(_), 0) => sign = -1,
                (word, None, 1) if !"+-".contains(word) => (sum, sign) = (Some(self.term(word)?), 0),
                (word, Some(Filled::Number(left)), 1 | -1) if !"+-".contains(word) => match self.term(word)? {
                    Filled::Number(right) => {
                        let total = add(*left, right, sign).ok_or_else(|| bad_expression(expression))?;
                        (sum, sign) = (Some(Filled::Number(total)), 0);
                    }
                    Filled::Text(_) => return Err(bad_expression(expression)),
                },
                _ => return Err(bad_expression(expression)),
            }
        }
        sum.filter(|_| sign == 0).ok_or_else(|| bad_expression(expression))
    }

    fn term(&self, word: &str) -> Result<Filled, Fault> {
        if let Ok(number) = Decimal::parse(word) {
            return Ok(Filled::Number(number));
        }
        let found = self.0.iter().find(|(name, _)| name == word).map(|(_, value)| value.clone());
        found.ok_or_else(|| unknown(word, self.0.iter().map(|(name, _)| name.as_str()), "of this pack"))
    }
}

fn bad_expression(expression: &str) -> Fault {
    Fault::bad_config("bad-expression", format!("${{{expression}}} is not a sum of numbers"))
        .advise("Write ${parameter}, or numbers and parameters joined by + and -.")
}

/// `left + sign · right`, exactly; `None` beyond 18 digits.
fn add(left: Decimal, right: Decimal, sign: i128) -> Option<Decimal> {
    let scale = left.scale().max(right.scale());
    // At most 18 digits each, brought to at most 18 decimals: below 10³⁶.
    let steps = |number: Decimal| number.mantissa() * 10_i128.pow(scale - number.scale());
    let sum = steps(left) + sign * steps(right);
    Decimal::parse(&format!("{sum}e-{scale}")).ok()
}

/// Title and parameters from `pack.toml`.
fn describe(text: &str, limits: &Limits) -> Result<(String, Vec<Parameter>), Fault> {
    let node = read_toml(text, limits)?;
    let fields = Fields::of(&node, "", &["title", "description", "parameters"])?;
    let title = fields.required_text("title")?.to_owned();
    fields.text("description")?;
    let Some(parameters) = fields.node("parameters") else { return Ok((title, vec![])) };
    let parameters = Fields::open(parameters, "parameters")?;
    let read = parameters.entries().iter().map(|(key, node)| parameter(key, node)).collect::<Result<_, _>>()?;
    Ok((title, read))
}

fn parameter(key: &Key, node: &Node) -> Result<Parameter, Fault> {
    let fields = Fields::of(node, format!("parameters.{}", key.text), &["type", "default", "unit", "meaning"])?;
    let word = fields.required_text("type")?;
    let Some((kind, _)) = ParameterKind::ALL.into_iter().find(|(_, known)| *known == word) else {
        let words = ParameterKind::ALL.map(|(_, word)| word);
        return Err(Fault::bad_config("unknown-word", format!("{} is {word:?}", fields.path_of("type")))
            .advise(format!("Write one of {}.", words.join(", ")))
            .at(fields.required("type")?.place.clone()));
    };
    let letter = |c: char| c.is_ascii_lowercase() || c == '_';
    if !key.text.starts_with(letter) || !key.text.chars().all(|c| letter(c) || c.is_ascii_digit()) {
        return Err(Fault::bad_config("name-format", format!("{:?} is not a name for a parameter", key.text))
            .advise("Use lower-case letters, digits and underscores.")
            .at(key.place.clone()));
    }
    let parameter = Parameter {
        name: key.text.clone(),
        kind,
        default: fields.required_text("default")?.to_owned(),
        unit: fields.text("unit")?.unwrap_or_default().to_owned(),
        meaning: fields.required_text("meaning")?.to_owned(),
    };
    let place = fields.required("default")?.place.clone();
    parameter.read(&parameter.default).map_err(|fault| fault.at(place))?;
    Ok(parameter)
}

/// TOML to the same located nodes as YAML.
fn read_toml(text: &str, limits: &Limits) -> Result<Node, Fault> {
    if text.len() > limits.file_bytes {
        return Err(Fault::bad_config("rules-too-large", "pack.toml is too large").advise("Shorten it."));
    }
    let table = DeTable::parse(text).map_err(|error| {
        let place = place(text, error.span().map_or(0, |span| span.start));
        Fault::bad_config("bad-toml", format!("pack.toml is not TOML: {}", error.message().trim_end()))
            .advise("Mend the line; texts stand in quotes.")
            .at(place)
    })?;
    Ok(Node { place: Place::line(1, 1), value: Value::Map(entries(text, table.get_ref())) })
}

fn entries(text: &str, table: &DeTable<'_>) -> Vec<(Key, Node)> {
    let mut entries: Vec<(Key, Node)> = table
        .iter()
        .map(|(key, value)| {
            let place = place(text, key.span().start);
            (Key { text: key.get_ref().to_string(), place }, node(text, value))
        })
        .collect();
    // The table is sorted by name; the file's own order is the one to show.
    entries.sort_by_key(|(key, _)| (key.place.line, key.place.column));
    entries
}

fn node(text: &str, value: &Spanned<DeValue<'_>>) -> Node {
    let scalar = |text: &str, plain| Value::Scalar { text: text.to_owned(), plain };
    let inner = match value.get_ref() {
        DeValue::String(value) => scalar(value, false),
        DeValue::Integer(value) => scalar(value.as_str(), true),
        DeValue::Float(value) => scalar(value.as_str(), true),
        DeValue::Boolean(value) => scalar(if *value { "true" } else { "false" }, true),
        DeValue::Datetime(value) => scalar(&value.to_string(), false),
        DeValue::Array(items) => Value::List(items.iter().map(|item| node(text, item)).collect()),
        DeValue::Table(table) => Value::Map(entries(text, table)),
    };
    Node { place: place(text, value.span().start), value: inner }
}

fn place(text: &str, offset: usize) -> Place {
    let before = &text.as_bytes()[..offset.min(text.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    Place::line(line, (before.len() - start) as u64 + 1)
}
