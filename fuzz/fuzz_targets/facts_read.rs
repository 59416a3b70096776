//! Files that facts are read from: whatever a file is and says it is, what comes out has the declared shape, and what could
//! not be read is named with its place.

#![no_main]

use std::sync::LazyLock;

use facts::{File, Kind};
use rules::Catalogue;

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(Catalogue::built_in);

const NAMES: [&str; 8] =
    ["a.yaml", "a.json", "a.tf", "a.xml", "a.csv", "a.har", ".github/workflows/a.yml", "Dockerfile"];

libfuzzer_sys::fuzz_target!(|text: &str| {
    let recognised: Vec<Kind> = NAMES.iter().flat_map(|name| facts::recognise(File { name, text })).collect();
    // A file that says nothing of a kind is read as it all the same: recognising is no promise.
    for kind in Kind::ALL {
        let name = NAMES.iter().find(|name| facts::recognise(File { name, text }).contains(kind)).unwrap_or(&NAMES[0]);
        let read = facts::read(*kind, &[File { name, text }]);
        let shape = CATALOGUE.find(kind.fact()).expect("every kind has a shape");
        assert_eq!(shape.misfit(&read.value), None, "{kind:?}");
        for gap in &read.gaps {
            assert!(gap.place.starts_with(name) && !gap.why.is_empty(), "{gap:?}");
        }
    }
    assert!(recognised.iter().all(|kind| Kind::ALL.contains(kind)));
});
