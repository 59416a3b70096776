//! One person, all forms: names found once are found everywhere, and what could be two persons is said to be.
//!
//! A [`Draft`] takes the persons of a document or a case as they are found, in any order. Settled, it is a [`Roster`]:
//! it knows who is who (`Anna Smith`, `Smith, Anna`, `A. Smith`, `SMITH` are one) and finds each form in any text.
//! Forms are compared without case, accents, hyphens and apostrophes.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::ops::Range;

use super::entity::{Entity, Label};
use super::gazetteer;
use super::lexicon::{CAPITAL_TITLES, PARTICLES, TITLES};

/// Words of a form at most.
const FORM_MAX: usize = 6;
/// What stands after a name and is none.
const SUFFIXES: &[&str] = &["jr", "sr", "esq", "phd", "md", "ii", "iii", "iv", "dds", "dvm", "qc", "kc"];

/// A person of a roster: the number of appearance, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersonId(pub u32);

/// A name in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Bytes of the text.
    pub range: Range<usize>,
    /// Who it is.
    pub reading: Reading,
}

/// Who a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// This person.
    Person(PersonId),
    /// One of these, and the text does not say which: somebody has to look.
    Ambiguous(Vec<PersonId>),
    /// This person, or the common word that the name is as well (`Baker`, `Will`): somebody has to look.
    CommonWord(PersonId),
}

/// A name in its parts, folded.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Name {
    given: Vec<String>,
    family: Vec<String>,
}

/// Names as they are found.
#[derive(Clone, Default)]
pub struct Draft {
    names: Vec<Name>,
    known: HashSet<Name>,
}

/// Who is who.
pub struct Roster {
    /// The first full form of each person's name, folded.
    persons: Vec<String>,
    forms: HashMap<String, BTreeSet<PersonId>>,
}

impl fmt::Debug for Draft {
    /// Names are personal: only how many there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Draft({} names)", self.names.len())
    }
}

impl fmt::Debug for Roster {
    /// Names are personal: only how many there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Roster({} persons)", self.persons.len())
    }
}

impl Draft {
    /// Takes in the persons among `entities`, which are those of `text`.
    pub fn add(&mut self, text: &str, entities: &[Entity]) {
        for entity in entities.iter().filter(|entity| entity.label == Label::Person) {
            self.add_name(&text[entity.range.clone()]);
        }
    }

    /// Takes in a person by name, as a list of known parties has it: `Anna Smith` or `Smith, Anna`.
    pub fn add_name(&mut self, name: &str) {
        if let Some(name) = parse(name) {
            self.push(name);
        }
    }

    fn push(&mut self, name: Name) {
        if self.known.insert(name.clone()) {
            self.names.push(name);
        }
    }

    /// Takes in everybody of another draft.
    pub fn extend(&mut self, other: &Draft) {
        other.names.iter().for_each(|name| self.push(name.clone()));
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Decides who is who. A family name alone, or with an initial, is nobody new where somebody has it already.
    pub fn settle(self) -> Roster {
        let mut persons: Vec<Vec<Name>> = Vec::new();
        let mut namesakes = Namesakes::default();
        let (full, partial): (Vec<Name>, Vec<Name>) = self.names.into_iter().partition(Name::is_full);
        for name in full {
            let same = namesakes.same(&name).iter().find(|at| persons[**at].iter().any(|form| form.is_same(&name)));
            let same = same.copied().unwrap_or(persons.len());
            namesakes.add(&name, same);
            match persons.get_mut(same) {
                Some(forms) => forms.push(name),
                None => persons.push(vec![name]),
            }
        }
        for name in partial {
            if !namesakes.have(&name) {
                namesakes.add(&name, persons.len());
                persons.push(vec![name]);
            }
        }
        let mut forms: HashMap<String, BTreeSet<PersonId>> = HashMap::new();
        for (id, names) in persons.iter().enumerate() {
            for form in names.iter().flat_map(Name::forms) {
                forms.entry(form).or_default().insert(PersonId(id as u32));
            }
        }
        let persons = persons.iter().map(|names| names[0].forms().swap_remove(0)).collect();
        Roster { persons, forms }
    }
}

/// Persons by what their names share, so that thousands of them are told apart quickly.
#[derive(Default)]
struct Namesakes {
    /// By the first given name and the family name: the persons.
    same: HashMap<(String, String), Vec<usize>>,
    /// Family names, their parts, and given names.
    words: HashSet<String>,
    /// First given names by the family name.
    given: HashMap<String, Vec<String>>,
}

impl Namesakes {
    fn add(&mut self, name: &Name, person: usize) {
        let family = name.family.join(" ");
        self.words.extend(name.family.iter().chain(&name.given).cloned());
        if let Some(first) = name.given.first() {
            let same = self.same.entry((first.clone(), family.clone())).or_default();
            if !same.contains(&person) {
                same.push(person);
            }
            let given = self.given.entry(family.clone()).or_default();
            if !given.contains(first) {
                given.push(first.clone());
            }
        }
        self.words.insert(family);
    }

