//! Tombstones: who was erased, so that a backup that comes back can be erased again – without saying who.
//!
//! A tombstone is HMAC-SHA-256 (RFC 2104) of kind and normalised identity under one secret of the project, named by its id:
//! with a secret of its own for each, a replay would cost tombstones × rows. It is pseudonymous data: whoever has the secret
//! and guesses an identity can test the guess. Destroying the secret ends all of them.

use std::collections::HashMap;

use hmac::{Hmac, KeyInit as _, Mac as _};
use model::{Digest, Fault, Instant};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::Limits;

/// The secret of a project's tombstones.
pub struct Secret {
    key: [u8; 32],
    id: String,
}

/// Not even by accident.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret({})", self.id)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.key.fill(0);
        // Keeps the compiler from leaving the line above out.
        std::hint::black_box(&self.key);
    }
}

impl Secret {
    /// From the bytes of its file.
    pub fn new(key: [u8; 32]) -> Self {
        let id = mac(&key, &[b"probity tombstone key id"]).hex()[..8].to_owned();
        Secret { key, id }
    }

    /// The name that tombstones carry: it tells nothing about the secret.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The pseudonym of an identity. `normalised` is the form that comparisons use.
    pub fn pseudonym(&self, kind: &str, normalised: &str) -> Digest {
        mac(&self.key, &[b"probity identity 1", kind.as_bytes(), normalised.as_bytes()])
    }

    /// A key that follows from the secret, for one use of it.
    pub fn derive(&self, what: &str) -> crate::consent::IndexKey {
        crate::consent::IndexKey(*mac(&self.key, &[b"probity derived key 1", what.as_bytes()]).as_bytes())
    }

    /// The same as certificates print it: `hmac-sha256:<key id>:<hex>`.
    pub fn printed(&self, kind: &str, normalised: &str) -> String {
        format!("hmac-sha256:{}:{}", self.id, self.pseudonym(kind, normalised).hex())
    }
}

/// HMAC-SHA-256 over `parts`, each behind its length, so that no two lists of parts have one input.
pub(crate) fn mac(key: &[u8], parts: &[&[u8]]) -> Digest {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Digest::new([0; 32]) };
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    Digest::new(mac.finalize().into_bytes().into())
}

/// One identity that was erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// `email`, `phone_number`, …
    pub kind: String,
    /// The pseudonym of the identity.
    pub pseudonym: Digest,
    /// The id of the secret.
    pub key: String,
    /// The version of the normalisation that was hashed.
    pub normalisation: u32,
    /// The request.
    pub request: String,
    /// When it was erased.
    pub erased: Instant,
    /// How the identity was read; `None` in those of earlier versions, which did not say it.
    pub read: Option<Read>,
    /// Beside it stand tombstones of all by which rows of other stores hung on the person ([`crate::anchor`]).
    pub anchored: bool,
}

/// How an identity was read when it was erased: what else was taken for it then, has to be now.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Read {
    /// Addresses with something behind a plus counted as the one without it.
    pub fold_plus: bool,
    /// Where numbers without a calling code were dialled.
    pub region: Option<String>,
}

impl Tombstone {
    /// As a line of `tombstones.jsonl`, without its end.
    pub fn to_line(&self) -> String {
        let mut line = json!({
            "erased": self.erased.to_string(), "key": self.key, "kind": self.kind, "normalisation": self.normalisation,
            "pseudonym": self.pseudonym.hex(), "request": self.request, "v": 1,
        });
        if let Some(read) = &self.read {
            line["read"] = json!({"fold_plus": read.fold_plus, "region": read.region});
        }
        if self.anchored {
            line["anchored"] = json!(true);
        }
        line.to_string()
    }

    fn parse(line: &str) -> Option<Self> {
        let value: Value = (line.len() <= Limits::LINE_BYTES).then(|| serde_json::from_str(line).ok())??;
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        (value.get("v")?.as_u64()? == 1).then_some(())?;
        let read = match value.get("read") {
            None => None,
            Some(read) => Some(Read {
                fold_plus: read.get("fold_plus")?.as_bool()?,
                region: read.get("region").and_then(Value::as_str).map(str::to_owned),
            }),
        };
        Some(Tombstone {
            read,
            anchored: value.get("anchored").and_then(Value::as_bool) == Some(true),
            kind: text("kind")?.to_owned(),
            pseudonym: Digest::parse(text("pseudonym")?).ok()?,
            key: text("key")?.to_owned(),
            normalisation: u32::try_from(value.get("normalisation")?.as_u64()?).ok()?,
            request: text("request")?.to_owned(),
            erased: Instant::parse(text("erased")?).ok()?,
        })
    }
}

