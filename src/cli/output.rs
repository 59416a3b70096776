//! What reaches standard output: a page for people, or one JSON document for machines.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use model::{Fault, Verdict};
use serde_json::Value;

use super::args::{ColorChoice, GlobalArgs};
use super::table::Table;

/// Something a command has to say.
pub(crate) trait Show {
    /// One JSON document with a `schema` member.
    fn json(&self) -> Value;
    /// The same for people.
    fn human(&self, page: &mut Page);
}

/// Where results go and in which form.
pub(crate) struct Output {
    json: bool,
    quiet: bool,
    verbose: u8,
    layout: Layout,
    stderr_colour: bool,
    closed: bool,
    collected: Option<Collected>,
}

/// What a step of a job has to say, kept for the one document of the job.
#[derive(Default)]
struct Collected {
    documents: Vec<Value>,
    /// Rows that a command streams, as bytes.
    streamed: Vec<u8>,
}

/// A step that streams more has to write to a file.
const STREAMED_MAX: usize = 64 << 20;

/// How a page is laid out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// Aligned columns for a screen, or tab-separated fields for a pipe.
    pub(crate) terminal: bool,
    /// Colours; meaning is always in words as well.
    pub(crate) colour: bool,
}

impl Output {
    pub(crate) fn new(global: &GlobalArgs) -> Self {
        let terminal = io::stdout().is_terminal();
        let colour = |terminal: bool| match global.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && environment_allows_colour(),
        };
        Output {
            json: global.json,
            quiet: global.quiet,
            verbose: global.verbose,
            layout: Layout { terminal, colour: colour(terminal) },
            stderr_colour: colour(io::stderr().is_terminal()),
            closed: false,
            collected: None,
        }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    /// Whether the reader of our output has gone away.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// From now on JSON documents are kept instead of printed; [`Output::collected`] takes them out.
    pub(crate) fn collect(&mut self) {
        if self.json {
            self.collected = Some(Collected::default());
        }
    }

    /// The documents kept since [`Output::collect`]; printing starts again. Of what was streamed, each line is one: as it
    /// is where it is JSON, and as a text where not.
    pub(crate) fn collected(&mut self) -> Vec<Value> {
        let Collected { mut documents, streamed } = self.collected.take().unwrap_or_default();
        let text = String::from_utf8_lossy(&streamed);
        documents.extend(text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| line.into())));
        documents
    }

    /// Shows a result. With `--quiet` people see nothing; machines always get their document.
    ///
    /// # Errors
    /// `io-failed` or `disk-full` when standard output cannot take it.
    pub(crate) fn show(&mut self, result: &dyn Show) -> Result<(), Fault> {
        if self.json {
            return self.document(result.json());
        }
        if self.quiet {
            return Ok(());
        }
        let mut page = Page::new(self.layout);
        result.human(&mut page);
        self.write(page.text.as_bytes())
    }

    /// Prints one JSON document on one line.
    ///
    /// # Errors
    /// As [`Output::show`].
    pub(crate) fn document(&mut self, document: Value) -> Result<(), Fault> {
        match &mut self.collected {
            Some(collected) => collected.documents.push(document),
            None => self.write(format!("{}\n", model::harmless_json(&document.to_string())).as_bytes())?,
        }
        Ok(())
    }

    /// Prints bytes as they are: generated text, exported rows.
    ///
    /// # Errors
    /// As [`Output::show`].
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let result = self.write_all(bytes).and_then(|()| self.flush());
        result.or_else(|error| if self.closed { Ok(()) } else { Err(standard_output(error)) })
    }

    /// A remark on standard error, for people.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.stderr_line("note", AnsiColor::Cyan, text);
        }
    }

    /// A warning on standard error; `--quiet` does not silence it.
    pub(crate) fn warn(&self, text: &str) {
        self.stderr_line("warning", AnsiColor::Yellow, text);
    }

    /// A detail on standard error, with `-v`.
    pub(crate) fn detail(&self, text: &str) {
        if self.verbose > 0 {
            self.stderr_line("detail", AnsiColor::BrightBlack, text);
        }
    }

    /// An error with its recommendation on standard error.
    pub(crate) fn error(&self, fault: &Fault) {
        self.stderr_line("error", AnsiColor::Red, &fault.to_string());
        if let Some(advice) = fault.advice() {
            self.stderr_line("  hint", AnsiColor::Cyan, advice);
        }
        self.stderr_line("  code", AnsiColor::BrightBlack, &format!("{} (probity util explain {0})", fault.code()));
    }

    fn stderr_line(&self, label: &str, colour: AnsiColor, text: &str) {
        let text = plain(text);
        let line = match self.stderr_colour {
            true => {
                let style = Style::new().fg_color(Some(colour.into())).bold();
                format!("{style}{label}:{style:#} {text}\n")
            }
            false => format!("{label}: {text}\n"),
        };
        // Nobody is left to tell when standard error is closed.
        let _ = io::stderr().write_all(line.as_bytes());
    }
}

