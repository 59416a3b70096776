//! Writes the byte range and the signature over their place-holders; no byte moves.

use lopdf::{Object, ObjectId};
use model::Fault;
use seal::Hasher;

use crate::Stamp;
use crate::read::{Broken, File, Lexer};

/// What became of a place-holder.
pub(crate) enum Filled {
    /// The signed file.
    Done(Vec<u8>),
    /// The signature has this many octets, which is more than fit.
    TooLong(usize),
    /// There was nothing to write.
    Nothing,
}

/// Fills the signature dictionary `id` of `pdf` with what `make` says to the SHA-256 of the signed bytes.
pub(crate) fn fill(mut pdf: Vec<u8>, id: ObjectId, make: &mut Stamp<'_>) -> Result<Filled, Fault> {
    let (range, contents) = places(&pdf, id).map_err(lost)?;
    let numbers = format!("[0 {} {} {}", contents.start, contents.end, pdf.len() - contents.end);
    let width = range.len() - 1;
    if numbers.len() > width {
        return Err(lost(Broken("the byte range does not fit".to_owned())));
    }
    pdf[range].copy_from_slice(format!("{numbers:width$}]").as_bytes());
    let mut hasher = Hasher::new();
    hasher.update(&pdf[..contents.start]);
    hasher.update(&pdf[contents.end..]);
    let Some(signature) = make(&hasher.finish())? else { return Ok(Filled::Nothing) };
    if 2 * signature.len() + 2 > contents.len() {
        return Ok(Filled::TooLong(signature.len()));
    }
    for (at, octet) in signature.iter().enumerate() {
        let digits = format!("{octet:02X}");
        let place = contents.start + 1 + 2 * at;
        pdf[place..place + 2].copy_from_slice(digits.as_bytes());
    }
    Ok(Filled::Done(pdf))
}

/// Where the byte range and the contents of the signature dictionary stand.
fn places(pdf: &[u8], id: ObjectId) -> Result<(std::ops::Range<usize>, std::ops::Range<usize>), Broken> {
    let missing = || Broken("the signature dictionary is missing".to_owned());
    let file = File::new(pdf)?;
    let view = file.view_to(pdf.len())?;
    let item = file.get(&view, id)?;
    let mut lexer = Lexer::new(pdf, item.span.start);
    if item.span.is_empty() || lexer.number().is_none() || lexer.number().is_none() || !lexer.take(b"obj") {
        return Err(missing());
    }
    let entries = lexer.entries()?;
    let place = |key: &[u8]| entries.iter().find(|entry| entry.key == key).ok_or_else(missing);
    let (range, contents) = (place(b"ByteRange")?, place(b"Contents")?);
    match &contents.value {
        Object::String(octets, _) if octets.iter().all(|octet| *octet == 0) => {
            Ok((range.span.clone(), contents.span.clone()))
        }
        _ => Err(missing()),
    }
}

fn lost(broken: Broken) -> Fault {
    Fault::internal("pdf-not-written", format!("The place of the signature was lost: {}", broken.0))
}
