//! The engine: all detectors over a text in one pass.
//!
//! 1. A few vector instructions mark where words and matches can begin ([`Starts`]).
//! 2. The first bytes of a word say whether a pattern goes on there and whether it can be a context word: most words end
//!    here, since the same ones come again and again ([`Gate`]).
//! 3. One automaton runs all patterns at once from there. Those that find nothing without a word around run only where
//!    there is one.
//! 4. A match must have its edges free and pass its check, on the bytes in place; then its own words are looked for.
//!
//! The cost does not grow with the number of detectors, only with what looks like a match.

mod anchored;
mod automaton;
mod block;
mod coarse;
mod foreseen;
mod gate;
mod labelled;
mod lent;
mod settle;
mod stamp;
mod sweep;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, OnceLock};
use std::thread;

use model::Fault;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, meta};
use regex_syntax::hir::Hir;

use crate::context::{Near, Told, Words};
use crate::detector::{Detector, fold_name};
use crate::starts::Starts;
use anchored::Inner;
use automaton::{Automaton, Built};
use block::Block;
use coarse::coarse;

pub(crate) use foreseen::Foreseen;
use gate::Gate;
use labelled::Reach;
pub(crate) use lent::Lent;
use settle::settle;
use sweep::Sight;

/// Something that looks like personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The bytes of the piece's text.
    pub range: Range<usize>,
    /// Which of the scanner's detectors found it: [`Scanner::detector`].
    pub detector: usize,
    /// How sure it is, in percent.
    pub score: u8,
}

/// Findings below this are dropped.
pub const SCORE_LEAST: u8 = 50;

/// A set of detectors, ready to run.
#[derive(Debug)]
pub struct Scanner {
    detectors: Vec<Detector>,
    /// All detectors but those of `labelled` and `anchored`.
    plain: Automaton,
    /// Those that find nothing without a word around: all of them say where one can begin, and where there is a word,
    /// its own one is run.
    labelled: Automaton,
    /// For each detector whether these automata match more than its pattern does.
    is_coarse: Vec<bool>,
    /// For each detector where its matches stand about a word.
    reaches: Vec<Reach>,
    /// Each detector's own pattern, made when it is first needed.
    alone: Vec<OnceLock<Option<Alone>>>,
    starts: Starts,
    anchored: Vec<Inner>,
    /// Each detector's pattern by itself, to find the value within a match: made when it is first needed.
    values: Vec<OnceLock<Option<meta::Regex>>>,
    fields: HashMap<String, Vec<usize>>,
    words: Words,
    /// What was worked in and is not now: it knows what the first inputs have taught it.
    idle: Mutex<Vec<Scratch>>,
}

/// A detector's own pattern, and the bytes that a match begins with.
#[derive(Debug)]
struct Alone {
    automaton: Automaton,
    begins: [bool; 256],
}

/// What a scanner remembers between texts. One per thread.
#[derive(Debug)]
pub struct Scratch {
    plain: Built,
    labelled: Built,
    alone: Vec<Option<Built>>,
    gate: Gate,
    /// There, but while it is worked with.
    sight: Option<Box<Sight>>,
    ends: Vec<(usize, usize)>,
    /// Matches of the plain automaton: where they begin, their detectors, where they end.
    matches: Vec<(usize, usize, usize)>,
    /// Where the labelled automaton goes on: a bit for each byte, by block.
    places: Vec<u64>,
    /// Up to where each labelled detector was run.
    weighed: Vec<usize>,
    /// Within a date and time, or a UUID, up to this byte, nothing begins.
    clear: usize,
    near: Near,
    told: Told,
    found: Vec<Finding>,
    foreseen: Option<Foreseen>,
    /// The room that other threads work in.
    crew: Vec<Scratch>,
    block: Block,
}

impl Scanner {
    /// Makes ready `detectors` and runs the examples that they bring.
    ///
    /// # Errors
    /// `bad-detector`: a pattern that does not parse, or an example that is not answered as it says.
    pub fn new(detectors: Vec<Detector>) -> Result<Self, Fault> {
        let scanner = Self::unproven(detectors)?;
        scanner.prove()?;
        Ok(scanner)
    }

