//! Postal addresses by their form: a street with its number, a postal code with its town, a post box.

use std::ops::Range;

use model::Fault;
use regex_automata::meta::Regex;
use regex_automata::util::syntax;

use super::container::broken;
use super::entity::{Entity, Label, Source};
use super::gazetteer;

/// A capitalised word, or a short form with its full stop, in bytes: letters beyond ASCII are taken by their bytes, those of Latin-1 by case.
const WORD: &str = r"(?:(?:Sta?|Ste|Mt|Ft|Dr|Sr|Jr|Gen|Col|Prof|[A-Z]|\xc3[\x80-\x9e]|[\xc4\xc5\xce\xd0].)\.|(?:[A-Z]|\xc3[\x80-\x9e]|[\xc4\xc5\xce\xd0].)(?:[A-Za-z'-]|[\xc3-\xd1].|\xe2\x80\x99)*)";
/// A house number.
const NUMBER: &str = r"\d{1,5}(?:[ -]?[A-Za-z]\b|[-/]\d{1,4})?";
const SPACE: &str = r"(?:(?:[ \t]|\xc2\xa0)+)";
/// Flat, floor, building.
const UNIT: &str = r"(?:,?\s+(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Room|Studio|Bldg|Building|Wohnung|appt|étage|piso|planta)\.?\s+#?[A-Za-z0-9-]{1,6}|,?\s+#\s?\d{1,5})?";
/// Where a town and its code may follow a street.
const TOWN: &str = r"(?:,?\s+@(?:[ -]@){0,3},?\s+[A-Z]{2}\s+\d{5}(?:-\d{4})?\b)?";
const STATES: &str = "A[LKZRAEP]|C[AOT]|D[CE]|F[LM]|G[AU]|HI|I[ADLN]|K[SY]|LA|M[ADEHINOPST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT|V[AIT]|W[AIVY]";

/// Words between the words of a street's name.
const LINKS: &str = r"(?:(?:de|del|della|degli|di|da|do|dos|das|du|des|la|las|le|les|los|el|of|the|upon|am|an|der|den|van|von|y|e)_|l'|d')";

/// A pattern, with `@` for a capitalised word, `#N` for a house number, `_` for blanks; how sure a match is; and
/// whether its capitalised words must be no common ones.
struct Form {
    pattern: &'static str,
    score: f32,
    guarded: bool,
    /// Whether words stand before the number that are no part of the address.
    labelled: bool,
}

