//! Words that say something about the names around them, and small words that tell languages apart.

use std::collections::HashMap;

/// Titles and forms of address, small; what follows them is a name. Those in [`CAPITAL_TITLES`] only with a capital.
pub(super) const TITLES: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "mx",
    "dr",
    "prof",
    "professor",
    "sir",
    "lady",
    "lord",
    "dame",
    "madam",
    "reverend",
    "rev",
    "hon",
    "honourable",
    "honorable",
    "esq",
    "sgt",
    "sergeant",
    "lt",
    "lieutenant",
    "capt",
    "captain",
    "col",
    "colonel",
    "maj",
    "gen",
    "cpl",
    "pvt",
    "officer",
    "detective",
    "inspector",
    "constable",
    "messrs",
    "mme",
    "mmes",
    "mlle",
    "mlles",
    "monsieur",
    "madame",
    "mademoiselle",
    "maître",
    "docteur",
    "señor",
    "señora",
    "señorita",
    "sr",
    "sra",
    "srta",
    "don",
    "doña",
    "dña",
    "dn",
    "herr",
    "herrn",
    "frau",
    "fräulein",
    "hr",
    "fr",
    "signor",
    "signora",
    "sig",
    "mevrouw",
    "meneer",
    "dhr",
    "mw",
];
/// Words that are titles only with a capital, because they are common words or roles as well.
pub(super) const CAPITAL_TITLES: &[&str] = &[
    "judge",
    "justice",
    "magistrate",
    "president",
    "chancellor",
    "minister",
    "senator",
    "congressman",
    "congresswoman",
    "representative",
    "governor",
    "mayor",
    "ambassador",
    "secretary",
    "attorney",
    "counsel",
    "sheriff",
    "agent",
    "nurse",
    "brother",
    "sister",
    "father",
    "mother",
    "pastor",
    "bishop",
    "uncle",
    "aunt",
    "juge",
    "président",
    "présidente",
    "ministre",
    "sénateur",
    "richter",
    "richterin",
    "rechtsanwalt",
    "rechtsanwältin",
    "staatsanwalt",
    "juez",
    "jueza",
    "magistrado",
    "magistrada",
    "letrado",
    "abogado",
    "presidente",
    "presidenta",
    "ministro",
    "ministra",
    "général",
];
/// Roles: a name may follow, with or without a colon.
const ROLES: &[&str] = &[
    "plaintiff",
    "defendant",
    "petitioner",
    "respondent",
    "appellant",
    "appellee",
    "claimant",
    "applicant",
    "witness",
    "patient",
    "client",
    "employee",
    "tenant",
    "landlord",
    "author",
    "signed",
    "name",
    "surname",
    "debtor",
    "creditor",
    "demandeur",
    "demanderesse",
    "défendeur",
    "défenderesse",
    "témoin",
    "nom",
    "prénom",
    "signé",
    "salarié",
    "demandante",
    "demandado",
    "demandada",
    "testigo",
    "paciente",
    "nombre",
    "apellidos",
    "firmado",
    "fdo",
    "kläger",
    "klägerin",
    "beklagter",
    "beklagte",
    "zeuge",
    "zeugin",
    "patientin",
    "vorname",
    "nachname",
    "gez",
    "mandant",
    "mandantin",
    "unterzeichner",
    "by",
    "attn",
    "contact",
];
/// Words at the beginning of a letter, and at its end.
const GREETINGS: &[&str] = &[
    "dear",
    "hi",
    "hello",
    "hey",
    "cher",
    "chère",
    "bonjour",
    "salut",
    "estimado",
    "estimada",
    "querido",
    "querida",
    "hola",
    "liebe",
    "lieber",
    "hallo",
    "geehrte",
    "geehrter",
    "ciao",
    "caro",
    "cara",
    "beste",
    "regards",
    "sincerely",
    "yours",
    "faithfully",
    "truly",
    "cordialement",
    "salutations",
    "atentamente",
    "saludos",
    "grüßen",
    "grüße",
    "thanks",
    "cheers",
    "best",
];
/// Words that follow a party's name in a caption.
const PARTIES: &[&str] = &[
    "plaintiff",
    "plaintiffs",
    "defendant",
    "defendants",
    "petitioner",
    "respondent",
    "appellant",
    "appellee",
    "claimant",
    "applicant",
    "debtor",
    "demandeur",
    "demanderesse",
    "défendeur",
    "défenderesse",
    "requérant",
    "demandante",
    "demandado",
    "demandada",
    "recurrente",
    "kläger",
    "klägerin",
    "beklagter",
    "beklagte",
    "antragsteller",
    "antragstellerin",
];
/// Small words inside a family name.
pub(super) const PARTICLES: &[&str] = &[
    "van", "von", "de", "der", "den", "del", "della", "di", "da", "dos", "du", "la", "le", "el", "al", "bin", "ibn",
    "ten", "ter", "zu", "y", "e", "af", "av", "st", "san", "santa", "mac", "ben", "las", "los",
];
/// Words that end the name of something else than a person.
const THINGS: &[&str] = &[
    "street",
    "road",
    "avenue",
    "lane",
    "drive",
    "court",
    "square",
    "place",
    "boulevard",
    "university",
    "college",
    "school",
    "hospital",
    "church",
    "park",
    "river",
    "lake",
    "county",
    "city",
    "state",
    "states",
    "kingdom",
    "bank",
    "group",
    "inc",
    "ltd",
    "llc",
    "corp",
    "corporation",
    "company",
    "gmbh",
    "ag",
    "sa",
    "foundation",
    "institute",
    "museum",
    "airport",
    "station",
    "bridge",
    "island",
    "islands",
    "mountain",
    "mountains",
    "beach",
    "hotel",
    "center",
    "centre",
    "act",
    "code",
    "project",
    "license",
    "award",
    "prize",
    "day",
    "theorem",
    "algorithm",
    "league",
    "press",
    "times",
    "post",
    "airlines",
    "association",
    "union",
    "society",
    "agency",
    "office",
    "house",
    "hall",
    "tower",
    "valley",
    "bay",
    "north",
    "south",
    "east",
    "west",
    "records",
    "systems",
    "software",
];

