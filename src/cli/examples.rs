//! Examples are data: shown in help and man pages, and run as tests.

/// One example of a command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Example {
    /// What it does, in a phrase.
    pub(crate) about: &'static str,
    /// The line to type.
    pub(crate) line: &'static str,
}

/// The examples as help shows them.
pub(crate) fn help(examples: &[Example]) -> String {
    let mut text = String::from("Examples:\n");
    for example in examples {
        text.push_str(&format!("  # {}\n  {}\n", example.about, example.line));
    }
    text
}
