//! Where a passphrase comes from: a descriptor, a file, or the terminal. Never an argument, never the environment.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use model::{ByteSize, Fault};
use rustix::termios::{self, LocalModes, OptionalActions};
use zeroize::Zeroizing;

use super::files;

const LENGTH_MAX: ByteSize = ByteSize(4096);

/// Where a passphrase comes from.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct PassphraseArgs {
    /// Read the key's passphrase from this open file descriptor
    #[arg(long, value_name = "N", conflicts_with = "passphrase_file")]
    passphrase_fd: Option<u32>,
    /// Read the key's passphrase from the first line of this file
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// A passphrase; wiped when dropped.
pub(crate) type Passphrase = Zeroizing<String>;

impl PassphraseArgs {
    /// The passphrase that was given by descriptor or file, if any.
    ///
    /// # Errors
    /// I/O faults; `empty-passphrase`.
    pub(crate) fn given(&self) -> Result<Option<Passphrase>, Fault> {
        if let Some(number) = self.passphrase_fd {
            return first_line(Path::new(&format!("/dev/fd/{number}"))).map(Some);
        }
        self.passphrase_file.as_deref().map(first_line).transpose()
    }

    /// The given passphrase, or the answer of the person at the terminal.
    ///
    /// # Errors
    /// `passphrase-needed` when nobody can be asked; I/O faults; `empty-passphrase`.
    pub(crate) fn required(&self, may_ask: bool, what: &str) -> Result<Passphrase, Fault> {
        match self.given()? {
            Some(passphrase) => Ok(passphrase),
            None if may_ask => ask(what),
            None => Err(nobody_to_ask()),
        }
    }
}

/// The first line of a file.
///
/// # Errors
/// I/O faults; `empty-passphrase`.
pub(crate) fn first_line(path: &Path) -> Result<Passphrase, Fault> {
    // The whole text and the line are wiped; what the kernel keeps of a file is outside our reach.
    let bytes = Zeroizing::new(files::read(path, LENGTH_MAX)?);
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Fault::bad_input("not-utf-8", "The passphrase is not UTF-8 text").in_file(path))?;
    not_empty(text.lines().next().unwrap_or_default())
}

fn not_empty(line: &str) -> Result<Passphrase, Fault> {
    match line {
        "" => Err(Fault::refused("empty-passphrase", "The passphrase is empty")
            .advise("Give one, or leave the option out for a key without a passphrase.")),
        line => Ok(Zeroizing::new(line.to_owned())),
    }
}

fn nobody_to_ask() -> Fault {
    Fault::refused("passphrase-needed", "The key is protected with a passphrase, and nobody can be asked for it")
        .advise("Give --passphrase-fd or --passphrase-file.")
}

/// Asks at the terminal with echo off.
fn ask(what: &str) -> Result<Passphrase, Fault> {
    let path = Path::new("/dev/tty");
    let terminal = OpenOptions::new().read(true).write(true).open(path).map_err(|_| nobody_to_ask())?;
    let fault = |error| Fault::io("ask at", path, error);
    write!(&terminal, "Passphrase for {what}: ").map_err(fault)?;
    let line = without_echo(&terminal).map_err(fault)?;
    writeln!(&terminal).map_err(fault)?;
    not_empty(line.trim_end_matches(['\r', '\n']))
}

fn without_echo(terminal: &File) -> std::io::Result<Zeroizing<String>> {
    let before = termios::tcgetattr(terminal)?;
    let mut silent = before.clone();
    silent.local_modes &= !LocalModes::ECHO;
    termios::tcsetattr(terminal, OptionalActions::Flush, &silent)?;
    let mut line = Zeroizing::new(String::new());
    let read = BufReader::new(terminal).take(LENGTH_MAX.0).read_line(&mut line);
    termios::tcsetattr(terminal, OptionalActions::Flush, &before)?;
    read.map(|_| line)
}