    /// The persons who share the first given name and the family name.
    fn same(&self, name: &Name) -> &[usize] {
        let first = name.given.first().cloned().unwrap_or_default();
        self.same.get(&(first, name.family.join(" "))).map_or(&[], Vec::as_slice)
    }

    /// Whether a partial name (a word, or initials and a family name) can stand for somebody.
    fn have(&self, partial: &Name) -> bool {
        let family = partial.family.join(" ");
        match partial.given.first() {
            None => self.words.contains(&family),
            Some(given) => {
                self.given.get(&family).is_some_and(|own| own.iter().any(|own| own.starts_with(given.as_str())))
            }
        }
    }
}

impl Roster {
    /// How many persons there are.
    pub fn len(&self) -> usize {
        self.persons.len()
    }

    /// A person's name, the same for all of its forms: folded, given names first.
    pub fn name(&self, person: PersonId) -> &str {
        &self.persons[person.0 as usize]
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.persons.is_empty()
    }

    /// Whose name this is, in one of its forms; nobody where it could be two persons'.
    pub fn whose(&self, name: &str) -> Option<PersonId> {
        let form = atoms(name).into_iter().map(|atom| atom.folded).collect::<Vec<_>>().join(" ");
        let persons = self.forms.get(&form)?;
        persons.first().copied().filter(|_| persons.len() == 1)
    }

    /// Every way to write a name, folded, words one blank apart.
    pub(crate) fn forms(&self) -> impl Iterator<Item = &str> {
        self.forms.keys().map(String::as_str)
    }

    /// Every form of every name in `text`, in order, apart from each other, the longest at each place.
    pub fn find(&self, text: &str) -> Vec<Mention> {
        let atoms = atoms(text);
        let mut mentions = Vec::new();
        let mut at = 0;
        while at < atoms.len() {
            let longest =
                (1..=FORM_MAX.min(atoms.len() - at)).rev().find_map(|count| self.read(text, &atoms[at..at + count]));
            at += longest.as_ref().map_or(1, |(count, _)| *count);
            mentions.extend(longest.map(|(_, mention)| mention));
        }
        mentions
    }

    /// Who these words are, if they are a form and stand together.
    fn read(&self, text: &str, atoms: &[Atom]) -> Option<(usize, Mention)> {
        let joined = atoms.windows(2).all(|pair| is_within_name(&text[pair[0].end..pair[1].start]));
        let capital = atoms.iter().any(|atom| text[atom.start..].starts_with(char::is_uppercase));
        let words = atoms.iter().filter(|atom| atom.folded.chars().count() > 1).count();
        if !joined || !capital && words < 2 {
            return None;
        }
        let form = atoms.iter().map(|atom| &*atom.folded).collect::<Vec<_>>().join(" ");
        let persons = self.forms.get(&form)?;
        let reading = match (persons.len(), persons.first()?) {
            (1, person) if atoms.len() == 1 && gazetteer::look_up(&form).is_common() => Reading::CommonWord(*person),
            (1, person) => Reading::Person(*person),
            _ => Reading::Ambiguous(persons.iter().copied().collect()),
        };
        let range = atoms[0].start..atoms[atoms.len() - 1].end;
        Some((atoms.len(), Mention { range, reading }))
    }
}

impl Name {
    /// Whether it has a given name that is more than an initial, and a family name.
    fn is_full(&self) -> bool {
        self.given.first().is_some_and(|given| given.chars().count() > 1) && !self.family.is_empty()
    }

    /// Whether two full names are one person's: the same first given name and family name, and no other middle name.
    fn is_same(&self, other: &Name) -> bool {
        let middles = self.given.iter().skip(1).zip(other.given.iter().skip(1));
        self.given[0] == other.given[0]
            && self.family == other.family
            && middles.clone().all(|(a, b)| a.starts_with(b.as_str()) || b.starts_with(a.as_str()))
    }

