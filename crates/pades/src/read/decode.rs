//! Streams of cross-references, objects and metadata, decoded within limits (ISO 32000-1, 7.4.4).

use std::io::Read;

use flate2::read::ZlibDecoder;
use lopdf::{Dictionary, Object};

use super::Broken;
use crate::Limits;

/// The bytes of a stream that has no filter, or only `FlateDecode`.
pub(crate) fn decode(dict: &Dictionary, data: &[u8]) -> Result<Vec<u8>, Broken> {
    if dict.has(b"F") {
        return Err(Broken("a stream lies in another file".to_owned()));
    }
    let single = |object: &Object| match object {
        Object::Array(items) if items.len() == 1 => items[0].clone(),
        other => other.clone(),
    };
    let filter = dict.get(b"Filter").map(single).unwrap_or(Object::Null);
    let parameters = dict.get(b"DecodeParms").map(single).unwrap_or(Object::Null);
    match filter {
        Object::Null => Ok(data.to_vec()),
        Object::Array(items) if items.is_empty() => Ok(data.to_vec()),
        Object::Name(name) if name == b"FlateDecode" || name == b"Fl" => {
            let mut out = Vec::new();
            let limit = Limits::STREAM_BYTES as u64 + 1;
            ZlibDecoder::new(data)
                .take(limit)
                .read_to_end(&mut out)
                .map_err(|_| Broken("a compressed stream is damaged".to_owned()))?;
            if out.len() > Limits::STREAM_BYTES {
                return Err(Broken("a compressed stream grows beyond the limit".to_owned()));
            }
            predicted(out, &parameters)
        }
        _ => Err(Broken("a stream of cross-references or objects has a filter that it should not have".to_owned())),
    }
}

/// Undoes the predictor.
fn predicted(data: Vec<u8>, parameters: &Object) -> Result<Vec<u8>, Broken> {
    let number = |key: &[u8], default: i64| match parameters.as_dict().and_then(|dict| dict.get(key)) {
        Ok(value) => value.as_i64().unwrap_or(-1),
        Err(_) => default,
    };
    let bad = || Broken("a stream has a predictor that cannot be undone".to_owned());
    match number(b"Predictor", 1) {
        1 => Ok(data),
        10..=15 => {
            let (colors, bits, columns) = (number(b"Colors", 1), number(b"BitsPerComponent", 8), number(b"Columns", 1));
            if !(1..=32).contains(&colors) || ![1, 2, 4, 8, 16].contains(&bits) || !(1..=1 << 20).contains(&columns) {
                return Err(bad());
            }
            let pixel = usize::try_from((colors * bits + 7) / 8).map_err(|_| bad())?;
            let row = usize::try_from((colors * bits * columns + 7) / 8).map_err(|_| bad())?;
            png(&data, pixel, row).ok_or_else(bad)
        }
        _ => Err(bad()),
    }
}

/// PNG filters, row by row.
fn png(data: &[u8], pixel: usize, row: usize) -> Option<Vec<u8>> {
    let mut out: Vec<u8> = Vec::with_capacity(data.len());
    let mut above = vec![0_u8; row];
    for line in data.chunks(row + 1) {
        let (kind, line) = line.split_first()?;
        let mut now = line.to_vec();
        now.resize(row, 0);
        for at in 0..row {
            let left = if at >= pixel { now[at - pixel] } else { 0 };
            let corner = if at >= pixel { above[at - pixel] } else { 0 };
            let guess = match kind {
                0 => 0,
                1 => left,
                2 => above[at],
                3 => u8::try_from((u16::from(left) + u16::from(above[at])) / 2).ok()?,
                4 => paeth(left, above[at], corner),
                _ => return None,
            };
            now[at] = now[at].wrapping_add(guess);
        }
        out.extend_from_slice(&now[..line.len()]);
        above = now;
    }
    Some(out)
}

fn paeth(left: u8, above: u8, corner: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(above), i16::from(corner));
    let guess = a + b - c;
    let (da, db, dc) = ((guess - a).abs(), (guess - b).abs(), (guess - c).abs());
    if da <= db && da <= dc {
        left
    } else if db <= dc {
        above
    } else {
        corner
    }
}
