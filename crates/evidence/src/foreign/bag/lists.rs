//! The tag files of a bag: declaration, lists of digests, and what is to be fetched (RFC 8493 §2).

use std::collections::BTreeMap;

use super::super::folder::shown;
use super::super::hash::Algorithm;

/// The version of BagIt that a bag was written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::foreign) struct Version(pub(super) u32, pub(super) u32);

impl Version {
    /// RFC 8493. What was written before is read with more patience.
    pub(in crate::foreign) const ONE: Version = Version(1, 0);

    pub(super) fn is_strict(self) -> bool {
        self >= Version::ONE
    }
}

/// `bagit.txt` (§2.1.1): the version, and what is against the rules.
pub(super) fn declaration(bytes: &[u8]) -> Result<(Version, Vec<String>), String> {
    let text = text(bytes)?;
    let lines: Vec<&str> = text.lines().collect();
    let value = |number: usize, label: &str| {
        let (name, value) = lines.get(number)?.split_once(':')?;
        (name.trim() == label).then(|| value.trim())
    };
    let version = value(0, "BagIt-Version").and_then(|version| version.split_once('.'));
    let version = version.and_then(|(major, minor)| Some(Version(major.parse().ok()?, minor.parse().ok()?)));
    let version = version.ok_or("its first line does not state the version of BagIt")?;
    let encoding = value(1, "Tag-File-Character-Encoding").ok_or("its second line does not state an encoding")?;
    if !encoding.eq_ignore_ascii_case("UTF-8") {
        return Err(format!("its tag files are in {}; only UTF-8 is read", shown(encoding)));
    }
    if version > Version::ONE || version < Version(0, 93) {
        return Err(format!("version {}.{} of BagIt is not known", version.0, version.1));
    }
    let mut notes = Vec::new();
    let exact = format!("BagIt-Version: {}.{}\nTag-File-Character-Encoding: {encoding}\n", version.0, version.1);
    if text.trim_end_matches(['\r', '\n']) != exact.trim_end() {
        match version.is_strict() {
            true => return Err("it is not exactly two lines of a label, a colon, a space and a value".to_owned()),
            false => notes.push("it is not exactly two lines of a label, a colon, a space and a value".to_owned()),
        }
    }
    if !version.is_strict() {
        notes.push(format!("it is of version {}.{}, older than RFC 8493", version.0, version.1));
    }
    Ok((version, notes))
}

/// A list of digests.
#[derive(Debug, Default)]
pub(in crate::foreign) struct List {
    /// Path in the bag → digest.
    pub(in crate::foreign) files: BTreeMap<String, Vec<u8>>,
    /// What is wrong with it.
    pub(in crate::foreign) faults: Vec<String>,
    /// What is unusual about it.
    pub(super) notes: Vec<String>,
}

/// Reads a list (§2.1.3): a digest, spaces, a path, a line.
pub(in crate::foreign) fn list(bytes: &[u8], algorithm: Algorithm, version: Version) -> List {
    let mut list = List::default();
    let text = match text(bytes) {
        Ok(text) => text,
        Err(why) => {
            list.faults.push(why);
            return list;
        }
    };
    for (number, line) in lines(text).enumerate() {
        let number = number + 1;
        if line.is_empty() {
            continue;
        }
        let Some((digest, path)) = line.split_once([' ', '\t']) else {
            list.faults.push(format!("line {number} is not a digest, a space and a path"));
            continue;
        };
        let Some(digest) = unhex(digest).filter(|digest| digest.len() == algorithm.length()) else {
            list.faults.push(format!("line {number} has no {} digest", algorithm.name()));
            continue;
        };
        match path_of(path.trim_start_matches([' ', '\t']), version, &mut list.notes) {
            Err(why) => list.faults.push(format!("line {number}: {}: {why}", shown(path.trim_start()))),
            Ok(path) => {
                if list.files.insert(path.clone(), digest).is_some() {
                    list.faults.push(format!("line {number}: {}: it is listed twice", shown(&path)));
                }
            }
        }
    }
    list.notes.sort();
    list.notes.dedup();
    list
}

