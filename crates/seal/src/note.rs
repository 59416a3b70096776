//! Signed notes (C2SP signed-note) and cosignatures of checkpoints (C2SP tlog-cosignature, Ed25519 form).
//!
//! ```text
//! <text, ends in a line feed>
//! <empty line>
//! — <key name> <base64 of key id ‖ signature>      one or more lines
//! ```

use std::fmt;

use model::{Fault, hex};

use crate::{Ed25519Signer, Limits, PublicKey, armour, sha256};

/// What a key signs. One key, one purpose: never use one key for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519 over the text (type 0x01): the author of the note.
    Ed25519,
    /// Ed25519 over time and text (type 0x04): a witness.
    Cosignature,
}

impl Algorithm {
    fn byte(self) -> u8 {
        match self {
            Algorithm::Ed25519 => 1,
            Algorithm::Cosignature => 4,
        }
    }
}

/// Who signs: a name that stands for a key in every note it signs.
pub struct Signer<'k> {
    name: String,
    key: &'k dyn Ed25519Signer,
}

impl<'k> Signer<'k> {
    /// A signer. `name` is best a URL without its scheme: `ledger.example/probity`.
    ///
    /// # Errors
    /// `bad-key-name` when it is empty or holds white space, a control character or `+`.
    pub fn new(name: &str, key: &'k dyn Ed25519Signer) -> Result<Self, Fault> {
        if !is_name(name) {
            return Err(Fault::bad_config("bad-key-name", format!("{name:?} cannot name a key"))
                .advise("Use a name without spaces and without +, for example ledger.example/probity."));
        }
        Ok(Signer { name: name.to_owned(), key })
    }

    /// What checks this signer's signatures.
    pub fn verifier(&self) -> Verifier {
        Verifier::of(&self.name, self.key.public(), Algorithm::Ed25519)
    }
}

/// Whose signature counts: a name, a key and what the key signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    id: [u8; 4],
    algorithm: Algorithm,
    key: PublicKey,
}

impl Verifier {
    /// Checks notes signed by `key` under `name`.
    ///
    /// # Errors
    /// `bad-vkey` when `name` cannot name a key.
    pub fn new(name: &str, key: &PublicKey) -> Result<Self, Fault> {
        is_name(name).then(|| Verifier::of(name, *key, Algorithm::Ed25519)).ok_or_else(|| refuse_vkey(name))
    }

    /// Checks the cosignatures of a witness.
    ///
    /// # Errors
    /// `bad-vkey` when `name` cannot name a key.
    pub fn witness(name: &str, key: &PublicKey) -> Result<Self, Fault> {
        is_name(name).then(|| Verifier::of(name, *key, Algorithm::Cosignature)).ok_or_else(|| refuse_vkey(name))
    }

    /// Reads `name+hex id+base64 key`, as [`Verifier`] prints it.
    ///
    /// # Errors
    /// `bad-vkey` when it is anything else, its id is not that of name and key, or its type is unknown.
    pub fn parse(vkey: &str) -> Result<Self, Fault> {
        // Only the first two plus signs separate: base64 has its own.
        let mut parts = vkey.trim_end_matches(['\r', '\n']).splitn(3, '+');
        let (name, id, key) = (parts.next(), parts.next(), parts.next());
        let verifier = name.zip(key).filter(|(name, _)| is_name(name)).and_then(|(name, key)| {
            let bytes = armour::decode(key).filter(|_| key.len() <= 64)?;
            let (kind, key) = bytes.split_first()?;
            let algorithm = [Algorithm::Ed25519, Algorithm::Cosignature].into_iter().find(|a| a.byte() == *kind)?;
            Some(Verifier::of(name, PublicKey::from_bytes(key).ok()?, algorithm))
        });
        verifier.filter(|verifier| id == Some(hex(&verifier.id).as_str())).ok_or_else(|| refuse_vkey(vkey))
    }

