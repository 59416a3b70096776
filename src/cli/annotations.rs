//! Annotations of a change, as GitHub's runners read them from standard output.

use std::fmt::Write as _;

use model::Place;

/// How grave it is.
#[derive(Clone, Copy)]
pub(crate) enum Level {
    Error,
    Warning,
}

impl Level {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
        }
    }
}

/// `::error file=F,line=L,title=T::message`, with a line end.
pub(crate) fn annotation(level: Level, place: Option<&Place>, title: &str, message: &str) -> String {
    let mut text = format!("::{} ", level.word());
    let file = place.and_then(|place| Some((place, place.file.as_ref()?)));
    // Writing into a string cannot fail.
    if let Some((place, file)) = file {
        let _ = write!(text, "file={},", property(&file.display().to_string()));
        for (name, number) in
            [("line", place.line), ("col", place.column)].into_iter().filter(|(_, number)| *number > 0)
        {
            let _ = write!(text, "{name}={number},");
        }
    }
    let _ = writeln!(text, "title={}::{}", property(title), data(message));
    text
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_an_annotation_is_escaped() {
        let place = Place { file: Some("a:b,c.yaml".into()), line: 3, column: 0 };
        let found = annotation(Level::Error, Some(&place), "50%: x", "one\ntwo, three: 100 %\r");
        assert_eq!(found, "::error file=a%3Ab%2Cc.yaml,line=3,title=50%25%3A x::one%0Atwo, three: 100 %25%0D\n");
        assert_eq!(annotation(Level::Warning, None, "t", "m"), "::warning title=t::m\n");
    }
}