/// The path that stands in a list: decoded, and inside of the bag.
fn path_of(raw: &str, version: Version, notes: &mut Vec<String>) -> Result<String, &'static str> {
    let mut raw = raw;
    if !version.is_strict() {
        // `md5sum --binary` puts a star before the name, `find .` a dot and a slash.
        for (prefix, note) in [("*", "paths with a star before them"), ("./", "paths that begin with ./")] {
            if let Some(rest) = raw.strip_prefix(prefix) {
                notes.push(format!("it has {note}"));
                raw = rest;
            }
        }
    }
    let path = decoded(raw, version)?;
    let drive = path.as_bytes().get(1) == Some(&b':') && path.as_bytes()[0].is_ascii_alphabetic();
    if path.starts_with(['/', '~']) || drive {
        Err("it leads out of the bag")
    } else if path.split('/').any(|part| part == "..") {
        Err("it climbs out of the bag")
    } else if path.split('/').any(|part| part.is_empty() || part == ".") || path.contains('\0') {
        Err("it is not the plain path of a file")
    } else {
        Ok(path)
    }
}

/// LF, CR and percent signs stand in percent form (§2.1.3); before version 1.0 only LF and CR.
fn decoded(raw: &str, version: Version) -> Result<String, &'static str> {
    let mut path = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('%') {
        path.push_str(before);
        let code = after.get(..2).map(str::to_ascii_uppercase);
        match code.as_deref() {
            Some("0A") => path.push('\n'),
            Some("0D") => path.push('\r'),
            Some("25") if version.is_strict() => path.push('%'),
            _ if version.is_strict() => return Err("it has a percent sign that is not in percent form"),
            _ => {
                path.push('%');
                rest = after;
                continue;
            }
        }
        rest = &after[2..];
    }
    path.push_str(rest);
    Ok(path)
}

/// What `bag-info.txt` says of number and size of the payload (§2.2.2): bytes and files. `None`: nothing.
pub(super) fn oxum(bytes: &[u8]) -> Result<Option<(u64, u64)>, String> {
    let mut found = None;
    for line in lines(text(bytes)?).filter(|line| !line.starts_with([' ', '\t'])) {
        let Some((label, value)) = line.split_once(':') else { continue };
        if !label.trim().eq_ignore_ascii_case("Payload-Oxum") {
            continue;
        }
        let numbers = value.trim().split_once('.');
        let numbers = numbers.and_then(|(bytes, files)| Some((bytes.parse().ok()?, files.parse().ok()?)));
        let numbers = numbers.ok_or("its Payload-Oxum is not two numbers with a dot between them")?;
        if found.replace(numbers).is_some() {
            return Err("it states Payload-Oxum twice".to_owned());
        }
    }
    Ok(found)
}

/// The paths of `fetch.txt` (§2.2.3): address, length or a hyphen, path.
pub(super) fn fetch(bytes: &[u8], version: Version) -> Result<Vec<String>, String> {
    let mut paths = Vec::new();
    for (number, line) in lines(text(bytes)?).enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let number = number + 1;
        let mut rest = line.trim_start();
        for what in ["an address", "a length"] {
            let (_, after) = rest.split_once([' ', '\t']).ok_or_else(|| format!("line {number} ends after {what}"))?;
            rest = after.trim_start();
        }
        let path = path_of(rest, version, &mut Vec::new());
        paths.push(path.map_err(|why| format!("line {number}: {}: {why}", shown(rest)))?);
    }
    Ok(paths)
}

/// Lines end with LF, CR, or both (§2.1.3).
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    if text.starts_with('\u{feff}') { Err("it begins with a byte order mark".to_owned()) } else { Ok(text) }
}

