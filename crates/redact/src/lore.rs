//! What is known before an input is read: the parties of the case, and what the other inputs of the run have taught.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use crate::hits::{Hit, PERSON, Who};
use crate::known::{Again, INNER_LEAST, Known};
use crate::names::{Draft, Mention, PersonId, Reading, Roster, is_common_word};
use crate::parties::Party;
use crate::scan::SCORE_LEAST;

/// What found a party.
pub(crate) const KNOWN_PARTY: &str = "names.known";

/// How sure it is that a name of the list is meant.
const SURE: u8 = 100;

/// What one input teaches about the others.
#[derive(Clone, Default)]
pub struct Lessons {
    /// Who is named in it.
    pub(crate) names: Draft,
    /// Values that only their context told: elsewhere they stand without it.
    pub(crate) values: HashSet<(Vec<u8>, Arc<str>)>,
    /// More was there than can be held.
    pub(crate) cut: bool,
}

impl Lessons {
    /// How many names and values there are.
    pub fn len(&self) -> usize {
        self.names.len() + self.values.len()
    }

    /// Whether nothing was learned.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Who and what is looked for in every input.
pub(crate) struct Lore {
    parties: Vec<Party>,
    /// The parties by their spellings, folded.
    spelled: HashMap<String, Vec<usize>>,
    spellings: Known,
    /// Those that are found as whole words alone, on lines that [`Words`] points out.
    short: Known,
    /// Whether one of these has no word in it.
    wordless: bool,
    /// The parties among those who are named in other inputs.
    roster: Roster,
    party_of: HashMap<PersonId, Vec<usize>>,
    words: Words,
    /// The persons among the parties.
    seeds: Draft,
    /// Values that other inputs have taught.
    values: Known,
}

/// Whom a name stands for, in the end.
pub(crate) enum Whom<'l> {
    Party(&'l Party),
    /// Somebody, by the full form of the name.
    Person(&'l str),
    /// Several could be meant.
    Several,
    Nobody,
}

impl Lore {
    /// Nothing, when there is neither a party nor a lesson.
    pub(crate) fn of(parties: &[Party], lessons: &Lessons) -> Option<Self> {
        if parties.is_empty() && lessons.names.is_empty() && lessons.values.is_empty() {
            return None;
        }
        let parties = joined(parties);
        let spellings_max = parties.iter().flat_map(Party::spellings).map(|name| 1 + name.split(' ').count()).sum();
        let mut spelled = HashMap::<String, Vec<usize>>::new();
        let (mut spellings, mut short) = (Known::new(spellings_max), Known::new(spellings_max));
        let mut add = |spelling: &str, kind: &Arc<str>| match spelling.len() < INNER_LEAST {
            true => short.add(spelling.as_bytes(), kind),
            false => spellings.add(spelling.as_bytes(), kind),
        };
        let mut seeds = Draft::default();
        for (index, party) in parties.iter().enumerate() {
            for spelling in party.spellings() {
                let of = spelled.entry(folded(spelling)).or_default();
                if !of.contains(&index) {
                    of.push(index);
                }
                add(spelling, &party.kind);
                // What begins small is the name of an account; it is found as it is spelled.
                if *party.kind == *PERSON && spelling.starts_with(char::is_uppercase) {
                    seeds.add_name(spelling);
                    for word in words_of(spelling) {
                        let of = spelled.entry(folded(word)).or_default();
                        if !of.contains(&index) {
                            of.push(index);
                            add(word, &party.kind);
                        }
                    }
                }
            }
        }
        let mut names = seeds.clone();
        names.extend(&lessons.names);
        let roster = names.settle();
        let mut party_of = HashMap::<PersonId, Vec<usize>>::new();
        for (index, party) in parties.iter().enumerate().filter(|(_, party)| *party.kind == *PERSON) {
            for person in party.spellings().filter_map(|spelling| roster.whose(spelling)) {
                let known = party_of.entry(person).or_default();
                if !known.contains(&index) {
                    known.push(index);
                }
            }
        }
        let mut values = Known::new(lessons.values.len() * 2);
        lessons.values.iter().for_each(|(value, kind)| values.add(value, kind));
        let words = Words::of(roster.forms().chain(spelled.keys().map(String::as_str)));
        let is_short = |spelling: &&String| spelling.len() < INNER_LEAST;
        let wordless = spelled.keys().filter(is_short).any(|spelling| words.next(spelling.as_bytes(), 0).is_none());
        Some(Lore { parties, spelled, spellings, short, wordless, roster, party_of, words, seeds, values })
    }

    /// Where an input's own names begin: with the parties.
    pub(crate) fn seeds(&self) -> &Draft {
        &self.seeds
    }

    /// Whether nothing can be found in a block of bytes.
    pub(crate) fn is_quiet(&self, block: &[u8]) -> bool {
        self.values.find(block).is_empty()
            && self.spellings.find(block).is_empty()
            && self.words.lines(block).next().is_none()
            && (!self.wordless || self.short.find(block).is_empty())
    }

    /// Values that other inputs have taught, in a text.
    pub(crate) fn again(&self, text: &[u8]) -> Vec<Again> {
        self.values.find(text)
    }

    /// Parties as they are spelled in the list.
    pub(crate) fn spelled(&self, text: &str) -> Vec<Hit> {
        let bytes = text.as_bytes();
        let mut found = self.spellings.find(bytes);
        match self.wordless {
            true => found.extend(self.short.find(bytes)),
            false => found.extend(self.words.lines(bytes).flat_map(|lines| {
                let back = lines.start;
                let moved =
                    move |again: Again| Again { range: back + again.range.start..back + again.range.end, ..again };
                self.short.find(&bytes[lines]).into_iter().map(moved)
            })),
        }
        let hit = |range: Range<usize>| {
            let written = text.get(range.clone())?;
            let parties = self.spelled.get(&folded(written))?;
            let party = &self.parties[parties[0]];
            // `Mark` is a party; `mark` is none, unless it is listed so.
            let listed =
                |spelling: &str| folded(spelling) == folded(written) && spelling.starts_with(char::is_lowercase);
            if !written.starts_with(char::is_uppercase) && is_common_word(written) && !party.spellings().any(listed) {
                return None;
            }
            let who = if parties.len() == 1 { Who::Party(parties[0]) } else { Who::Ambiguous };
            Some(Hit {
                range,
                kind: party.kind.clone(),
                detector: Arc::from(KNOWN_PARTY),
                score: SURE,
                who,
                joined: None,
            })
        };
        found.into_iter().filter_map(|again| hit(again.range)).collect()
    }

    /// Forms of the names of all persons.
    pub(crate) fn mentions(&self, text: &str) -> Vec<Hit> {
        let of_lines = |lines: Range<usize>| {
            let hit = |mention: Mention| {
                self.hit(lines.start + mention.range.start..lines.start + mention.range.end, &mention.reading)
            };
            self.roster.find(&text[lines.clone()]).into_iter().map(hit).collect::<Vec<_>>()
        };
        self.words.lines(text.as_bytes()).flat_map(of_lines).collect()
    }

    fn hit(&self, range: Range<usize>, reading: &Reading) -> Hit {
        let parties = |person: &PersonId| self.party_of.get(person).map_or(0, Vec::len);
        let (who, is_party, score) = match reading {
            Reading::Person(person) => (Who::Elsewhere(*person), parties(person) > 0, SURE),
            Reading::CommonWord(person) => (Who::Elsewhere(*person), parties(person) > 0, 0),
            Reading::Ambiguous(persons) if persons.iter().any(|person| parties(person) > 0) => {
                (Who::Ambiguous, true, SURE)
            }
            // Two whom other inputs name: here it is neither of them for sure, and gets a pseudonym of its own.
            Reading::Ambiguous(_) => (Who::Unasked, false, SURE),
        };
        let (detector, score) = if is_party { (KNOWN_PARTY, score) } else { ("names.roster", score.min(85)) };
        Hit { range, kind: PERSON.into(), detector: detector.into(), score, who, joined: None }
    }

    /// Whom a hit stands for.
    pub(crate) fn whom<'l>(&'l self, who: Who, local: Option<&'l Roster>) -> Whom<'l> {
        match (who, local) {
            (Who::Party(party), _) => Whom::Party(&self.parties[party]),
            (Who::Elsewhere(person), _) => self.person(person),
            (Who::Person(person), Some(local)) => {
                let name = local.name(person);
                self.roster.whose(name).map_or(Whom::Person(name), |person| self.person(person))
            }
            (Who::Ambiguous, _) => Whom::Several,
            (Who::Unasked | Who::Person(_), _) => Whom::Nobody,
        }
    }

    fn person(&self, person: PersonId) -> Whom<'_> {
        match self.party_of.get(&person).map(Vec::as_slice) {
            Some([party]) => Whom::Party(&self.parties[*party]),
            Some(_) => Whom::Several,
            None => Whom::Person(self.roster.name(person)),
        }
    }
}

/// Parties of the same name and role are one.
fn joined(parties: &[Party]) -> Vec<Party> {
    let mut joined: Vec<Party> = Vec::new();
    let mut at = HashMap::new();
    for party in parties {
        match at.entry((folded(&party.name), party.kind.clone(), party.stays)) {
            std::collections::hash_map::Entry::Occupied(known) => {
                let known: &mut Party = &mut joined[*known.get()];
                known.aliases.extend(party.aliases.clone());
            }
            std::collections::hash_map::Entry::Vacant(new) => {
                new.insert(joined.len());
                joined.push(party.clone());
            }
        }
    }
    joined
}

/// The words of a person's name by which alone the person is meant.
fn words_of(name: &str) -> impl Iterator<Item = &str> {
    name.split(|char: char| char.is_whitespace() || char == ',').filter(|word| {
        word.chars().count() >= 4
            && word.starts_with(char::is_uppercase)
            && !word.ends_with('.')
            && !is_common_word(word)
    })
}

/// Small letters, words one blank apart.
fn folded(name: &str) -> String {
    name.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// Whether a value is told apart from ordinary words and numbers when it stands alone: it has a digit, or is more than a
/// word or a name of a program (`user_pass`); a number has nine digits that do not just follow each other.
pub(crate) fn is_distinct(value: &[u8]) -> bool {
    let signs = value.iter().filter(|byte| byte.is_ascii_alphanumeric() || **byte >= 0x80).count();
    if signs < 6 {
        return false;
    }
    let digits: Vec<u8> = value.iter().copied().filter(u8::is_ascii_digit).collect();
    if digits.len() == signs {
        let follows = |two: &[u8; 2]| two[1] == two[0] || two[1] == two[0] + 1 || two == b"90";
        let is_date = value.len() > signs && signs == 8 && !value.ends_with(b"01-01");
        return (signs >= 9 || is_date) && !digits.array_windows().all(follows);
    }
    let is_telling = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_punctuation() && *byte != b'_' || *byte == b' ';
    value.iter().any(is_telling)
}

/// The words of names, to pass over lines that hold none of them.
struct Words {
    bits: Box<[u64]>,
}

const WORD_BITS: u32 = 16;

impl Words {
    fn of<'f>(forms: impl Iterator<Item = &'f str>) -> Self {
        let mut words = Words { bits: vec![0; 1 << (WORD_BITS - 6)].into_boxed_slice() };
        let is_part = |char: char| !(char.is_alphabetic() || char == '\'');
        for word in forms.flat_map(|form| form.split(is_part)).filter(|word| word.len() > 1 && word.is_ascii()) {
            let letters = word.bytes().filter(|byte| *byte != b'\'').map(|byte| byte.to_ascii_lowercase());
            let at = letters.fold(SEED, step) >> (64 - WORD_BITS);
            words.bits[(at >> 6) as usize] |= 1 << (at & 63);
        }
        words
    }

    fn may_hold(&self, hash: u64) -> bool {
        let at = hash >> (64 - WORD_BITS);
        self.bits[(at >> 6) as usize] >> (at & 63) & 1 == 1
    }

    /// Lines that can hold a name. A name is not looked for over the end of a line: lines of a log have nothing to do with
    /// each other, and the words of a party's name are found each by itself.
    fn lines<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = Range<usize>> + 't {
        let mut at = 0;
        std::iter::from_fn(move || {
            let word = self.next(text, at)?;
            at = line_end(text, word);
            Some(line_start(text, word)..at)
        })
    }