    fn of(name: &str, key: PublicKey, algorithm: Algorithm) -> Self {
        Verifier { id: key_id(name, algorithm, &key), name: name.to_owned(), algorithm, key }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// What the key signs.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// `None` when the signature is wrong; for a witness the time it states, in seconds since 1970.
    fn check(&self, text: &str, blob: &[u8]) -> Option<Option<u64>> {
        match self.algorithm {
            Algorithm::Ed25519 => self.key.verify(text.as_bytes(), blob.try_into().ok()?).then_some(None),
            Algorithm::Cosignature => {
                let (time, signature) = blob.split_first_chunk::<8>()?;
                let seconds = u64::from_be_bytes(*time);
                // Times beyond 2^63 - 1 are refused (tlog-cosignature, "Format").
                i64::try_from(seconds).ok()?;
                let message = cosigned(seconds, text);
                self.key.verify(message.as_bytes(), signature.try_into().ok()?).then_some(Some(seconds))
            }
        }
    }
}

impl fmt::Display for Verifier {
    /// The verifier key, as C2SP tools take it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&[self.algorithm.byte()], self.key.as_bytes().as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, hex(&self.id), armour::encode(bytes))
    }
}

/// The verifier key of `key` under `name`: what others need to check our notes.
///
/// # Errors
/// `bad-vkey` when `name` cannot name a key.
pub fn vkey(name: &str, key: &PublicKey) -> Result<String, Fault> {
    Verifier::new(name, key).map(|verifier| verifier.to_string())
}

/// Signs `text` with every signer, in order.
///
/// # Errors
/// `bad-note` when the text is empty, does not end in a line feed or holds another control character; what a signer says.
pub fn sign(text: &str, signers: &[Signer<'_>]) -> Result<String, Fault> {
    if !text.ends_with('\n') || has_controls(text) {
        return Err(refuse("its text must end in a line feed and hold no other control character"));
    }
    let mut note = format!("{text}\n");
    for signer in signers {
        let id = signer.verifier().id;
        push_line(&mut note, &signer.name, id, &signer.key.sign(text.as_bytes())?);
    }
    Ok(note)
}

/// The cosignature line of witness `name` for the checkpoint `text`, seen at `seconds` since 1970.
///
/// # Errors
/// `bad-key-name` when `name` cannot name a key; what the signer says.
pub fn cosign(text: &str, name: &str, key: &dyn Ed25519Signer, seconds: u64) -> Result<String, Fault> {
    let signer = Signer::new(name, key)?;
    let id = key_id(&signer.name, Algorithm::Cosignature, &key.public());
    let mut blob = seconds.to_be_bytes().to_vec();
    blob.extend_from_slice(&key.sign(cosigned(seconds, text).as_bytes())?);
    let mut line = String::new();
    push_line(&mut line, name, id, &blob);
    Ok(line)
}

/// A note whose signatures hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The text, final line feed included.
    pub text: String,
    /// The names of the known authors that signed it, in the order of the lines.
    pub signers: Vec<String>,
    /// Names of the known witnesses that cosigned it, with the time each states, in seconds since 1970.
    pub witnesses: Vec<(String, u64)>,
}

/// Opens `note`: its text, and which of `known` signed it. Lines of unknown keys are ignored.
///
/// # Errors
/// `bad-note` when it is malformed or two lines are of one known key; `wrong-signature` when the line of a known key
/// does not verify; `unknown-signer` when no known key signed.
pub fn open(note: &[u8], known: &[Verifier]) -> Result<Opened, Fault> {
    let (text, lines) = parse(note)?;
    let mut opened = Opened { text: text.to_owned(), signers: Vec::new(), witnesses: Vec::new() };
    let mut seen = Vec::new();
    for line in lines {
        // Name and id must both match; either alone says nothing (32-bit ids collide cheaply).
        let Some(verifier) = known.iter().find(|known| known.name == line.name && known.id == line.id) else {
            continue;
        };
        if seen.contains(&verifier.id) {
            return Err(refuse("a key signed it twice"));
        }
        seen.push(verifier.id);
        match verifier.check(text, &line.signature) {
            Some(None) => opened.signers.push(line.name.to_owned()),
            Some(Some(seconds)) => opened.witnesses.push((line.name.to_owned(), seconds)),
            None => return Err(wrong_signature(line.name)),
        }
    }
    if opened.signers.is_empty() && opened.witnesses.is_empty() {
        return Err(Fault::unverified("unknown-signer", "The note is not signed by a key you trust")
            .advise("Give the verifier key of whoever should have signed it."));
    }
    Ok(opened)
}

