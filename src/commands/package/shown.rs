//! What `package build` says of what it built.

use std::path::PathBuf;

use evidence::package::Built;
use model::ByteSize;
use seal::PublicKey;
use serde_json::{Value, json};

use crate::cli::output::{Page, Show};

/// Whether the package says when it was made, by somebody else's word.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Timed {
    /// No authority was named.
    Unasked,
    /// Every signature has a time stamp.
    Stamped,
    /// No authority answers.
    Pending,
}

impl Timed {
    pub(super) fn word(self) -> &'static str {
        match self {
            Timed::Unasked => "not asked",
            Timed::Stamped => "stamped",
            Timed::Pending => "pending",
        }
    }
}

/// A package that was built.
pub(super) struct Packed {
    pub(super) path: PathBuf,
    pub(super) built: Built,
    pub(super) signer: PublicKey,
    pub(super) people: Vec<String>,
    pub(super) own: bool,
    pub(super) demo: bool,
    pub(super) encrypted: bool,
    pub(super) timed: Timed,
}

impl Show for Packed {
    fn json(&self) -> Value {
        json!({
            "schema": "package/1",
            "package": self.path.display().to_string(),
            "manifest_sha256": self.built.manifest.hex(),
            "files": self.built.files,
            "bytes": self.built.bytes,
            "signer": self.signer.fingerprint(),
            "signers": self.people,
            "own_certificate": self.own,
            "demo_key": self.demo,
            "encrypted": self.encrypted,
            "time": self.timed.word(),
        })
    }

    fn human(&self, page: &mut Page) {
        let path = self.path.display();
        page.field("package", path.to_string());
        page.field("size", format!("{} in {} files", ByteSize(self.built.bytes), self.built.files));
        page.field("manifest", format!("sha256:{}", self.built.manifest));
        let demo = if self.demo { " (a DEMO key: it proves nothing about you)" } else { "" };
        page.field("signed by", format!("{}{demo}", self.signer.fingerprint()));
        let own = if self.own { " (its own certificate: nobody vouches for it)" } else { "" };
        self.people.iter().for_each(|name| page.field("and by", format!("{name}{own}")));
        if self.people.is_empty() {
            page.field("and by", "nobody with a certificate: --key is not the project's, so name one with --signer");
        }
        page.field(
            "time",
            match self.timed {
                Timed::Unasked => "of this machine; name an authority with --tsa".to_owned(),
                Timed::Stamped => "stamped by an authority".to_owned(),
                Timed::Pending => format!("PENDING: run `probity package timestamp {path}` when an authority answers"),
            },
        );
        page.gap();
        match self.encrypted {
            true => page.line(format!("Open it: age -d -i KEY {path} > package.asice")),
            false => page.line(format!("Check it: probity verify {path}")),
        }
        page.line("Without probity: unzip it and run sh bag/verify.sh; VERIFY.txt inside says how.");
    }
}
