//! TOML tables with a place for every mistake: detectors and profiles are read with it.

use std::ops::Range;

use model::{Fault, Place};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table being read. Keys that nobody asks for are mistakes.
pub(crate) struct Settings<'t, 'd> {
    text: &'t str,
    code: &'static str,
    table: &'t DeTable<'d>,
    asked: Vec<&'static str>,
}

/// Reads `text` as TOML and gives its root to `read`.
///
/// # Errors
/// `code` with line and column; whatever `read` says.
pub(crate) fn parse<T>(
    text: &str,
    code: &'static str,
    read: impl FnOnce(&mut Settings<'_, '_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let root = DeTable::parse(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        fault(text, code, &span, &format!("this is not TOML: {}", error.message()))
    })?;
    let mut settings = Settings { text, code, table: root.get_ref(), asked: Vec::new() };
    let value = read(&mut settings)?;
    settings.finish()?;
    Ok(value)
}

fn fault(text: &str, code: &'static str, span: &Range<usize>, message: &str) -> Fault {
    let before = &text.as_bytes()[..span.start.min(text.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() as u64 + 1;
    Fault::bad_config(code, message).at(Place::line(line, column)).advise("Compare it with a built-in one: `probity redact --detectors` lists them, `probity util reference` shows how they are written.")
}

impl<'t, 'd> Settings<'t, 'd> {
    fn find(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'d>>> {
        self.asked.push(key);
        self.table.get(key)
    }

    /// A fault at `key`'s value.
    pub(crate) fn wrong(&self, key: &str, message: &str) -> Fault {
        let span = self.table.get(key).map_or(0..0, Spanned::span);
        fault(self.text, self.code, &span, message)
    }

    /// A text, when it is there.
    pub(crate) fn text(&mut self, key: &'static str) -> Result<Option<String>, Fault> {
        match self.find(key).map(|value| value.get_ref()) {
            None => Ok(None),
            Some(DeValue::String(text)) => Ok(Some(text.to_string())),
            Some(_) => Err(self.wrong(key, &format!("{key} is a text"))),
        }
    }

    /// A text that must be there.
    pub(crate) fn required(&mut self, key: &'static str) -> Result<String, Fault> {
        self.text(key)?.ok_or_else(|| self.wrong(key, &format!("{key} is missing")))
    }

    /// A list of texts; empty when it is not there.
    pub(crate) fn texts(&mut self, key: &'static str) -> Result<Vec<String>, Fault> {
        let items = match self.find(key).map(|value| value.get_ref()) {
            None => return Ok(Vec::new()),
            Some(DeValue::Array(items)) => items,
            Some(_) => return Err(self.wrong(key, &format!("{key} is a list of texts"))),
        };
        let texts = items.iter().map(|item| match item.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            _ => Err(fault(self.text, self.code, &item.span(), &format!("{key} is a list of texts"))),
        });
        texts.collect()
    }

    /// True or false, when it is there.
    pub(crate) fn flag(&mut self, key: &'static str) -> Result<Option<bool>, Fault> {
        match self.find(key).map(|value| value.get_ref()) {
            None => Ok(None),
            Some(DeValue::Boolean(flag)) => Ok(Some(*flag)),
            Some(_) => Err(self.wrong(key, &format!("{key} is true or false"))),
        }
    }

    /// A whole number from 0, when it is there.
    pub(crate) fn number(&mut self, key: &'static str) -> Result<Option<u64>, Fault> {
        match self.find(key).map(|value| value.get_ref()) {
            None => Ok(None),
            Some(DeValue::Integer(number)) => {
                let parsed = u64::from_str_radix(number.as_str(), number.radix());
                parsed.map(Some).map_err(|_| self.wrong(key, &format!("{key} is a whole number from 0")))
            }
            Some(_) => Err(self.wrong(key, &format!("{key} is a whole number from 0"))),
        }
    }

    /// A share from 0 to 1 in percent points, when it is there.
    pub(crate) fn percent(&mut self, key: &'static str) -> Result<Option<u8>, Fault> {
        let text = match self.find(key).map(|value| value.get_ref()) {
            None => return Ok(None),
            Some(DeValue::Float(float)) => float.as_str(),
            Some(DeValue::Integer(number)) => number.as_str(),
            Some(_) => return Err(self.wrong(key, &format!("{key} is a number from 0 to 1"))),
        };
        match text.parse::<f64>() {
            Ok(share) if (0.0..=1.0).contains(&share) => Ok(Some((share * 100.0).round() as u8)),
            _ => Err(self.wrong(key, &format!("{key} is a number from 0 to 1"))),
        }
    }

    /// A table within, when it is there.
    pub(crate) fn table<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Settings<'t, 'd>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        match self.find(key).map(|value| value.get_ref()) {
            None => Ok(None),
            Some(DeValue::Table(table)) => self.within(table, read).map(Some),
            Some(_) => Err(self.wrong(key, &format!("{key} is a table"))),
        }
    }

    /// A list of tables; empty when it is not there.
    pub(crate) fn tables<T>(
        &mut self,
        key: &'static str,
        mut read: impl FnMut(&mut Settings<'t, 'd>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let items = match self.find(key).map(|value| value.get_ref()) {
            None => return Ok(Vec::new()),
            Some(DeValue::Array(items)) => items,
            Some(_) => return Err(self.wrong(key, &format!("{key} is a list of tables"))),
        };
        let read_all = items.iter().map(|item| match item.get_ref() {
            DeValue::Table(table) => self.within(table, &mut read),
            _ => Err(fault(self.text, self.code, &item.span(), &format!("{key} is a list of tables"))),
        });
        read_all.collect()
    }

    fn within<T>(
        &self,
        table: &'t DeTable<'d>,
        read: impl FnOnce(&mut Settings<'t, 'd>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut inner = Settings { text: self.text, code: self.code, table, asked: Vec::new() };
        let value = read(&mut inner)?;
        inner.finish()?;
        Ok(value)
    }

    fn finish(&self) -> Result<(), Fault> {
        match self.table.iter().find(|(key, _)| !self.asked.contains(&key.get_ref().as_ref())) {
            None => Ok(()),
            Some((key, _)) => {
                let near = model::nearest(key.get_ref(), self.asked.iter().copied());
                let hint = near.map(|near| format!("; {near:?} is near")).unwrap_or_default();
                Err(fault(self.text, self.code, &key.span(), &format!("{:?} is not known here{hint}", key.get_ref())))
            }
        }
    }
}
