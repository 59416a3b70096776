//! What consents cover: said in the file of purposes and in the data map, kept in the log as it was when somebody agreed.

use std::path::PathBuf;

use model::{ByteSize, Fault};
use privacy::consent::{Entry, Key, Purposes, Scope};

use super::{Consents, Writing};
use crate::cli::context::Context;
use crate::cli::{data_map, files};

const FILE_MAX: ByteSize = ByteSize(4 << 20);

/// The file of purposes: the setting `privacy.purposes`, beside `probity.toml`. None is no fault: the data map may say it all.
///
/// # Errors
/// `bad-purposes`, `bad-consent-name`; those of YAML; I/O faults.
fn purposes(context: &Context) -> Result<Purposes, Fault> {
    let path: PathBuf = context.project.root().join(context.config.text("privacy.purposes"));
    match path.is_file() {
        true => Purposes::read(&files::read_text(&path, FILE_MAX)?).map_err(|fault| fault.in_file(&path)),
        false => Ok(Purposes::default()),
    }
}

/// A text of the settings; an empty one is none.
pub(crate) fn setting(context: &Context, name: &str) -> Option<String> {
    Some(context.config.text(name)).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// What consents for each of these purposes cover now.
///
/// # Errors
/// As [`purposes`]; the faults of the data map; `bad-purposes` where it says too much.
pub(crate) fn scopes(context: &Context, wanted: &[String]) -> Result<Vec<Scope>, Fault> {
    let purposes = purposes(context)?;
    let map = data_map::load_or_none(context)?.map(|reading| reading.map);
    let of = |purpose: &String| {
        let mut scope = purposes.scope(purpose);
        map.iter().for_each(|map| scope.fill(map));
        if !scope.is_empty() && scope.controller.is_none() {
            scope.controller = setting(context, "privacy.controller");
            scope.contact = scope.contact.or_else(|| setting(context, "privacy.contact"));
        }
        scope.bounded()
    };
    wanted.iter().map(of).collect()
}

impl Writing<'_> {
    /// The number of the line that says what a consent covers; what was not said like this before becomes a line of its own.
    /// `None` where nothing is said.
    ///
    /// # Errors
    /// As `Consents::head`.
    pub(crate) fn scope(&mut self, context: &Context, scope: Scope) -> Result<Option<u64>, Fault> {
        if scope.is_empty() {
            return Ok(None);
        }
        let known = match self.is_begun() {
            true => self.last_scope(context, &scope.purpose)?,
            false => None,
        };
        match known.filter(|(_, known)| *known == scope) {
            Some((number, _)) => Ok(Some(number)),
            None => Ok(Some(self.lines.add(Entry::Scope(Box::new(scope)), context.now()))),
        }
    }

    fn last_scope(&self, context: &Context, purpose: &str) -> Result<Option<(u64, Scope)>, Fault> {
        let consents: &Consents = self.consents;
        let (marks, _) = consents.marks(context, &[Key::of_scope(purpose)], Some(&self.lock))?;
        let Some(mark) = marks.iter().max_by_key(|mark| mark.number) else { return Ok(None) };
        match consents.line_of(mark)?.0.entry {
            Entry::Scope(scope) if scope.purpose == purpose => Ok(Some((mark.number, *scope))),
            _ => Ok(None),
        }
    }
}
