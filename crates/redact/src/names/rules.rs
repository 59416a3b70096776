//! Persons by the words around their names, and by the form of the name: what the network misses most.

use std::ops::Range;

use super::entity::{Entity, Label, Source};
use super::gazetteer;
use super::lexicon::Language;
use super::words::{Shape, Word};

/// Finds persons by rule. `words` are those of `text`; German
/// writes every noun with a capital, which says little there, and `von` is a preposition.
pub(super) fn persons(text: &str, words: &[Word], language: Language) -> Vec<Entity> {
    let text = Text { text, words, language };
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let best =
            text.titled(at).or_else(|| text.greeted(at)).or_else(|| text.introduced(at)).or_else(|| text.named(at));
        let best = best.or_else(|| text.initialled(at)).or_else(|| text.caption(at)).or_else(|| text.reversed(at));
        let best = best.or_else(|| text.particled(at)).or_else(|| text.alone(at));
        let best = best.or_else(|| text.speaking(at)).or_else(|| text.related(at)).or_else(|| text.spoken_to(at));
        match best {
            Some(find) => {
                found.push(find.entity);
                at = find.next;
            }
            None => at += 1,
        }
    }
    found
}

/// What only people do.
const ACTS: &[&str] = &[
    "said",
    "says",
    "asked",
    "asks",
    "told",
    "tells",
    "shouted",
    "replied",
    "answered",
    "whispered",
    "smiled",
    "laughed",
    "cried",
    "nodded",
    "married",
    "lives",
    "lived",
    "sighed",
    "wept",
    "testified",
    "alleges",
    "alleged",
    "died",
    "graduated",
    "explained",
    "insisted",
    "complained",
    "apologised",
    "apologized",
    "muttered",
    "yelled",
    "screamed",
    "grinned",
    "frowned",
    "shrugged",
    "recalled",
    "admitted",
    "confessed",
    "resigned",
    "emigrated",
];

/// What only people have.
const RELATIONS: &[&str] = &[
    "mother",
    "father",
    "mom",
    "mum",
    "dad",
    "parents",
    "wife",
    "husband",
    "son",
    "daughter",
    "brother",
    "sister",
    "boss",
    "boyfriend",
    "girlfriend",
    "fiancé",
    "fiancée",
    "uncle",
    "aunt",
    "nephew",
    "niece",
    "grandmother",
    "grandfather",
    "widow",
    "widower",
    "birthday",
    "address",
    "phone",
    "mobile",
    "email",
    "passport",
    "salary",
    "doctor",
    "lawyer",
    "therapist",
    "colleague",
    "handwriting",
    "voice",
    "diagnosis",
    "surgery",
    "bedroom",
    "classmate",
    "roommate",
    "landlord",
];
/// What is said to somebody after the name that begins a line.
const ADDRESSING: &[&str] = &[
    "can", "could", "would", "will", "please", "thanks", "thank", "i", "we", "you", "are", "do", "did", "have", "how",
    "what", "where", "why", "when", "let",
];
/// Verbs whose object is a person.
const TO_PEOPLE: &[&str] = &[
    "told",
    "asked",
    "thanked",
    "married",
    "divorced",
    "emailed",
    "phoned",
    "hired",
    "fired",
    "sued",
    "interviewed",
    "kissed",
];
/// Verbs of giving: somebody, and then a thing.
const GIVING: &[&str] = &["gave", "given", "gives", "lent", "handed", "sent", "offered", "showed", "owes", "owed"];
const BEFORE_THINGS: &[&str] = &["his", "her", "their", "my", "your", "our", "a", "an", "the", "some"];

struct Text<'t> {
    text: &'t str,
    words: &'t [Word],
    language: Language,
}

struct Find {
    entity: Entity,
    next: usize,
}

