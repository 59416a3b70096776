//! Lines of a Dockerfile → instructions: continued lines joined, comments and here-documents left out.

/// One instruction.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Instruction {
    /// The line it begins on, from 1.
    pub(super) line: usize,
    /// Its word, in capitals.
    pub(super) word: String,
    /// What stands after it.
    pub(super) rest: String,
}

/// Every instruction of the text, in order.
pub(super) fn instructions(text: &str) -> Vec<Instruction> {
    let escape = escape(text);
    let mut found = Vec::new();
    let mut lines = text.trim_start_matches('\u{feff}').lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    while let Some((number, line)) = lines.next() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut whole = String::new();
        let mut part = line;
        // Comments and empty lines between continued lines do not end them.
        while let Some(continued) = part.strip_suffix(escape) {
            whole.push_str(continued);
            whole.push(' ');
            let next = lines.by_ref().find(|(_, next)| !next.is_empty() && !next.starts_with('#'));
            part = next.map_or("", |(_, next)| next);
        }
        whole.push_str(part);
        let (word, rest) = whole.split_once(char::is_whitespace).unwrap_or((&whole, ""));
        for end in here_documents(word, rest) {
            lines.by_ref().find(|(_, line)| *line == end);
        }
        found.push(Instruction { line: number, word: word.to_ascii_uppercase(), rest: rest.trim().to_owned() });
    }
    found
}

/// What continues a line: `\`, or what the directive `# escape=` at the top says.
fn escape(text: &str) -> char {
    let comments = text.trim_start_matches('\u{feff}').lines().map_while(|line| line.trim().strip_prefix('#'));
    let mut said = comments.filter_map(|line| {
        let (name, value) = line.split_once('=')?;
        name.trim().eq_ignore_ascii_case("escape").then(|| value.trim().chars().next())?
    });
    said.next().filter(|c| *c == '`').unwrap_or('\\')
}

/// The words that end the here-documents of RUN, COPY and ADD: `<<EOF`, `<<-"EOF"`.
fn here_documents(word: &str, rest: &str) -> Vec<String> {
    if !["RUN", "COPY", "ADD"].iter().any(|known| word.eq_ignore_ascii_case(known)) {
        return vec![];
    }
    let name = |word: &str| -> Option<String> {
        let text = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<")?;
        let text = text.trim_start_matches('-').trim_matches(['"', '\'']);
        (!text.is_empty() && !text.starts_with('<')).then(|| text.to_owned())
    };
    rest.split_whitespace().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_and_documents_left_out() {
        let text = "# syntax=docker/dockerfile:1\nFROM a AS b\nrun one \\\n# between\n\n  two\nRUN <<EOF\nUSER root\nEOF\nUSER 1\n";
        let found: Vec<(usize, String, String)> =
            instructions(text).into_iter().map(|one| (one.line, one.word, one.rest)).collect();
        let expect = [(2, "FROM", "a AS b"), (3, "RUN", "one  two"), (7, "RUN", "<<EOF"), (10, "USER", "1")];
        assert_eq!(found, expect.map(|(line, word, rest)| (line, word.to_owned(), rest.to_owned())));
    }

    #[test]
    fn the_escape_can_be_another() {
        let found = instructions("# escape=`\nFROM a\nENV P=C:\\ Q=`\n1\n");
        assert_eq!((found.len(), found[1].rest.as_str()), (2, "P=C:\\ Q= 1"));
    }

    #[test]
    fn a_document_that_is_never_closed_ends_with_the_file() {
        assert_eq!(instructions("FROM a\nRUN <<EOF\nUSER 1\n").len(), 2);
        assert_eq!(instructions("FROM a \\").len(), 1);
    }
}