/// All tombstones of a project, to be asked many times.
#[derive(Debug, Default)]
pub struct Tombstones {
    of: HashMap<(String, Digest), Tombstone>,
}

impl Tombstones {
    /// Reads the lines of `tombstones.jsonl`. The last line may be unfinished: what it was about is not erased yet.
    ///
    /// # Errors
    /// `bad-tombstone` with the line: a replay that skipped one would bring a person back.
    pub fn read(text: &str) -> Result<Self, Fault> {
        let mut all = Tombstones::default();
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        for (number, line) in text[..whole].lines().enumerate() {
            let tombstone = Tombstone::parse(line).ok_or_else(|| {
                Fault::bad_input("bad-tombstone", "This is no tombstone")
                    .at(model::Place::line(number as u64 + 1, 0))
                    .advise("Restore the file from a backup: a replay that skipped a line would bring a person back.")
            })?;
            all.of.insert((tombstone.kind.clone(), tombstone.pseudonym), tombstone);
        }
        Ok(all)
    }

    /// The tombstone of an identity, if it was erased.
    pub fn of(&self, secret: &Secret, kind: &str, normalised: &str) -> Option<&Tombstone> {
        self.of.get(&(kind.to_owned(), secret.pseudonym(kind, normalised)))
    }

    /// Whether there is one of that kind with that pseudonym.
    pub fn has(&self, kind: &str, pseudonym: &Digest) -> bool {
        self.of.contains_key(&(kind.to_owned(), *pseudonym))
    }

    /// Every tombstone of one kind of identity.
    pub fn of_kind<'t>(&'t self, kind: &'t str) -> impl Iterator<Item = &'t Tombstone> {
        self.of.values().filter(move |stone| stone.kind == kind)
    }

    /// How many were made before anchors were: by which values rows of other stores hung on those people nobody knows.
    pub fn unanchored(&self) -> usize {
        self.of.values().filter(|stone| !stone.anchored).count()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.of.len()
    }

    /// Whether nobody was erased.
    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// Those that were made under another secret or another normalisation: they cannot be asked for.
    pub fn strange(&self, secret: &Secret, normalisation: u32) -> usize {
        let known = |stone: &Tombstone| stone.key == secret.id() && stone.normalisation == normalisation;
        self.of.values().filter(|stone| !known(stone)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stone(secret: &Secret, kind: &str, identity: &str) -> Tombstone {
        Tombstone {
            kind: kind.to_owned(),
            pseudonym: secret.pseudonym(kind, identity),
            key: secret.id().to_owned(),
            normalisation: 1,
            request: "req-0001".to_owned(),
            erased: Instant::from_nanos(0),
            anchored: kind == "email",
            read: (kind == "email").then(|| Read { fold_plus: true, region: Some("DE".to_owned()) }),
        }
    }

    /// Who was erased is known again, nobody else is, and the lines do not say who it was.
    #[test]
    fn who_was_erased_is_known_again() {
        let secret = Secret::new([7; 32]);
        let lines = stone(&secret, "email", "ann@example.org").to_line() + "\n";
        assert!(!lines.contains("ann"));
        let stones = Tombstones::read(&lines).expect("one line");
        let known = |secret: &Secret, kind, identity| stones.of(secret, kind, identity).is_some();
        assert!(known(&secret, "email", "ann@example.org"));
        assert!(!known(&secret, "user", "ann@example.org"));
        assert!(!known(&secret, "email", "bob@example.org"));
        assert!(!known(&Secret::new([8; 32]), "email", "ann@example.org"));
        assert_eq!((stones.strange(&secret, 1), stones.strange(&secret, 2)), (0, 1));
        assert_eq!(stones.strange(&Secret::new([8; 32]), 1), 1);
    }

    /// A line that cannot be read stops the replay; an unfinished one was never promised.
    #[test]
    fn no_line_is_skipped() {
        let secret = Secret::new([7; 32]);
        let line = stone(&secret, "email", "ann@example.org").to_line() + "\n";
        let cut = format!("{line}{}", &line[..20]);
        assert_eq!(Tombstones::read(&cut).expect("torn").len(), 1);
        let fault = Tombstones::read(&format!("{line}{{}}\n{line}")).expect_err("no tombstone");
        assert_eq!((fault.code(), fault.place().map(|place| place.line)), ("bad-tombstone", Some(2)));
    }

    /// RFC 4231, test case 2, through the HMAC that `mac` uses.
    #[test]
    fn the_mac_is_hmac_sha_256() {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"Jefe").expect("any length");
        mac.update(b"what do ya want for nothing?");
        let expect = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(Digest::new(mac.finalize().into_bytes().into()).hex(), expect);
    }
}
