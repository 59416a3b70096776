//! The index beside the log: for each identity, purpose and channel the last mark, in buckets that are authenticated one by one.
//!
//! ```text
//! header   120 bytes: magic, entries, bits, the tip of the log that it was made from, HMAC
//! table    2^bits + 1 offsets
//! bucket   entries of 80 bytes, sorted by key, and an HMAC over tip, number of the bucket and entries
//! ```
//!
//! A question reads the header, one entry of the table and one bucket. Offsets are not authenticated: a wrong one leads to bytes
//! whose HMAC is not theirs. Whatever is not as it was written is no index, and the log is read instead.

use std::io::{self, Write};

use model::{Digest, Instant};
use serde_json::{Value, json};

use super::log::Tip;
use super::mark::{Channel, Key, Mark};
use super::{Kind, line};
use crate::tombstone::mac;

const MAGIC: &[u8; 16] = b"probity consent1";
const HEADER: usize = 120;
const ENTRY: usize = 80;
const SEAL: usize = 16;
/// Entries of a bucket, on the average.
const FILL: u64 = 32;
/// Buckets are never more.
const BITS_MAX: u32 = 26;
/// A bucket is never larger: keys are digests, and no digest is frequent.
const BUCKET_MAX: u64 = 4 << 20;

/// What indexes and heads are authenticated with.
#[derive(Clone)]
pub struct IndexKey(pub(crate) [u8; 32]);

impl std::fmt::Debug for IndexKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IndexKey")
    }
}

impl Drop for IndexKey {
    fn drop(&mut self) {
        self.0.fill(0);
        std::hint::black_box(&self.0);
    }
}

/// Reads bytes of a file at an offset.
pub type ReadAt<'r> = dyn FnMut(u64, usize) -> io::Result<Vec<u8>> + 'r;

/// An index whose header was read.
#[derive(Debug)]
pub struct Index {
    key: IndexKey,
    tip: Tip,
    bits: u32,
}

impl Index {
    /// Opens an index; `None` where there is none that was written with this key.
    ///
    /// # Errors
    /// What `read` says.
    pub fn open(key: &IndexKey, read: &mut ReadAt<'_>) -> io::Result<Option<Self>> {
        let header = read(0, HEADER)?;
        if header.len() != HEADER
            || &header[..16] != MAGIC
            || seal_of(key, b"header", &header[..88])[..] != header[88..]
        {
            return Ok(None);
        }
        let digest = Digest::new(std::array::from_fn(|at| header[48 + at]));
        let at = Some(number(&header[80..88])).filter(|at| *at != u64::MAX).map(|at| Instant::from_nanos(at as i64));
        let tip = Tip { lines: number(&header[32..40]), size: number(&header[40..48]), digest, at };
        let bits = number(&header[24..32]);
        Ok((bits <= u64::from(BITS_MAX)).then(|| Index { key: key.clone(), tip, bits: bits as u32 }))
    }

    /// The tip of the log that it was made from.
    pub fn tip(&self) -> Tip {
        self.tip
    }

    /// The last marks of `key`, one for each channel; `None` where the index is damaged.
    ///
    /// # Errors
    /// What `read` says.
    pub fn marks(&self, key: &Key, read: &mut ReadAt<'_>) -> io::Result<Option<Vec<Mark>>> {
        let entries = self.bucket(bucket_of(key, self.bits), read)?;
        let own =
            |entries: Vec<(Key, Mark)>| entries.into_iter().filter(|(of, _)| of == key).map(|(_, mark)| mark).collect();
        Ok(entries.map(own))
    }

    /// Every entry; `None` where the index is damaged.
    ///
    /// # Errors
    /// What `read` says.
    pub fn entries(&self, read: &mut ReadAt<'_>) -> io::Result<Option<Vec<(Key, Mark)>>> {
        let mut all = Vec::new();
        for number in 0..1_u64 << self.bits {
            let Some(entries) = self.bucket(number, read)? else { return Ok(None) };
            all.extend(entries);
        }
        Ok(Some(all))
    }

