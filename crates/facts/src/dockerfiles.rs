//! Dockerfiles and Containerfiles.
//!
//! Source: Docker Docs, «Dockerfile reference».

mod lines;

use std::collections::HashMap;

use model::Fault;
use serde_json::{Value, json};

use self::lines::{Instruction, instructions};
use crate::{File, Gap, Read, image, secret};

/// Instructions that are read in one file.
const INSTRUCTIONS_MAX: usize = 10_000;

pub(crate) fn recognise(file: File<'_>) -> bool {
    let begins = |line: &str| line.trim_start().get(..5).is_some_and(|word| word.eq_ignore_ascii_case("from "));
    is_named(file.name) && file.text.lines().any(begins)
}

/// `Dockerfile`, `Dockerfile.web`, `web.dockerfile`, and the same with `Containerfile`.
pub(crate) fn is_named(name: &str) -> bool {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name).to_ascii_lowercase();
    let is = |word: &str| name == word || name.starts_with(&format!("{word}.")) || name.ends_with(&format!(".{word}"));
    is("dockerfile") || is("containerfile")
}

pub(crate) fn read(files: &[File<'_>]) -> Read {
    let (mut value, mut gaps) = (Found::default(), Vec::new());
    for file in files {
        let instructions = instructions(file.text);
        if instructions.len() > INSTRUCTIONS_MAX {
            let why = format!("The file holds more than {INSTRUCTIONS_MAX} instructions");
            let fault = Fault::bad_input("file-too-large", why).advise("Check that this is the file you meant.");
            gaps.push(Gap::of(*file, &fault));
            continue;
        }
        value.file(file.name, &instructions);
    }
    let Found { bases, images, additions, variables } = value;
    Read { value: json!({"bases": bases, "images": images, "additions": additions, "variables": variables}), gaps }
}

/// What the files hold, each list in the order of the files.
#[derive(Default)]
struct Found {
    bases: Vec<Value>,
    images: Vec<Value>,
    additions: Vec<Value>,
    variables: Vec<Value>,
}

/// A stage: what a later one takes over from it when it begins there.
#[derive(Clone, Default)]
struct Stage {
    name: String,
    base: String,
    user: Option<String>,
    health: Option<bool>,
    variables: HashMap<String, String>,
    place: String,
}

impl Found {
    fn file(&mut self, name: &str, instructions: &[Instruction]) {
        let mut stages: Vec<Stage> = Vec::new();
        // ARG before the first FROM is for the FROM lines alone.
        let mut global = HashMap::new();
        for one in instructions {
            let place = format!("{name}:{}:1", one.line);
            match (one.word.as_str(), stages.last_mut()) {
                ("FROM", _) => {
                    let stage = self.begin(one, &stages, &global, place);
                    stages.extend(stage);
                }
                ("ARG", None) => global.extend(pairs(&one.rest)),
                (_, None) => {}
                (_, Some(stage)) => {
                    self.inside(one, stage, &place);
                    self.outside(one, &stages, &place);
                }
            }
        }
        self.images.extend(stages.last().map(Stage::value));
    }

    /// `FROM [--platform=…] IMAGE [AS NAME]`
    fn begin(
        &mut self,
        from: &Instruction,
        stages: &[Stage],
        global: &HashMap<String, String>,
        place: String,
    ) -> Option<Stage> {
        let words: Vec<&str> = from.rest.split_whitespace().filter(|word| !word.starts_with("--")).collect();
        let base = resolve(words.first()?, global);
        let name = match words.as_slice() {
            [_, word, name, ..] if word.eq_ignore_ascii_case("as") => (*name).to_owned(),
            _ => stages.len().to_string(),
        };
        let earlier = find(stages, &base);
        if earlier.is_none() {
            self.bases.push(base_value(&base, "FROM", &place));
        }
        let inherited = earlier.cloned().unwrap_or_else(|| Stage {
            // Images of «distroless» say in their tag that they are nobody's.
            user: base.contains("nonroot").then(|| "nonroot".to_owned()),
            base: base.clone(),
            ..Stage::default()
        });
        Some(Stage { name, place, ..inherited })
    }

    /// What an instruction says of the stage it stands in.
    fn inside(&mut self, one: &Instruction, stage: &mut Stage, place: &str) {
        match one.word.as_str() {
            "USER" => stage.user = Some(resolve(one.rest.trim(), &stage.variables)),
            "HEALTHCHECK" => stage.health = Some(!one.rest.trim().eq_ignore_ascii_case("none")),
            "ENV" | "ARG" => {
                let pairs = pairs(&one.rest);
                let names = one
                    .rest
                    .split_whitespace()
                    .filter(|_| one.word == "ARG")
                    .map(|word| word.split('=').next().unwrap_or(word));
                let named: Vec<&str> = names.chain(pairs.iter().map(|(name, _)| name.as_str())).collect();
                let mut told: Vec<&str> = named.into_iter().filter(|name| secret::is_name(name)).collect();
                told.dedup();
                let value = |name: &str| json!({"name": name, "instruction": one.word, "place": place});
                self.variables.extend(told.into_iter().map(value));
                stage.variables.extend(pairs);
            }
            "ADD" => {
                let words: Vec<&str> = one.rest.split_whitespace().collect();
                let checked = words.iter().any(|word| word.starts_with("--checksum="));
                let sources = words.iter().filter(|word| !word.starts_with("--"));
                let is_remote = |word: &&&str| {
                    let word = word.trim_start_matches(['[', '"']);
                    word.contains("://") || word.starts_with("git@")
                };
                let value = |_| json!({"checked": checked, "place": place});
                self.additions.extend(sources.filter(is_remote).map(value));
            }
            _ => {}
        }
    }

    /// Other images that an instruction takes files from: `COPY --from=IMAGE`, `RUN --mount=…,from=IMAGE`.
    fn outside(&mut self, one: &Instruction, stages: &[Stage], place: &str) {
        let flags = one.rest.split_whitespace().take_while(|word| word.starts_with("--"));
        let from = flags
            .flat_map(|flag| flag.split([',', ' ']))
            .filter_map(|part| part.strip_prefix("--from=").or_else(|| part.strip_prefix("from=")));
        for base in from.filter(|base| find(stages, base).is_none() && base.parse::<usize>().is_err()) {
            self.bases.push(base_value(base, &one.word, place));
        }
    }
}

impl Stage {
    fn value(&self) -> Value {
        // A variable that nothing fills leaves the user open.
        let user = self.user.as_deref().filter(|user| !user.contains('$'));
        let is_root = user.map(|user| {
            let name = user.split(':').next().unwrap_or(user);
            name == "root" || name.parse::<u64>() == Ok(0)
        });
        json!({
            "base": self.base,
            "user": self.user,
            // Without USER it is the base's user, which is root unless its makers say otherwise.
            "runs_as_root": if self.user.is_none() { Some(true) } else { is_root },
            "health_check": self.health.unwrap_or(false),
            "place": self.place,
        })
    }
}

/// The stage that a name or number stands for.
fn find<'s>(stages: &'s [Stage], name: &str) -> Option<&'s Stage> {
    stages.iter().rev().find(|stage| stage.name.eq_ignore_ascii_case(name))
}

