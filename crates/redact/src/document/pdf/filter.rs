//! Stream filters (ISO 32000-1, 7.4): decoding with a limit, and encoding again.

use std::io::{Read, Write};

use lopdf::{Dictionary, Document, Object, Stream};

/// Why a stream cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Undecoded {
    /// An image codec, or a filter nobody knows.
    Filter(String),
    /// It grows beyond the limit.
    TooLarge,
    /// Its bytes are wrong.
    Broken,
}

/// The decoded bytes of a stream. What a broken Flate or LZW stream gives before it breaks counts, as in viewers.
pub(super) fn decode(document: &Document, stream: &Stream, max: usize) -> Result<Vec<u8>, Undecoded> {
    let mut bytes = stream.content.clone();
    for (name, params) in filters(document, &stream.dict) {
        bytes = step(&name, &params, bytes, max)?;
        if bytes.len() > max {
            return Err(Undecoded::TooLarge);
        }
    }
    Ok(bytes)
}

/// The JPEG file that an image is, with the filters around it undone; `None` when it is none, or says that its colours
/// are not what the file says.
pub(super) fn jpeg(document: &Document, stream: &Stream, max: usize) -> Option<Vec<u8>> {
    let mut filters = filters(document, &stream.dict);
    let (last, params) = filters.pop()?;
    if last != "DCTDecode" || params.has(b"ColorTransform") {
        return None;
    }
    let undo = |bytes, (name, params): &(String, Dictionary)| step(name, params, bytes, max).ok();
    filters.iter().try_fold(stream.content.clone(), undo)
}

/// Codecs of images, which are not undone here.
const CODECS: [&str; 4] = ["DCTDecode", "JPXDecode", "JBIG2Decode", "CCITTFaxDecode"];

/// What an image is, once the filters that are undone here are.
pub(super) enum Coded {
    /// Pixels.
    Pixels,
    /// Bytes of a codec, whose name and parameters stand beside them.
    By(String, Dictionary, Vec<u8>),
}

/// Undoes the filters around an image's codec.
pub(super) fn coded(document: &Document, stream: &Stream, max: usize) -> Result<Coded, Undecoded> {
    let mut filters = filters(document, &stream.dict);
    let codec = filters.pop_if(|(name, _)| CODECS.contains(&name.as_str()));
    let mut bytes = stream.content.clone();
    for (name, params) in filters {
        bytes = step(&name, &params, bytes, max)?;
        if bytes.len() > max {
            return Err(Undecoded::TooLarge);
        }
    }
    Ok(codec.map_or(Coded::Pixels, |(name, params)| Coded::By(name, params, bytes)))
}

/// Names and parameters of a stream's filters; the abbreviations of inline images are spelt out.
pub(super) fn filters(document: &Document, dict: &Dictionary) -> Vec<(String, Dictionary)> {
    let names = listed(document, dict, &[b"Filter", b"F"]);
    let params = listed(document, dict, &[b"DecodeParms", b"DP"]);
    let params = |at: usize| params.get(at).and_then(|p| p.as_dict().ok()).cloned().unwrap_or_default();
    let name = |object: &Object| spelt_out(&String::from_utf8_lossy(object.as_name().unwrap_or(b"?"))).to_owned();
    names.iter().enumerate().map(|(at, object)| (name(object), params(at))).collect()
}

fn listed(document: &Document, dict: &Dictionary, keys: &[&[u8]]) -> Vec<Object> {
    let found = keys.iter().find_map(|key| dict.get(key).ok());
    let resolve = |object: &Object| document.dereference(object).map(|(_, o)| o.clone()).unwrap_or(Object::Null);
    match found.map(resolve) {
        None | Some(Object::Null) => Vec::new(),
        Some(Object::Array(items)) => items.iter().map(resolve).collect(),
        Some(other) => vec![other],
    }
}

fn spelt_out(name: &str) -> &str {
    match name {
        "Fl" => "FlateDecode",
        "LZW" => "LZWDecode",
        "A85" => "ASCII85Decode",
        "AHx" => "ASCIIHexDecode",
        "RL" => "RunLengthDecode",
        "CCF" => "CCITTFaxDecode",
        "DCT" => "DCTDecode",
        other => other,
    }
}

fn step(name: &str, params: &Dictionary, bytes: Vec<u8>, max: usize) -> Result<Vec<u8>, Undecoded> {
    match name {
        "FlateDecode" => predict(inflate(&bytes, max)?, params),
        "LZWDecode" => predict(by_lopdf(name, params, bytes, max)?, params),
        "ASCII85Decode" => by_lopdf(name, params, trimmed(&bytes).to_vec(), max),
        "ASCIIHexDecode" => Ok(hex(&bytes)),
        "RunLengthDecode" => run_length(&bytes, max),
        other => Err(Undecoded::Filter(other.to_owned())),
    }
}