/// A writer for results that stream; a reader that went away shows in [`Output::is_closed`].
impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(Collected { streamed, .. }) = &mut self.collected {
            if streamed.len() + bytes.len() > STREAMED_MAX {
                return Err(io::Error::other("more than 64 MiB in one step of a job; give the step --output FILE"));
            }
            streamed.extend_from_slice(bytes);
            return Ok(bytes.len());
        }
        io::stdout().write(bytes).inspect_err(|error| self.closed |= error.kind() == io::ErrorKind::BrokenPipe)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush().inspect_err(|error| self.closed |= error.kind() == io::ErrorKind::BrokenPipe)
    }
}

fn standard_output(error: io::Error) -> Fault {
    Fault::io("write to", std::path::Path::new("standard output"), error)
}

/// <https://no-color.org> and the oldest convention of all.
fn environment_allows_colour() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// A page of text under construction.
pub(crate) struct Page {
    text: String,
    layout: Layout,
}

impl Page {
    pub(crate) fn new(layout: Layout) -> Self {
        Page { text: String::new(), layout }
    }

    /// The page so far.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// One line; control characters are made visible.
    pub(crate) fn line(&mut self, text: impl AsRef<str>) {
        self.text.push_str(&plain(text.as_ref()));
        self.text.push('\n');
    }

    /// An empty line, on a screen only.
    pub(crate) fn gap(&mut self) {
        if self.layout.terminal {
            self.text.push('\n');
        }
    }

    /// A line that stands out.
    pub(crate) fn heading(&mut self, text: &str) {
        let text = self.styled(Style::new().bold(), text);
        self.text.push_str(&text);
        self.text.push('\n');
    }

    /// A name and a value.
    pub(crate) fn field(&mut self, name: &str, value: impl AsRef<str>) {
        let value = plain(value.as_ref());
        let _ = match self.layout.terminal {
            true => writeln!(self.text, "{name:<12} {value}"),
            false => writeln!(self.text, "{name}\t{value}"),
        };
    }

    /// A table: aligned on a screen, tab-separated in a pipe.
    pub(crate) fn table(&mut self, table: &Table) {
        let text = table.render(self.layout);
        self.text.push_str(&text);
    }

    /// The word of a verdict in its colour.
    pub(crate) fn verdict(&self, verdict: Verdict) -> String {
        let colour = match verdict {
            Verdict::Met => AnsiColor::Green,
            Verdict::Broken => AnsiColor::Red,
            Verdict::NoData => AnsiColor::Yellow,
        };
        self.styled(Style::new().fg_color(Some(colour.into())).bold(), verdict.word())
    }

    /// A line that starts with the word of a verdict.
    pub(crate) fn verdict_line(&mut self, verdict: Verdict, text: &str) {
        let word = self.verdict(verdict);
        let _ = writeln!(self.text, "{word}: {}", plain(text));
    }

    /// Text that was made elsewhere and is known to be harmless.
    pub(crate) fn raw(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn styled(&self, style: Style, text: &str) -> String {
        let text = plain(text);
        if self.layout.colour { format!("{style}{text}{style:#}") } else { text.into_owned() }
    }
}

/// Makes control characters and direction overrides visible: text from logs is hostile to terminals.
///
/// Newlines and tabs of our own messages stay. C0, DEL, C1 and the bidi controls of Unicode TR9 become `\u{…}`.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    let hostile = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(hostile) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match hostile(c) {
            true => plain.extend(c.escape_unicode()),
            false => plain.push(c),
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_codes_are_neutralised() {
        let check = |text, expect| assert_eq!(plain(text), expect);
        check("plain é 中\ttext\n", "plain é 中\ttext\n");
        check("\u{1b}[31mred", "\\u{1b}[31mred");
        check("a\u{202e}b\u{9b}c\rd", "a\\u{202e}b\\u{9b}c\\u{d}d");
    }
}
