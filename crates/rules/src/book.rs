//! The rules that were asked for.

use model::Fault;

use crate::pack::Pack;
use crate::parameter::Setting;
use crate::rule::Rule;

/// Packs with their parameters settled.
#[derive(Debug, Default)]
pub struct Book {
    packs: Vec<Pack>,
}

impl Book {
    /// These packs, with `settings` over their defaults.
    ///
    /// # Errors
    /// `duplicate-pack`, `unknown-parameter`, `bad-parameter`.
    pub fn of(packs: Vec<Pack>, settings: &[Setting]) -> Result<Self, Fault> {
        let mut book = Book::default();
        for pack in packs {
            if book.packs.iter().any(|known| known.name == pack.name) {
                let message = format!("Two packs are named {:?}", pack.name);
                return Err(Fault::bad_config("duplicate-pack", message).advise("Rename one in its pack.yaml."));
            }
            book.packs.push(pack);
        }
        for setting in settings {
            let pack = book.packs.iter_mut().find(|pack| pack.name == setting.pack).ok_or_else(|| {
                Fault::usage("unknown-parameter", format!("{:?} is not among the packs of this run", setting.pack))
                    .advise("Write PACK.NAME=VALUE with a pack named by --pack.")
            })?;
            pack.set(setting)?;
        }
        Ok(book)
    }

    /// Its packs.
    pub fn packs(&self) -> &[Pack] {
        &self.packs
    }

    /// Every rule, pack by pack, with the pack it belongs to.
    pub fn rules(&self) -> impl Iterator<Item = (&Pack, &Rule)> {
        self.packs.iter().flat_map(|pack| pack.rules.iter().map(move |rule| (pack, rule)))
    }

    /// The facts that some rule needs, by name.
    pub fn needs(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.rules().flat_map(|(_, rule)| rule.needs.iter().map(String::as_str)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}