    fn bucket(&self, bucket: u64, read: &mut ReadAt<'_>) -> io::Result<Option<Vec<(Key, Mark)>>> {
        let bounds = read(HEADER as u64 + bucket * 8, 16)?;
        if bounds.len() != 16 {
            return Ok(None);
        }
        let (from, to) = (number(&bounds[..8]), number(&bounds[8..]));
        let length = to.saturating_sub(from);
        if length < SEAL as u64 || length > BUCKET_MAX || !(length - SEAL as u64).is_multiple_of(ENTRY as u64) {
            return Ok(None);
        }
        let bytes = read(from, length as usize)?;
        if bytes.len() as u64 != length {
            return Ok(None);
        }
        let (entries, seal) = bytes.split_at(bytes.len() - SEAL);
        if seal_of_bucket(&self.key, &self.tip, bucket, entries)[..SEAL] != *seal {
            return Ok(None);
        }
        Ok(entries.chunks_exact(ENTRY).map(read_entry).collect())
    }
}

/// Writes the index of the log up to `tip`; of the entries with one key and channel the last one counts.
///
/// # Errors
/// What `out` says.
pub fn write_index(key: &IndexKey, tip: &Tip, entries: &mut Vec<(Key, Mark)>, out: &mut dyn Write) -> io::Result<()> {
    // The last one of each group comes first, and `dedup` keeps the first.
    entries.sort_unstable_by(|(a, one), (b, two)| {
        (a, one.channel).cmp(&(b, two.channel)).then_with(|| two.order().cmp(&one.order()))
    });
    entries.dedup_by(|(b, two), (a, one)| a == b && one.channel == two.channel);
    let bits = (entries.len() as u64 / FILL).next_power_of_two().trailing_zeros().min(BITS_MAX);
    let mut header = Vec::with_capacity(HEADER);
    header.extend_from_slice(MAGIC);
    let at = tip.at.map_or(u64::MAX, |at| at.nanos() as u64);
    for part in [entries.len() as u64, u64::from(bits), tip.lines, tip.size] {
        header.extend_from_slice(&part.to_be_bytes());
    }
    header.extend_from_slice(tip.digest.as_bytes());
    header.extend_from_slice(&at.to_be_bytes());
    let seal = seal_of(key, b"header", &header);
    header.extend_from_slice(&seal);
    out.write_all(&header)?;
    let buckets = 1_u64 << bits;
    let mut offset = HEADER as u64 + (buckets + 1) * 8;
    let mut rest = &entries[..];
    let mut sizes = Vec::with_capacity(buckets as usize);
    for bucket in 0..buckets {
        let size = rest.partition_point(|(key, _)| bucket_of(key, bits) <= bucket);
        rest = &rest[size..];
        sizes.push(size);
        out.write_all(&offset.to_be_bytes())?;
        offset += (size * ENTRY + SEAL) as u64;
    }
    out.write_all(&offset.to_be_bytes())?;
    let mut rest = &entries[..];
    for (bucket, size) in sizes.into_iter().enumerate() {
        let (own, others) = rest.split_at(size);
        rest = others;
        let bytes: Vec<u8> = own.iter().flat_map(|(key, mark)| write_entry(key, mark)).collect();
        out.write_all(&bytes)?;
        out.write_all(&seal_of_bucket(key, tip, bucket as u64, &bytes)[..SEAL])?;
    }
    Ok(())
}

