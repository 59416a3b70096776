//! Names in zips of others: what must not be in one, and which of them cannot stand beside one another.

use std::collections::HashMap;

use super::directory::Flaw;
use crate::Limits;
use crate::foreign::folder::shown;

/// Why a name is refused: it would lead out of its folder, or mean different files to different readers.
pub(super) fn refused(name: &str) -> Option<&'static str> {
    let path = name.strip_suffix('/').unwrap_or(name);
    let drive = path.as_bytes().get(1) == Some(&b':') && path.as_bytes()[0].is_ascii_alphabetic();
    if name.len() > Limits::FOREIGN_PATH_BYTES {
        Some("its name is longer than any that is read")
    } else if path.starts_with('/') || drive {
        Some("it has an absolute path")
    } else if path.contains('\\') {
        Some("it has a backslash in its name, which some readers take for a folder")
    } else if path.split('/').any(|part| part == "..") {
        Some("it climbs out of its folder")
    } else if path.split('/').any(|part| part.is_empty() || part == ".") {
        Some("its name has a part that is empty or a dot")
    } else if path.split('/').count() > Limits::FOREIGN_DEPTH {
        Some("it lies in more folders than are read")
    } else if path.chars().any(|c| c.is_control() || is_invisible(c)) {
        Some("its name has characters that cannot be seen")
    } else {
        None
    }
}

/// Characters that change how the rest of a name is shown.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Names that stand twice, that differ only in capitals, and files that are also folders.
pub(super) fn collisions<'n>(names: impl Iterator<Item = &'n str>) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let mut known: HashMap<String, &str> = HashMap::new();
    let names: Vec<&str> = names.collect();
    for name in &names {
        let folded = name.trim_end_matches('/').to_lowercase();
        match known.insert(folded, name) {
            Some(other) if other == *name => flaws.push(Flaw::name(shown(name), "it stands twice")),
            Some(other) if other.trim_end_matches('/') == name.trim_end_matches('/') => {
                flaws.push(Flaw::name(shown(name), "it is both a file and a folder"));
            }
            Some(other) => {
                flaws.push(Flaw::name(shown(name), format!("its name differs from {} only in capitals", shown(other))));
            }
            None => {}
        }
    }
    for name in &names {
        let path = name.trim_end_matches('/').to_lowercase();
        for (at, _) in path.match_indices('/').take(Limits::FOREIGN_DEPTH) {
            // A folder that is listed ends with a slash; what does not is a file.
            match known.get(&path[..at]) {
                Some(file) if !file.ends_with('/') => {
                    flaws.push(Flaw::name(shown(file), format!("it is a file, and {} lies in it", shown(name))));
                }
                _ => {}
            }
        }
    }
    flaws
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for (name, expect) in [
            ("a/b.txt", None),
            ("a/", None),
            ("ä ö/..b", None),
            ("../a", Some("climbs")),
            ("a/../b", Some("climbs")),
            ("a/..", Some("climbs")),
            ("/etc/passwd", Some("absolute")),
            ("C:a", Some("absolute")),
            ("a\\b", Some("backslash")),
            ("a//b", Some("empty")),
            ("./a", Some("empty")),
            ("", Some("empty")),
            ("a\0b", Some("cannot be seen")),
            ("a\u{202e}fdp.exe", Some("cannot be seen")),
        ] {
            let why = refused(name);
            assert!(why.is_some() == expect.is_some() && why.unwrap_or("").contains(expect.unwrap_or("")), "{name:?}");
        }
    }

    #[test]
    fn names_that_cannot_lie_in_one_folder_are_named() {
        let check = |names: &[&str], expect: &[&str]| {
            let flaws = collisions(names.iter().copied());
            assert_eq!(flaws.len(), expect.len(), "{flaws:?}");
            flaws.iter().zip(expect).for_each(|(flaw, expect)| assert!(flaw.what.contains(expect), "{flaw:?}"));
        };
        check(&["a", "b/", "b/c", "b/d/e"], &[]);
        check(&["a", "a"], &["stands twice"]);
        check(&["a/B", "A/b"], &["only in capitals"]);
        check(&["ÄRGER", "ärger"], &["only in capitals"]);
        check(&["a", "a/"], &["both a file and a folder"]);
        check(&["a", "a/b"], &["lies in it"]);
        check(&["x/a", "X/A/b"], &["lies in it"]);
    }
}
