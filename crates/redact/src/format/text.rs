//! Plain text and logs: blocks of many lines, cut where no value is.

use std::io::{Read, Write};

use memchr::{memmem, memrchr};
use model::Fault;

use super::stream::Stream;
use crate::joints;
use crate::{Decide, Edit, Limits, Offsets, Piece, Spot};

/// Bytes read at once.
const BLOCK: usize = 128 << 10;

/// Copies `input` to `output`, less what `decide` takes out. Memory does not grow with the input.
///
/// A block ends at a line end that breaks no value, before a private key that it does not hold whole. A line longer than
/// [`Limits::line_bytes`] is cut after a sign that stands in no value, else between words; values that span such a cut
/// would need to be longer than a word.
///
/// # Errors
/// I/O faults; whatever `decide` says.
pub fn rewrite(
    input: &mut dyn Read,
    output: &mut dyn Write,
    decide: &mut dyn Decide,
    prose: bool,
    limits: &Limits,
) -> Result<(), Fault> {
    let mut stream = Stream::new(input, output);
    loop {
        let cuts = blocks(&mut stream, decide.reach(), limits)?;
        if cuts.is_empty() {
            return stream.finish();
        }
        if let [cut] = cuts[..] {
            pass(&mut stream, cut, &mut |piece| decide.decide(piece), prose)?;
            continue;
        }
        // The stream goes on while others look at what is ahead.
        let bytes = stream.rest()[..*cuts.last().unwrap_or(&0)].to_vec();
        let mut from = 0;
        let texts: Vec<&[u8]> = cuts.iter().map(|cut| &bytes[std::mem::replace(&mut from, *cut)..*cut]).collect();
        decide.ahead(&texts, &mut |number, decide| pass(&mut stream, texts[number].len(), decide, prose))?;
    }
}

/// Where the next blocks end, `count` of them at most; none at the end of the input.
fn blocks(stream: &mut Stream<'_>, count: usize, limits: &Limits) -> Result<Vec<usize>, Fault> {
    stream.fill(BLOCK * count)?;
    let mut ended = stream.rest().len() < BLOCK * count;
    let mut cuts = Vec::new();
    while cuts.len() < count {
        let from = cuts.last().copied().unwrap_or(0);
        let rest = &stream.rest()[from..];
        let is_last = rest.len() <= BLOCK;
        if is_last && !ended && !cuts.is_empty() {
            break;
        }
        let found = match is_last {
            true => cut(rest, ended, limits),
            false => cut(&rest[..BLOCK], false, limits).or_else(|| cut(rest, ended, limits)),
        };
        match found {
            Some(0) => break,
            Some(cut) => cuts.push(from + cut),
            None if cuts.is_empty() => ended = !stream.more()?,
            None => break,
        }
    }
    Ok(cuts)
}

/// Decides on the next bytes, and passes them.
fn pass(
    stream: &mut Stream<'_>,
    count: usize,
    decide: &mut dyn FnMut(&Piece<'_>) -> Result<Vec<Edit>, Fault>,
    prose: bool,
) -> Result<(), Fault> {
    let (start, line) = (stream.here(), stream.line_here());
    let text = &stream.rest()[..count];
    let piece = Piece { text, names: &[], spot: Spot::Text, offsets: Offsets::Straight { start, line }, prose };
    for edit in decide(&piece)? {
        let source = start + edit.range.start as u64..start + edit.range.end as u64;
        stream.replace(&source, edit.with.as_bytes())?;
    }
    stream.pass(count);
    Ok(())
}

/// Where the block ends; `None` when more has to be read before it can.
fn cut(text: &[u8], ended: bool, limits: &Limits) -> Option<usize> {
    if ended {
        return Some(text.len());
    }
    match memrchr(b'\n', text) {
        Some(line_end) => {
            let line_end = joints::last_sound(text, line_end);
            Some(before_open_key(text, line_end + 1, limits)).filter(|cut| *cut > 0)
        }
        None if text.len() < limits.line_bytes => None,
        None => Some(within_line(text)),
    }
}

/// A private key that begins before `cut` and does not end before it is left for the next block, unless it is longer
/// than any key.
fn before_open_key(text: &[u8], cut: usize, limits: &Limits) -> usize {
    let Some(begin) = memmem::find_iter(&text[..cut], b"-----BEGIN ").last() else { return cut };
    let ends = memmem::find(&text[begin + 11..cut], b"-----END ").is_some();
    if ends || text.len() - begin > limits.value_bytes {
        cut
    } else {
        memrchr(b'\n', &text[..begin]).map_or(0, |end| end + 1)
    }
}

/// After the last sign of a long line that stands in no value; else at its last space; else at its end.
fn within_line(text: &[u8]) -> usize {
    const LOOK_BACK: usize = 64 << 10;
    let from = text.len() - text.len().min(LOOK_BACK);
    let last = |is: fn(&u8) -> bool| text[from..].iter().rposition(is).map(|at| from + at + 1);
    last(|byte| b",;{}[]<>\"\t|".contains(byte)).or_else(|| last(|byte| *byte == b' ')).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::piece::tests::TakeOut;

    fn redacted(text: &[u8], needles: &[&str], limits: &Limits) -> Vec<u8> {
        let mut output = Vec::new();
        rewrite(&mut &text[..], &mut output, &mut TakeOut::new(needles), false, limits).unwrap();
        output
    }

    /// Every byte outside an edit is unchanged, whatever the bytes are and however blocks fall.
    #[test]
    fn bytes_outside_edits_stay() {
        let line = b"caf\xe9 \x00 SECRET \r\n";
        let text = line.repeat(BLOCK / 8);
        let expected = b"caf\xe9 \x00 [X] \r\n".repeat(BLOCK / 8);
        assert!(redacted(&text, &["SECRET"], &Limits::default()) == expected);
    }

    /// A key over many lines is seen whole although a block ends within it.
    #[test]
    fn keys_are_not_cut() {
        let key = format!("-----BEGIN PRIVATE KEY-----\n{}-----END PRIVATE KEY-----\n", "A2\n".repeat(400));
        for before in [BLOCK - 900, BLOCK - 600, BLOCK - 30, BLOCK * 2 - 700] {
            let text = format!("{}\n{key}rest\n", "x".repeat(before));
            let output = redacted(text.as_bytes(), &[&key], &Limits::default());
            assert_eq!(output.len(), text.len() - key.len() + 3, "{before}");
        }
    }

    /// A line without end is cut between values, and memory stays bounded.
    #[test]
    fn long_lines_are_cut_between_values() {
        let text = "a,SECRET,".repeat(700_000);
        let output = redacted(text.as_bytes(), &["SECRET"], &Limits { line_bytes: 300_000, ..Limits::default() });
        assert!(output == "a,[X],".repeat(700_000).into_bytes());
    }
}