    /// Every way to write it, folded, words one blank apart.
    fn forms(&self) -> Vec<String> {
        let family = self.family.join(" ");
        let Some(first) = self.given.first() else { return vec![family] };
        let given = self.given.join(" ");
        let initial = |word: &String| word.chars().next().map(String::from).unwrap_or_default();
        let initials: Vec<String> = self.given.iter().map(initial).collect();
        let middle = std::iter::once(first.clone()).chain(initials[1..].iter().cloned()).collect::<Vec<_>>().join(" ");
        let mut forms = Vec::new();
        for given in [given, first.clone(), initials.join(" "), initials[0].clone(), initials.concat(), middle] {
            forms.push(format!("{given} {family}"));
            forms.push(format!("{family} {given}"));
        }
        if first.chars().count() > 1 {
            forms.push(first.clone());
        }
        forms.extend(
            self.family.iter().filter(|part| part.chars().count() > 2 && !PARTICLES.contains(&part.as_str())).cloned(),
        );
        forms.push(family);
        forms
    }
}

/// A run of letters, folded.
struct Atom {
    start: usize,
    end: usize,
    folded: String,
}

/// The runs of letters in a text; an apostrophe within a word is dropped, what follows `'s` and its like is apart.
fn atoms(text: &str) -> Vec<Atom> {
    let words = super::words::split(text);
    let mut atoms = Vec::with_capacity(words.len());
    for word in words {
        let mut start = word.start;
        for part in text[word.start..word.end].split(['-', '\u{2010}', '\u{2011}']) {
            atoms.push(Atom { start, end: start + part.len(), folded: fold(part) });
            let separator = text[start + part.len()..].chars().next().map_or(0, char::len_utf8);
            start += part.len() + separator;
        }
    }
    atoms
}

/// Small letters without marks, apostrophes dropped.
fn fold(word: &str) -> String {
    if word.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return word.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(word.len());
    for char in word.chars().flat_map(char::to_lowercase) {
        let plain = match char {
            'à'..='å' | 'ā' | 'ă' | 'ą' => "a",
            'ç' | 'ć' | 'č' | 'ĉ' | 'ċ' => "c",
            'ď' | 'đ' | 'ð' => "d",
            'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
            'ğ' | 'ģ' => "g",
            'ì'..='ï' | 'ī' | 'į' | 'ı' => "i",
            'ķ' => "k",
            'ļ' | 'ľ' | 'ł' | 'ĺ' => "l",
            'ñ' | 'ń' | 'ņ' | 'ň' => "n",
            'ò'..='ö' | 'ø' | 'ō' | 'ő' => "o",
            'ŕ' | 'ř' => "r",
            'ś' | 'š' | 'ş' | 'ș' => "s",
            'ţ' | 'ť' | 'ț' => "t",
            'ù'..='ü' | 'ū' | 'ů' | 'ű' | 'ų' => "u",
            'ý' | 'ÿ' => "y",
            'ź' | 'ż' | 'ž' => "z",
            'ß' => "ss",
            'æ' => "ae",
            'œ' => "oe",
            'þ' => "th",
            '\'' | '’' | '\u{300}'..='\u{36f}' => "",
            other => {
                folded.push(other);
                continue;
            }
        };
        folded.push_str(plain);
    }
    folded
}

/// Whether what stands between two words may stand within a name.
fn is_within_name(gap: &str) -> bool {
    gap.len() <= 3
        && gap
            .chars()
            .all(|char| matches!(char, ' ' | '.' | ',' | '-' | '_' | '\n' | '\u{a0}' | '\u{2010}' | '\u{2011}'))
}

/// The parts of a name as it was found; none when it has no word that could be one.
fn parse(text: &str) -> Option<Name> {
    let is_listed = |word: &str, list: &[&str]| list.iter().any(|known| fold(known) == fold(word));
    let (family_first, rest) = match text.split_once(',') {
        Some((family, given)) if !is_listed(given.trim().trim_end_matches('.'), SUFFIXES) => (Some(family), given),
        Some((name, _)) => (None, name),
        None => (None, text),
    };
    let parts = |text: &str| -> Vec<String> {
        let words = text.split(|char: char| char.is_whitespace() || char == '.' || char == '\u{a0}');
        words.filter(|word| word.chars().any(char::is_alphabetic)).map(str::to_owned).collect()
    };
    let mut words = parts(rest);
    while words.len() > 1 && (is_listed(&words[0], TITLES) || is_listed(&words[0], CAPITAL_TITLES)) {
        words.remove(0);
    }
    while words.len() > 1 && words.last().is_some_and(|last| is_listed(last, SUFFIXES)) {
        words.pop();
    }
    let family = match family_first {
        Some(family) => parts(family),
        None => {
            let from = family_start(&words);
            words.split_off(from)
        }
    };
    let split = |words: Vec<String>| -> Vec<String> {
        words
            .iter()
            .flat_map(|word| word.split(['-', '\u{2010}', '\u{2011}']))
            .map(fold)
            .filter(|word| !word.is_empty())
            .collect()
    };
    let name = Name { given: split(words), family: split(family) };
    (!name.family.is_empty() && name.given.len() + name.family.len() <= FORM_MAX).then_some(name)
}

/// Where the family name begins: at its particles, and at a middle word that is a family name and no given one.
fn family_start(words: &[String]) -> usize {
    let mut from = words.len().saturating_sub(1);
    while from > 1 {
        let before = &words[from - 1];
        let kind = gazetteer::look_up(before);
        let particle = before.starts_with(char::is_lowercase) && PARTICLES.contains(&fold(before).as_str());
        if !(particle || kind.is_last() && !kind.is_first() && before.chars().count() > 1) {
            break;
        }
        from -= 1;
    }
    from
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roster(names: &[&str]) -> Roster {
        let mut draft = Draft::default();
        names.iter().for_each(|name| draft.add_name(name));
        draft.settle()
    }

    fn check(names: &[&str], text: &str, expect: &[(&str, Reading)]) {
        let found = roster(names).find(text);
        let found: Vec<_> = found.into_iter().map(|mention| (&text[mention.range], mention.reading)).collect();
        assert_eq!(found, expect, "{text}");
    }

    const fn person(id: u32) -> Reading {
        Reading::Person(PersonId(id))
    }

    /// A name found once is found in every form.
    #[test]
    fn every_form_is_the_same_person() {
        let text = "Jensen, Anna; A. Jensen; ANNA JENSEN; Jensen's; anna.jensen@example.org; Dr. Jensen A.; jensen";
        let expect = ["Jensen, Anna", "A. Jensen", "ANNA JENSEN", "Jensen", "anna.jensen", "Jensen A"];
        check(&["Anna Jensen"], text, &expect.map(|form| (form, person(0))));
        check(
            &["Zoë O'Brien-Müller"],
            "Zoe OBrien Muller, O’BRIEN-MÜLLER",
            &["Zoe OBrien Muller", "O’BRIEN-MÜLLER"].map(|f| (f, person(0))),
        );
        check(
            &["Ludwig van Verhoef", "Mrs Verhoef"],
            "van Verhoef and Verhoef",
            &[("van Verhoef", person(0)), ("Verhoef", person(0))],
        );
    }

    /// A family name of two persons stands for neither until somebody decides.
    #[test]
    fn what_could_be_two_persons_is_ambiguous() {
        let both = Reading::Ambiguous(vec![PersonId(0), PersonId(1)]);
        check(
            &["Anna Jensen", "Jensen", "Peter Jensen"],
            "Jensen met P. Jensen and Anna.",
            &[("Jensen", both), ("P. Jensen", person(1)), ("Anna", person(0))],
        );
    }

    /// A family name that is a common word is shown to somebody; with its given name it is sure.
    #[test]
    fn common_words_are_for_review() {
        check(
            &["Tom Baker"],
            "Baker asked the baker for Tom Baker.",
            &[("Baker", Reading::CommonWord(PersonId(0))), ("Tom Baker", person(0))],
        );
    }

    /// The order in which names are found does not matter to who is who.
    #[test]
    fn initials_and_titles_join_the_full_name() {
        assert_eq!(roster(&["Jensen", "A. Jensen", "Anna Jensen", "Mrs Jensen", "Anna M. Jensen"]).len(), 1);
        assert_eq!(roster(&["Anna Maria Jensen", "Anna Louise Jensen"]).len(), 2);
    }

    #[test]
    fn nothing_personal_is_shown_for_debugging() {
        assert_eq!(format!("{:?}", roster(&["Anna Jensen"])), "Roster(1 persons)");
    }
}