fn bucket_of(key: &Key, bits: u32) -> u64 {
    number(&key.0[..8]).checked_shr(64 - bits).unwrap_or(0)
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn seal_of(key: &IndexKey, what: &[u8], bytes: &[u8]) -> [u8; 32] {
    *mac(&key.0, &[what, bytes]).as_bytes()
}

fn seal_of_bucket(key: &IndexKey, tip: &Tip, bucket: u64, entries: &[u8]) -> [u8; 32] {
    let parts: [&[u8]; 5] =
        [b"bucket", tip.digest.as_bytes(), &tip.lines.to_be_bytes(), &bucket.to_be_bytes(), entries];
    *mac(&key.0, &parts).as_bytes()
}

fn write_entry(key: &Key, mark: &Mark) -> [u8; ENTRY] {
    let mut bytes = [0; ENTRY];
    let expires = mark.expires.map_or(i64::MAX, Instant::nanos);
    bytes[..16].copy_from_slice(&key.0);
    bytes[16..24].copy_from_slice(&mark.channel.0);
    bytes[24..32].copy_from_slice(&mark.time.nanos().to_be_bytes());
    bytes[32..40].copy_from_slice(&expires.to_be_bytes());
    bytes[40..48].copy_from_slice(&mark.number.to_be_bytes());
    bytes[48..56].copy_from_slice(&mark.offset.to_be_bytes());
    bytes[56..60].copy_from_slice(&mark.length.to_be_bytes());
    bytes[60] = mark.kind as u8;
    bytes[64..80].copy_from_slice(&mark.digest);
    bytes
}

fn read_entry(bytes: &[u8]) -> Option<(Key, Mark)> {
    let expires = number(&bytes[32..40]) as i64;
    let mark = Mark {
        channel: Channel(std::array::from_fn(|at| bytes[16 + at])),
        kind: *line::Kind::ALL.get(usize::from(bytes[60]))?,
        time: Instant::from_nanos(number(&bytes[24..32]) as i64),
        expires: (expires != i64::MAX).then(|| Instant::from_nanos(expires)),
        number: number(&bytes[40..48]),
        offset: number(&bytes[48..56]),
        length: number(&bytes[56..60]) as u32,
        digest: std::array::from_fn(|at| bytes[64 + at]),
    };
    Some((Key(std::array::from_fn(|at| bytes[at])), mark))
}

/// Which file it is and when it was last written, as the system tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// The number of the file.
    pub inode: u64,
    /// Its bytes.
    pub size: u64,
    /// Nanoseconds since 1970 of its last change, of content or of anything: nobody can set this one.
    pub changed: i64,
}

/// What is known of a log that was read to its end: so long as its file is untouched, it need not be read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its end.
    pub tip: Tip,
    /// Its file.
    pub stat: Stat,
}

impl Head {
    /// As text, authenticated.
    pub fn to_text(&self, key: &IndexKey) -> String {
        let mut value = self.value();
        let seal = Digest::new(seal_of(key, b"head", value.to_string().as_bytes()));
        value["seal"] = seal.hex().into();
        format!("{value}\n")
    }

    /// Reads it back; `None` where it was not written with this key.
    pub fn parse(key: &IndexKey, text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let whole = |name: &str| value.get(name).and_then(Value::as_u64);
        let word = |name: &str| value.get(name).and_then(Value::as_str);
        let tip = Tip {
            lines: whole("lines")?,
            size: whole("size")?,
            digest: Digest::parse(word("digest")?).ok()?,
            at: word("at").map(Instant::parse).transpose().ok()?,
        };
        let stat = Stat { inode: whole("inode")?, size: whole("bytes")?, changed: value.get("changed")?.as_i64()? };
        let head = Head { tip, stat };
        (head.to_text(key) == text).then_some(head)
    }

    fn value(&self) -> Value {
        json!({
            "at": self.tip.at.map(|at| at.to_string()), "bytes": self.stat.size, "changed": self.stat.changed,
            "digest": self.tip.digest.hex(), "inode": self.stat.inode, "lines": self.tip.lines, "size": self.tip.size,
        })
    }
}

/// Whether the marks of a kind are kept by their place in [`Kind::ALL`].
const _: () = assert!(
    Kind::Given as u8 == 0
        && Kind::Refused as u8 == 1
        && Kind::Withdrawn as u8 == 2
        && Kind::Objected as u8 == 3
        && Kind::Lifted as u8 == 4
);

