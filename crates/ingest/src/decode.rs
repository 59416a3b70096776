//! Takes gzip or zstd off, by its magic bytes.

use std::io::{self, BufRead, BufReader, Read};

use model::Fault;

use crate::Limits;

/// Compressed bytes are read in pieces of this size.
const PIECE: usize = 256 << 10;

/// How much may be decoded before the expansion ratio is watched: small files may well be all zeros.
const UNWATCHED: u64 = 64 << 20;

/// Wraps `input` so that it yields decoded bytes, whether it is gzip (several members too), zstd or plain.
///
/// Damage shows while reading: `truncated-gzip`, `corrupt-gzip`, `truncated-zstd`, `corrupt-zstd`, `expands-too-much`,
/// `input-too-large`. They travel as the inner error of an [`io::Error`]; [`crate::read`] returns them as they were.
///
/// # Errors
/// `read-failed` when the first bytes cannot be read.
pub fn decode<'r>(input: Box<dyn Read + 'r>, limits: &Limits) -> Result<Decoded<'r>, Fault> {
    let mut counted = BufReader::with_capacity(PIECE, Counted { input, bytes: 0 });
    let magic = counted.fill_buf().map_err(read_failed)?;
    let stream = if magic.starts_with(&[0x1f, 0x8b]) {
        Stream::Gzip(Box::new(flate2::bufread::MultiGzDecoder::new(counted)))
    } else if magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Stream::Zstd(Box::new(zstd::Decoder::with_buffer(counted).map_err(read_failed)?))
    } else {
        Stream::Plain(counted)
    };
    Ok(Decoded { stream, bytes: 0, limits: limits.clone() })
}

/// Decoded bytes of one input.
pub struct Decoded<'r> {
    stream: Stream<'r>,
    bytes: u64,
    limits: Limits,
}

type Source<'r> = BufReader<Counted<'r>>;

enum Stream<'r> {
    Plain(Source<'r>),
    Gzip(Box<flate2::bufread::MultiGzDecoder<Source<'r>>>),
    Zstd(Box<zstd::Decoder<'static, Source<'r>>>),
}

struct Counted<'r> {
    input: Box<dyn Read + 'r>,
    bytes: u64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.bytes += count as u64;
        Ok(count)
    }
}

impl Decoded<'_> {
    /// `gzip`, `zstd`, or `None` when the input is plain.
    pub fn compression(&self) -> Option<&'static str> {
        match self.stream {
            Stream::Plain(_) => None,
            Stream::Gzip(_) => Some("gzip"),
            Stream::Zstd(_) => Some("zstd"),
        }
    }

    fn compressed_bytes(&self) -> u64 {
        match &self.stream {
            Stream::Plain(source) => source.get_ref().bytes,
            Stream::Gzip(gzip) => gzip.get_ref().get_ref().bytes,
            Stream::Zstd(zstd) => zstd.get_ref().get_ref().bytes,
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let Limits { decoded_bytes_max, expansion_max, .. } = self.limits;
        if self.bytes > decoded_bytes_max {
            return Err(Fault::bad_input(
                "input-too-large",
                format!("The input has more than {decoded_bytes_max} bytes"),
            )
            .advise("Split it into smaller files."));
        }
        let compressed = self.compressed_bytes();
        if self.bytes > UNWATCHED && self.bytes / expansion_max > compressed {
            let message = format!("{compressed} compressed bytes became more than {}: no log does that", self.bytes);
            return Err(Fault::bad_input("expands-too-much", message)
                .advise("If the file is what it should be, decompress it first and give the plain file."));
        }
        Ok(())
    }

    /// The decoder's own error, as a fault that says where the stream broke.
    fn damage(&self, error: io::Error) -> io::Error {
        // A failure of the input itself keeps its number or its own fault.
        if error.raw_os_error().is_some() || error.get_ref().is_some_and(|inner| inner.is::<Fault>()) {
            return error;
        }
        let ended = error.kind() == io::ErrorKind::UnexpectedEof;
        let advice = "Copy or compress the file again; nothing of it was kept.";
        let (compressed, decoded) = (self.compressed_bytes(), self.bytes);
        let fault = match (&self.stream, ended) {
            (Stream::Plain(_), _) => return error,
            (Stream::Gzip(_), true) => Fault::bad_input(
                "truncated-gzip",
                format!("The gzip stream ends early, after {compressed} bytes ({decoded} bytes decoded)"),
            ),
            (Stream::Gzip(_), false) => Fault::bad_input(
                "corrupt-gzip",
                format!("The gzip stream is damaged before byte {compressed} ({decoded} bytes decoded): {error}"),
            ),
            (Stream::Zstd(_), true) => Fault::bad_input(
                "truncated-zstd",
                format!("The zstd stream ends early, after {compressed} bytes ({decoded} bytes decoded)"),
            ),
            (Stream::Zstd(_), false) => Fault::bad_input(
                "corrupt-zstd",
                format!("The zstd stream is damaged before byte {compressed} ({decoded} bytes decoded): {error}"),
            ),
        };
        io::Error::other(fault.advise(advice))
    }
}

