//! Every file below a folder, in the order of names, without following links.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use model::Fault;

use crate::bodies::Entry;

/// A walk in progress: what is still to be looked at, the next one first.
pub(super) struct Walk {
    root: PathBuf,
    prefix: String,
    ahead: VecDeque<(String, bool)>,
    odd: Vec<Entry>,
}

impl Walk {
    /// The files whose path below `root` begins with `prefix`.
    pub(super) fn of(root: &Path, prefix: &str) -> Self {
        let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
        Walk {
            root: root.to_path_buf(),
            prefix: prefix.to_owned(),
            ahead: VecDeque::from([(folder.to_owned(), true)]),
            odd: Vec::new(),
        }
    }

    fn enter(&mut self, folder: &str) -> Result<Vec<Entry>, Fault> {
        let path = self.root.join(folder);
        // A prefix of the data map may lead over a link; what a walk finds does not.
        let is_link = path.ancestors().take_while(|part| *part != self.root).any(Path::is_symlink);
        let entries = match std::fs::read_dir(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !folder.is_empty() => return Ok(Vec::new()),
            Err(error) if error.kind() == std::io::ErrorKind::NotADirectory && !folder.is_empty() => {
                return Ok(Vec::new());
            }
            Err(error) if !folder.is_empty() => return Ok(vec![unread(&format!("{folder}/"), &format!("{error}"))]),
            _ if is_link => return Ok(vec![unread(&format!("{folder}/"), why(true))]),
            entries => entries.map_err(|error| super::closed(&path, error))?,
        };
        let mut below = Vec::new();
        let mut odd = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| super::closed(&path, error))?;
            let kind = entry.file_type().map_err(|error| super::closed(&entry.path(), error))?;
            let glue = if folder.is_empty() { "" } else { "/" };
            let name = format!("{folder}{glue}{}", entry.file_name().to_string_lossy());
            match entry.file_name().to_str() {
                None => odd.push(unread(&name, "its name is no UTF-8")),
                Some(_) if kind.is_dir() => below.push((name, true)),
                Some(_) if kind.is_file() => below.push((name, false)),
                Some(_) => odd.push(unread(&name, why(kind.is_symlink()))),
            }
        }
        below.sort();
        below.into_iter().rev().for_each(|next| self.ahead.push_front(next));
        Ok(odd)
    }

    fn file(&self, name: String) -> Option<Result<Entry, Fault>> {
        match std::fs::symlink_metadata(self.root.join(&name)) {
            Ok(metadata) => {
                Some(Ok(Entry { id: name.clone(), name, size: metadata.len(), unread: None, is_marker: false }))
            }
            // Deleted by somebody else while we walked.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => Some(Err(super::closed(&self.root.join(&name), error))),
        }
    }

    fn is_ahead(&self, name: &str, is_folder: bool) -> bool {
        name.starts_with(&self.prefix) || is_folder && (self.prefix.starts_with(&format!("{name}/")) || name.is_empty())
    }
}

fn unread(name: &str, why: &str) -> Entry {
    Entry { id: name.to_owned(), name: name.to_owned(), size: 0, unread: Some(why.to_owned()), is_marker: false }
}

/// Why something that is neither file nor folder is not read.
pub(super) fn why(is_link: bool) -> &'static str {
    if is_link { "it is a link, and links are not followed" } else { "it is no file" }
}

impl Iterator for Walk {
    type Item = Result<Entry, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(entry) = self.odd.pop() {
                if entry.name.starts_with(&self.prefix) || self.prefix.starts_with(&entry.name) {
                    return Some(Ok(entry));
                }
                continue;
            }
            let (name, is_folder) = self.ahead.pop_front()?;
            if !self.is_ahead(&name, is_folder) {
                continue;
            }
            if !is_folder {
                match self.file(name) {
                    None => continue,
                    found => return found,
                }
            }
            match self.enter(&name) {
                Ok(odd) => self.odd = odd,
                Err(fault) => return Some(Err(fault)),
            }
        }
    }
}