fn base_value(base: &str, instruction: &str, place: &str) -> Value {
    let (tag, digest) = image::parts(base);
    let pinned = match base.contains('$') && digest.is_none() {
        true => None,
        false => Some(base == "scratch" || digest.is_some()),
    };
    json!({"image": base, "tag": tag, "digest": digest, "pinned": pinned, "instruction": instruction, "place": place})
}

/// `NAME=value NAME="value"`, and ENV's old `NAME value`.
fn pairs(rest: &str) -> Vec<(String, String)> {
    let words = split(rest);
    match words.first() {
        Some(name) if !name.contains('=') && words.len() > 1 => vec![(name.clone(), words[1..].join(" "))],
        _ => words
            .iter()
            .filter_map(|word| word.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    }
}

/// Words, quotes taken off.
fn split(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for c in text.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, c) if c.is_whitespace() => words.extend((!word.is_empty()).then(|| std::mem::take(&mut word))),
            (_, c) => word.push(c),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// `$NAME`, `${NAME}` and `${NAME:-default}` filled in, where they are known; once, not again in what was filled in.
fn resolve(text: &str, variables: &HashMap<String, String>) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (name, default, length) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some((inner, _)) => {
                let (name, default) = inner.split_once(":-").map_or((inner, None), |(name, text)| (name, Some(text)));
                (name, default, inner.len() + 2)
            }
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                (&after[..end], None, end)
            }
        };
        match variables.get(name).map(String::as_str).or(default) {
            Some(value) => out.push_str(value),
            None => out.push_str(&rest[at..at + 1 + length]),
        }
        rest = &after[length..];
    }
    out + rest
}

#[cfg(test)]
mod tests;