    /// The same without running the examples: for the built-in ones, whose examples are run by a test.
    ///
    /// # Errors
    /// `bad-detector`: a pattern that does not parse.
    pub fn unproven(detectors: Vec<Detector>) -> Result<Self, Fault> {
        let (mut plain, mut labelled) = (Vec::new(), Vec::new());
        let (mut anchored, mut is_coarse, mut reaches) = (Vec::new(), Vec::new(), Vec::new());
        let mut fields: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, detector) in detectors.iter().enumerate() {
            let pattern = parse(detector)?;
            let coarse = coarse(&pattern);
            is_coarse.push(coarse != pattern);
            if let Some(anchor) = &detector.anchor {
                anchored.push(Inner::new(index, anchor, regex(detector)?));
            } else if detector.is_labelled() {
                labelled.push((index, coarse));
            } else {
                plain.push((index, coarse));
            }
            reaches.push(Reach::of(&pattern));
            for field in &detector.fields {
                fields.entry(field.clone()).or_default().push(index);
            }
        }
        // Half of the time that a look at a small file takes goes by here: the two automata do not wait for each other.
        let (plain, labelled, words) = thread::scope(|scope| {
            let labelled = scope.spawn(|| begun(labelled));
            let plain = begun(plain)?;
            let words = Words::new(&detectors);
            let labelled = labelled.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            Ok::<_, Fault>((plain, labelled, words))
        })?;
        let ((plain, begins), (labelled, begins_labelled)) = (plain, labelled);
        let starts = signs([begins, begins_labelled], &detectors)?;
        let (values, alone) = (later(&detectors), later(&detectors));
        let idle = Mutex::default();
        Ok(Scanner {
            detectors,
            plain,
            labelled,
            is_coarse,
            reaches,
            alone,
            starts,
            anchored,
            values,
            fields,
            words,
            idle,
        })
    }

    /// The detector of a finding.
    pub fn detector(&self, finding: &Finding) -> &Detector {
        &self.detectors[finding.detector]
    }

    /// All detectors.
    pub fn detectors(&self) -> &[Detector] {
        &self.detectors
    }

    /// Room to work in.
    pub fn scratch(&self) -> Scratch {
        Scratch {
            plain: self.plain.build(),
            labelled: self.labelled.build(),
            alone: self.detectors.iter().map(|_| None).collect(),
            gate: Gate::default(),
            sight: None,
            ends: Vec::new(),
            matches: Vec::new(),
            places: Vec::new(),
            weighed: Vec::new(),
            clear: 0,
            near: Near::default(),
            told: Told::default(),
            found: Vec::new(),
            foreseen: None,
            crew: Vec::new(),
            block: Block::default(),
        }
    }

    /// What is found in `text`, from left to right and apart. `names` are the fields around it, outermost first.
    pub fn scan<'s>(&self, scratch: &'s mut Scratch, text: &[u8], names: &[impl AsRef<str>]) -> &'s [Finding] {
        self.scan_text(scratch, text, names);
        if !names.is_empty() {
            self.scan_field(scratch, text, names);
        }
        settle(&mut scratch.found);
        &scratch.found
    }

    /// The same for the name of a field: it is not the value of the field around it.
    pub(crate) fn scan_name<'s>(
        &self,
        scratch: &'s mut Scratch,
        text: &[u8],
        names: &[impl AsRef<str>],
    ) -> &'s [Finding] {
        self.scan_text(scratch, text, names);
        settle(&mut scratch.found);
        &scratch.found
    }

    fn scan_text(&self, scratch: &mut Scratch, text: &[u8], names: &[impl AsRef<str>]) {
        scratch.found.clear();
        scratch.near.clear();
        self.words.note_names(&mut scratch.near, names);
        self.sweep(scratch, text);
        self.weigh_plain(scratch, text);
        self.weigh_labelled(scratch, text);
        for inner in &self.anchored {
            self.weigh_anchored(scratch, inner, text);
        }
    }

    /// Whether the name of a field may say of a value within it what it is: it is found nowhere else.
    pub(crate) fn tells(&self, name: &[u8]) -> bool {
        let name = String::from_utf8_lossy(name);
        self.fields.contains_key(&fold_name(&name))
            || self.words.tell(&name, |detector| self.detectors[detector].is_faint())
    }

    fn weigh_plain(&self, scratch: &mut Scratch, text: &[u8]) {
        let matches = std::mem::take(&mut scratch.matches);
        for of_one in matches.chunk_by(|one, next| one.0 == next.0 && one.1 == next.1) {
            let (at, detector, _) = of_one[0];
            if !self.is_coarse[detector] {
                let mut ends = of_one.iter().map(|(.., end)| *end);
                scratch.found.extend(ends.find_map(|end| self.judge(&scratch.near, detector, text, at..end)));
            } else if of_one.iter().any(|(at, _, end)| self.detectors[detector].edge.is_free(text, &(*at..*end))) {
                self.weigh_alone(scratch, detector, text, at);
            }
        }
        scratch.matches = matches;
    }

    /// Of a detector's own matches at a place the longest that is found good.
    fn weigh_alone(&self, scratch: &mut Scratch, detector: usize, text: &[u8], at: usize) {
        let Scratch { alone, ends, near, found, .. } = scratch;
        self.run_alone(&mut alone[detector], ends, detector, text, at);
        found.extend(ends.iter().find_map(|(_, end)| self.judge(near, detector, text, at..*end)));
    }

    /// Puts into `ends` how far a detector's own pattern matches from `at`.
    fn run_alone(
        &self,
        built: &mut Option<Built>,
        ends: &mut Vec<(usize, usize)>,
        detector: usize,
        text: &[u8],
        at: usize,
    ) {
        ends.clear();
        let Some(Alone { automaton, begins }) = self.lone(detector) else { return };
        if begins[usize::from(text[at])] {
            let built = built.get_or_insert_with(|| automaton.build());
            automaton.run(built, ends, text, at);
            automaton.has_forgotten(built);
        }
    }

    /// One detector's pattern.
    fn lone(&self, detector: usize) -> Option<&Alone> {
        let make = || {
            let automaton = automaton(vec![(detector, parse(&self.detectors[detector]).ok()?)]).ok()?;
            let begins = automaton.begins();
            Some(Alone { automaton, begins })
        };
        self.alone[detector].get_or_init(make).as_ref()
    }

    /// Edges, value, check, context, score.
    fn judge(&self, near: &Near, index: usize, text: &[u8], whole: Range<usize>) -> Option<Finding> {
        let detector = &self.detectors[index];
        if !detector.edge.is_free(text, &whole) {
            return None;
        }
        let range = self.value(index, text, whole)?;
        let needs = detector.needs_context;
        if needs && !self.is_near(near, index, text, &range) {
            return None;
        }
        if detector.check.is_some_and(|check| !check(&text[range.clone()])) {
            return None;
        }
        let bare = if detector.check.is_some() { detector.score.valid } else { detector.score.shape };
        let score = match detector.context.is_empty() || bare >= detector.score.context {
            true => bare,
            false if needs || self.is_near(near, index, text, &range) => detector.score.context,
            false => bare,
        };
        let is_listed =
            || detector.check.is_some_and(|check| is_listed(text, &range, check) || is_column(text, &range, check));
        if detector.unlisted && score < detector.score.context && is_listed() {
            return None;
        }
        (score >= SCORE_LEAST).then_some(Finding { range, detector: index, score })
    }

    /// Whether a word of the detector stands around, or names a field around.
    fn is_near(&self, near: &Near, index: usize, text: &[u8], range: &Range<usize>) -> bool {
        near.is_named(index) || self.words.around(near, index, text, range)
    }

    /// The value within a match.
    fn value(&self, index: usize, text: &[u8], whole: Range<usize>) -> Option<Range<usize>> {
        if !self.detectors[index].marks_value {
            return Some(whole);
        }
        let regex = self.values[index].get_or_init(|| regex(&self.detectors[index]).ok()).as_ref()?;
        let mut groups = regex.create_captures();
        regex.captures(Input::new(&text[whole.clone()]).anchored(Anchored::Yes), &mut groups);
        let value = groups.get_group_by_name("value")?;
        Some(whole.start + value.start..whole.start + value.end)
    }

    fn weigh_anchored(&self, scratch: &mut Scratch, inner: &Inner, text: &[u8]) {
        let mut from = 0;
        inner.each(text, |whole| {
            if whole.start >= from
                && let Some(finding) = self.judge(&scratch.near, inner.detector, text, whole)
            {
                from = finding.range.end;
                scratch.found.push(finding);
            }
            from
        });
    }

    /// A whole value that stands in a field of a telling name.
    fn scan_field(&self, scratch: &mut Scratch, text: &[u8], names: &[impl AsRef<str>]) {
        // A name that was taken out tells nothing any more: `[USERNAME]` is no field of that name.
        let Some(name) = names.last().filter(|name| !name.as_ref().starts_with('[')) else { return };
        let name = name.as_ref();
        let Scratch { alone, ends, found, told, .. } = scratch;
        let owners = told.of(name, || self.fields.get(&fold_name(name)).cloned().unwrap_or_default());
        let start = text.len() - text.trim_ascii_start().len();
        let range = start..start + text.trim_ascii().len();
        if owners.is_empty() || range.is_empty() || is_placeholder(&text[range.clone()]) {
            return;
        }
        for index in owners.iter().copied() {
            let detector = &self.detectors[index];
            let score = detector.score.context;
            if found.iter().any(|found| found.detector == index && found.range == range && found.score >= score) {
                continue;
            }
            let value = &text[range.clone()];
            let fits = detector.marks_value || {
                self.run_alone(&mut alone[index], ends, index, value, 0);
                ends.iter().any(|(_, end)| *end == value.len())
            };
            if fits && detector.check.is_none_or(|check| check(value)) {
                found.push(Finding { range: range.clone(), detector: index, score });
            }
        }
    }

    fn prove(&self) -> Result<(), Fault> {
        let mut scratch = self.scratch();
        for (index, detector) in self.detectors.iter().enumerate() {
            let mut finds = |text: &str| self.scan_alone(&mut scratch, text, index);
            let missed = detector.yes.iter().find(|text| !finds(text));
            let taken = detector.no.iter().find(|text| finds(text));
            if let Some(example) = missed.or(taken) {
                let what = if missed.is_some() { "is not found" } else { "is found, and should not be" };
                let message = format!("detector {}: its example {example:?} {what}", detector.id);
                return Err(Fault::bad_config("bad-detector", message).advise(
                    "Mend the pattern, the check or the example; examples are run whenever a detector is loaded.",
                ));
            }
        }
        Ok(())
    }

    fn scan_alone(&self, scratch: &mut Scratch, text: &str, index: usize) -> bool {
        self.scan_text(scratch, text.as_bytes(), NO_NAMES);
        scratch.found.iter().any(|finding| finding.detector == index)
    }
}

