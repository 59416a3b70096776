//! Signed notes: what is taken apart can be put together to the same bytes, and nothing is accepted that nobody signed.

#![no_main]

mod vectors;

use std::sync::LazyLock;

use seal::armour;
use seal::note::{self, Verifier};
use vectors::{NOTE, TLOG};

static KNOWN: LazyLock<Vec<Verifier>> = LazyLock::new(vectors::verifiers);

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let opened = note::open(data, &KNOWN);
    let Ok((text, lines)) = note::parse(data) else { return assert!(opened.is_err()) };
    let mut note = format!("{text}\n");
    for line in lines {
        let blob = [line.id.as_slice(), &line.signature].concat();
        note.push_str(&format!("\u{2014} {} {}\n", line.name, armour::encode(blob)));
    }
    assert_eq!(note.as_bytes(), data);
    if let Ok(opened) = opened {
        assert_eq!(opened.text, text);
        let signed =
            [NOTE.text("note"), TLOG.text("checkpoint")].map(|note| note.rsplit_once("\n\n").expect("a note").0);
        assert!(signed.contains(&text.trim_end_matches('\n')), "{text:?}");
    }
});
