//! Test vectors: what was signed by somebody else and must never be accepted in another form.
#![allow(dead_code, reason = "each target uses its own part")]

use std::sync::LazyLock;

use serde_json::Value;

/// A JSON file of `fixtures/vectors`.
pub struct Vector(Value);

impl Vector {
    /// The text under `name`.
    pub fn text(&self, name: &str) -> &str {
        self.0[name].as_str().expect("the vector holds this text")
    }
}

macro_rules! vector {
    ($name:ident, $file:literal) => {
        pub static $name: LazyLock<Vector> = LazyLock::new(|| {
            let text = include_str!(concat!("../../fixtures/vectors/", $file));
            Vector(serde_json::from_str(text).expect("the vector is JSON"))
        });
    };
}

vector!(NOTE, "note/go-example.json");
vector!(MINISIGN, "minisign/minisign.json");
vector!(SSHSIG, "sshsig/ssh-keygen.json");
vector!(TLOG, "tlog/three-entries.json");

/// Everybody who signed a note or a checkpoint in the vectors.
pub fn verifiers() -> Vec<seal::note::Verifier> {
    let keys = [NOTE.text("vkey"), TLOG.text("log_vkey"), TLOG.text("witness_vkey")];
    keys.map(|key| seal::note::Verifier::parse(key).expect("a verifier key")).into()
}