/// Whether a number as long that does not pass the `check` stands beside the number at `range`, in a list: with a comma or
/// a line end between them.
fn is_listed(text: &[u8], range: &Range<usize>, check: fn(&[u8]) -> bool) -> bool {
    let is_between = |byte: &&u8| b", \t\r\n".contains(byte);
    let is_digit = |byte: &&u8| byte.is_ascii_digit();
    let after = &text[range.end..];
    let gap = after.iter().take(16).take_while(is_between).count();
    let next = &after[gap..][..after[gap..].iter().take(32).take_while(is_digit).count()];
    let before = &text[..range.start];
    let gap_before = before.iter().rev().take(16).take_while(is_between).count();
    let rest = &before[..before.len() - gap_before];
    let last = &rest[rest.len() - rest.iter().rev().take(32).take_while(is_digit).count()..];
    let parts = |gap: &[u8]| gap.contains(&b',') || gap.contains(&b'\n');
    let is_other = |number: &[u8]| number.len() >= 12 && !check(number);
    parts(&after[..gap]) && is_other(next) || parts(&before[rest.len()..]) && is_other(last)
}

/// Whether the line before or behind begins as that of the number at `range` does, up to a number as long that does not
/// pass the `check`: a table.
fn is_column(text: &[u8], range: &Range<usize>, check: fn(&[u8]) -> bool) -> bool {
    const INDENT_MAX: usize = 40;
    const LINE_MAX: usize = 256;
    let line = text[..range.start].iter().rev().take(INDENT_MAX).position(|byte| *byte == b'\n');
    let start = line.map(|size| range.start - size).or((range.start <= INDENT_MAX).then_some(0));
    let Some(start) = start.filter(|start| *start < range.start) else { return false };
    let indent = &text[start..range.start];
    let is_other = |line: &[u8]| {
        let number = line.strip_prefix(indent).unwrap_or_default();
        let number = &number[..number.iter().take(32).take_while(|byte| byte.is_ascii_digit()).count()];
        number.len() >= 12 && !check(number)
    };
    let before = &text[..start.saturating_sub(1)];
    let before = before.iter().rev().take(LINE_MAX).position(|byte| *byte == b'\n').map(|size| before.len() - size);
    let behind =
        text[range.end..].iter().take(LINE_MAX).position(|byte| *byte == b'\n').map(|size| range.end + size + 1);
    before.is_some_and(|at| is_other(&text[at..])) || behind.is_some_and(|at| is_other(&text[at..]))
}