fn unhex(hex: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = hex.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2);
    pairs.remainder().is_empty().then(|| pairs.map(|pair| (pair[0] << 4 | pair[1]) as u8).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Version = Version(0, 97);
    const MD5: &str = "900150983CD24FB0d6963f7d28e17f72";

    #[test]
    fn the_declaration_is_two_lines() {
        let check = |text: &str, expect: Result<Version, &str>| match (declaration(text.as_bytes()), expect) {
            (Ok((version, _)), Ok(expect)) => assert_eq!(version, expect, "{text:?}"),
            (Err(why), Err(expect)) => assert!(why.contains(expect), "{text:?}: {why}"),
            (found, _) => panic!("{text:?}: {found:?}"),
        };
        check("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", Ok(Version::ONE));
        check("BagIt-Version: 1.0\r\nTag-File-Character-Encoding: UTF-8", Err("exactly two lines"));
        check("BagIt-Version : 0.97\nTag-File-Character-Encoding: utf-8", Ok(OLD));
        check("BagIt-Version: 2.0\nTag-File-Character-Encoding: UTF-8\n", Err("not known"));
        check("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-16\n", Err("only UTF-8"));
        check("BagIt-Version: 1.0\n", Err("an encoding"));
        check("\u{feff}BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", Err("byte order mark"));
        check("", Err("the version"));
    }

    #[test]
    fn a_list_is_read_in_the_forms_that_others_write() {
        let check = |line: &str, version, expect: Result<&str, &str>| {
            let read = list(line.as_bytes(), Algorithm::Md5, version);
            match expect {
                Ok(path) => assert_eq!((read.files.keys().next().unwrap().as_str(), &read.faults[..]), (path, &[][..])),
                Err(why) => assert!(read.faults[0].contains(why), "{line}: {:?}", read.faults),
            }
        };
        check(&format!("{MD5}  data/a\n"), Version::ONE, Ok("data/a"));
        check(&format!("{MD5}\tdata/a b\r\n"), Version::ONE, Ok("data/a b"));
        check(&format!("{MD5} data/a%0Ab%25%0d"), Version::ONE, Ok("data/a\nb%\r"));
        check(&format!("{MD5} data/a%20%0a"), OLD, Ok("data/a%20\n"));
        check(&format!("{MD5} *data/a"), OLD, Ok("data/a"));
        check(&format!("{MD5} *./data/a"), OLD, Ok("data/a"));
        check(&format!("{MD5}  data/a%20"), Version::ONE, Err("percent"));
        check(&format!("{MD5}  ../a"), Version::ONE, Err("climbs"));
        check(&format!("{MD5}  /etc/passwd"), OLD, Err("leads out"));
        check(&format!("{MD5}  ~/a"), OLD, Err("leads out"));
        check(&format!("{MD5}  data//a"), OLD, Err("plain path"));
        check(&format!("{MD5}  data/a\n{MD5}  data/a\n"), OLD, Err("twice"));
        check("00  data/a\n", OLD, Err("no md5 digest"));
        check("word\n", OLD, Err("not a digest, a space"));
    }

    #[test]
    fn number_and_size_are_read_where_they_are_stated() {
        let check = |text: &str, expect: Result<Option<(u64, u64)>, &str>| {
            let found = oxum(text.as_bytes());
            match expect {
                Ok(expect) => assert_eq!(found, Ok(expect), "{text}"),
                Err(why) => assert!(found.is_err_and(|found| found.contains(why)), "{text}"),
            }
        };
        check("Bagging-Date: 2026-01-03\nPayload-Oxum: 12.3\n", Ok(Some((12, 3))));
        check("External-Description: a\n  Payload-Oxum: 1.1\npayload-oxum:4.5", Ok(Some((4, 5))));
        check("", Ok(None));
        check("Payload-Oxum: 12", Err("two numbers"));
        check("Payload-Oxum: 1.2\nPayload-Oxum: 1.2", Err("twice"));
        assert_eq!(fetch(b"http://a/b - data/c d\n", OLD), Ok(vec!["data/c d".to_owned()]));
        assert!(fetch(b"http://a/b 12\n", OLD).is_err_and(|why| why.contains("length")));
    }
}
