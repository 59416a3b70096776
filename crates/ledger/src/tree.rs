//! The Merkle tree of RFC 6962 §2.1: hashes, the growing edge, proofs and their verification.

use model::{Digest, Fault};
use seal::{Hasher, sha256};

use crate::hash;

/// The hash of an entry: SHA-256(0x00 ‖ entry).
pub fn leaf(entry: &[u8]) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(&[0]);
    hasher.update(entry);
    hasher.finish()
}

/// The hash of two subtrees: SHA-256(0x01 ‖ left ‖ right). The prefix keeps an entry from posing as a node.
pub fn node(left: &Digest, right: &Digest) -> Digest {
    hash::sha256_of_node(left, right)
}

/// The right edge of a tree: the roots of its complete subtrees, largest first. Grows by one leaf in constant memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    peaks: Vec<Digest>,
}

impl Edge {
    /// The empty tree.
    pub fn new() -> Self {
        Edge::default()
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds one leaf hash.
    pub fn push(&mut self, leaf: Digest) {
        self.push_subtree(0, leaf);
    }

    /// Adds a complete subtree of 2^height leaves. The size so far must be a multiple of 2^height.
    pub fn push_subtree(&mut self, height: u32, root: Digest) {
        debug_assert_eq!(self.size % (1 << height), 0, "a subtree starts at a multiple of its size");
        let mut root = root;
        let mut subtrees = self.size >> height;
        while subtrees & 1 == 1 {
            // An odd count means that a peak of this height is there.
            let Some(left) = self.peaks.pop() else { break };
            root = node(&left, &root);
            subtrees >>= 1;
        }
        self.peaks.push(root);
        self.size += 1 << height;
    }

    /// The root of the tree; SHA-256 of nothing when it is empty.
    pub fn root(&self) -> Digest {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return sha256(b"") };
        peaks.fold(*last, |right, left| node(left, &right))
    }
}

/// The root over complete subtrees of equal height, in order; SHA-256 of nothing when there is none.
///
/// Level by level: no hash waits for the one before it, as it does at an [`Edge`]. What has no neighbour on its right
/// goes up as it is, which is the split of RFC 6962 §2.1 seen from below.
pub fn root_of(hashes: &[Digest]) -> Digest {
    let mut level = hashes.to_vec();
    while level.len() > 1 {
        let half = level.len() / 2;
        for at in 0..half {
            level[at] = node(&level[2 * at], &level[2 * at + 1]);
        }
        if level.len() % 2 == 1 {
            level[half] = level[2 * half];
        }
        level.truncate(level.len().div_ceil(2));
    }
    level.first().copied().unwrap_or_else(|| sha256(b""))
}

/// Answers with the root of the `index`-th complete subtree of 2^height leaves.
pub type Subtrees<'r> = dyn FnMut(u32, u64) -> Result<Digest, Fault> + 'r;

/// The root of the first `size` leaves.
///
/// # Errors
/// Whatever `subtrees` answers.
pub fn root_at(size: u64, subtrees: &mut Subtrees<'_>) -> Result<Digest, Fault> {
    if size == 0 { Ok(sha256(b"")) } else { range(0, size, subtrees) }
}

/// The inclusion proof of leaf `index` in a tree of `size` leaves, leaf side first (RFC 6962 §2.1.1).
///
/// # Errors
/// Whatever `subtrees` answers. `index` must lie below `size`.
pub fn prove_inclusion(index: u64, size: u64, subtrees: &mut Subtrees<'_>) -> Result<Vec<Digest>, Fault> {
    let (mut low, mut high) = (0, size);
    let mut siblings = Vec::new();
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            siblings.push((middle, high));
            high = middle;
        } else {
            siblings.push((low, middle));
            low = middle;
        }
    }
    siblings.into_iter().rev().map(|(low, high)| range(low, high, subtrees)).collect()
}

/// The consistency proof from `old` to `size` leaves (RFC 6962 §2.1.2).
///
/// # Errors
/// Whatever `subtrees` answers. `old` must not exceed `size`.
pub fn prove_consistency(old: u64, size: u64, subtrees: &mut Subtrees<'_>) -> Result<Vec<Digest>, Fault> {
    if old == 0 || old >= size {
        return Ok(Vec::new());
    }
    let (mut low, mut high) = (0, size);
    let mut ranges = Vec::new();
    while high != old {
        let middle = low + split(high - low);
        if old <= middle {
            ranges.push((middle, high));
            high = middle;
        } else {
            ranges.push((low, middle));
            low = middle;
        }
    }
    // The old root itself is known to the verifier when it is a subtree of the new tree.
    if low > 0 {
        ranges.push((low, high));
    }
    ranges.into_iter().rev().map(|(low, high)| range(low, high, subtrees)).collect()
}

/// Whether `proof` shows that `leaf` is entry `index` of the tree with `size` and `root` (RFC 9162 §2.1.3.2).
pub fn verify_inclusion(proof: &[Digest], leaf: Digest, index: u64, size: u64, root: Digest) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == root
}

