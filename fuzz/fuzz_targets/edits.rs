//! A few edits of known bytes, read from the fuzzer's bytes: so that a mutation is small and meets a whole file.
//!
//! ```text
//! edit: u8 what (0 overwrite, 1 insert, 2 remove; modulo 3) ‖ u16 where (modulo length) ‖ u8 count ‖ bytes
//! ```

/// `original` with the edits that `data` describes.
pub fn apply(original: &[u8], mut data: &[u8]) -> Vec<u8> {
    let mut bytes = original.to_vec();
    while let Some((&[what, high, low, count], rest)) = data.split_first_chunk::<4>() {
        let at = usize::from(u16::from_be_bytes([high, low])) % (bytes.len() + 1);
        let count = usize::from(count);
        if what % 3 == 2 {
            let end = bytes.len().min(at + count);
            bytes.drain(at..end);
            data = rest;
            continue;
        }
        let (new, rest) = rest.split_at(count.min(rest.len()));
        let end = if what % 3 == 0 { bytes.len().min(at + new.len()) } else { at };
        bytes.splice(at..end, new.iter().copied());
        data = rest;
    }
    bytes
}