/// Words that introduce a name.
const INTRODUCTIONS: &[&str] = &["named", "m'appelle", "s'appelle", "llamo", "llama", "heiße", "heisse", "heißt"];
/// Greetings after which even an unknown word is a name.
const SURE_GREETINGS: &[&str] =
    &["dear", "cher", "chère", "estimado", "estimada", "liebe", "lieber", "hi", "hello", "hey", "hola", "hallo"];
/// Words whose initial letter afterwards is a number.
const NUMBERED: &[&str] = &[
    "section",
    "appendix",
    "part",
    "figure",
    "table",
    "annex",
    "class",
    "type",
    "vitamin",
    "exhibit",
    "schedule",
    "article",
    "grade",
    "group",
    "plan",
    "hepatitis",
    "level",
    "option",
    "form",
];
/// Prepositions and forms that a place follows.
const BEFORE_PLACES: &[&str] = &[
    "in", "at", "from", "near", "to", "of", "à", "en", "de", "is", "that", "desde", "aus", "nach", "bei", "visiting",
    "visit", "into", "via", "around", "city", "ville", "ciudad", "stadt", "born",
];
/// Small words of English.
const ENGLISH: &[&str] = &[
    "the", "of", "and", "to", "that", "for", "is", "was", "on", "with", "he", "she", "it", "as", "at", "by", "his",
    "her", "from", "are", "were", "has", "have", "had", "not", "this", "which", "be", "been", "you", "they", "their",
    "my", "i", "will", "would", "your",
];
/// Small words of German, French, Spanish, Italian, Dutch, Portuguese, Polish, Swedish with Danish and Norwegian.
const OTHERS: &[&[&str]] = &[
    &[
        "der", "die", "das", "und", "ist", "nicht", "ein", "eine", "einen", "einer", "den", "dem", "des", "mit", "von",
        "zu", "zum", "zur", "auf", "für", "im", "wurde", "werden", "sich", "auch", "als", "nach", "bei", "er", "sie",
        "wir", "ich", "hat", "war", "sind", "aus", "über", "am", "dass", "oder", "haben", "seine", "ihre", "vom",
    ],
    &[
        "le", "la", "les", "des", "du", "et", "est", "un", "une", "dans", "que", "qui", "pour", "par", "sur", "pas",
        "il", "elle", "au", "aux", "avec", "ce", "cette", "son", "sa", "ses", "nous", "vous", "je", "été", "sont",
        "ont", "de", "en", "ou", "mais",
    ],
    &[
        "el", "la", "los", "las", "del", "y", "es", "un", "una", "en", "que", "por", "con", "para", "se", "su", "sus",
        "al", "lo", "como", "más", "pero", "fue", "ha", "son", "está", "no", "de", "este", "esta", "sin", "sobre",
        "mi", "yo", "nos",
    ],
    &[
        "il", "di", "che", "è", "per", "una", "del", "della", "dei", "con", "non", "sono", "nel", "alla", "anche",
        "ha", "gli", "le", "da",
    ],
    &[
        "het", "een", "van", "en", "de", "is", "dat", "niet", "op", "te", "voor", "met", "zijn", "aan", "ook", "door",
        "naar", "werd", "bij",
    ],
    &[
        "o", "os", "que", "não", "uma", "um", "em", "para", "com", "do", "da", "dos", "das", "por", "foi", "são",
        "como", "mais", "ao",
    ],
    &["w", "i", "na", "z", "się", "nie", "jest", "do", "że", "przez", "od", "jako", "po", "był", "oraz", "dla"],
    &[
        "och", "att", "det", "som", "på", "är", "av", "för", "med", "den", "til", "og", "er", "af", "ikke", "ett",
        "var", "har", "inte",
    ],
];

