//! Words and `--flag VALUE` pairs: all that a chore needs.

use std::str::FromStr;

use model::ByteSize;

/// What was typed after `cargo xtask`.
pub(crate) struct Args(Vec<String>);

impl Args {
    pub(crate) fn new(typed: impl Iterator<Item = String>) -> Self {
        Args(typed.collect())
    }

    /// The next word that belongs to no flag.
    pub(crate) fn word(&mut self) -> Option<String> {
        (!self.0.is_empty() && !is_flag(&self.0[0])).then(|| self.0.remove(0))
    }

    /// The value of `--flag VALUE`, taken out.
    pub(crate) fn flag(&mut self, name: &str) -> Result<Option<String>, String> {
        let Some(at) = self.0.iter().position(|typed| typed == name) else { return Ok(None) };
        if at + 1 == self.0.len() {
            return Err(format!("{name} wants a value"));
        }
        self.0.remove(at);
        Ok(Some(self.0.remove(at)))
    }

    pub(crate) fn number<N: FromStr>(&mut self, name: &str, default: N) -> Result<N, String> {
        match self.flag(name)? {
            Some(text) => text.parse().map_err(|_| format!("{name}: {text:?} is not a number")),
            None => Ok(default),
        }
    }

    pub(crate) fn size(&mut self, name: &str) -> Result<Option<u64>, String> {
        let parse = |text: String| ByteSize::parse(&text).map(|size| size.0).map_err(|fault| fault.to_string());
        self.flag(name)?.map(parse).transpose()
    }

    /// Refuses what nobody asked for.
    pub(crate) fn finish(self) -> Result<(), String> {
        self.0.first().map_or(Ok(()), |rest| Err(format!("{rest:?} is not understood here")))
    }
}

fn is_flag(typed: &str) -> bool {
    typed.starts_with("--") && typed != "--help"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(typed: &str) -> Args {
        Args::new(typed.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn words_flags_and_the_rest_are_told_apart() {
        let mut typed = args("bench jsonl --size 2kB --rounds 3");
        assert_eq!(typed.word().as_deref(), Some("bench"));
        assert_eq!(typed.word().as_deref(), Some("jsonl"));
        assert_eq!(typed.word(), None);
        assert_eq!(typed.number("--rounds", 5), Ok(3));
        assert_eq!(typed.size("--size"), Ok(Some(2000)));
        assert_eq!(typed.finish(), Ok(()));
        assert!(args("--size").size("--size").is_err());
        assert!(args("--sizes 3").finish().is_err());
    }
}