fn inflate(bytes: &[u8], max: usize) -> Result<Vec<u8>, Undecoded> {
    let mut out = Vec::new();
    let mut read = |reader: &mut dyn Read| {
        // What was read before an error stays in `out`: that is what viewers show.
        let _ = reader.take(max as u64 + 1).read_to_end(&mut out);
        out.len()
    };
    if read(&mut flate2::read::ZlibDecoder::new(bytes)) == 0 && bytes.len() > 2 {
        read(&mut flate2::read::DeflateDecoder::new(&bytes[2..]));
    }
    if out.len() > max { Err(Undecoded::TooLarge) } else { Ok(out) }
}

/// Where the compressed data in `bytes` ends.
pub(super) fn flate_end(bytes: &[u8], max: usize) -> usize {
    let mut decoder = flate2::read::ZlibDecoder::new(bytes);
    let whole = std::io::copy(&mut decoder.by_ref().take(max as u64 + 1), &mut std::io::sink()).is_ok();
    let end = usize::try_from(decoder.total_in()).unwrap_or(bytes.len());
    if whole { end.min(bytes.len()) } else { bytes.len() }
}

fn by_lopdf(name: &str, params: &Dictionary, bytes: Vec<u8>, max: usize) -> Result<Vec<u8>, Undecoded> {
    let mut dict = Dictionary::new();
    dict.set("Filter", Object::Name(name.as_bytes().to_vec()));
    let mut own = params.clone();
    own.remove(b"Predictor");
    dict.set("DecodeParms", own);
    Stream::new(dict, bytes).decompressed_content_with_limit(max).map_err(|error| match error {
        lopdf::Error::Decompress(lopdf::DecompressError::MemoryLimitExceeded { .. }) => Undecoded::TooLarge,
        _ => Undecoded::Broken,
    })
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    let end = bytes.windows(2).rposition(|pair| pair == b"~>").map_or(bytes.len(), |at| at + 2);
    &bytes[..end]
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    let end = bytes.iter().position(|b| *b == b'>').unwrap_or(bytes.len());
    let digits: Vec<u8> = bytes[..end].iter().filter_map(|b| (*b as char).to_digit(16)).map(|d| d as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0)).collect()
}

fn run_length(bytes: &[u8], max: usize) -> Result<Vec<u8>, Undecoded> {
    let (mut out, mut at) = (Vec::new(), 0);
    while let Some(&length) = bytes.get(at) {
        at += 1;
        match length {
            128 => break,
            0..128 => {
                let end = (at + usize::from(length) + 1).min(bytes.len());
                out.extend_from_slice(&bytes[at..end]);
                at = end;
            }
            129.. => {
                let Some(&byte) = bytes.get(at) else { break };
                out.extend(std::iter::repeat_n(byte, 257 - usize::from(length)));
                at += 1;
            }
        }
        if out.len() > max {
            return Err(Undecoded::TooLarge);
        }
    }
    Ok(out)
}

/// Undoes a predictor (ISO 32000-1, 7.4.4.4), at any number of bits per component.
fn predict(bytes: Vec<u8>, params: &Dictionary) -> Result<Vec<u8>, Undecoded> {
    let number = |key: &[u8], default: i64| params.get(key).and_then(Object::as_i64).unwrap_or(default);
    let predictor = number(b"Predictor", 1);
    if predictor < 2 {
        return Ok(bytes);
    }
    let (colors, bits, columns) = (number(b"Colors", 1), number(b"BitsPerComponent", 8), number(b"Columns", 1));
    if !(1..=64).contains(&colors) || !matches!(bits, 1 | 2 | 4 | 8 | 16) || !(1..=1 << 24).contains(&columns) {
        return Err(Undecoded::Broken);
    }
    // Both are positive and small.
    let pixel = (colors * bits + 7) as usize / 8;
    let row = (colors * bits * columns + 7) as usize / 8;
    if predictor == 2 { tiff(bytes, row, pixel, bits) } else { Ok(png(&bytes, row, pixel)) }
}

fn tiff(mut bytes: Vec<u8>, row: usize, pixel: usize, bits: i64) -> Result<Vec<u8>, Undecoded> {
    if bits != 8 {
        return Err(Undecoded::Filter("TIFF predictor".to_owned()));
    }
    for line in bytes.chunks_mut(row) {
        for at in pixel..line.len() {
            line[at] = line[at].wrapping_add(line[at - pixel]);
        }
    }
    Ok(bytes)
}