const FORMS: &[Form] = &[
    Form {
        pattern: r"#N,?_(?:\d{1,5}_)?(?:(?:[NSEW]|N[EW]|S[EW])\.?_)?(?:(?:@|\d{1,3}(?:st|nd|rd|th))_){1,4}(?:Street|St|Road|Rd|Avenue|Ave|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Square|Sq|Terrace|Way|Highway|Hwy|Parkway|Pkwy|Circle|Cir|Crescent|Close|Gardens|Grove|Mews|Row|Alley|Trail|Plaza|Loop|Walk|Hill|Park|Pike|Turnpike|Crossing|Ridge|Manor|View|Green)\b\.?#U#T",
        score: 0.9,
        guarded: false,
        labelled: false,
    },
    Form {
        pattern: r"#N,?_(?:\d{1,5}_)?@(?:[ -]@|_(?:de|la|del|of|do|da)_@){0,4}(?:_\d{1,5})?(?:,?\s+>?(?:Apt|Apartment|Suite|Ste|Unit|Flat)\.?\s+#?[A-Za-z0-9-]{1,6})(?:(?:,|\s)[\s>]*@(?:[ -]@){0,3}){0,2}(?:,?\s+(?:[A-Z]{2}\s+)?\d{5}\b(?:-\d{4})?)?",
        score: 0.9,
        guarded: false,
        labelled: false,
    },
    Form {
        pattern: r"#N,?_(?:bis_|ter_)?(?:[Rr]ue|[Aa]v(?:enue|\.)|[Bb](?:oulevard|d\.?)|[Pp]lace|[Aa]llée|[Cc]hemin|[Ii]mpasse|[Qq]uai|[Cc]ours|[Rr]oute|[Ss]quare|[Pp]assage|[Ff]aubourg|[Ss]entier)_(?:(?:de|du|des|la|le|les|l'|d'|aux?|en)[ ']?)*@(?:[ -](?:(?:de|du|des|la|le|les|et|sur)_)*@){0,4}",
        score: 0.9,
        guarded: false,
        labelled: false,
    },
    Form {
        pattern: r"(?:[Rr]ue|[Cc]hemin|[Ii]mpasse|[Aa]llée|[Bb]oulevard)_(?:(?:de|du|des|la|le|les|l'|d')[ ']?)*@(?:[ -](?:(?:de|du|des|la|le|les)_)*@){0,3}",
        score: 0.6,
        guarded: false,
        labelled: false,
    },
    Form {
        pattern: r"(?:Calle|C/|Avenida|Avda\.?|Av\.|Plaza|Pza\.?|Paseo|Carretera|Ctra\.?|Camino|Ronda|Travesía|Pasaje|Glorieta|Cuesta|Callejón|Alameda|Rambla|Vial|Vía|Cañada|Urbanización|Acceso|Via|Viale|Piazza|Corso|Largo|Vicolo|Strada|Contrada|Borgo|ul\.|al\.|pl\.|ulica|aleja)_?(?:(?:de|del|la|las|los|el|della|di|dei|delle)_)*@(?:_(?:(?:de|del|la|las|los|y|di|della)_)*@){0,4},?_(?:n(?:\.|º|°)*_?)?#N(?:,?_\d{1,2}(?:º|ª|°)(?:_?[A-Z]\b)?)?#U",
        score: 0.9,
        guarded: false,
        labelled: false,
    },
    Form {
        pattern: r"(?:@[ -]){0,3}(?:@(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|damm|ufer|steig|chaussee|straat|laan|plein|gracht|kade|dijk|singel|dreef|gatan|vägen|vej|gade|gata|veien)|(?:Straße|Strasse|Str\.|Weg|Platz|Allee|Ring|Gasse|Damm|Ufer|Gade|Vej|Gate|Vei|Gata|Straat|Laan|Plein))_#N\b#U",
        score: 0.9,
        guarded: false,
        labelled: false,
    },
    Form {
        pattern: r"(?:[Pp]\.?_?[Oo]\.?_?[Bb]ox|Post_Office_Box|Postfach|Apartado(?:_de_[Cc]orreos)?|B\.P\.|Boîte_postale|Postbus|Casella_[Pp]ostale|PSC)_\d{1,6}(?:,?_Box_\d{1,5})?",
        score: 0.9,
        guarded: false,
        labelled: false,
    },
    Form {
        pattern: r"(?:#N_)?@(?:[ -]#L*@){0,4},?_#N,?[ \t]*\r?\n?[>?\s]*,?_?(?:Apt|Apartment|Suite|Ste|Unit|Flat)\.?_?#?[A-Za-z0-9-]{1,6}\b",
        score: 0.9,
        guarded: false,
        labelled: false,
    },
    Form {
        pattern: r"(?:#N_)?[a-z\x80-\xff'.]+(?:[ -][a-z\x80-\xff'.]+){0,4}(?:_#N)?,?[>?\s]+(?:apt|suite|ste|flat)\.?_#?\d{1,5}\b",
        score: 0.7,
        guarded: false,
        labelled: true,
    },
    Form {
        pattern: r"(?:Apt|Apartment|Suite|Ste|Unit|Flat)\.?_#?[A-Za-z0-9-]{1,6}_#N_@(?:[ -]#L*@){0,4}(?:_#N\b)?",
        score: 0.9,
        guarded: false,
        labelled: false,
    },
    Form {
        pattern: r"(?:lives?|living|lived|resid(?:es?|ing)|located|address|office|moved|move|delivered|shipped|sent|send|meet|living|home)(?:_(?:is|was|me|us|it|them|one))?(?:_(?:at|is|in|to)|:)_(?:#N_)?@(?:[ -]#L*@){0,4},?_#N\b",
        score: 0.8,
        guarded: false,
        labelled: true,
    },
    Form {
        pattern: r"(?:address|home|residence)_(?:is|was|:)?_?(?:#N_)?@(?:[ -]#L*@){0,4},?_#N\b",
        score: 0.8,
        guarded: false,
        labelled: true,
    },
    Form {
        pattern: r"(?:[Tt]he_)?[Cc]orner_of_(?:#N_)?@(?:[ -]#L*@){0,4}(?:_#N)?_and_(?:#N_)?@(?:[ -]#L*@){0,4}",
        score: 0.8,
        guarded: false,
        labelled: false,
    },
    Form {
        pattern: r"(?:#N_)?(?:Rua|Travessa|Praça|Estrada|Largo|Rue|Ulica|ul\.|Via|Viale|Calea|Strada|Boulevard|Bulevardul|Quai|Place)_#L*@(?:[ -]#L*@){0,4},?_#N\b",
        score: 0.85,
        guarded: false,
        labelled: false,
    },
    Form {
        pattern: r"(?:#N_)?@(?:[ -]@|_[a-z\xc3-\xc5][a-z\x80-\xff]{2,}){0,2}_(?:utca|út|útja|u\.|tér|tere|krt\.|körút|rakpart|sétány|köz|sor|gate|vei|veg|tee|tn|ulice|ulica|ul\.|náměstí|nábřeží|třída|trg|cesta|straat|gade|gatan|alley|utja|kalea|enparantza|etorbidea|caddesi|sokak|sokağı|prospekt|bulvar)_#N\b\.?",
        score: 0.85,
        guarded: false,
        labelled: false,
    },
    Form {
        pattern: r"(?:#N_)?(?:@[ -]){0,2}[A-Z\xc3][A-Za-z'\x80-\xff]{2,}(?i:straße|strasse|str\.|weg|platz|allee|gasse|straat|laan|plein|gracht|singel|dreef|steenweg|gatan|vägen|gränd|vej|gade|stræde|gata|vegen|veien|vegur|braut|katu|tie|polku|kuja|tänav)_#N\b",
        score: 0.85,
        guarded: false,
        labelled: false,
    },
    Form {
        pattern: r"(?:lives?|living|lived|resid(?:es|ing)|address)_(?:at|is|in|:)?:?_?#N_(?:@|\d{1,5})(?:[ -](?:@|\d{1,5}))*(?:,_@(?:[ -]@)*)?",
        score: 0.8,
        guarded: false,
        labelled: true,
    },
    Form {
        pattern: r"(?:[Zz][Ii][Pp]|[Pp]ost(?:al)?)(?:_?[Cc]ode)?(?:_is|:)?_\d{5}\b",
        score: 0.8,
        guarded: false,
        labelled: true,
    },
    Form {
        pattern: r"(?:(?:Unit|PSC|CMR|Psc|Cmr)_\d{1,5},?_Box_\d{1,5}|(?:US[A-Z]{1,3}|Us[a-z]{1,3})_@(?:_@)?),?\s+[ADF](?:PO|po),?_A[AEPaep]_\d{5}(?:-\d{4})?\b",
        score: 0.95,
        guarded: false,
        labelled: false,
    },
    Form { pattern: r"(?:Apt|Apartment|Suite)\.?_#?\d{1,5}\b", score: 0.6, guarded: false, labelled: false },
    Form { pattern: r"@(?:[ -]@){0,3},?\s+#S\s+\d{5}(?:-\d{4})?\b", score: 0.9, guarded: false, labelled: false },
    Form {
        pattern: r"\b(?:[A-Z]{1,2}-)?(?:\d{5}|\d{2}-\d{3}|\d{4}_?[A-Z]{2})_@(?:[ -]@){0,3}",
        score: 0.75,
        guarded: true,
        labelled: false,
    },
    Form {
        pattern: r"(?:@(?:[ -]@){0,2},?\s+)?\b(?:[A-PR-UWYZ][A-HK-Y]?\d[A-Z\d]?\s\d[ABD-HJLNP-UW-Z]{2}|[ABCEGHJ-NPRSTVXY]\d[A-Z]\s\d[A-Z]\d)\b",
        score: 0.75,
        guarded: false,
        labelled: false,
    },
    Form {
        pattern: r"#N_@(?:[ -]#L*@|_[a-z\xc3-\xc5][a-z\x80-\xff]{2,}){0,3}_\d{1,4}[A-Za-z]?\.?(?:,|\r?\n|\z)",
        score: 0.6,
        guarded: true,
        labelled: false,
    },
];

