//! Postal addresses by their form: a street with its number, a postal code with its town, a post box.

use model::Fault;
use regex_automata::meta::Regex;
use regex_automata::util::syntax;

use super::container::broken;
use super::entity::{Entity, Label, Source};
use super::gazetteer;

/// A capitalised word, in bytes: letters beyond ASCII are taken by their bytes, those of Latin-1 by case.
const WORD: &str = r"(?:[A-Z]|\xc3[\x80-\x9e]|[\xc4\xc5\xce\xd0].)(?:[A-Za-z'.-]|[\xc3-\xd1].|\xe2\x80\x99)*";
/// A house number.
const NUMBER: &str = r"\d{1,5}(?:[ -]?[A-Za-z]\b|[-/]\d{1,4})?";
const SPACE: &str = r"(?:(?:[ \t]|\xc2\xa0)+)";
/// Flat, floor, building.
const UNIT: &str = r"(?:,?\s+(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Room|Studio|Bldg|Building|Wohnung|appt|étage|piso|planta)\.?\s+#?[A-Za-z0-9-]{1,6}|,?\s+#\s?\d{1,5})?";
/// Where a town and its code may follow a street.
const TOWN: &str = r"(?:,?\s+@(?:[ -]@){0,3},?\s+[A-Z]{2}\s+\d{5}(?:-\d{4})?\b)?";
const STATES: &str = "A[LKZRAEP]|C[AOT]|D[CE]|F[LM]|G[AU]|HI|I[ADLN]|K[SY]|LA|M[ADEHINOPST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT|V[AIT]|W[AIVY]";

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
        pattern: r"(?:@[ -]){0,3}(?:@(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|damm|ufer|steig|chaussee|straat|laan|plein|gracht|kade|dijk|singel|dreef|gatan|vägen|vej|gade|gata|veien)|(?:Straße|Str\.|Weg|Platz|Allee|Ring|Gasse|Damm|Ufer))_#N\b#U",
        score: 0.9,
        guarded: false,
        labelled: false,
    },
    Form {
        pattern: r"(?:P\.?_?O\.?_?Box|Post_Office_Box|Postfach|Apartado(?:_de_[Cc]orreos)?|B\.P\.|Boîte_postale|Postbus|Casella_[Pp]ostale|PSC)_\d{1,6}(?:,?_Box_\d{1,5})?",
        score: 0.9,
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
        pattern: r"(?:(?:Unit|PSC|CMR)_\d{1,5},?_Box_\d{1,5}|US(?:NS|S|CGC)_@(?:_@)?),?\s+[ADF]PO,?_A[AEP]_\d{5}(?:-\d{4})?\b",
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
];

/// The forms of addresses, compiled.
pub(super) struct Addresses {
    regex: Regex,
}

impl Addresses {
    pub(super) fn new() -> Result<Self, Fault> {
        let patterns: Vec<String> = FORMS.iter().map(|form| written_out(form.pattern)).collect();
        let regex = Regex::builder().syntax(syntax::Config::new().unicode(false).utf8(false)).build_many(&patterns);
        regex
            .map(|regex| Addresses { regex })
            .map_err(|error| broken("a form of address is no pattern").caused_by(error))
    }

    /// The addresses in `text`, in order; a street and the town that follows it are one.
    pub(super) fn find(&self, text: &str) -> Vec<Entity> {
        let mut found: Vec<Entity> = Vec::new();
        for hit in self.regex.find_iter(text) {
            let form = &FORMS[hit.pattern().as_usize()];
            let Some(here) = text.get(hit.range()) else { continue };
            let inside = text
                .as_bytes()
                .get(hit.start().wrapping_sub(1))
                .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte > 127);
            if inside || is_years(here) || form.guarded && !is_town(here) {
                continue;
            }
            let label = if form.labelled { here.find(|char: char| char.is_ascii_digit()).unwrap_or(0) } else { 0 };
            let here = here.trim_end_matches(['\'', '-', ' ', '.']);
            let range = hit.start() + label..hit.start() + here.len();
            match found.last_mut() {
                Some(last) if is_join(&text[last.range.end..range.start]) => last.range.end = range.end,
                _ => found.push(Entity { range, label: Label::Address, score: form.score, source: Source::Form }),
            }
        }
        found
    }
}

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
    let pattern =
        pattern.replace("#U", UNIT).replace("#T", TOWN).replace("#N", NUMBER).replace("#S", &format!("(?:{STATES})"));
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
        check("Unit 0524 Box 3095\nDPO AP 41340", &["Unit 0524 Box 3095\nDPO AP 41340"]);
        check("at 10 Downing Street, London SW1A 2AA", &["10 Downing Street, London SW1A 2AA"]);
    }

    #[test]
    fn counts_and_codes_are_no_addresses() {
        check("We shipped 12345 pieces in May. Error 40404 Not found; 3 Ways to win; 10 Days Later.", &[]);
        check("Copyright 1991-2002 Thomas G. Lane", &[]);
        check("see 12 CFR 1026 and 42 U.S.C. 1983", &[]);
    }
}