    /// The next word, from `at`, that can be one of a name. What is not written in ASCII can always be.
    fn next(&self, text: &[u8], mut at: usize) -> Option<usize> {
        while at < text.len() {
            let (start, mut hash) = (at, SEED);
            while let Some(byte) = text.get(at).filter(|byte| is_letter(**byte)) {
                if *byte >= 0x80 || *byte == b'\'' && self.may_hold(hash) {
                    return Some(start);
                }
                hash = if *byte == b'\'' { hash } else { step(hash, byte.to_ascii_lowercase()) };
                at += 1;
            }
            if at > start && self.may_hold(hash) {
                return Some(start);
            }
            at += 1;
        }
        None
    }
}

const SEED: u64 = 0xCBF2_9CE4_8422_2325;

fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte >= 0x80 || byte == b'\''
}

fn line_start(text: &[u8], at: usize) -> usize {
    memchr::memrchr(b'\n', &text[..at]).map_or(0, |newline| newline + 1)
}

fn line_end(text: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |newline| at + newline)
}

/// The parts of a text that are UTF-8, and where they begin.
pub(crate) fn readable(text: &[u8]) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.utf8_chunks().map(move |chunk| {
        let start = at;
        at += chunk.valid().len() + chunk.invalid().len();
        (start, chunk.valid())
    })
}