/// The forms of addresses, compiled.
pub(super) struct Addresses {
    forms: Vec<Regex>,
}

impl Addresses {
    pub(super) fn new() -> Result<Self, Fault> {
        let syntax = syntax::Config::new().unicode(false).utf8(false);
        let compiled = FORMS.iter().map(|form| {
            let regex = Regex::builder().syntax(syntax).build(&written_out(form.pattern));
            regex.map_err(|error| broken("a form of address is no pattern").caused_by(error))
        });
        Ok(Addresses { forms: compiled.collect::<Result<_, Fault>>()? })
    }

    /// The addresses in `text`, in order; a street and the town that follows it are one. Each form is sought by itself: one
    /// that begins earlier must not end another one's address before its number.
    pub(super) fn find(&self, text: &str) -> Vec<Entity> {
        let raised = raised(text);
        let text = raised.as_deref().unwrap_or(text);
        let places = self.forms.iter().zip(FORMS).flat_map(|(regex, form)| {
            regex.find_iter(text).filter_map(move |place| address(text, place.range(), form))
        });
        let mut hits: Vec<Entity> = places.collect();
        hits.sort_by_key(|entity| (entity.range.start, entity.range.end));
        let mut found: Vec<Entity> = Vec::new();
        for hit in hits {
            match found.last_mut() {
                Some(last) if hit.range.start <= last.range.end || is_join(&text[last.range.end..hit.range.start]) => {
                    last.range.end = last.range.end.max(hit.range.end);
                }
                _ => found.push(hit),
            }
        }
        found
    }
}