/// Whether `proof` shows that the tree `(size, root)` continues the tree `(old, old_root)` (RFC 9162 §2.1.4.2).
pub fn verify_consistency(proof: &[Digest], old: u64, old_root: Digest, size: u64, root: Digest) -> bool {
    if old == 0 {
        return proof.is_empty() && old_root == sha256(b"");
    }
    if old >= size {
        return old == size && proof.is_empty() && old_root == root;
    }
    let whole = old.is_power_of_two().then_some(old_root);
    let mut hashes = whole.iter().chain(proof);
    let Some(first) = hashes.next().filter(|_| !proof.is_empty()) else { return false };
    let (mut at, mut last) = (old - 1, size - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let (mut before, mut after) = (*first, *first);
    for hash in hashes {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            before = node(hash, &before);
            after = node(hash, &after);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            after = node(&after, hash);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && before == old_root && after == root
}

/// The root of leaves `low..high`, a range that a split of RFC 6962 yields: `low` is a multiple of the largest power
/// of two in the range.
fn range(low: u64, high: u64, subtrees: &mut Subtrees<'_>) -> Result<Digest, Fault> {
    let width = high - low;
    if width.is_power_of_two() {
        let height = width.trailing_zeros();
        return subtrees(height, low >> height);
    }
    let middle = low + split(width);
    Ok(node(&range(low, middle, subtrees)?, &range(middle, high, subtrees)?))
}

/// The largest power of two below `width`, which is at least 2.
fn split(width: u64) -> u64 {
    1 << (width - 1).ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: u64 = 80;

    /// MTH of RFC 6962 §2.1, word for word.
    fn naive(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => sha256(b""),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(split(leaves.len() as u64) as usize);
                node(&naive(left), &naive(right))
            }
        }
    }

    fn leaves(size: u64) -> Vec<Digest> {
        (0..size).map(|index| leaf(format!("event {index}").as_bytes())).collect()
    }

    fn subtrees(leaves: &[Digest]) -> impl FnMut(u32, u64) -> Result<Digest, Fault> {
        move |height, index| Ok(naive(&leaves[(index << height) as usize..((index + 1) << height) as usize]))
    }

    #[test]
    fn edge_and_levels_have_the_root_of_the_naive_tree_at_every_size() {
        let leaves = leaves(SIZES);
        let mut edge = Edge::new();
        for size in 0..=SIZES as usize {
            let expect = naive(&leaves[..size]);
            assert_eq!(edge.root(), expect, "{size}");
            assert_eq!(root_at(size as u64, &mut subtrees(&leaves)).ok(), Some(expect));
            assert_eq!(root_of(&leaves[..size]), expect, "{size}");
            leaves.get(size).into_iter().for_each(|leaf| edge.push(*leaf));
        }
    }

    #[test]
    fn every_inclusion_proof_verifies_and_none_of_the_wrong_length_or_place() {
        let leaves = leaves(SIZES);
        for size in 1..=SIZES {
            let root = naive(&leaves[..size as usize]);
            for index in 0..size {
                let leaf = leaves[index as usize];
                let proof = prove_inclusion(index, size, &mut subtrees(&leaves)).expect("naive");
                assert!(verify_inclusion(&proof, leaf, index, size, root), "{index} in {size}");
                let longer = [proof.as_slice(), &[root]].concat();
                assert!(!verify_inclusion(&longer, leaf, index, size, root));
                assert!(proof.is_empty() || !verify_inclusion(&proof[1..], leaf, index, size, root));
                assert!(!verify_inclusion(&proof, leaf, index + size, size, root));
                assert!(size == 1 || !verify_inclusion(&proof, leaf, (index + 1) % size, size, root));
            }
        }
        assert!(!verify_inclusion(&[], leaves[0], 0, 0, sha256(b"")));
    }

    #[test]
    fn every_consistency_proof_verifies_and_none_of_the_wrong_length_or_root() {
        let leaves = leaves(SIZES);
        for size in 0..=SIZES {
            let root = naive(&leaves[..size as usize]);
            for old in 0..=size {
                let old_root = naive(&leaves[..old as usize]);
                let proof = prove_consistency(old, size, &mut subtrees(&leaves)).expect("naive");
                assert!(verify_consistency(&proof, old, old_root, size, root), "{old} to {size}");
                let longer = [proof.as_slice(), &[root]].concat();
                assert!(!verify_consistency(&longer, old, old_root, size, root));
                assert!(proof.is_empty() || !verify_consistency(&proof[1..], old, old_root, size, root));
                assert!(!verify_consistency(&proof, old, leaf(b"other"), size, root));
                assert!(old == 0 || !verify_consistency(&proof, old, old_root, size, leaf(b"other")));
                assert!(old == size || !verify_consistency(&proof, size, root, old, old_root));
            }
        }
    }
}
