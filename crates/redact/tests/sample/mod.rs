//! Random numbers of the shape that a detector's pattern describes, the same in every run.

use regex_automata::meta::Regex;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// SplitMix64.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ mixed >> 31) % limit as u64) as usize
    }
}

/// What the tests read of a detector's file.
pub(crate) struct File {
    pub(crate) id: String,
    pub(crate) table: toml::Table,
    pub(crate) regex: Regex,
    pub(crate) check: Option<fn(&[u8]) -> bool>,
    hir: Hir,
}

/// Every detector with a pattern that can be sampled.
pub(crate) fn files() -> Vec<File> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/data/detectors");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    paths.iter().map(|path| File::parse(&std::fs::read_to_string(path).unwrap())).collect()
}

impl File {
    fn parse(text: &str) -> File {
        let table: toml::Table = text.parse().unwrap();
        let pattern = table["pattern"].as_str().unwrap();
        let syntax = regex_automata::util::syntax::Config::new().unicode(false).utf8(false);
        let regex = Regex::builder().syntax(syntax).build(&format!("^(?:{pattern})$")).unwrap();
        let hir = ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).unwrap();
        let check = table.get("check").and_then(|name| probity_redact::check::by_name(name.as_str().unwrap()));
        File { id: table["id"].as_str().unwrap().to_owned(), regex, check, hir, table }
    }

    /// Whether the detector takes this: the whole of it fits the pattern, and the check passes.
    pub(crate) fn takes(&self, text: &str) -> bool {
        self.check.is_none_or(|check| check(text.as_bytes())) && self.regex.is_match(text)
    }

    /// A random text that fits the pattern.
    pub(crate) fn sample(&self, numbers: &mut Numbers) -> String {
        let mut bytes = Vec::new();
        walk(&self.hir, numbers, &mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    /// A random text of the same layout: digits for digits, capitals for capitals, small letters for small ones.
    pub(crate) fn loose(&self, numbers: &mut Numbers) -> String {
        loosen(&self.sample(numbers), numbers)
    }
}

fn loosen(text: &str, numbers: &mut Numbers) -> String {
    let any = |char: char| match char {
        '0'..='9' => char::from(b'0' + numbers.below(10) as u8),
        'A'..='Z' => char::from(b'A' + numbers.below(26) as u8),
        'a'..='z' => char::from(b'a' + numbers.below(26) as u8),
        _ => char,
    };
    text.chars().map(any).collect()
}

fn walk(hir: &Hir, numbers: &mut Numbers, bytes: &mut Vec<u8>) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => bytes.extend_from_slice(&literal.0),
        HirKind::Class(class) => bytes.push(one_of(class, numbers)),
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(repetition.min + 8);
            for _ in 0..repetition.min as usize + numbers.below((most - repetition.min) as usize + 1) {
                walk(&repetition.sub, numbers, bytes);
            }
        }
        HirKind::Capture(capture) => walk(&capture.sub, numbers, bytes),
        HirKind::Concat(parts) => parts.iter().for_each(|part| walk(part, numbers, bytes)),
        HirKind::Alternation(ways) => walk(&ways[numbers.below(ways.len())], numbers, bytes),
    }
}

fn one_of(class: &Class, numbers: &mut Numbers) -> u8 {
    let Class::Bytes(class) = class else { unreachable!("patterns are over bytes") };
    let members: Vec<u8> = class.ranges().iter().flat_map(|range| range.start()..=range.end()).collect();
    let ascii: Vec<u8> = members.iter().copied().filter(u8::is_ascii).collect();
    ascii[numbers.below(ascii.len())]
}
