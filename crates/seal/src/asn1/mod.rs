//! DER as X.690 has it: reading with the very bytes at hand (signatures are over bytes, not over values), and writing.
//!
//! Deliberately absent: tags above 30, which none of our formats has. BER is turned into DER first, by [`ber`].

pub(crate) mod ber;
pub(crate) mod oid;
pub(crate) mod read;
pub(crate) mod time;
pub(crate) mod write;

pub(crate) use read::{Element, Reader};

/// Tags, each with its class and its constructed bit.
pub(crate) mod tag {
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const NULL: u8 = 0x05;
    pub(crate) const OID: u8 = 0x06;
    pub(crate) const ENUMERATED: u8 = 0x0a;
    pub(crate) const UTF8_STRING: u8 = 0x0c;
    pub(crate) const NUMERIC_STRING: u8 = 0x12;
    pub(crate) const PRINTABLE_STRING: u8 = 0x13;
    pub(crate) const TELETEX_STRING: u8 = 0x14;
    pub(crate) const IA5_STRING: u8 = 0x16;
    pub(crate) const UTC_TIME: u8 = 0x17;
    pub(crate) const GENERALIZED_TIME: u8 = 0x18;
    pub(crate) const VISIBLE_STRING: u8 = 0x1a;
    pub(crate) const BMP_STRING: u8 = 0x1e;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;

    /// `[n]` of a simple type (IMPLICIT).
    pub(crate) const fn simple(n: u8) -> u8 {
        0x80 | n
    }

    /// `[n]` of a constructed type, or EXPLICIT.
    pub(crate) const fn constructed(n: u8) -> u8 {
        0xa0 | n
    }
}
