//! What is said about rule files: faults that stop, warnings that do not.

use std::fmt;
use std::path::Path;

use model::{Fault, Place};

/// Something in a rule file that deserves a look but stops nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Stable kebab-case code, explained like the code of a fault.
    pub code: &'static str,
    /// What was seen, in a sentence.
    pub message: String,
    /// What to do about it, in a sentence, where there is something to do.
    pub advice: Option<String>,
    /// Where.
    pub place: Option<Place>,
}

impl From<Fault> for Warning {
    fn from(fault: Fault) -> Self {
        Warning::from(&fault)
    }
}

impl From<&Fault> for Warning {
    fn from(fault: &Fault) -> Self {
        Warning {
            code: fault.code(),
            message: fault.message().to_owned(),
            advice: fault.advice().map(str::to_owned),
            place: fault.place().cloned(),
        }
    }
}

/// Every fault that was found, at least one, in the order of the files.
#[derive(Debug)]
pub struct Faults {
    first: Fault,
    more: Vec<Fault>,
}

impl Faults {
    /// All of them, or nothing when there are none.
    pub(crate) fn check(faults: Vec<Fault>) -> Result<(), Faults> {
        let mut faults = faults.into_iter();
        match faults.next() {
            None => Ok(()),
            Some(first) => Err(Faults { first, more: faults.collect() }),
        }
    }

    /// Each fault, for a report that shows all.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        std::iter::once(&self.first).chain(&self.more)
    }

    /// The faults themselves, at least one.
    pub fn into_vec(self) -> Vec<Fault> {
        std::iter::once(self.first).chain(self.more).collect()
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Faults { first: fault, more: vec![] }
    }
}

impl From<Faults> for Fault {
    /// The first one: what a caller that can show one shows.
    fn from(faults: Faults) -> Self {
        faults.first
    }
}

impl fmt::Display for Faults {
    /// One line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// Collects warnings while a file is read, and decides whether a deviation is one.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// Deviations from what OpenSLO's own validator accepts are faults.
    pub(crate) strict: bool,
    pub(crate) warnings: Vec<Warning>,
}

impl Notes {
    /// OpenSLO's validator refuses this: a fault when strict, else a warning.
    pub(crate) fn deviation(&mut self, fault: Fault) -> Result<(), Fault> {
        if self.strict {
            return Err(fault);
        }
        self.lint(fault);
        Ok(())
    }

    /// Nobody's specification forbids this, but it is rarely meant.
    pub(crate) fn lint(&mut self, fault: Fault) {
        self.warnings.push(fault.into());
    }

    /// The same, unless it was said already: an object that several others name is read several times.
    pub(crate) fn lint_once(&mut self, fault: Fault) {
        let warning = Warning::from(fault);
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Names the file in warnings from number `from` on.
    pub(crate) fn in_file(&mut self, from: usize, path: &Path) {
        for warning in &mut self.warnings[from..] {
            warning.place = warning.place.take().map(|place| place.in_file(path));
        }
    }
}
