//! Statements: text that only this room wrote, names quoted by one function, values bound.

use privacy::row::Cell;
use sqlx::AssertSqlSafe;

/// A statement and what is bound to its places, in order.
#[derive(Default)]
pub(crate) struct Statement {
    /// With places as the store writes them.
    pub(crate) sql: String,
    /// One per place.
    pub(crate) binds: Vec<Bind>,
}

/// What is bound to a place.
pub(crate) enum Bind {
    /// A text.
    Text(String),
    /// A list of texts, for stores that take lists.
    Texts(Vec<Cell>),
}

impl Statement {
    /// A statement without places.
    pub(crate) fn plain(sql: impl Into<String>) -> Self {
        Statement { sql: sql.into(), binds: Vec::new() }
    }

    /// The one place where text is called safe: it consists of words of this room, of names from [`quoted`] and of types as
    /// the store's own catalog prints them. Values never are part of it.
    pub(crate) fn checked(&self) -> AssertSqlSafe<String> {
        AssertSqlSafe(self.sql.clone())
    }
}

/// `name` as an identifier between two `mark`s, each mark in it doubled: nothing in it can end it.
///
/// A zero byte, which no store takes in a name, would end the text for drivers in C: it becomes the replacement character.
pub(crate) fn quoted(name: &str, mark: char) -> String {
    let mut text = String::with_capacity(name.len() + 2);
    text.push(mark);
    for c in name.chars() {
        match c {
            '\0' => text.push(char::REPLACEMENT_CHARACTER),
            c if c == mark => text.extend([mark, mark]),
            c => text.push(c),
        }
    }
    text.push(mark);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_ends_its_quotes() {
        let check = |name, mark, expect: &str| assert_eq!(quoted(name, mark), expect);
        check("person", '"', r#""person""#);
        check(r#"a"; DROP TABLE b; --"#, '"', r#""a""; DROP TABLE b; --""#);
        check("a`b", '`', "`a``b`");
        check("a\0\"", '"', "\"a\u{fffd}\"\"\"");
    }
}