fn png(bytes: &[u8], row: usize, pixel: usize) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut above = vec![0u8; row];
    for line in bytes.chunks(row + 1) {
        let kind = line[0];
        let mut current = line[1..].to_vec();
        for at in 0..current.len() {
            let left = if at >= pixel { current[at - pixel] } else { 0 };
            let corner = if at >= pixel { above[at - pixel] } else { 0 };
            let add = match kind {
                1 => left,
                2 => above[at],
                3 => ((u16::from(left) + u16::from(above[at])) / 2) as u8,
                4 => paeth(left, above[at], corner),
                _ => 0,
            };
            current[at] = current[at].wrapping_add(add);
        }
        above[..current.len()].copy_from_slice(&current);
        out.extend_from_slice(&current);
    }
    out
}

fn paeth(left: u8, above: u8, corner: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(above), i16::from(corner));
    let (pa, pb, pc) = ((b - c).abs(), (a - c).abs(), (a + b - 2 * c).abs());
    if pa <= pb && pa <= pc {
        left
    } else if pb <= pc {
        above
    } else {
        corner
    }
}

/// Replaces a stream's bytes; they are compressed when that pays. The same bytes always give the same stream.
pub(super) fn encode(stream: &mut Stream, plain: &[u8]) {
    forget(stream);
    let packed = deflate(plain);
    if packed.len() + 20 < plain.len() {
        stream.dict.set("Filter", Object::Name(b"FlateDecode".to_vec()));
        stream.set_content(packed);
    } else {
        stream.set_content(plain.to_vec());
    }
}

fn forget(stream: &mut Stream) {
    for key in [&b"Filter"[..], b"DecodeParms", b"F", b"FFilter", b"FDecodeParms", b"DL"] {
        stream.dict.remove(key);
    }
}

/// Gives a stream the bytes of one codec.
pub(super) fn set(stream: &mut Stream, codec: &str, parameters: Dictionary, bytes: Vec<u8>) {
    forget(stream);
    stream.dict.set("Filter", Object::Name(codec.as_bytes().to_vec()));
    if !parameters.is_empty() {
        stream.dict.set("DecodeParms", Object::Dictionary(parameters));
    }
    stream.set_content(bytes);
}

fn deflate(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    // Writing into memory does not fail; if it did, the stream would stay uncompressed.
    match encoder.write_all(plain).and_then(|()| encoder.finish()) {
        Ok(packed) => packed,
        Err(_) => plain.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(filter: &str, params: &[(&str, i64)], content: &[u8]) -> Stream {
        let mut dict = Dictionary::new();
        dict.set("Filter", Object::Name(filter.as_bytes().to_vec()));
        let mut own = Dictionary::new();
        params.iter().for_each(|(key, value)| own.set(*key, *value));
        dict.set("DecodeParms", own);
        Stream::new(dict, content.to_vec())
    }

    fn check(filter: &str, params: &[(&str, i64)], content: &[u8], plain: &[u8]) {
        let decoded = decode(&Document::new(), &stream(filter, params, content), 1_000);
        assert_eq!(decoded.as_deref(), Ok(plain), "{filter}");
    }

    #[test]
    fn filters_decode() {
        check("ASCIIHexDecode", &[], b"4a 61 6E>trailing", b"Jan");
        check("ASCII85Decode", &[], b"87cURD]i,\"Ebo80~>", b"Hello World!");
        check("RunLengthDecode", &[], &[1, b'a', b'b', 254, b'c', 128, b'x'], b"abccc");
        check("FlateDecode", &[], &deflate(b"text"), b"text");
        // PNG: the second row is the difference to the first; bits of a row end with a byte.
        let rows = [2, 1, 2, 2, 1, 1];
        check("FlateDecode", &[("Predictor", 15), ("Columns", 2)], &deflate(&rows), &[1, 2, 2, 3]);
        let bits = [0, 0b1010_0000, 2, 0b0100_0000];
        let one_bit = [("Predictor", 15), ("Columns", 3), ("BitsPerComponent", 1)];
        check("FlateDecode", &one_bit, &deflate(&bits), &[0b1010_0000, 0b1110_0000]);
        check("FlateDecode", &[("Predictor", 2), ("Columns", 3)], &deflate(&[1, 1, 1]), &[1, 2, 3]);
    }

    #[test]
    fn what_grows_too_far_is_refused() {
        let bomb = deflate(&vec![0; 100_000]);
        let decoded = decode(&Document::new(), &stream("FlateDecode", &[], &bomb), 1_000);
        assert_eq!(decoded, Err(Undecoded::TooLarge));
    }

    #[test]
    fn the_end_of_compressed_data_is_found() {
        let mut bytes = deflate(b"pixels");
        let end = bytes.len();
        bytes.extend_from_slice(b"Jan Muster");
        assert_eq!(flate_end(&bytes, 1_000), end);
    }
}
