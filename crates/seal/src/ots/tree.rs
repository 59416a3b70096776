//! The tree from a message to its attestations.

use super::attestation::Attestation;
use super::op::Op;
use super::read::Reader;
use crate::Limits;

const BRANCH: u8 = 0xff;
const ATTESTATION: u8 = 0x00;

/// A message's branches, in the order of the file. The message itself is computed on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Node {
    branches: Vec<Branch>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Branch {
    Attestation(Attestation),
    Op(Op, Node),
}

impl Node {
    /// A node with one operation.
    pub(super) fn of(op: Op, next: Node) -> Self {
        Node { branches: vec![Branch::Op(op, next)] }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.branches.is_empty()
    }

    /// Reads the branches of `message`, and computes every message below it to see that it can be.
    pub(super) fn read(reader: &mut Reader, message: Vec<u8>) -> Result<Self, &'static str> {
        Node::read_below(reader, &message, 1)
    }

    fn read_below(reader: &mut Reader, message: &[u8], depth: usize) -> Result<Self, &'static str> {
        if depth > Limits::OTS_DEPTH {
            return Err("it is more than 256 operations deep");
        }
        let mut branches = Vec::new();
        loop {
            let tag = reader.byte()?;
            let is_last = tag != BRANCH;
            let tag = if is_last { tag } else { reader.byte()? };
            branches.push(if tag == ATTESTATION {
                Branch::Attestation(Attestation::read(reader)?)
            } else {
                let op = Op::read(tag, reader)?;
                let next = op.apply(message).ok_or("a message in it is too long")?;
                Branch::Op(op, Node::read_below(reader, &next, depth + 1)?)
            });
            if is_last {
                return Ok(Node { branches });
            }
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for (at, branch) in self.branches.iter().enumerate() {
            if at + 1 < self.branches.len() {
                out.push(BRANCH);
            }
            match branch {
                Branch::Attestation(attestation) => {
                    out.push(ATTESTATION);
                    attestation.write(out);
                }
                Branch::Op(op, next) => {
                    op.write(out);
                    next.write(out);
                }
            }
        }
    }

    /// Shows every attestation with its message.
    pub(super) fn visit(&self, message: Vec<u8>, show: &mut dyn FnMut(&[u8], &Attestation)) {
        for branch in &self.branches {
            match branch {
                Branch::Attestation(attestation) => show(&message, attestation),
                // A tree that was read computes; see `read_below`.
                Branch::Op(op, next) => next.visit(op.apply(&message).unwrap_or_default(), show),
            }
        }
    }

    /// Adds what `other`, which begins at the same message, has more.
    pub(super) fn merge(&mut self, other: Node) {
        for branch in other.branches {
            match branch {
                Branch::Attestation(attestation) => self.add(attestation),
                Branch::Op(op, next) => self.after(op).merge(next),
            }
        }
    }

    /// Adds `other` wherever this tree computes `wanted` and somebody attests to it.
    pub(super) fn merge_at(&mut self, message: Vec<u8>, wanted: &[u8], other: &Node) {
        for branch in &mut self.branches {
            if let Branch::Op(op, next) = branch {
                next.merge_at(op.apply(&message).unwrap_or_default(), wanted, other);
            }
        }
        let is_pending = |branch: &Branch| matches!(branch, Branch::Attestation(Attestation::Pending { .. }));
        if message == wanted && self.branches.iter().any(is_pending) {
            self.merge(other.clone());
        }
    }

    /// Attestations stand before operations, each kind sorted, as the `ots` client writes them.
    fn add(&mut self, attestation: Attestation) {
        let mut place = 0;
        for (at, branch) in self.branches.iter().enumerate() {
            match branch {
                Branch::Attestation(known) if *known == attestation => return,
                Branch::Attestation(known) if known.order(&attestation).is_lt() => place = at + 1,
                _ => {}
            }
        }
        self.branches.insert(place, Branch::Attestation(attestation));
    }

    /// The node behind `op`, which is made if it is not there.
    fn after(&mut self, op: Op) -> &mut Node {
        let known = self.branches.iter().position(|branch| matches!(branch, Branch::Op(known, _) if *known == op));
        let at = known.unwrap_or_else(|| {
            let is_before = |branch: &Branch| match branch {
                Branch::Attestation(_) => true,
                Branch::Op(known, _) => *known < op,
            };
            let at = self.branches.iter().rposition(is_before).map_or(0, |at| at + 1);
            self.branches.insert(at, Branch::Op(op, Node::default()));
            at
        });
        match &mut self.branches[at] {
            Branch::Op(_, next) => next,
            Branch::Attestation(_) => unreachable!("the branch at this place was found or made as an operation"),
        }
    }
}
