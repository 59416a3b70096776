//! The vectors of signatures with certificates, for every target that changes one of them.
#![allow(dead_code, reason = "each target uses its own part")]

use std::sync::LazyLock;

use model::Instant;
use seal::x509::Certificate;

macro_rules! vector {
    ($name:literal) => {
        include_bytes!(concat!("../../fixtures/vectors/signatures/", $name)).as_slice()
    };
}

pub const MESSAGE: &[u8] = vector!("message");
pub const STAMPED: &[u8] = vector!("stamped.p7s");
pub const STAMP: &[u8] = vector!("stamp.tsr");

pub static ANCHORS: LazyLock<[Certificate; 1]> = LazyLock::new(|| [certificate(vector!("ca.pem"))]);
pub static SIGNER: LazyLock<Certificate> = LazyLock::new(|| certificate(vector!("p256.pem")));
pub static REVOKED: LazyLock<Certificate> = LazyLock::new(|| certificate(vector!("revoked.pem")));

fn certificate(pem: &[u8]) -> Certificate {
    let text = std::str::from_utf8(pem).expect("PEM is text");
    Certificate::all_from_pem(text).expect("a certificate").remove(0)
}

/// When all of the vectors were current.
pub fn now() -> Instant {
    Instant::parse("2026-11-22T18:00:00Z").expect("a time")
}
