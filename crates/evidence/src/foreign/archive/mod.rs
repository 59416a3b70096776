//! Zips that others made: every structure judged by us first, contents unpacked by the crate `zip`.
//!
//! Nothing is unpacked from a zip with a flaw. What is unpacked is what both readers found under one name in one place:
//! where they disagree the file counts as changed.

mod directory;
mod names;
mod raw;

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};

use ::zip::ZipArchive;

use super::tree::{Tree, Unread};
use crate::bytes::Bytes;
use crate::package::Check;
use directory::{DEFLATED, Directory, Entry};

/// How much is read at once.
const BLOCK: usize = 1 << 16;

/// A zip.
pub(super) struct Archive<'b> {
    directory: Directory,
    files: BTreeMap<String, u64>,
    /// The place of each file in the directory.
    numbers: BTreeMap<String, usize>,
    /// The second reader; `None` where there are flaws, or it found some.
    second: Option<ZipArchive<Window<'b>>>,
    bytes: u64,
}

impl<'b> Archive<'b> {
    /// Reads the structure of a zip. `None`: this is no zip.
    pub(super) fn open(input: &'b dyn Bytes) -> io::Result<Option<Self>> {
        let Some(mut directory) = directory::read(input)? else { return Ok(None) };
        let mut second = None;
        if directory.flaws.is_empty() {
            match ZipArchive::new(Window::new(input)?) {
                Ok(archive) if archive.len() == directory.entries.len() => second = Some(archive),
                Ok(_) => directory.flaw_of_zip("a second reader finds another number of files in it"),
                Err(error) => directory.flaw_of_zip(format!("a second reader refuses it: {error}")),
            }
        }
        let files = directory.entries.iter().enumerate().filter(|(_, entry)| !entry.is_folder());
        let numbers: BTreeMap<String, usize> = files.map(|(number, entry)| (entry.name.clone(), number)).collect();
        let files = numbers.iter().map(|(name, number)| (name.clone(), directory.entries[*number].size)).collect();
        Ok(Some(Archive { directory, files, numbers, second, bytes: input.size()? }))
    }

    /// Bytes of the zip.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether its structure and names are sound: then it may be read.
    pub(super) fn is_sound(&self) -> bool {
        self.directory.flaws.is_empty()
    }

    /// The first thing that is wrong with it.
    pub(super) fn first_flaw(&self) -> String {
        self.directory.flaws.first().map_or_else(String::new, |flaw| format!("{}: {}", flaw.place, flaw.what))
    }

    /// What is said about structure and names.
    pub(super) fn checks(&self) -> Vec<Check> {
        let flaws = |name: bool| {
            let flaws = self.directory.flaws.iter().filter(|flaw| flaw.is_name == name);
            flaws.map(|flaw| format!("{}: {}", flaw.place, flaw.what)).collect()
        };
        vec![
            Check::of(
                "zip-structure",
                "Every reader finds the same files in the zip, and nothing lies between them.",
                flaws(false),
            ),
            Check::of("zip-names", "Every name stays inside, and stands once.", flaws(true)),
        ]
    }

    /// How the file `mimetype` breaks the rules that let a program see the type of a container in its first bytes
    /// (EN 319 162-1, A.1).
    pub(super) fn mimetype_flaw(&self) -> Option<&'static str> {
        let entry = &self.directory.entries[*self.numbers.get(MIMETYPE)?];
        if entry.header != 0 {
            Some("it is not the first file")
        } else if entry.method == DEFLATED {
            Some("it is compressed")
        } else if entry.local_extra != 0 {
            Some("it has an extra field")
        } else {
            None
        }
    }

    /// Unpacks one file with the second reader, where it sees what the first saw.
    fn unpack(&self, entry: &Entry, number: usize, sink: &mut dyn FnMut(&[u8])) -> Result<(), Unread> {
        let flawed = |why: String| Unread::Flawed(why);
        let Some(second) = &self.second else { return Err(flawed("the zip around it is not sound".to_owned())) };
        let mut second = second.clone();
        let mut file = second.by_index(number).map_err(|error| flawed(format!("it cannot be unpacked: {error}")))?;
        let same = file.name_raw() == entry.name.as_bytes()
            && file.data_start() == Some(entry.content)
            && (file.size(), file.compressed_size(), file.crc32()) == (entry.size, entry.compressed, entry.crc);
        if !same {
            return Err(flawed("a second reader finds something else in its place".to_owned()));
        }
        let mut block = vec![0; BLOCK];
        let mut left = entry.size;
        loop {
            let count = match file.read(&mut block) {
                Ok(count) => count,
                // The crate says so of a wrong CRC and of what cannot be unpacked; of the disk it hands on other kinds.
                Err(error) if is_of_content(&error) => {
                    return Err(flawed(format!("its content cannot be unpacked, or has another CRC: {error}")));
                }
                Err(error) => return Err(Unread::Disk(error)),
            };
            if count == 0 {
                break;
            }
            left = left.checked_sub(count as u64).ok_or_else(|| flawed("it is longer than the zip says".to_owned()))?;
            sink(&block[..count]);
        }
        if left == 0 { Ok(()) } else { Err(flawed("it is shorter than the zip says".to_owned())) }
    }
}

fn is_of_content(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    matches!(error.kind(), InvalidData | InvalidInput | Other | UnexpectedEof) && error.raw_os_error().is_none()
}

/// The file that says what a container is.
pub(super) const MIMETYPE: &str = "mimetype";

impl Directory {
    fn flaw_of_zip(&mut self, what: impl Into<String>) {
        self.flaws.push(directory::Flaw::structure("the zip", what));
    }
}

impl Tree for Archive<'_> {
    fn files(&self) -> &BTreeMap<String, u64> {
        &self.files
    }

    fn read(&self, path: &str, sink: &mut dyn FnMut(&[u8])) -> Result<(), Unread> {
        match self.numbers.get(path) {
            Some(number) => self.unpack(&self.directory.entries[*number], *number, sink),
            None => Err(Unread::Flawed("it is missing".to_owned())),
        }
    }
}

/// Bytes as something to read and seek in.
#[derive(Clone)]
struct Window<'b> {
    bytes: &'b dyn Bytes,
    len: u64,
    at: u64,
    /// What was read last, and where it begins: the second reader asks for a few bytes at a time.
    block: Vec<u8>,
    begins: u64,
}

impl<'b> Window<'b> {
    fn new(bytes: &'b dyn Bytes) -> io::Result<Self> {
        Ok(Window { bytes, len: bytes.size()?, at: 0, block: Vec::new(), begins: 0 })
    }
}

impl Read for Window<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let ahead = usize::try_from(self.at.saturating_sub(self.begins)).unwrap_or(usize::MAX);
        if self.at < self.begins || ahead >= self.block.len() {
            let want = self.len.saturating_sub(self.at).min(BLOCK as u64) as usize;
            self.block.resize(want, 0);
            self.begins = self.at;
            self.bytes.read_at(self.at, &mut self.block)?;
        }
        let there = &self.block[(self.at - self.begins) as usize..];
        let count = there.len().min(into.len());
        into[..count].copy_from_slice(&there[..count]);
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Window<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(to) => Some(to),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = to.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}