/// The address in a match of a form.
fn address(text: &str, range: Range<usize>, form: &Form) -> Option<Entity> {
    let here = text.get(range.clone())?;
    let before = text.as_bytes().get(range.start.wrapping_sub(1));
    let inside = before.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte > 127);
    if inside || is_years(here) || form.guarded && !is_town(here) {
        return None;
    }
    let label = if form.labelled { label_end(here) } else { 0 };
    let here = here.trim_end_matches(['\'', '-', ' ', '.', ',', '\n', '\r']);
    let range = range.start + label.min(here.len())..range.start + here.len();
    (!range.is_empty()).then_some(Entity { range, label: Label::Address, score: form.score, source: Source::Form })
}

/// Where the words before an address end: at its number, or at the name of its street. The first word may have a capital.
fn label_end(text: &str) -> usize {
    let from = text.find([' ', ':']).unwrap_or(0);
    let rest = &text[from..];
    from + rest.find(|char: char| char.is_ascii_digit() || char.is_uppercase()).unwrap_or(0)
}

/// What stands around addresses and belongs to them: a number before, then flats, towns, regions and postal codes that
/// follow in the same line or block.
pub(super) fn around(text: &str, found: &[Entity]) -> Vec<Entity> {
    let raised = raised(text);
    let text = raised.as_deref().unwrap_or(text);
    let mut added = Vec::new();
    let mut add = |range: Range<usize>| {
        added.push(Entity { range, label: Label::Address, score: 0.7, source: Source::Form });
    };
    for entity in found {
        match entity.label {
            Label::Address => before(text, found, entity.range.start).into_iter().for_each(&mut add),
            Label::Place => {
                number_after(&text[entity.range.end..])
                    .into_iter()
                    .for_each(|end| add(entity.range.end + 1..entity.range.end + end));
                continue;
            }
            _ => continue,
        }
        let mut at = entity.range.end;
        let mut unit = ends_with_unit(&text[entity.range.clone()]);
        for _ in 0..PIECES_MAX {
            let gap = gap(&text[at..]);
            let next = at + gap;
            let from = found.partition_point(|other| other.range.start < next);
            let other = found.get(from).filter(|other| other.range.start == next && gap > 0);
            if let Some(other) = other.filter(|other| !matches!(other.label, Label::Other(_))) {
                if matches!(other.label, Label::Number(_)) {
                    break;
                }
                let whole = town(&text[at..next], &text[next..], unit).map_or(0, |length| next + length);
                if whole > other.range.end && other.label == Label::Place {
                    add(next..whole);
                }
                unit = ends_with_unit(&text[other.range.clone()]);
                at = if other.label == Label::Place { other.range.end.max(whole) } else { other.range.end };
                continue;
            }
            let Some(length) = piece(&text[at..next], &text[next..], unit) else { break };
            unit = ends_with_unit(&text[next..next + length]);
            add(next..next + length);
            at = next + length;
        }
    }
    added
}

