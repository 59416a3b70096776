//! The texts that people were shown: kept by digest, named by lines of the log.

use std::path::Path;

use model::{ByteSize, Digest, Fault};
use privacy::consent::{Entry, Key, Line, Notice, name};

use super::file::Lock;
use super::{Consents, Writing, shown};
use crate::cli::context::Context;
use crate::cli::{files, keys};

const TEXT_MAX: ByteSize = ByteSize(16 << 20);

/// What was shown, as the command line names it.
#[derive(Clone, Debug)]
pub(crate) struct Shown<'a> {
    /// A file with the text, or the id of a notice that is known.
    pub(crate) notice: &'a str,
    /// Its id, where the name of the file is none.
    pub(crate) id: Option<&'a str>,
    /// Its version.
    pub(crate) version: Option<&'a str>,
    /// Its language.
    pub(crate) language: Option<&'a str>,
}

/// A notice, and the text of one that is new.
pub(crate) struct Read {
    id: String,
    version: Option<String>,
    language: Option<String>,
    text: Option<(Digest, Vec<u8>)>,
}

impl Shown<'_> {
    /// Reads it: a file where there is one of this name.
    ///
    /// # Errors
    /// `bad-consent-name`; those of the file.
    pub(crate) fn read(&self) -> Result<Read, Fault> {
        let path = Path::new(self.notice);
        let text = match path.is_file() {
            true => Some(files::read(path, TEXT_MAX)?),
            false => None,
        };
        let stem = path.file_stem().and_then(|stem| stem.to_str()).filter(|_| text.is_some());
        Ok(Read {
            id: name("notice", self.id.or(stem).unwrap_or(self.notice))?,
            version: self.version.map(|text| name("version", text)).transpose()?,
            language: self.language.map(|text| name("language", text)).transpose()?,
            text: text.map(|text| (seal::sha256(&text), text)),
        })
    }
}

impl Writing<'_> {
    /// The number of the line of the notice that was shown; a new text becomes a line of its own.
    ///
    /// # Errors
    /// `unknown-notice`; I/O faults.
    pub(crate) fn notice(&mut self, context: &Context, shown: &Read) -> Result<(u64, Notice), Fault> {
        let known = match self.is_begun() {
            true => self.consents.last_notice(context, &shown.id, shown.language.as_deref(), &self.lock)?,
            false => None,
        };
        let Some((digest, _)) = &shown.text else {
            return known
                .filter(|(_, notice)| shown.version.as_ref().is_none_or(|version| *version == notice.version))
                .ok_or_else(|| {
                    Fault::bad_input("unknown-notice", format!("There is no file and no known notice {:?}", shown.id))
                        .advise("Name the file with the text that was shown; its name, or --notice-id, becomes the id.")
                });
        };
        if let Some((number, notice)) = &known
            && notice.digest == Some(*digest)
            && shown.version.as_ref().is_none_or(|version| *version == notice.version)
        {
            return Ok((*number, notice.clone()));
        }
        let next = known.and_then(|(_, last)| last.version.parse::<u64>().ok()).map_or(1, |last| last + 1);
        let notice = Notice {
            id: shown.id.clone(),
            version: shown.version.clone().unwrap_or_else(|| next.to_string()),
            language: shown.language.clone(),
            digest: Some(*digest),
        };
        let number = self.lines.add(Entry::Notice(notice.clone()), context.now());
        Ok((number, notice))
    }
}

impl Consents {
    /// Keeps the text that was shown: the proof of it is worth nothing without.
    ///
    /// # Errors
    /// I/O faults.
    pub(crate) fn keep_text(&self, shown: &Read) -> Result<(), Fault> {
        let Some((digest, text)) = &shown.text else { return Ok(()) };
        let folder = self.path("notices");
        keys::private_folder(&folder)?;
        let path = folder.join(digest.hex());
        match path.is_file() {
            true => Ok(()),
            false => files::write(&path, text, files::Existing::Replace),
        }
    }

    /// The last text of a notice in a language; in any where none is named.
    fn last_notice(
        &self,
        context: &Context,
        id: &str,
        language: Option<&str>,
        lock: &Lock,
    ) -> Result<Option<(u64, Notice)>, Fault> {
        let (mut marks, _) = self.marks(context, &[Key::of_notice(id)], Some(lock))?;
        marks.sort_by_key(|mark| mark.number);
        for mark in marks.iter().rev() {
            if let Entry::Notice(notice) = self.line_of(mark)?.0.entry
                && notice.id == id
                && language.is_none_or(|wanted| notice.language.as_deref() == Some(wanted))
            {
                return Ok(Some((mark.number, notice)));
            }
        }
        Ok(None)
    }

    /// The notice that a line names.
    ///
    /// # Errors
    /// As a check has them.
    pub(crate) fn notice_of(&self, context: &Context, line: &Line) -> Result<Option<Notice>, Fault> {
        let number = shown::act_of(line).and_then(|act| act.notice);
        number.map(|number| self.notice_of_line(context, number)).transpose().map(Option::flatten)
    }

    fn notice_of_line(&self, context: &Context, number: u64) -> Result<Option<Notice>, Fault> {
        let (marks, _) = self.marks(context, &[Key::of_notice_line(number)], None)?;
        let Some(mark) = marks.first() else { return Ok(None) };
        match self.line_of(mark)?.0.entry {
            Entry::Notice(notice) => Ok(Some(notice)),
            _ => Ok(None),
        }
    }
}
