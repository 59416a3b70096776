//! Names that are safe in a path, a manifest and a court's file list.

use model::Fault;

use crate::Limits;

/// A case id is `[a-z0-9-]`, 1 to 64 characters, and begins and ends with a letter or digit.
///
/// # Errors
/// `bad-case-id`.
pub fn check_case_id(id: &str) -> Result<(), Fault> {
    let fits = (1..=Limits::CASE_ID_BYTES).contains(&id.len());
    let plain = id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if fits && plain && !id.starts_with('-') && !id.ends_with('-') {
        return Ok(());
    }
    Err(Fault::usage("bad-case-id", format!("{} is not a case id", quote(id))).advise(
        "Use lower-case letters, digits and hyphens, at most 64, for example 2026-017. \
             Courts publish file names: put no personal data into it.",
    ))
}

/// The name of an exhibit inside the case and the package: `[A-Za-z0-9._-]`, at most 100 bytes, never hidden, never an
/// option, never a device name of Windows. The ending is kept, so that the right program opens it.
pub fn safe_name(original: &str) -> String {
    let base = original.rsplit(['/', '\\']).next().unwrap_or(original);
    let mut name: String = base.chars().map(|c| if is_safe(c) { c } else { '_' }).collect();
    name = name.trim_matches(['.', '-', '_']).to_owned();
    if is_device(&name) {
        name.insert_str(0, "x-");
    }
    if name.len() > Limits::SAFE_NAME_BYTES {
        // The name is ASCII here: every byte offset is a character.
        let ending = name.rfind('.').map_or("", |dot| &name[dot..]).to_owned();
        let ending = if ending.len() <= 16 { ending } else { String::new() };
        name.truncate(Limits::SAFE_NAME_BYTES - ending.len());
        name = format!("{}{ending}", name.trim_end_matches(['.', '-', '_']));
    }
    if name.is_empty() { "exhibit".to_owned() } else { name }
}

/// Windows opens a device instead of a file of these names, whatever the ending.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or("").to_ascii_uppercase();
    let numbered = stem.len() == 4 && (stem.starts_with("COM") || stem.starts_with("LPT"));
    numbered || ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str())
}

/// Whether `path` is one that `build` writes: parts of `[A-Za-z0-9._-]` that begin with a letter or digit, joined by `/`.
pub(crate) fn is_safe_path(path: &str) -> bool {
    let part_is_safe = |part: &str| part.starts_with(|c: char| c.is_ascii_alphanumeric()) && part.chars().all(is_safe);
    path.len() <= Limits::PATH_BYTES && path.split('/').all(part_is_safe)
}

fn is_safe(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

/// Text from outside, in quotes, cut, with everything escaped that could move a cursor.
pub(crate) fn quote(text: &str) -> String {
    let cut: String = text.chars().take(80).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("\"{}{more}\"", cut.escape_debug())
}

/// Refuses a text that is longer than `max` bytes or, for one-line texts, has line breaks.
pub(crate) fn check_text(what: &str, text: &str, max: usize) -> Result<(), Fault> {
    if text.len() > max {
        return Err(Fault::usage("text-too-long", format!("{what} has {} bytes; at most {max} are kept", text.len()))
            .advise("Shorten it, and add the long text to the case as an exhibit."));
    }
    if text.trim().is_empty() {
        return Err(Fault::usage("text-missing", format!("{what} is empty"))
            .advise("Say it in a few words: the custody log is read by people who were not there."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_case_id_is_a_plain_word() {
        let check = |id: &str, expect| assert_eq!(check_case_id(id).is_ok(), expect, "{id}");
        check("42", true);
        check("2026-017-web", true);
        for wrong in ["", "-a", "a-", "A", "a/b", "..", "a b", "ä", &"a".repeat(65)] {
            check(wrong, false);
        }
    }

    #[test]
    fn a_file_keeps_what_is_safe_of_its_name() {
        let check = |original: &str, expect: &str| assert_eq!(safe_name(original), expect, "{original}");
        check("app.log", "app.log");
        check("/var/log/Übersicht (1).csv", "bersicht__1_.csv");
        check("C:\\Users\\anna\\notes.txt", "notes.txt");
        check("../../etc/passwd", "passwd");
        check("..", "exhibit");
        check("", "exhibit");
        check("-rf", "rf");
        check(".env", "env");
        check("nul.txt", "x-nul.txt");
        check("com1", "x-com1");
        check("日本.log", "log");
    }

    proptest! {
        #[test]
        fn every_name_becomes_a_safe_part_of_a_path(original in ".{0,300}") {
            let name = safe_name(&original);
            prop_assert!(is_safe_path(&name), "{}", name);
            prop_assert!(!name.contains('/') && name.len() <= Limits::SAFE_NAME_BYTES);
            prop_assert_eq!(safe_name(&name), name);
        }
    }
}
