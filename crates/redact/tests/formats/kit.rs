//! What the formats' tests share: deciders that record what they see, readers that trickle, and golden files.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use model::Fault;
use probity_redact::{Decide, Edit, Limits, Offsets, Piece};

/// A format under test.
pub(crate) type Rewrite = fn(&mut dyn Read, &mut dyn Write, &mut dyn Decide, &Limits) -> Result<(), Fault>;

/// What stands in the samples and what takes its place.
const WORDS: &[(&str, &str)] = &[
    ("jan@example.org", "[EMAIL]"),
    ("Jan Muster", "[PERSON]"),
    ("31612345678", "[PHONE]"),
    ("quote", "a \"b\" 'c', d\\e;f&<g>: #h\ti"),
];

/// Stands for every edit in the laws: no sample holds it.
const MARK: &str = "\u{E000}";

/// Takes out the known words, and writes down every piece.
#[derive(Default)]
struct Known {
    log: String,
    spots: HashSet<String>,
}

impl Decide for Known {
    fn decide(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
        let spot = format!("{:?}", piece.spot);
        let text = String::from_utf8_lossy(piece.text);
        let whole = piece.offsets.source(&(0..piece.text.len())).unwrap();
        let (Offsets::Straight { line, .. } | Offsets::Table { line, .. }) = piece.offsets else { panic!("no line") };
        let names = piece.names.join(" > ");
        let prose = if piece.prose { " prose" } else { "" };
        writeln!(self.log, "{spot} line {line} bytes {}..{}{prose} <{names}> {text:?}", whole.start, whole.end)
            .unwrap();
        assert!(
            self.spots.insert(spot) || matches!(piece.spot, probity_redact::Spot::Text),
            "a spot of its own: {}",
            self.log
        );
        Ok(known_edits(piece.text))
    }
}

fn known_edits(text: &[u8]) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (word, with) in WORDS {
        for start in memchr::memmem::find_iter(text, word) {
            edits.push(Edit { range: start..start + word.len(), with: (*with).to_owned() });
        }
    }
    edits.sort_by_key(|edit| edit.range.start);
    edits
}

/// Edits where `seed` says so; nothing in numbers, whose replacement gets quotes.
struct Anywhere<'a> {
    seed: u64,
    input: &'a [u8],
    sources: Vec<Range<u64>>,
}

impl Decide for Anywhere<'_> {
    fn decide(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
        let mut edits: Vec<Edit> = Vec::new();
        let Ok(text) = str::from_utf8(piece.text) else { return Ok(edits) };
        if text.parse::<f64>().is_ok() {
            return Ok(edits);
        }
        let bounds: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let mut at = 0;
        loop {
            self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (skip, take) = ((self.seed >> 33) as usize % 7, (self.seed >> 43) as usize % 5 + 1);
            let (Some(&start), Some(&end)) = (bounds.get(at + skip), bounds.get(at + skip + take)) else { break };
            at += skip + take;
            let source = piece.offsets.source(&(start..end)).unwrap();
            // What an edit over a tag leaves standing has tests of its own.
            let raw = &self.input[source.start as usize..source.end as usize];
            if raw.contains(&b'<') || memchr::memmem::find(raw, b"]]>").is_some() {
                continue;
            }
            self.sources.push(source);
            edits.push(Edit { range: start..end, with: MARK.to_owned() });
        }
        Ok(edits)
    }
}

/// Gives one byte at a time.
struct Trickle<'a>(&'a [u8]);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(1);
        self.0.read(&mut buffer[..count])
    }
}

fn run(rewrite: Rewrite, mut input: &[u8], decide: &mut dyn Decide) -> Result<Vec<u8>, Fault> {
    let mut output = Vec::new();
    rewrite(&mut input, &mut output, decide, &Limits::default())?;
    Ok(output)
}

/// What becomes of `input` when the known words are taken out.
pub(crate) fn redacted(rewrite: Rewrite, input: &[u8]) -> Result<Vec<u8>, Fault> {
    run(rewrite, input, &mut Known::default())
}

/// The laws: without edits nothing changes; outside of edits nothing changes; chunks make no difference. Gives the
/// output with the edits marked.
pub(crate) fn laws(rewrite: Rewrite, input: &[u8], seed: u64) -> Result<Vec<u8>, Fault> {
    laws_apart(rewrite, input, seed, &[])
}

/// The laws for inputs where an edit may add or move these characters.
pub(crate) fn laws_apart(rewrite: Rewrite, input: &[u8], seed: u64, apart: &[char]) -> Result<Vec<u8>, Fault> {
    struct Nothing;
    impl Decide for Nothing {
        fn decide(&mut self, _: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
            Ok(Vec::new())
        }
    }
    let same = run(rewrite, input, &mut Nothing)?;
    assert_eq!(String::from_utf8_lossy(&same), String::from_utf8_lossy(input), "without edits nothing changes");
    assert_eq!(same, input);
    let mut anywhere = Anywhere { seed, input, sources: Vec::new() };
    let output = run(rewrite, input, &mut anywhere)?;
    let (found, expected) = (without_mark(&output), without(input, &anywhere.sources));
    assert_eq!(found.replace(apart, ""), expected.replace(apart, ""), "outside of edits nothing changes");
    let mut trickled = Vec::new();
    let mut decide = Anywhere { seed, input, sources: Vec::new() };
    rewrite(&mut Trickle(input), &mut trickled, &mut decide, &Limits::default())?;
    assert!(trickled == output && decide.sources == anywhere.sources, "chunks make no difference");
    Ok(output)
}

fn without(input: &[u8], sources: &[Range<u64>]) -> String {
    let (mut rest, mut done) = (Vec::new(), 0);
    let mut sources = sources.to_vec();
    sources.sort_by_key(|source| source.start);
    for source in &sources {
        rest.extend_from_slice(&input[done..(source.start as usize).max(done)]);
        done = done.max(source.end as usize);
    }
    rest.extend_from_slice(&input[done..]);
    String::from_utf8_lossy(&rest).into_owned()
}

fn without_mark(output: &[u8]) -> String {
    String::from_utf8_lossy(output).replace(MARK, "")
}

/// Compares every sample of `fixtures/redact/<folder>` with the `.expect` file beside it; `UPDATE=1` writes them. Edits may add
/// or move the characters in `apart`.
pub(crate) fn samples(folder: &str, rewrite: Rewrite, apart: &[char]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/redact").join(folder);
    for path in files(&root.join("valid")) {
        let input = fs::read(&path).unwrap();
        let mut known = Known::default();
        let output = run(rewrite, &input, &mut known).unwrap_or_else(|fault| panic!("{}: {fault:?}", path.display()));
        golden(&path, &format!("{}\n{}", known.log, String::from_utf8_lossy(&output)));
        laws_apart(rewrite, &input, 1, apart).unwrap();
        let again = redacted(rewrite, &output).unwrap();
        assert_eq!(String::from_utf8_lossy(&again), String::from_utf8_lossy(&output), "{}", path.display());
    }
    for path in files(&root.join("invalid")) {
        let input = fs::read(&path).unwrap();
        let fault = redacted(rewrite, &input).expect_err(&path.display().to_string());
        assert!(laws(rewrite, &input, 1).is_err());
        assert_eq!(fault.kind(), model::Kind::BadInput);
        golden(&path, &format!("{fault:?}\n"));
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_none_or(|extension| extension != "expect"));
    files.sort();
    files
}

fn golden(path: &Path, found: &str) {
    let golden = PathBuf::from(format!("{}.expect", path.display()));
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&golden, found).unwrap();
    }
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    assert_eq!(found, expected, "{}", path.display());
}