impl Text<'_> {
    /// What stands between word `at` and the one after it.
    fn gap(&self, at: usize) -> &str {
        self.words.get(at + 1).map_or("", |next| &self.text[self.words[at].end..next.start])
    }

    /// Whether word `at` and the next are parts of one name as far as the space between them goes.
    fn adjoins(&self, at: usize) -> bool {
        let gap = self.gap(at);
        let initial = self.words[at].shape == Shape::Initial || self.words[at].is_any(self.text, &["st", "jr", "sr"]);
        at + 1 < self.words.len()
            && (is_blank(gap) || initial && gap.strip_prefix('.').is_some_and(|gap| gap.is_empty() || is_blank(gap)))
    }

    fn is_particle(&self, at: usize) -> bool {
        self.words[at].roles.is_particle()
    }

    fn is_thing(&self, at: usize) -> bool {
        self.words[at].roles.is_thing()
    }

    /// The words of a name that begins with word `at`: capitals, initials, and particles between them. At most six.
    fn run(&self, at: usize) -> Range<usize> {
        let mut end = at;
        let mut last = at;
        while end < self.words.len() && end < at + 6 {
            let word = &self.words[end];
            let fits = word.is_capital() || word.shape == Shape::Initial;
            if fits {
                last = end + 1;
            } else if end == at || !self.is_particle(end) {
                break;
            }
            if !self.adjoins(end) {
                break;
            }
            end += 1;
        }
        at..last
    }

    fn find(&self, words: Range<usize>, score: f32, source: Source) -> Option<Find> {
        let range = self.words.get(words.start)?.start..self.words.get(words.end.checked_sub(1)?)?.end;
        let entity = Entity { range, label: Label::Person, score, source };
        Some(Find { entity, next: words.end })
    }

    /// Whether word `at` begins a sentence or line, where every word has a capital.
    fn begins_sentence(&self, at: usize) -> bool {
        let before = self.text[..self.words[at].start].trim_end_matches([' ', '"', '\'', '“', '‘', '(', '«']);
        before.is_empty() || before.ends_with(['.', '!', '?', ':', '\n', '>', '*', '-', '•', '|', ';'])
    }

    /// `Dr. Smith`, `Mme de la Tour`, `Judge Learned Hand`.
    fn titled(&self, at: usize) -> Option<Find> {
        let word = &self.words[at];
        let capital = word.shape != Shape::Small;
        let single = matches!(word.text(self.text), "M" | "D" | "Me") && self.gap(at).starts_with(". ");
        let is_title = word.roles.is_title() && (capital || word.end - word.start > 3)
            || capital && word.roles.is_capital_title()
            || single && at + 1 < self.words.len() && self.words[at + 1].is_capital();
        if !is_title || self.begins_word_of_name(at) {
            return None;
        }
        let gap = self.gap(at);
        let gap = gap.strip_prefix('.').unwrap_or(gap);
        if !(is_blank(gap) || gap.is_empty() && self.gap(at) == ".") {
            return None;
        }
        if let Some(further) = self.words.get(at + 1).and_then(|_| self.titled(at + 1)) {
            return Some(further);
        }
        let mut start = at + 1;
        while start < self.words.len() && self.is_particle(start) && self.adjoins(start) {
            start += 1;
        }
        let run = self.run(start);
        let run = self.without_tail(run);
        let strong = word.roles.is_title() || single;
        let named = run.clone().any(|at| self.words[at].kind.is_first() || self.words[at].kind.is_last());
        let plain = run.clone().any(|at| !self.words[at].kind.is_common() && self.words[at].shape != Shape::Initial);
        let particles = start > at + 1;
        (!run.is_empty() && (plain || strong && (named || particles))).then_some(())?;
        self.find(at + 1..run.end, if strong { 0.95 } else { 0.8 }, Source::Title)
    }

    /// Whether word `at` goes on with a capitalised word, so that it is part of a name itself (`Grace Lord`).
    fn begins_word_of_name(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1) else { return false };
        let word = &self.words[before];
        word.is_capital() && self.adjoins(before) && word.kind.is_known_first() && !word.kind.is_common()
    }

    /// A run without the words at its end that name something else (`Mr Smith Street`).
    fn without_tail(&self, mut run: Range<usize>) -> Range<usize> {
        while !run.is_empty()
            && (self.is_thing(run.end - 1) || self.words[run.end - 1].is_any(self.text, &["and", "the", "of"]))
        {
            run.end -= 1;
        }
        run
    }

    /// `Dear Anna,`, `Name: Rossi`, `Regards,⏎Tom`.
    fn greeted(&self, at: usize) -> Option<Find> {
        let word = &self.words[at];
        let greeting = word.roles.is_greeting();
        let role = word.roles.is_role();
        let gap = self.gap(at);
        let fits = greeting && (is_blank(gap) || gap.trim_matches([' ', '\n', '\r', '\t']) == "," && gap.len() < 8)
            || role && (is_blank(gap) || gap.trim() == ":" && gap.len() < 8);
        if !fits {
            return None;
        }
        let run = self.without_tail(self.run(at + 1));
        let first = self.words.get(run.start).filter(|_| !run.is_empty())?;
        // `Dear Mr. Smith`: the title says where the name begins.
        if first.roles.is_title() || first.roles.is_capital_title() {
            return None;
        }
        let weak = gap.contains([':', ',']) || word.roles.is_sure_greeting();
        let plain = first.kind.is_plain_name() || first.shape == Shape::Initial && run.len() > 1;
        let unknown =
            first.kind == gazetteer::Kind::default() && (run.len() > 1 && weak || word.roles.is_sure_greeting());
        let common =
            first.kind.is_known_first() && (weak || run.len() > 1 && self.words[run.end - 1].kind.is_plain_name());
        (plain || unknown || common).then_some(())?;
        self.find(run, 0.75, Source::Title)
    }

    /// `my name is Itou`, `a man called Zama`, `je m'appelle Aïcha`, `ich heiße Itou`.
    fn introduced(&self, at: usize) -> Option<Find> {
        let said = |back: usize, words: &[&str]| {
            at.checked_sub(back).is_some_and(|at| self.words[at].is_any(self.text, words))
        };
        let here = self.words[at].is_any(self.text, &["is", "est", "es", "ist", "lautet"])
            && said(1, &["name", "nom", "nombre"])
            || self.words[at].roles.is_introduction()
            || self.words[at].is_any(self.text, &["appelle"]) && said(1, &["m", "s"])
            || self.language == Language::English && self.words[at].is_any(self.text, &["am", "m"]) && said(1, &["i"]);
        if !here || !is_blank(self.gap(at)) {
            return None;
        }
        let run = self.without_tail(self.run(at + 1));
        let first = self.words.get(run.start).filter(|_| !run.is_empty())?;
        let is_name = !first.kind.is_common() && !first.kind.is_place() || first.kind.is_first();
        is_name.then_some(())?;
        self.find(run, 0.8, Source::Title)
    }

    /// A given name with what follows it.
    fn named(&self, at: usize) -> Option<Find> {
        let word = &self.words[at];
        if !word.is_capital() || !word.kind.is_first() {
            return None;
        }
        let run = self.without_tail(self.run(at));
        if run.len() < 2 || self.thing_follows(&run) {
            return None;
        }
        let rest = run.start + 1..run.end;
        let lasts = rest.clone().filter(|at| self.words[*at].kind.is_last() && self.words[*at].is_capital()).count();
        let plain = rest.clone().filter(|at| self.words[*at].is_capital() && !self.words[*at].kind.is_common()).count();
        let sure_first = !word.kind.is_common() && (word.kind.is_known_first() || !word.kind.is_place());
        let plain_last = rest.clone().any(|at| self.words[at].kind.is_last() && !self.words[at].kind.is_common());
        let found = match (sure_first, plain_last) {
            (true, true) => true,
            (true, false) => {
                lasts > 0 && word.kind.is_known_first() || plain >= 1 && word.kind.is_known_first() || plain >= 2
            }
            (false, true) => {
                word.kind.is_known_first() && !self.begins_sentence(at)
                    || word.kind.is_known_first() && plain == rest.len()
            }
            (false, false) => false,
        };
        let all_capitals = run.clone().all(|at| self.words[at].shape == Shape::Capitals);
        if !found || all_capitals && !(sure_first && plain_last) {
            return None;
        }
        self.find(run, if sure_first && plain_last { 0.85 } else { 0.6 }, Source::Gazetteer)
    }

    /// Whether the word after a run says that it was no person.
    fn thing_follows(&self, run: &Range<usize>) -> bool {
        run.end < self.words.len()
            && self.adjoins(run.end - 1)
            && self.words[run.end].is_capital()
            && self.is_thing(run.end)
    }

    /// `J. R. Smith`, `J.-P. Martin`.
    fn initialled(&self, at: usize) -> Option<Find> {
        if self.words[at].shape != Shape::Initial || !self.text[self.words[at].end..].starts_with('.') {
            return None;
        }
        let run = self.without_tail(self.run(at));
        let initials = run.clone().take_while(|at| self.words[*at].shape == Shape::Initial).count();
        let last = run.start + initials;
        let joined: String = run.clone().take(initials).map(|at| self.words[at].text(self.text)).collect();
        if initials > 3 || last >= run.end || matches!(&*joined, "US" | "UK" | "UN" | "EU" | "USA" | "PO" | "DC" | "LA")
        {
            return None;
        }
        let surname = &self.words[last];
        let listed = surname.kind.is_last() || surname.kind == gazetteer::Kind::default();
        let fits = surname.is_capital() && listed && !surname.kind.is_common()
            || surname.kind.is_last() && surname.shape == Shape::Capital && initials > 1;
        let before = at.checked_sub(1).map(|before| &self.words[before]);
        if at > 0 && before.is_some_and(|before| before.shape == Shape::Initial) && self.adjoins(at - 1) {
            return None;
        }
        let numbered = before.is_some_and(|before| before.roles.is_numbered());
        (fits && !numbered).then_some(())?;
        self.find(run.start..run.end.min(last + 2), 0.7, Source::Form)
    }

    /// `JOHN SMITH, Plaintiff`; `Smith v. Jones`.
    fn caption(&self, at: usize) -> Option<Find> {
        if !self.words[at].is_capital() {
            return None;
        }
        let run = self.run(at);
        let is_name = run.clone().any(|at| self.words[at].kind.is_first() || self.words[at].kind.is_last());
        if run.is_empty() || !is_name || run.clone().any(|at| self.is_thing(at)) {
            return None;
        }
        let gap = self.gap(run.end - 1);
        let next = self.words.get(run.end)?;
        let party = gap.starts_with(',') && gap.len() < 8 && next.roles.is_party();
        let versus = is_blank(gap) && next.shape == Shape::Small && next.is_any(self.text, &["v", "vs"]);
        let against = at.checked_sub(1).is_some_and(|before| {
            let gap = self.gap(before);
            self.words[before].shape == Shape::Small
                && self.words[before].is_any(self.text, &["v", "vs"])
                && matches!(gap, ". " | " ")
        });
        (party || versus || against).then_some(())?;
        self.find(run, 0.7, Source::Form)
    }

    /// `Smith, John` at the beginning of a line or field.
    fn reversed(&self, at: usize) -> Option<Find> {
        let (last, first) = (&self.words[at], self.words.get(at + 1)?);
        let fits = last.is_capital()
            && last.kind.is_last()
            && last.kind.is_plain_name()
            && !last.kind.is_place()
            && self.gap(at) == ", "
            && first.is_capital()
            && first.kind.is_known_first()
            && !first.kind.is_common();
        fits.then_some(())?;
        let end = self.run(at + 1).end;
        if end > at + 3 || end == at + 3 && self.words[at + 2].shape != Shape::Initial {
            return None;
        }
        self.find(at..end, 0.6, Source::Gazetteer)
    }

    /// `van Gijn`, `von der Heide`.
    fn particled(&self, at: usize) -> Option<Find> {
        let word = &self.words[at];
        if self.language == Language::German
            || word.shape != Shape::Small
            || !word.is_any(self.text, &["van", "von", "vander"])
        {
            return None;
        }
        let mut last = at + 1;
        while last < self.words.len() && last < at + 3 && self.is_particle(last) {
            last += 1;
        }
        let fits = last < self.words.len()
            && (at..last).all(|at| is_blank(self.gap(at)))
            && self.words[last].is_capital()
            && !self.words[last].kind.is_common()
            && !self.words[last].kind.is_place();
        fits.then_some(())?;
        self.find(at..last + 1, 0.6, Source::Form)
    }

    /// `Gayane shouted`: a word of no list before a verb that only people do.
    fn speaking(&self, at: usize) -> Option<Find> {
        let word = &self.words[at];
        let next = self.words.get(at + 1)?;
        let acts = next.shape == Shape::Small && self.gap(at) == " " && next.is_any(self.text, ACTS);
        let alone = at == 0 || !self.words[at - 1].is_capital() || self.begins_sentence(at);
        let fits = word.shape == Shape::Capital && word.kind == gazetteer::Kind::default() && word.end - word.start > 2;
        (self.language == Language::English && fits && acts && alone).then_some(())?;
        self.find(at..at + 1, 0.5, Source::Form)
    }

    /// Whether a word can be somebody's name where what stands around it says so: one of no list, or a name that is no
    /// other word.
    fn may_be_somebody(&self, at: usize) -> bool {
        let word = &self.words[at];
        let kind = word.kind;
        let listed = (kind.is_first() || kind.is_last()) && !kind.is_common() && !kind.is_place();
        let is_name = kind == gazetteer::Kind::default() || kind.is_known_first() || listed;
        let is_role = word.roles.is_title() || word.roles.is_thing() || word.roles.is_role();
        self.language == Language::English
            && word.shape == Shape::Capital
            && word.end - word.start > 2
            && is_name
            && !is_role
    }

    /// `Hleb's mother`, `everyone calls me Sandro`, `told Aija`, `gave Aija his address`, `why is Tihomila so`.
    fn related(&self, at: usize) -> Option<Find> {
        if !self.may_be_somebody(at) {
            return None;
        }
        let is_next =
            |ahead: usize, list: &[&str]| self.words.get(at + ahead).is_some_and(|word| word.is_any(self.text, list));
        let said = |back: usize, list: &[&str]| {
            at.checked_sub(back).is_some_and(|before| {
                (before..at).all(|at| self.gap(at) == " ") && self.words[before].is_any(self.text, list)
            })
        };
        let is_single = at == 0 || !self.words[at - 1].is_capital() || !self.adjoins(at - 1);
        let owns =
            matches!(self.gap(at), "'" | "’") && is_next(1, &["s"]) && self.gap(at + 1) == " " && is_next(2, RELATIONS);
        let given = self.gap(at) == " " && said(1, GIVING) && is_next(1, BEFORE_THINGS);
        let called = said(1, &["me"]) && said(2, &["call", "calls", "called"]);
        let asked = said(1, &["is", "was", "did", "does", "has"]) && said(2, &["why", "where", "how", "when"]);
        let fits =
            owns || given || called || said(1, TO_PEOPLE) || asked && self.gap(at) == " " && !self.is_capital(at + 1);
        (fits && is_single).then_some(())?;
        self.find(at..at + 1, 0.5, Source::Form)
    }

    fn is_capital(&self, at: usize) -> bool {
        self.words.get(at).is_some_and(Word::is_capital)
    }

    /// `Lucas, can you`, `Laura: "Who are you?"` at the beginning of a line.
    fn spoken_to(&self, at: usize) -> Option<Find> {
        let before = self.text[..self.words[at].start].trim_end_matches([' ', '"', '“', '\'', '>']);
        if !(before.is_empty() || before.ends_with('\n')) || !self.may_be_somebody(at) {
            return None;
        }
        let next = self.words.get(at + 1)?;
        let addressed = self.gap(at) == ", " && next.is_any(self.text, ADDRESSING);
        let speaks = self.gap(at).strip_prefix(':').is_some_and(|gap| {
            let gap = gap.trim_start_matches([' ', '\\']);
            gap.starts_with(['"', '“', '«', '„'])
        });
        (addressed || speaks).then_some(())?;
        self.find(at..at + 1, 0.5, Source::Form)
    }

    /// A given name alone, or a frequent family name, that is nothing else.
    fn alone(&self, at: usize) -> Option<Find> {
        let word = &self.words[at];
        let kind = word.kind;
        let first = kind.is_known_first() && word.end - word.start > 2;
        let last = self.language != Language::German
            && kind.is_frequent_last()
            && word.end - word.start > 3
            && !self.begins_sentence(at);
        let fits = word.shape == Shape::Capital && (first || last) && !kind.is_common() && !kind.is_place();
        let part = at > 0 && self.words[at - 1].is_capital() && self.adjoins(at - 1);
        let goes_on = at + 1 < self.words.len() && self.words[at + 1].is_capital() && self.adjoins(at);
        let code = self.text[word.end..].starts_with(['_', '/', '(', '=', '@'])
            || self.text[..word.start].ends_with(['_', '/', '.', '@', '-', '\\']);
        (fits && !part && !goes_on && !code).then_some(())?;
        self.find(at..at + 1, 0.5, Source::Gazetteer)
    }
}