/// What the lists here say of a word: a bit for each list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Roles(u32);

macro_rules! roles {
    ($($name:ident $bit:literal $list:ident;)*) => {
        impl Roles {
            $(pub(super) fn $name(self) -> bool {
                self.0 & (1 << $bit) != 0
            })*
        }

        const LISTS: &[(u32, &[&str])] = &[$(($bit, $list)),*];
    };
}

roles! {
    is_title 0 TITLES;
    is_capital_title 1 CAPITAL_TITLES;
    is_role 2 ROLES;
    is_greeting 3 GREETINGS;
    is_party 4 PARTIES;
    is_particle 5 PARTICLES;
    is_thing 6 THINGS;
    is_introduction 7 INTRODUCTIONS;
    is_sure_greeting 8 SURE_GREETINGS;
    is_numbered 9 NUMBERED;
    is_before_place 10 BEFORE_PLACES;
}

/// Bit of the first language, which is English.
const LANGUAGE: u32 = 16;

/// All the lists, by word.
pub(super) struct Lexicon {
    roles: HashMap<&'static str, Roles>,
}

impl Lexicon {
    pub(super) fn new() -> Self {
        let mut roles: HashMap<&'static str, Roles> = HashMap::new();
        let languages = std::iter::once(&ENGLISH).chain(OTHERS).enumerate();
        let languages = languages.map(|(at, list)| (LANGUAGE + at as u32, *list));
        for (bit, list) in LISTS.iter().copied().chain(languages) {
            for word in list {
                roles.entry(word).or_default().0 |= 1 << bit;
            }
        }
        Lexicon { roles }
    }

    /// What the lists say of `word`, in any case.
    pub(super) fn roles(&self, word: &str) -> Roles {
        const LONGEST: usize = 24;
        if word.len() > LONGEST {
            return Roles::default();
        }
        if !word.is_ascii() {
            return self.roles.get(&*word.to_lowercase().replace('’', "'")).copied().unwrap_or_default();
        }
        let mut small = [0; LONGEST];
        let small = &mut small[..word.len()];
        small.copy_from_slice(word.as_bytes());
        small.make_ascii_lowercase();
        std::str::from_utf8(small).ok().and_then(|small| self.roles.get(small)).copied().unwrap_or_default()
    }

    /// Whose small words are most among `roles`; English when no other language has more.
    pub(super) fn language(&self, roles: impl Iterator<Item = Roles>) -> Language {
        let mut counts = [0u32; 16];
        for Roles(bits) in roles {
            let mut languages = bits >> LANGUAGE;
            while languages != 0 {
                counts[languages.trailing_zeros() as usize] += 1;
                languages &= languages - 1;
            }
        }
        let most = counts[1..].iter().copied().max().unwrap_or(0);
        match counts {
            [english, ..] if english >= most => Language::English,
            [_, german, ..] if german == most => Language::German,
            _ => Language::Other,
        }
    }
}

/// What a text is written in, as far as it matters to names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// What the network knows.
    English,
    /// Every noun has a capital: of what the network says, four in five are wrong.
    German,
    /// Names have capitals and nouns have not, as in English.
    Other,
}
