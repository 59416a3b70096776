//! The two hashes by which the model knows words: MurmurHash64A for a string's number, MurmurHash3 (x64, 128 bits) for
//! the rows of the embedding tables that stand for it.

const M: u64 = 0xc6a4_a793_5bd1_e995;

/// MurmurHash64A.
pub(super) fn murmur64a(bytes: &[u8], seed: u64) -> u64 {
    let mut hash = seed ^ (bytes.len() as u64).wrapping_mul(M);
    let (words, tail) = bytes.as_chunks::<8>();
    for word in words {
        let mut k = u64::from_le_bytes(*word).wrapping_mul(M);
        k ^= k >> 47;
        hash = (hash ^ k.wrapping_mul(M)).wrapping_mul(M);
    }
    if !tail.is_empty() {
        let mut last = [0; 8];
        last[..tail.len()].copy_from_slice(tail);
        hash = (hash ^ u64::from_le_bytes(last)).wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 47)).wrapping_mul(M);
    hash ^ (hash >> 47)
}

const C1: u64 = 0x87c3_7b91_1142_53d5;
const C2: u64 = 0x4cf5_ad43_2745_937f;

/// MurmurHash3 x64-128 of the eight bytes of `id`, as four numbers: low and high half of the first word, then of the
/// second.
pub(super) fn murmur3(id: u64, seed: u32) -> [u32; 4] {
    let seed = u64::from(seed);
    let length = 8;
    let mut h1 = seed ^ id.wrapping_mul(C1).rotate_left(31).wrapping_mul(C2) ^ length;
    let mut h2 = seed ^ length;
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    h1 = finish(h1);
    h2 = finish(h2);
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    [h1 as u32, (h1 >> 32) as u32, h2 as u32, (h2 >> 32) as u32]
}

fn finish(mut k: u64) -> u64 {
    k ^= k >> 33;
    k = k.wrapping_mul(0xff51_afd7_ed55_8ccd);
    k ^= k >> 33;
    k = k.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    k ^ (k >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Strings have the numbers that spaCy gives them (`nlp.vocab.strings["coffee"]`).
    #[test]
    fn strings_have_their_published_numbers() {
        assert_eq!(murmur64a(b"coffee", 1), 3_197_928_453_018_144_401);
    }
}
