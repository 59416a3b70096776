//! `datafog-peer FILE`: scans a text with every rule that datafog-core switches on by default, as a user of the crate would.
//!
//! The text is handed over in blocks of whole lines, about [`BLOCK`] bytes each: that is its fastest way, faster by a tenth
//! than blocks of 64 KiB and by a third than line by line.

use std::error::Error;

const BLOCK: usize = 1 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("datafog-peer FILE [BYTES OF A BLOCK]")?;
    let block = arguments.next().map_or(Ok(BLOCK), |bytes| bytes.parse())?;
    let text = std::fs::read_to_string(file)?;
    let (mut rest, mut found) = (text.as_str(), 0);
    while !rest.is_empty() {
        let (now, later) = rest.split_at(end_of_line(rest, block));
        found += datafog_core::scan(now).len();
        rest = later;
    }
    println!("{{\"found\":{found}}}");
    Ok(())
}

/// The end of the first line that ends at or after `least`.
fn end_of_line(text: &str, least: usize) -> usize {
    let from = least.min(text.len()).saturating_sub(1);
    text.as_bytes()[from..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| from + at + 1)
}
