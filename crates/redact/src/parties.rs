//! The parties of a case: persons and organisations that are found in every input, and those whose names stay.

use std::sync::Arc;

use model::{Fault, Place};

use crate::hits::PERSON;
use crate::settings::{self, Settings};

const PARTIES_MAX: usize = 10_000;
const NAME_MAX: usize = 200;

/// A person or an organisation that is known before an input is read.
#[derive(Clone, PartialEq, Eq)]
pub struct Party {
    /// The full name: all spellings get its pseudonym.
    pub(crate) name: String,
    /// Other spellings: short names, names of accounts, former names.
    pub(crate) aliases: Vec<String>,
    /// Type: `person` or `organisation`.
    pub(crate) kind: Arc<str>,
    /// Judges and counsel: the name is not taken out.
    pub(crate) stays: bool,
}

impl std::fmt::Debug for Party {
    /// Names are personal: only how many spellings there are.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Party({} spellings)", 1 + self.aliases.len())
    }
}

impl Party {
    /// A list of persons: one name a line; empty lines and what follows a `#` at the beginning of a line do not count.
    ///
    /// # Errors
    /// `bad-parties` with the line.
    pub fn list(text: &str) -> Result<Vec<Self>, Fault> {
        let lines = text.trim_start_matches('\u{feff}').lines().zip(1_u64..);
        let lines = lines.filter(|(line, _)| !line.trim().is_empty() && !line.starts_with('#'));
        let person = |(line, number): (&str, u64)| {
            let name = line.trim().to_owned();
            let at = |what: &str| bad(what).at(Place::line(number, 1));
            fit(&name).map_err(at)?;
            Ok(Party { name, aliases: Vec::new(), kind: PERSON.into(), stays: false })
        };
        few(lines.map(person).collect::<Result<_, Fault>>()?)
    }

    /// A table for each: `[[party]]` with `name`, and where wanted `aliases`, `kind = "organisation"`, `role = "keep"`.
    ///
    /// # Errors
    /// `bad-parties` with line and column.
    pub fn table(text: &str) -> Result<Vec<Self>, Fault> {
        let parties = settings::parse(text, CODE, |file| file.tables("party", Party::read));
        few(parties.map_err(|fault| fault.advise(ADVICE))?)
    }

    fn read(table: &mut Settings<'_, '_>) -> Result<Self, Fault> {
        let (name, aliases) = (table.required("name")?, table.texts("aliases")?);
        fit(&name).map_err(|what| table.wrong("name", what))?;
        aliases.iter().try_for_each(|alias| fit(alias)).map_err(|what| table.wrong("aliases", what))?;
        let kind = match table.text("kind")?.as_deref() {
            None | Some("person") => PERSON,
            Some("organisation") => "organisation",
            Some(_) => return Err(table.wrong("kind", "a party is a person or an organisation")),
        };
        let stays = match table.text("role")?.as_deref() {
            None | Some("party") => false,
            Some("keep") => true,
            Some(_) => return Err(table.wrong("role", "a role is party or keep")),
        };
        Ok(Party { name, aliases, kind: kind.into(), stays })
    }

    /// Every spelling that was given.
    pub(crate) fn spellings(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.name).chain(&self.aliases).map(String::as_str)
    }
}

fn fit(name: &str) -> Result<(), &'static str> {
    let letters = name.chars().filter(|char| char.is_alphanumeric()).count();
    match letters >= 2 && name.len() <= NAME_MAX && !name.chars().any(char::is_control) {
        true => Ok(()),
        false => Err("a name has two letters at least, and 200 bytes at most"),
    }
}

fn few(parties: Vec<Party>) -> Result<Vec<Party>, Fault> {
    match parties.len() {
        0 => Err(bad("nobody is named here")),
        1..=PARTIES_MAX => Ok(parties),
        _ => Err(bad("there are more than 10,000 parties")),
    }
}

const CODE: &str = "bad-parties";
const ADVICE: &str = "Write one name a line; or a .toml with [[party]], name, aliases, kind and role = \"keep\".";

fn bad(what: &str) -> Fault {
    Fault::bad_config("bad-parties", what).advise(ADVICE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines are names, tables say more, and mistakes have a place.
    #[test]
    fn parties_are_read() {
        let names = |parties: Vec<Party>| parties.into_iter().map(|party| party.name).collect::<Vec<_>>();
        assert_eq!(
            names(Party::list("\u{feff}Anna Jensen\r\n\n# nobody\n  Jo Li \n").unwrap()),
            ["Anna Jensen", "Jo Li"]
        );
        let text = "[[party]]\nname = \"Acme\"\nkind = \"organisation\"\naliases = [\"ACM\"]\n[[party]]\nname = \"J. Roe\"\nrole = \"keep\"\n";
        let parties = Party::table(text).unwrap();
        assert_eq!((&*parties[0].kind, parties[0].stays, parties[1].stays), ("organisation", false, true));
        assert_eq!(parties[0].spellings().collect::<Vec<_>>(), ["Acme", "ACM"]);
        let place = |fault: Fault| (fault.code(), fault.place().map(ToString::to_string).unwrap_or_default());
        assert_eq!(Party::list("Anna\n-\n").map_err(place), Err(("bad-parties", "-:2:1".into())));
        assert_eq!(Party::list("# none\n").map_err(place), Err(("bad-parties", String::new())));
        for wrong in ["kind = \"bot\"", "role = \"judge\"", "alias = []", "aliases = [\"\"]"] {
            let text = format!("[[party]]\nname = \"Anna\"\n{wrong}\n");
            let (code, place) = Party::table(&text).map_err(place).unwrap_err();
            assert!(code == "bad-parties" && place.starts_with("-:3:"), "{wrong}: {place}");
        }
    }
}