/// What stands before an address and belongs to it: a number, or the street that it crosses.
fn before(text: &str, found: &[Entity], start: usize) -> Option<Range<usize>> {
    let head = &text[..start];
    if let Some(from) = number_before(head) {
        return Some(from..start - 1);
    }
    if let Some(rest) = head.strip_suffix(" and ") {
        let crossed =
            found.iter().any(|other| other.range.end == rest.len() && !matches!(other.label, Label::Other(_)));
        return crossed.then(|| rest.len() + 1..start - 1);
    }
    let rest = head.strip_suffix("corner of ")?;
    let from = rest.strip_suffix("the ").unwrap_or(rest).len();
    Some(from..start - 1)
}

/// The end of the number after a place: a house number after a street, or a postal code at the end of a line.
fn number_after(text: &str) -> Option<usize> {
    let rest = text.strip_prefix(' ')?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let after = &rest[digits..];
    let closed = after.trim_start_matches(' ').is_empty()
        || after.starts_with(['\n', '\r', ',', '?', ';'])
        || after.starts_with(". ");
    let fits = (1..=3).contains(&digits) && (closed || after.starts_with(" street")) || digits == 5 && closed;
    fits.then_some(1 + digits)
}

/// Whether a piece ends with a flat and its number, after which a town may follow without a comma.
fn ends_with_unit(text: &str) -> bool {
    let mut words = text.rsplit(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty());
    let number = words.next().is_some_and(|word| word.bytes().any(|byte| byte.is_ascii_digit()));
    number && words.next().is_some_and(|word| UNITS.iter().any(|unit| unit.eq_ignore_ascii_case(word)))
}

/// Parts of an address after its street at most.
const PIECES_MAX: usize = 8;

/// A number of up to four digits right before an address, that is no year.
fn number_before(text: &str) -> Option<usize> {
    let text = text.strip_suffix(' ')?;
    let number = text.rsplit(|char: char| !char.is_ascii_alphanumeric()).next().unwrap_or_default();
    let start = text.len() - number.len();
    let digits = number.trim_end_matches(|char: char| char.is_ascii_alphabetic());
    let fits = (1..=4).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && number.len() < digits.len() + 2;
    let is_year = number.len() == 4 && (number.starts_with("19") || number.starts_with("20"));
    let apart =
        text[..start].chars().next_back().is_none_or(|char| char.is_whitespace() || matches!(char, '(' | '>' | '"'));
    (fits && !is_year && apart).then_some(start)
}

/// How long what parts the pieces of an address is.
fn gap(text: &str) -> usize {
    let stop = usize::from(text.starts_with(".\n") || text.starts_with(".,"));
    let blank = |char: char| matches!(char, ',' | ' ' | '\n' | '\r' | '\t' | '>' | '?');
    let gap = text[stop..].find(|char| !blank(char)).map_or(text.len(), |gap| gap + stop);
    if gap > 10 || text[..gap].matches('\n').count() > 2 { 0 } else { gap }
}

