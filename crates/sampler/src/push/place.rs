//! How far a receiver has come.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use model::Fault;
use seal::sha256;
use serde_json::{Value, json};

use super::Target;
use crate::order::sort;

/// What the names of these files end in.
const ENDING: &str = ".receiver";

/// The first line that a receiver does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The receiver, as it was typed.
    pub target: String,
    /// The number of the line.
    pub next: u64,
}

impl Place {
    /// The beginning, where there is no file or no sense in it: then everything is sent again, which is no second fact.
    pub(super) fn read(folder: &Path, target: &Target) -> Self {
        let path = folder.join(file(&target.text));
        fs::read(path)
            .ok()
            .and_then(|bytes| Place::parse(&bytes))
            .filter(|place| place.target == target.text)
            .unwrap_or(Place { target: target.text.clone(), next: 0 })
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let said: Value = serde_json::from_slice(bytes).ok()?;
        Some(Place { target: said["receiver"].as_str()?.to_owned(), next: said["next"].as_u64()? })
    }

    /// Every receiver that ever took something from this folder.
    pub fn all(folder: &Path) -> Vec<Place> {
        let files = fs::read_dir(folder).into_iter().flatten().flatten();
        let named = files.filter(|file| file.file_name().to_string_lossy().ends_with(ENDING));
        let mut places: Vec<Place> = named.filter_map(|file| Place::parse(&fs::read(file.path()).ok()?)).collect();
        sort(&mut places, |a, b| a.target < b.target);
        places
    }

    /// On return it is on the disk that the receiver has everything below `next`.
    pub(super) fn advance(&mut self, folder: &Path, next: u64) -> Result<(), Fault> {
        self.next = self.next.max(next);
        let path = folder.join(file(&self.target));
        let draft = path.with_extension("new");
        let text = json!({"receiver": self.target, "next": self.next}).to_string() + "\n";
        let write = || {
            let mut file = File::create(&draft)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&draft, &path)
        };
        write().map_err(|error| Fault::io("write", &path, error))
    }
}

fn file(target: &str) -> String {
    format!("{}{ENDING}", sha256(target.as_bytes()).short())
}
