//! Rights without which a catalog is silent: a server of this family does not list what a user may not see, nor says so.

use model::Fault;
use privacy::catalog::{Catalog, Collection};

use super::catalog::ask;
use super::session::Session;
use crate::sql::quoted;

/// Adds a gap for the tables and the triggers that this user would not see if they were there.
pub(super) fn gaps(session: &mut Session, catalog: &mut Catalog) -> Result<(), Fault> {
    let user = session.one("SELECT CURRENT_USER()")?.unwrap_or_default();
    let database = session.one("SELECT DATABASE()")?.unwrap_or_default();
    // With the rights of the role in force. A server that was started without rights says none.
    let grants: Vec<Grant> = match ask(session, "SHOW GRANTS") {
        Err(fault) if fault.code() == "store-refused" => return Ok(()),
        rows => rows?.iter().filter_map(|row| Grant::parse(row.text(0))).collect(),
    };
    let has = |right: &str, table: Option<&str>| grants.iter().any(|grant| grant.gives(right, &database, table));
    let (name, host) = user.rsplit_once('@').unwrap_or((&user, "%"));
    let user = format!("{}@{}", quoted(name, '`'), quoted(host, '`'));
    let all = format!("{}.*", quoted(&database, '`'));
    if !has("SELECT", None) {
        catalog.gaps.push(format!(
            "Tables on which this user has no right cannot be seen, nor foreign keys from them: GRANT SELECT ON {all} TO {user}"
        ));
    }
    let is_hidden = |table: &&Collection| !table.read_only && !has("TRIGGER", Some(&table.name));
    let hidden: Vec<&str> = catalog.collections.iter().filter(is_hidden).map(|table| table.name.as_str()).collect();
    catalog.gaps.extend(match hidden.as_slice() {
        [] => None,
        [one] => {
            let table = format!("{}.{}", quoted(&database, '`'), quoted(one, '`'));
            Some(format!("Triggers of {one} cannot be seen: GRANT TRIGGER ON {table} TO {user}"))
        }
        [first, .., last] => Some(format!(
            "Triggers of {} tables, {first} to {last}, cannot be seen: GRANT TRIGGER ON {all} TO {user}",
            hidden.len()
        )),
    });
    Ok(())
}

/// A line of `SHOW GRANTS`: `GRANT SELECT, TRIGGER ON `shop`.* TO …`.
#[derive(Debug, PartialEq, Eq)]
struct Grant {
    rights: Vec<String>,
    /// The pattern of databases, or of one; `*`: all of them.
    database: String,
    /// `*`: all of them.
    table: String,
}

impl Grant {
    fn parse(line: &str) -> Option<Grant> {
        let (rights, rest) = line.strip_prefix("GRANT ")?.split_once(" ON ")?;
        let (database, rest) = name(rest)?;
        let (table, rest) = name(rest.strip_prefix('.')?)?;
        // Rights on single columns stand with the columns in parentheses: they are rights on no table.
        let rights = rights.split(", ").map(str::to_owned).collect();
        rest.starts_with(" TO ").then_some(Grant { rights, database, table })
    }

    fn gives(&self, right: &str, database: &str, table: Option<&str>) -> bool {
        let is_there = match (self.database.as_str(), self.table.as_str()) {
            ("*", _) => true,
            // Only here the name is a pattern.
            (pattern, "*") => is_like(pattern, database),
            (own, one) => own == database && Some(one) == table,
        };
        is_there && self.rights.iter().any(|own| own == right || own.starts_with("ALL"))
    }
}

/// A name in backticks or `*`, and what comes behind it.
fn name(text: &str) -> Option<(String, &str)> {
    if let Some(rest) = text.strip_prefix('*') {
        return Some(("*".to_owned(), rest));
    }
    let mut rest = text.strip_prefix('`')?;
    let mut name = String::new();
    loop {
        let (part, behind) = rest.split_once('`')?;
        name.push_str(part);
        match behind.strip_prefix('`') {
            Some(more) => {
                name.push('`');
                rest = more;
            }
            None => return Some((name, behind)),
        }
    }
}

/// `%` stands for any letters, `_` for one, and `\` takes that from the letter behind it.
fn is_like(pattern: &str, text: &str) -> bool {
    let mut signs = pattern.chars();
    match (signs.next(), text.chars().next()) {
        (None, first) => first.is_none(),
        (Some('%'), _) => {
            (0..=text.len()).filter(|at| text.is_char_boundary(*at)).any(|at| is_like(signs.as_str(), &text[at..]))
        }
        (Some(_), None) => false,
        (Some('_'), Some(first)) => is_like(signs.as_str(), &text[first.len_utf8()..]),
        (Some(sign), Some(first)) => {
            let sign = if sign == '\\' { signs.next().unwrap_or(sign) } else { sign };
            sign == first && is_like(signs.as_str(), &text[first.len_utf8()..])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_read_as_the_server_means_them() {
        let check = |line: &str, table: Option<&str>, expect: bool| {
            let grant = Grant::parse(line);
            assert_eq!(grant.is_some_and(|grant| grant.gives("TRIGGER", "my_shop", table)), expect, "{line} {table:?}");
        };
        for (line, whole, one) in [
            ("GRANT ALL PRIVILEGES ON *.* TO `root`@`%` WITH GRANT OPTION", true, true),
            ("GRANT SELECT, TRIGGER ON `my\\_shop`.* TO `u`@`%`", true, true),
            ("GRANT TRIGGER ON `my%`.* TO `u`@`%`", true, true),
            ("GRANT TRIGGER ON `my\\_sho`.* TO `u`@`%`", false, false),
            ("GRANT TRIGGER ON `my_shop`.`t` TO `u`@`%`", false, true),
            ("GRANT TRIGGER ON `my%`.`t` TO `u`@`%`", false, false),
            ("GRANT SELECT (`a ON b`, `TRIGGER`), UPDATE ON `my_shop`.`t` TO `u`@`%`", false, false),
            ("GRANT `trigger` TO `u`@`%`", false, false),
            ("GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION", false, false),
            ("GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*1'", false, false),
        ] {
            check(line, None, whole);
            check(line, Some("t"), one);
        }
    }
}