impl Read for Decoded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = match &mut self.stream {
            Stream::Plain(source) => source.read(buffer),
            Stream::Gzip(gzip) => gzip.read(buffer),
            Stream::Zstd(zstd) => zstd.read(buffer),
        };
        let count = result.map_err(|error| self.damage(error))?;
        self.bytes += count as u64;
        self.check().map_err(io::Error::other)?;
        Ok(count)
    }
}

/// A reading error as a fault; a fault that travelled inside comes out as it was.
pub fn read_failed(error: io::Error) -> Fault {
    if error.get_ref().is_some_and(|inner| inner.is::<Fault>()) {
        if let Some(Ok(fault)) = error.into_inner().map(|inner| inner.downcast::<Fault>()) {
            return *fault;
        }
        return Fault::internal("read-failed", "A reading error lost its cause");
    }
    Fault::unavailable("read-failed", format!("The input could not be read: {error}"))
        .advise("Run the command again; if it fails again, check the disk or the sender.")
        .caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Write};

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn check(input: &[u8], expect: Result<&[u8], &str>) {
        let mut decoded = decode(Box::new(Cursor::new(input)), &Limits::default()).unwrap();
        let mut bytes = Vec::new();
        let outcome = decoded.read_to_end(&mut bytes).map_err(|error| read_failed(error).code());
        assert_eq!(outcome.map(|_| bytes.as_slice()), expect);
    }

    #[test]
    fn compression_is_known_by_its_magic_and_damage_is_named() {
        let text: Vec<u8> = (0..200_000_u32).flat_map(|n| n.to_string().into_bytes()).collect();
        check(&text, Ok(&text));
        check(b"", Ok(b""));
        let (zipped, packed) = (gzip(&text), zstd::encode_all(text.as_slice(), 1).unwrap());
        check(&zipped, Ok(&text));
        check(&packed, Ok(&text));
        check(&[zipped.clone(), gzip(b"more")].concat(), Ok(&[&text[..], b"more"].concat()));
        check(&[packed.clone(), packed.clone()].concat(), Ok(&[&text[..], &text[..]].concat()));
        for cut in [3, zipped.len() / 2, zipped.len() - 1] {
            check(&zipped[..cut], Err("truncated-gzip"));
        }
        for cut in [5, packed.len() / 2, packed.len() - 1] {
            check(&packed[..cut], Err("truncated-zstd"));
        }
        let mut flipped = zipped.clone();
        *flipped.last_mut().unwrap() ^= 1;
        check(&flipped, Err("corrupt-gzip"));
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.include_checksum(true).unwrap();
        encoder.write_all(&text).unwrap();
        let mut flipped = encoder.finish().unwrap();
        *flipped.last_mut().unwrap() ^= 1;
        check(&flipped, Err("corrupt-zstd"));
        check(&[&zipped[..], b"garbage after it"].concat(), Err("corrupt-gzip"));
    }

    #[test]
    fn an_expansion_without_measure_is_refused() {
        let limits = Limits { expansion_max: 100, ..Limits::default() };
        let bomb = zstd::encode_all(io::repeat(b'0').take(80 << 20), 1).unwrap();
        let mut decoded = decode(Box::new(Cursor::new(bomb)), &limits).unwrap();
        let error = io::copy(&mut decoded, &mut io::sink()).unwrap_err();
        assert_eq!(read_failed(error).code(), "expands-too-much");
        let limits = Limits { decoded_bytes_max: 10, ..Limits::default() };
        let mut decoded = decode(Box::new(Cursor::new(b"0123456789A")), &limits).unwrap();
        assert_eq!(read_failed(decoded.read_to_end(&mut vec![]).unwrap_err()).code(), "input-too-large");
    }
}