#[cfg(test)]
mod tests {
    use super::*;

    fn tip() -> Tip {
        Tip { lines: 7, size: 700, digest: seal::sha256(b"tip"), at: Some(Instant::from_nanos(-3)) }
    }

    fn key(number: u64) -> Key {
        Key::of(&seal::sha256(&number.to_be_bytes()), "newsletter")
    }

    fn mark(number: u64, channel: Option<&str>) -> Mark {
        Mark {
            channel: Channel::of(channel),
            kind: Kind::ALL[number as usize % 3],
            time: Instant::from_nanos(number as i64 - 5),
            expires: number.is_multiple_of(2).then(|| Instant::from_nanos(-(number as i64))),
            number,
            offset: number * 100,
            length: 99,
            digest: [number as u8; 16],
        }
    }

    fn written(entries: u64) -> Vec<u8> {
        let mut all: Vec<(Key, Mark)> = (0..entries).map(|number| (key(number), mark(number, None))).collect();
        all.push((key(1), mark(1, Some("sms"))));
        // Of two the later one counts, whichever stands first.
        all.push((key(2), mark(2000, None)));
        all.insert(0, (key(3), mark(3000, None)));
        let mut bytes = Vec::new();
        write_index(&IndexKey([1; 32]), &tip(), &mut all, &mut bytes).unwrap();
        bytes
    }

    fn read_at(bytes: &[u8]) -> impl FnMut(u64, usize) -> io::Result<Vec<u8>> + '_ {
        |offset, length| {
            let from = (offset as usize).min(bytes.len());
            Ok(bytes[from..(from + length).min(bytes.len())].to_vec())
        }
    }

    #[test]
    fn what_was_written_is_found() {
        for entries in [4, 40, 1000] {
            let bytes = written(entries);
            let mut read = read_at(&bytes);
            let index = Index::open(&IndexKey([1; 32]), &mut read).unwrap().expect("ours");
            assert_eq!(index.tip(), tip());
            let mut of = |number| index.marks(&key(number), &mut read).unwrap().expect("whole");
            assert_eq!(of(0), [mark(0, None)]);
            assert_eq!(of(1).len(), 2);
            assert_eq!((of(2), of(3)), (vec![mark(2000, None)], vec![mark(3000, None)]));
            assert_eq!(of(entries), []);
            assert_eq!(index.entries(&mut read).unwrap().expect("whole").len() as u64, entries + 1);
            assert!(Index::open(&IndexKey([2; 32]), &mut read).unwrap().is_none());
        }
    }

    /// Whichever byte is changed, and wherever it is cut: what was asked is answered rightly or not at all.
    #[test]
    fn a_changed_index_answers_nothing() {
        let bytes = written(40);
        let answer = |bytes: &[u8], number| {
            let mut read = read_at(bytes);
            let index = Index::open(&IndexKey([1; 32]), &mut read).unwrap()?;
            index.marks(&key(number), &mut read).unwrap()
        };
        let right: Vec<_> = (0..45).map(|number| answer(&bytes, number)).collect();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            for number in [0, 1, 2, 39, 44] {
                let answer = answer(&changed, number);
                assert!(answer.is_none() || answer == right[number as usize], "byte {at}, key {number}");
            }
            let cut = answer(&bytes[..at], 1);
            assert!(cut.is_none() || cut == right[1], "cut at {at}");
        }
    }

    #[test]
    fn a_head_is_known_by_its_key() {
        let key = IndexKey([1; 32]);
        let head = Head { tip: tip(), stat: Stat { inode: 5, size: 700, changed: i64::MAX } };
        let text = head.to_text(&key);
        assert_eq!(Head::parse(&key, &text), Some(head));
        assert_eq!(Head::parse(&IndexKey([2; 32]), &text), None);
        assert_eq!(Head::parse(&key, &text.replace("700", "701")), None);
        assert_eq!(Head::parse(&key, ""), None);
    }
}
