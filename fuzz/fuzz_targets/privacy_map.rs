//! Data maps: whatever is read is written, reads the same again, grows without losing a line, and can be drawn.

#![no_main]

use std::path::Path;

use privacy::map::edit;
use privacy::map::graph::{self, Drawing};
use privacy::map::read::{self, Limits, Reading};
use privacy::map::write::{Comments, write};

fn read(text: &str) -> Option<Reading> {
    read::read([(Path::new("map.yml"), text)], &Limits::default()).ok()
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Some(reading) = read(text) else { return };
    let others = &reading.others[0].1;
    let none = Comments::default();
    let written = write(&reading.map, others, &none);
    let again = read(&written).expect("what was written is read");
    assert_eq!(write(&again.map, &again.others[0].1, &none), written, "the second writing is the first");
    let same = edit::update(&written, &reading.map, others, &none);
    assert_eq!(same.text, written, "nothing new changes nothing");
    let drawing = Drawing::new(&reading.map, &[]);
    assert_eq!(graph::html(&drawing, "x").matches("</script>").count(), 2);
    assert!(graph::svg(&drawing).ends_with("</svg>\n"));
});