/// Whether a hit is surely one.
pub(crate) fn is_sure(hit: &Hit) -> bool {
    hit.score >= SCORE_LEAST
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use crate::redactor::Case;

    fn lore(table: &str, names: &[&str], values: &[&str]) -> Lore {
        let mut lessons = Lessons::default();
        names.iter().for_each(|name| lessons.names.add_name(name));
        lessons.values.extend(values.iter().map(|value| (value.as_bytes().to_vec(), Arc::from("account"))));
        let parties = if table.is_empty() { Vec::new() } else { Party::table(table).unwrap() };
        Lore::of(&parties, &lessons).unwrap()
    }

    const TABLE: &str = "[[party]]\nname = \"Marianne Oberholzer\"\naliases = [\"moberh\"]\n\
        [[party]]\nname = \"Tom Baker\"\n[[party]]\nname = \"Rosalind Thornbury\"\nrole = \"keep\"\n\
        [[party]]\nname = \"Acme AG\"\nkind = \"organisation\"\naliases = [\"Acme\"]\n";

    /// Whom the sure mentions of a text stand for: a party's name, another person's, `?` for several.
    fn found(lore: &Lore, text: &str) -> Vec<(String, String)> {
        let mut hits: Vec<Hit> = lore.spelled(text).into_iter().chain(lore.mentions(text)).filter(is_sure).collect();
        hits.sort_by_key(|hit| (hit.range.start, hit.range.len()));
        let whom = |hit: Hit| match lore.whom(hit.who, None) {
            Whom::Party(party) => (text[hit.range].to_owned(), party.name.clone()),
            Whom::Person(name) => (text[hit.range].to_owned(), name.to_owned()),
            Whom::Several => (text[hit.range].to_owned(), "?".to_owned()),
            Whom::Nobody => (text[hit.range].to_owned(), String::new()),
        };
        let mut found: Vec<_> = hits.into_iter().map(whom).collect();
        found.dedup();
        found
    }

    fn check(lore: &Lore, text: &str, expect: &[(&str, &str)]) {
        let expect: Vec<(String, String)> = expect.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        assert_eq!(found(lore, text), expect, "{text}");
        assert!(expect.is_empty() || !lore.is_quiet(text.as_bytes()), "{text}");
    }

    /// Every form of a party's name is the party, in any case where it is no common word; forms that are one are not.
    #[test]
    fn every_form_is_the_party() {
        let lore = lore(TABLE, &[], &[]);
        let party = "Marianne Oberholzer";
        for form in ["Oberholzer", "oberholzer", "OBERHOLZER", "moberh", "Moberh", "marianne"] {
            check(&lore, &format!("x {form} y"), &[(form, party)]);
        }
        check(&lore, "M. Oberholzer", &[("M. Oberholzer", party), ("Oberholzer", party)]);
        check(&lore, "the baker and Baker", &[]);
        check(&lore, "Tom Baker, T. Baker", &[("Tom Baker", "Tom Baker"), ("T. Baker", "Tom Baker")]);
        check(&lore, "ACME and Acme AG", &[("ACME", "Acme AG"), ("Acme AG", "Acme AG")]);
        check(&lore, "Xoberholzern, nobody, Bakerfield", &[("oberholzer", party)]);
        assert!(lore.is_quiet(b"GET /index.html 200 17 ms\nnothing here"));
    }

    /// A name of two parties is nobody's; one that other inputs name beside a party's is not the party's either.
    #[test]
    fn what_could_be_two_is_said_to_be() {
        let two = "[[party]]\nname = \"Anna Jensen\"\n[[party]]\nname = \"Peter Jensen\"\n";
        check(&lore(two, &[], &[]), "by jensen", &[("jensen", "?")]);
        check(&lore(two, &[], &[]), "P. Jensen", &[("P. Jensen", "Peter Jensen"), ("Jensen", "?")]);
        let one = "[[party]]\nname = \"Anna Jensen\"\n";
        let lore = lore(one, &["Peter Jensen"], &[]);
        assert!(lore.mentions("Jensen").iter().all(|hit| hit.who == Who::Ambiguous));
    }

    /// What other inputs taught is found, names in each form and values as they stood; two of a name are neither.
    #[test]
    fn what_was_taught_is_found() {
        let lore = lore("", &["Anna Jensen", "Peter Quill", "Paul Quill"], &["4471-2288-93"]);
        check(&lore, "A. Jensen", &[("A. Jensen", "anna jensen")]);
        check(&lore, "Quill", &[("Quill", "")]);
        assert_eq!(lore.again(b"ref 4471-2288-93, 4471228893").len(), 2);
        assert!(Lore::of(&[], &Lessons::default()).is_none());
    }

    /// What is more than can be held is not held, and that is said.
    #[test]
    fn what_is_too_much_is_said() {
        let limits = Limits { learned_names: 2, learned_values: 1, ..Limits::default() };
        let taught = |names: &[&str], values: &[&str]| {
            let mut lessons = Lessons::default();
            names.iter().for_each(|name| lessons.names.add_name(name));
            lessons.values.extend(values.iter().map(|value| (value.as_bytes().to_vec(), Arc::from("account"))));
            lessons
        };
        let mut case = Case::default();
        assert!(case.teach(&mut taught(&["Anna Jensen"], &["4471 2288"]), &limits));
        assert!(case.teach(&mut taught(&["Peter Quill"], &["4471 2288"]), &limits), "the same again");
        assert!(!case.teach(&mut taught(&["Tom Bombadil"], &["9999 8888"]), &limits));
        case.settle();
        let lore = case.lore.unwrap();
        check(&lore, "A. Jensen, T. Bombadil", &[("A. Jensen", "anna jensen")]);
        assert_eq!((lore.again(b"4471 2288").len(), lore.again(b"9999 8888").len()), (1, 0));
    }

    /// Names do not run over the ends of lines, and bytes that are no text part none of them from the others.
    #[test]
    fn lines_are_apart() {
        let lore = lore(TABLE, &[], &[]);
        check(&lore, "Tom\nBaker", &[("Tom", "Tom Baker")]);
        let parts: Vec<_> = readable(b"a\xffTom Baker\xff\xfe").filter(|(_, text)| !text.is_empty()).collect();
        assert_eq!(parts, [(0, "a"), (2, "Tom Baker")]);
    }

    #[test]
    fn what_is_distinct() {
        let lore = lore("[[party]]\nname = \"Bo 1234\"\naliases = [\"1-2-3\", \"O'Ryan\"]\n", &[], &[]);
        check(&lore, "x 1-2-3 y", &[("1-2-3", "Bo 1234")]);
        check(&lore, "by o'ryan", &[("o'ryan", "Bo 1234")]);
        for (value, expect) in [("4471 2288 93", true), ("12345", false), ("geheimes", false), ("a-b-c-d-e-f", true)] {
            assert_eq!(is_distinct(value.as_bytes()), expect, "{value}");
        }
    }
}
