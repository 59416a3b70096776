//! Operations: each makes a message of a message.

use ripemd::Ripemd160;
use sha1::Sha1;
use sha3::Keccak256;
use sha3::digest::Digest as _;

use super::read::{Reader, push_varbytes};
use crate::{Limits, sha256};

/// How a file is hashed at the beginning of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileHash {
    /// SHA-1: collisions are known, so the author of a file can have made two of them.
    Sha1,
    /// RIPEMD-160.
    Ripemd160,
    /// SHA-256: the one that is written.
    Sha256,
    /// Keccak-256 as it was before FIPS 202 changed its padding.
    Keccak256,
}

impl FileHash {
    const ALL: [FileHash; 4] = [FileHash::Sha1, FileHash::Ripemd160, FileHash::Sha256, FileHash::Keccak256];

    /// The name, as `ots info` prints it.
    pub fn name(self) -> &'static str {
        match self {
            FileHash::Sha1 => "sha1",
            FileHash::Ripemd160 => "ripemd160",
            FileHash::Sha256 => "sha256",
            FileHash::Keccak256 => "keccak256",
        }
    }

    /// The hash of `bytes`.
    pub fn of(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            FileHash::Sha1 => Sha1::digest(bytes).to_vec(),
            FileHash::Ripemd160 => Ripemd160::digest(bytes).to_vec(),
            FileHash::Sha256 => sha256(bytes).as_bytes().to_vec(),
            FileHash::Keccak256 => Keccak256::digest(bytes).to_vec(),
        }
    }

    pub(super) fn length(self) -> usize {
        match self {
            FileHash::Sha1 | FileHash::Ripemd160 => 20,
            FileHash::Sha256 | FileHash::Keccak256 => 32,
        }
    }

    pub(super) fn tag(self) -> u8 {
        match self {
            FileHash::Sha1 => 0x02,
            FileHash::Ripemd160 => 0x03,
            FileHash::Sha256 => 0x08,
            FileHash::Keccak256 => 0x67,
        }
    }

    pub(super) fn of_tag(tag: u8) -> Option<Self> {
        FileHash::ALL.into_iter().find(|hash| hash.tag() == tag)
    }
}

/// An operation. The order is that of the tags: the order in which the `ots` client writes branches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Op {
    Sha1,
    Ripemd160,
    Sha256,
    Keccak256,
    Append(Vec<u8>),
    Prepend(Vec<u8>),
    Reverse,
    Hexlify,
}

impl Op {
    const APPEND: u8 = 0xf0;
    const PREPEND: u8 = 0xf1;
    const REVERSE: u8 = 0xf2;
    const HEXLIFY: u8 = 0xf3;

    pub(super) fn read(tag: u8, reader: &mut Reader) -> Result<Self, &'static str> {
        match tag {
            Op::APPEND => argument(reader).map(Op::Append),
            Op::PREPEND => argument(reader).map(Op::Prepend),
            Op::REVERSE => Ok(Op::Reverse),
            Op::HEXLIFY => Ok(Op::Hexlify),
            _ => FileHash::of_tag(tag).map(Op::from).ok_or("it has an unknown operation"),
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Op::Append(argument) => {
                out.push(Op::APPEND);
                push_varbytes(out, argument);
            }
            Op::Prepend(argument) => {
                out.push(Op::PREPEND);
                push_varbytes(out, argument);
            }
            Op::Reverse => out.push(Op::REVERSE),
            Op::Hexlify => out.push(Op::HEXLIFY),
            Op::Sha1 => out.push(FileHash::Sha1.tag()),
            Op::Ripemd160 => out.push(FileHash::Ripemd160.tag()),
            Op::Sha256 => out.push(FileHash::Sha256.tag()),
            Op::Keccak256 => out.push(FileHash::Keccak256.tag()),
        }
    }

    /// What it makes of `message`; `None` when that is longer than a message may be.
    pub(super) fn apply(&self, message: &[u8]) -> Option<Vec<u8>> {
        let result = match self {
            Op::Append(argument) => [message, argument].concat(),
            Op::Prepend(argument) => [argument, message].concat(),
            Op::Reverse => message.iter().rev().copied().collect(),
            Op::Hexlify => hexlify(message),
            Op::Sha1 => FileHash::Sha1.of(message),
            Op::Ripemd160 => FileHash::Ripemd160.of(message),
            Op::Sha256 => FileHash::Sha256.of(message),
            Op::Keccak256 => FileHash::Keccak256.of(message),
        };
        (result.len() <= Limits::OTS_MESSAGE_BYTES).then_some(result)
    }
}

impl From<FileHash> for Op {
    fn from(hash: FileHash) -> Self {
        match hash {
            FileHash::Sha1 => Op::Sha1,
            FileHash::Ripemd160 => Op::Ripemd160,
            FileHash::Sha256 => Op::Sha256,
            FileHash::Keccak256 => Op::Keccak256,
        }
    }
}

fn argument(reader: &mut Reader) -> Result<Vec<u8>, &'static str> {
    let bytes = reader.varbytes(Limits::OTS_MESSAGE_BYTES)?;
    if bytes.is_empty() {
        return Err("an operation adds nothing");
    }
    Ok(bytes.to_vec())
}

fn hexlify(message: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    message.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]).collect()
}
