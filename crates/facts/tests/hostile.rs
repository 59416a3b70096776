//! Fixtures of all kinds, cut off and changed at many places: whatever is left, reading it ends, and what could not be read
//! is named with its file.

use std::fs;
use std::path::{Path, PathBuf};

use probity_facts::{File, Kind, read as facts_of, recognise};

fn fixtures(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => fixtures(&path, found),
            false => found.push(path),
        }
    }
}

/// Reads the text as every kind, whatever it is recognised as.
fn read(name: &str, text: &str) {
    let file = File { name, text };
    recognise(file);
    for kind in Kind::ALL {
        for gap in facts_of(*kind, &[file]).gaps {
            assert!(gap.place.starts_with(name) && !gap.why.is_empty(), "{kind:?}: {gap:?}");
        }
    }
}

#[test]
fn no_damage_ends_the_reading() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/rules");
    let mut paths = Vec::new();
    fixtures(&root, &mut paths);
    let is_file = |path: &&PathBuf| {
        path.to_string_lossy().contains("infrastructure.") && path.to_string_lossy().contains("/fail")
    };
    for path in paths.iter().filter(is_file) {
        let (name, text) = (path.to_str().unwrap(), fs::read_to_string(path).unwrap());
        for step in 0..6 {
            let at = text.floor_char_boundary(text.len() * step / 6);
            read(name, &text[..at]);
            for odd in ["é", "\"", "{", "]", "${", "<<X\n", "\\", "\0"] {
                read(name, &format!("{}{odd}{}", &text[..at], &text[at..]));
            }
        }
    }
}