/// One signature line, as written; nothing about it is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'n> {
    /// The name of the key.
    pub name: &'n str,
    /// The first four bytes of the blob.
    pub id: [u8; 4],
    /// The rest of the blob.
    pub signature: Vec<u8>,
}

/// Splits a note into its text and its signature lines without checking any signature.
///
/// # Errors
/// `bad-note` when it is malformed.
pub fn parse(note: &[u8]) -> Result<(&str, Vec<Line<'_>>), Fault> {
    if note.len() > Limits::NOTE_BYTES {
        return Err(refuse("it is larger than 1 MiB"));
    }
    let note = std::str::from_utf8(note).map_err(|_| refuse("it is not UTF-8"))?;
    if has_controls(note) {
        return Err(refuse("it holds a control character"));
    }
    let split = note.rfind("\n\n").ok_or_else(|| refuse("no empty line stands before the signatures"))?;
    let (text, signatures) = (&note[..split + 1], &note[split + 2..]);
    let signatures = signatures.strip_suffix('\n').ok_or_else(|| refuse("it does not end in a line feed"))?;
    let lines: Option<Vec<_>> = signatures.split('\n').take(Limits::NOTE_SIGNATURES + 1).map(parse_line).collect();
    let lines = lines.ok_or_else(|| refuse("a signature line is malformed"))?;
    if lines.len() > Limits::NOTE_SIGNATURES {
        return Err(refuse("it has more than 256 signatures"));
    }
    Ok((text, lines))
}

fn parse_line(line: &str) -> Option<Line<'_>> {
    let (name, base64) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let blob = armour::decode(base64)?;
    let (id, signature) = blob.split_first_chunk::<4>()?;
    let sound = is_name(name) && !signature.is_empty();
    sound.then(|| Line { name, id: *id, signature: signature.to_vec() })
}

fn push_line(note: &mut String, name: &str, id: [u8; 4], signature: &[u8]) {
    let blob = [id.as_slice(), signature].concat();
    note.push_str(&format!("\u{2014} {name} {}\n", armour::encode(blob)));
}

fn key_id(name: &str, algorithm: Algorithm, key: &PublicKey) -> [u8; 4] {
    let bytes = [name.as_bytes(), b"\n", &[algorithm.byte()], key.as_bytes()].concat();
    let digest = sha256(&bytes);
    // A digest has 32 bytes.
    digest.as_bytes()[..4].try_into().unwrap_or_default()
}

fn cosigned(seconds: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

fn has_controls(text: &str) -> bool {
    text.bytes().any(|byte| byte < 0x20 && byte != b'\n')
}

fn refuse(reason: &str) -> Fault {
    Fault::bad_input("bad-note", format!("This is not a signed note: {reason}"))
        .advise("Use the file exactly as it was written; editors and mail programs change line ends.")
}

fn refuse_vkey(text: &str) -> Fault {
    Fault::bad_input("bad-vkey", format!("{text:?} is not a verifier key"))
        .advise("It has the form name+8 hex digits+base64, on one line.")
}

fn wrong_signature(name: &str) -> Fault {
    Fault::unverified("wrong-signature", format!("The signature of {name} does not match the note"))
        .advise("The note or the signature was changed after signing; ask for the original.")
}