/// How long the piece of an address is that `text` begins with, after `gap`, and after a flat.
fn piece(gap: &str, text: &str, unit: bool) -> Option<usize> {
    let alphanumeric = |text: &str| text.find(|char: char| !char.is_alphanumeric()).unwrap_or(text.len());
    let first = &text[..alphanumeric(text)];
    if gap.is_empty() || first.is_empty() {
        return None;
    }
    if UNITS.iter().any(|unit| unit.eq_ignore_ascii_case(first)) {
        let rest = &text[first.len()..];
        let blank = rest.find(|char: char| !matches!(char, '.' | ' ' | '#')).unwrap_or(rest.len());
        let number = alphanumeric(&rest[blank..]);
        let fits = blank > 0
            && (1..7).contains(&number)
            && rest[blank..blank + number].bytes().any(|byte| byte.is_ascii_digit());
        return fits.then_some(first.len() + blank + number);
    }
    let after = &text[first.len()..];
    let digits = first.bytes().filter(u8::is_ascii_digit).count();
    if digits == first.len() {
        let house = gap == " " && digits < 5 || (4..=6).contains(&digits);
        let code = digits == 5 && after.starts_with([' ', '\n', '\r']);
        return (house && ends(after) || code).then_some(first.len());
    }
    if digits > 0 {
        let code = text.find([',', '\n', '.']).unwrap_or(text.len().min(8));
        let post = text.get(..code).is_some_and(|code| {
            code.len() < 9 && code.bytes().all(|b| b == b' ' || b.is_ascii_digit() || b.is_ascii_uppercase())
        });
        return (post && digits > 1).then_some(text[..code].trim_end().len());
    }
    if (2..=3).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return (ends(after) || after.trim_start().starts_with(|char: char| char.is_ascii_digit()))
            .then_some(first.len());
    }
    if is_region(first) && gap.contains([',', '\n']) && has_code(after) {
        return Some(first.len() + after.find(|char: char| char.is_ascii_digit()).unwrap_or(0) + CODE);
    }
    town(gap, text, unit)
}

/// Digits of a postal code behind a region.
const CODE: usize = 5;