/// A place for each detector, for what is made when it is first needed.
fn later<T>(detectors: &[Detector]) -> Vec<OnceLock<T>> {
    std::iter::repeat_with(OnceLock::new).take(detectors.len()).collect()
}

/// No field around.
pub(crate) const NO_NAMES: &[&str] = &[];

/// Whether a text is one of our own placeholders: redacting twice is redacting once.
fn is_placeholder(text: &[u8]) -> bool {
    text.first() == Some(&b'[') && text.last() == Some(&b']') || text.iter().all(|byte| b"*-. /x".contains(byte))
}

fn bytes() -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false)
}

fn regex(detector: &Detector) -> Result<meta::Regex, Fault> {
    meta::Builder::new()
        .syntax(bytes())
        .configure(meta::Config::new().utf8_empty(false))
        .build(&detector.pattern)
        .map_err(|error| bad_pattern(detector, &error.to_string()))
}

fn bad_pattern(detector: &Detector, why: &str) -> Fault {
    Fault::bad_config("bad-detector", format!("detector {}: its pattern does not parse: {why}", detector.id))
        .advise("Patterns are regular expressions over bytes, without look-around and back-references.")
}

/// A detector's pattern, taken apart.
fn parse(detector: &Detector) -> Result<Hir, Fault> {
    let mut parser = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build();
    parser.parse(&detector.pattern).map_err(|error| bad_pattern(detector, &error.to_string()))
}

