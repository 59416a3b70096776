//! A folder as a tree: regular files only, nothing that leads out of it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::tree::{Tree, Unread};
use crate::Limits;
use crate::names::quote;

/// How much is read at once.
const BLOCK: usize = 1 << 18;

/// A folder.
pub(super) struct Folder {
    root: PathBuf,
    files: BTreeMap<String, u64>,
    /// What is in it and is no file with a name that can be written in a list.
    pub(super) flaws: Vec<String>,
}

impl Folder {
    /// Looks at every name below `root`, and follows no symbolic link but `root` itself.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        let mut folder = Folder { root: root.to_path_buf(), files: BTreeMap::new(), flaws: Vec::new() };
        let mut open = vec![(root.to_path_buf(), String::new(), 0)];
        while let Some((path, prefix, depth)) = open.pop() {
            for entry in fs::read_dir(&path)? {
                let entry = entry?;
                let Some(name) = entry.file_name().to_str().map(|name| format!("{prefix}{name}")) else {
                    let shown = entry.file_name().to_string_lossy().into_owned();
                    folder.flaws.push(format!("{}: its name is not UTF-8", quote(&format!("{prefix}{shown}"))));
                    continue;
                };
                let metadata = entry.metadata()?; // that of a link itself
                if metadata.is_dir() && depth < Limits::FOREIGN_DEPTH {
                    open.push((entry.path(), format!("{name}/"), depth + 1));
                } else if metadata.is_file() {
                    folder.files.insert(name, metadata.len());
                } else {
                    folder.flaws.push(format!("{}: {}", shown(&name), refused(&metadata)));
                }
                if folder.files.len() + folder.flaws.len() > Limits::FOREIGN_FILES {
                    folder.flaws.insert(0, format!("there are more than {} files", Limits::FOREIGN_FILES));
                    return Ok(folder);
                }
            }
        }
        folder.flaws.sort();
        Ok(folder)
    }
}

fn refused(metadata: &fs::Metadata) -> String {
    if metadata.is_symlink() {
        "it is a symbolic link, which may lead anywhere".to_owned()
    } else if metadata.is_dir() {
        format!("folders lie deeper than {} in one another", Limits::FOREIGN_DEPTH)
    } else {
        "it is neither a file nor a folder".to_owned()
    }
}

/// A name as people may see it.
pub(super) fn shown(name: &str) -> String {
    if name.chars().all(|c| c.is_ascii_graphic() && c != '"') { name.to_owned() } else { quote(name) }
}

impl Tree for Folder {
    fn files(&self) -> &BTreeMap<String, u64> {
        &self.files
    }

    fn read(&self, path: &str, sink: &mut dyn FnMut(&[u8])) -> Result<(), Unread> {
        // Only what `open` found is read: nothing here leads out of the folder.
        let Some(size) = self.files.get(path) else { return Err(Unread::Flawed("it is missing".to_owned())) };
        let mut file = File::open(self.root.join(path))?;
        let mut block = vec![0; BLOCK];
        let mut read = 0;
        loop {
            let count = file.read(&mut block)?;
            if count == 0 {
                break;
            }
            read += count as u64;
            sink(&block[..count]);
        }
        if read == *size { Ok(()) } else { Err(Unread::Flawed("it is being changed while it is read".to_owned())) }
    }
}