/// The short form of a state or province: `CA`, `ca`.
fn is_region(word: &str) -> bool {
    (2..=3).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Whether a postal code of five digits follows, and ends there.
fn has_code(after: &str) -> bool {
    let code = after.trim_start_matches([' ', '\n', '\r']);
    let digits = code.bytes().take_while(u8::is_ascii_digit).count();
    code.len() < after.len() && after.len() - code.len() < 4 && digits == CODE && ends(&code[digits..])
}

/// One to five words with capitals, particles between them, that stand alone or before a region or code: after a comma,
/// in the next line, or after a flat.
fn town(gap: &str, text: &str, unit: bool) -> Option<usize> {
    let line = gap.contains('\n');
    let apart = gap.matches('\n').count() > 1;
    let (mut end, mut common) = (0, true);
    let head = text.split(['\n', '\r', ',', ';', '?', '!']).next().unwrap_or_default();
    for word in head.split_inclusive([' ', '-']).take(5) {
        let letters = word.trim_end_matches(|char: char| !char.is_alphabetic());
        let capital = letters.starts_with(char::is_uppercase)
            && letters.chars().all(|char| char.is_alphabetic() || matches!(char, '\'' | '.' | '’'));
        let particle = end > 0 && PARTICLES.contains(&letters);
        if !(capital || particle) || end == 0 && OPENERS.iter().any(|opener| opener.eq_ignore_ascii_case(letters)) {
            return None;
        }
        let kind = gazetteer::look_up(letters);
        common &= !line && (particle || kind.is_common() && !kind.is_place());
        end += letters.len();
        let rest = &text[end..];
        let is_last = match line {
            true => rest.is_empty() || rest.starts_with(['\n', '\r', ',', '.', '?']),
            false => ends(rest) && !rest.starts_with(" "),
        };
        let region = rest.trim_start_matches(' ').split(' ').next().unwrap_or_default();
        let coded = rest.trim_start_matches(' ').starts_with(|char: char| char.is_ascii_digit())
            || rest.starts_with(' ')
                && is_region(region)
                && has_code(rest.trim_start_matches(' ').get(region.len()..).unwrap_or_default());
        // Behind an empty line only a country with its code goes on.
        if apart && !(coded && kind.is_place()) {
            end += word.len() - letters.len();
            continue;
        }
        if capital && (is_last || coded) {
            return ((line || unit || gap.contains(',')) && !common).then_some(end);
        }
        end += word.len() - letters.len();
    }
    None
}

/// Words that begin a line after an address and are no town.
const OPENERS: &[&str] = &[
    "a",
    "after",
    "all",
    "also",
    "an",
    "and",
    "any",
    "as",
    "at",
    "attn",
    "best",
    "but",
    "by",
    "can",
    "cell",
    "cheers",
    "contact",
    "customer",
    "date",
    "dear",
    "email",
    "fax",
    "for",
    "from",
    "good",
    "he",
    "hello",
    "her",
    "hi",
    "his",
    "home",
    "how",
    "i",
    "if",
    "in",
    "invoice",
    "is",
    "it",
    "its",
    "kind",
    "ma",
    "many",
    "mobile",
    "mr",
    "mrs",
    "ms",
    "my",
    "name",
    "no",
    "note",
    "notes",
    "of",
    "office",
    "on",
    "order",
    "our",
    "phone",
    "please",
    "q",
    "re",
    "regards",
    "respectfully",
    "see",
    "she",
    "sincerely",
    "so",
    "subject",
    "tel",
    "telephone",
    "thank",
    "thanks",
    "that",
    "the",
    "their",
    "there",
    "these",
    "they",
    "this",
    "to",
    "total",
    "very",
    "we",
    "what",
    "when",
    "where",
    "who",
    "why",
    "with",
    "witness",
    "work",
    "yes",
    "you",
    "your",
    "yours",
];

/// Small words within names of towns.
const PARTICLES: &[&str] = &[
    "de", "la", "del", "di", "da", "do", "dos", "du", "des", "le", "les", "el", "of", "and", "upon", "on", "near",
    "under", "am", "an", "der", "im", "bei", "pri", "nad", "sur", "sous", "en", "the",
];

/// A text without any capital as if each word had one: such text is searched as it would be otherwise.
fn raised(text: &str) -> Option<String> {
    if text.len() < 8 || text.chars().any(char::is_uppercase) {
        return None;
    }
    let mut raised = text.to_owned().into_bytes();
    for at in 0..raised.len() {
        if raised[at].is_ascii_lowercase()
            && (at == 0 || b" \n>-'".contains(&raised[at - 1]))
            && !is_particle(&text[at..])
        {
            raised[at].make_ascii_uppercase();
        }
    }
    String::from_utf8(raised).ok()
}

/// Whether a text begins with a small word that stands within or before addresses.
fn is_particle(text: &str) -> bool {
    let word = text.split(|char: char| !char.is_alphabetic()).next().unwrap_or_default();
    PARTICLES.contains(&word) || LEADERS.contains(&word)
}

/// Small words before addresses.
const LEADERS: &[&str] = &[
    "at", "in", "to", "is", "was", "it", "address", "lives", "live", "corner", "by", "for", "from", "with", "my",
    "your", "his", "her",
];

/// Whether a piece ends here: no small word goes on.
fn ends(after: &str) -> bool {
    let mut chars = after.chars();
    match chars.next() {
        None | Some('\n' | '\r' | ',' | ';' | ')' | '?' | '!' | '"' | '<') => true,
        Some('.') => chars.next().is_none_or(char::is_whitespace),
        Some(' ') => chars.next().is_none_or(|char| !char.is_lowercase() && !matches!(char, '%' | '-' | '=')),
        _ => false,
    }
}

/// Words before the number of a flat.
const UNITS: &[&str] =
    &["box", "apt", "apartment", "suite", "ste", "unit", "flat", "floor", "room", "studio", "bldg", "building"];

/// Whether only a comma or a line break parts a street from its town.
fn is_join(gap: &str) -> bool {
    gap.len() <= 6 && gap.chars().all(|char| matches!(char, ',' | ' ' | '\n' | '\r' | '\t' | '-' | '>'))
}

/// Whether a match begins with a span of years, as in `1991-2002 Thomas G. Lane`.
fn is_years(text: &str) -> bool {
    let year = |at: usize| {
        text.get(at..at + 4).is_some_and(|year| year.parse().is_ok_and(|year| (1900..2100).contains(&year)))
    };
    year(0) && year(5) && text.as_bytes()[4] == b'-'
}

/// Whether the words after a postal code are a town rather than any capitalised word.
fn is_town(text: &str) -> bool {
    let mut words = text.split(|char: char| !char.is_alphabetic()).filter(|word| word.chars().nth(2).is_some());
    words.next().is_some_and(|word| {
        let kind = gazetteer::look_up(word);
        !kind.is_common() || kind.is_place() && word.len() > 4
    })
}

fn written_out(pattern: &str) -> String {
    let pattern = pattern
        .replace("#L", LINKS)
        .replace("#U", UNIT)
        .replace("#T", TOWN)
        .replace("#N", NUMBER)
        .replace("#S", &format!("(?:{STATES})"));
    pattern.replace('_', SPACE).replace('@', WORD)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let found = Addresses::new().unwrap().find(text);
        let found: Vec<_> = found.iter().map(|entity| &text[entity.range.clone()]).collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn streets_are_found_with_their_numbers() {
        check("He lives at 221B Baker Street, London.", &["221B Baker Street, London"]);
        check("to 1600 Pennsylvania Ave NW, and", &["1600 Pennsylvania Ave"]);
        check(
            "Sent to 742 Evergreen Terrace, Springfield, OR 97477.",
            &["742 Evergreen Terrace, Springfield, OR 97477"],
        );
        check("au 12 rue de la Paix, 75002 Paris", &["12 rue de la Paix, 75002 Paris"]);
        check("en Calle Mayor 12, 28013 Madrid", &["Calle Mayor 12, 28013 Madrid"]);
        check("Hauptstraße 5a, 10115 Berlin", &["Hauptstraße 5a, 10115 Berlin"]);
        check("P.O. Box 1234", &["P.O. Box 1234"]);
        check("12 Baker Street Apt. 18 Woolston, ZZ", &["12 Baker Street Apt. 18 Woolston, ZZ"]);
        check("Unit 0524 Box 3095\nDPO AP 41340", &["Unit 0524 Box 3095\nDPO AP 41340"]);
        check("at 10 Downing Street, London SW1A 2AA", &["10 Downing Street, London SW1A 2AA"]);
    }

    /// What stands around an address goes with it, and the next sentence stays.
    #[test]
    fn the_parts_of_an_address_go_with_it() {
        let check = |text: &str, expect: &[&str]| {
            let found = Addresses::new().unwrap().find(text);
            let added = around(text, &found);
            let added: Vec<_> = added.iter().map(|entity| &text[entity.range.clone()]).collect();
            assert_eq!(added, expect, "{text}");
        };
        check("at 12 Baker Street, Springfield. John said no.", &["Springfield"]);
        check("at 12 Baker Street, Friday he left", &[]);
        check("12 Baker Street\nPort Whangarei\nQXY 11363", &["Port Whangarei", "QXY", "11363"]);
        check("12 Baker Street, Springfield, ca 90210.", &["Springfield", "ca 90210"]);
        check("Lille Strandvej 5\n Apt. 609\n Puntas\n\n Estonia 23998", &["Puntas", "Estonia", "23998"]);
        check("12 Baker Street\nThank you, Ann", &[]);
        check("12 Baker Street\n\nExperience\n", &[]);
    }

    #[test]
    fn a_sentence_after_an_address_is_no_part_of_it() {
        check("12 Baker Street, Springfield. John said", &["12 Baker Street"]);
        check("I live at 5 Elm Road. Mary does not", &["5 Elm Road"]);
    }

    #[test]
    fn counts_and_codes_are_no_addresses() {
        check("We shipped 12345 pieces in May. Error 40404 Not found; 3 Ways to win; 10 Days Later.", &[]);
        check("Copyright 1991-2002 Thomas G. Lane", &[]);
        check("see 12 CFR 1026 and 42 U.S.C. 1983", &[]);
    }
}