/// Persons that stand in a list with one that was found: `Jan, Kristi and Stephen`.
pub(super) fn listed(text: &str, words: &[Word], found: &[Entity], language: Language) -> Vec<Entity> {
    let is_person = |word: &Word| {
        let at = found.partition_point(|entity| entity.range.end <= word.start);
        found.get(at).is_some_and(|entity| entity.label == Label::Person && entity.range.start < word.end)
    };
    let mut is_known: Vec<bool> = words.iter().map(is_person).collect();
    let may_be = |word: &Word| {
        (language != Language::German || word.kind.is_first())
            && word.shape == Shape::Capital
            && (!word.kind.is_common() || word.kind.is_known_first())
            && (!word.kind.is_place() || word.kind.is_first())
    };
    let joins = |at: usize| {
        let gap = |at: usize| &text[words[at].end..words[at + 1].start];
        if gap(at) == ", " {
            return Some(at + 1);
        }
        let and = at + 2 < words.len() && matches!(gap(at), " " | ", ") && is_blank(gap(at + 1));
        (and && words[at + 1].is_any(text, &["and", "or", "et", "y", "und"])).then_some(at + 2)
    };
    let mut added = Vec::new();
    let mut add = |at: usize, is_known: &mut Vec<bool>| {
        is_known[at] = true;
        let range = words[at].start..words[at].end;
        added.push(Entity { range, label: Label::Person, score: 0.5, source: Source::Form });
    };
    let links: Vec<(usize, usize)> =
        (0..words.len().saturating_sub(1)).filter_map(|at| Some((at, joins(at)?))).collect();
    for (from, to) in links.iter().copied() {
        if is_known[from] && !is_known[to] && may_be(&words[to]) && !goes_on(text, words, to) {
            add(to, &mut is_known);
        }
    }
    for (from, to) in links.into_iter().rev() {
        let part = from > 0 && words[from - 1].is_capital() && is_blank(&text[words[from - 1].end..words[from].start]);
        if is_known[to] && !is_known[from] && may_be(&words[from]) && !part {
            add(from, &mut is_known);
        }
    }
    added
}

/// Whether a capitalised word follows word `at`, so that it is the beginning of something longer.
fn goes_on(text: &str, words: &[Word], at: usize) -> bool {
    words.get(at + 1).is_some_and(|next| next.is_capital() && is_blank(&text[words[at].end..next.start]))
}

/// A blank, or a line break in running text.
fn is_blank(gap: &str) -> bool {
    matches!(gap, " " | "\n" | "\r\n" | "\u{a0}" | "  " | " \n" | "\n ")
}