fn automaton(patterns: Vec<(usize, Hir)>) -> Result<Automaton, Fault> {
    Automaton::new(patterns).map_err(|why| {
        Fault::bad_config("bad-detector", format!("the patterns of the detectors are too much together: {why}"))
            .advise("Leave out a pattern with very large repetitions.")
    })
}

/// Patterns that are run at once, and the bytes that a match can begin with.
fn begun(patterns: Vec<(usize, Hir)>) -> Result<(Automaton, [bool; 256]), Fault> {
    let automaton = automaton(patterns)?;
    let begins = automaton.begins();
    Ok((automaton, begins))
}

/// The bytes, neither letters nor digits, that can begin a match.
fn signs([one, other]: [[bool; 256]; 2], detectors: &[Detector]) -> Result<Starts, Fault> {
    let begins = |byte: u8| one[usize::from(byte)] || other[usize::from(byte)];
    let signs: Vec<u8> = (0..=255_u8).filter(|byte| !byte.is_ascii_alphanumeric() && begins(*byte)).collect();
    Starts::new(signs).ok_or_else(|| {
        let ids: Vec<&str> = detectors.iter().map(|detector| &*detector.id).collect();
        Fault::bad_config("bad-detector", format!("too many different signs begin a match, among {}", ids.join(", ")))
            .advise("Let a pattern begin with a letter, a digit, or one of very few signs.")
    })
}
