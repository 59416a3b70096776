//! Goal: proofs of time are those of the `ots` client, byte for byte and both ways; what is wrong in one is refused.

mod kit;

use std::fs;
use std::path::{Path, PathBuf};

use kit::{Peer, hex, http, python, run, unhex};
use probity_seal::ots::{Attestation, Block, FileHash, Header, Proof};
use probity_seal::sha256;
use proptest::prelude::*;

const FILE: &[u8] = b"a signature, as it would be stamped\n";
const NONCE: [u8; 16] = [7; 16];

/// The `ots` client beside a calendar and a node of its own.
struct House {
    folder: tempfile::TempDir,
    python: PathBuf,
    peer: Peer,
}

impl House {
    fn new(options: &[&str]) -> Option<Self> {
        let python = python("PROBITY_TEST_OTS")?;
        let folder = tempfile::tempdir().expect("a folder");
        let peer = Peer::start(folder.path(), "ots-stub", &[&["0", "0"], options].concat());
        fs::write(folder.path().join("f"), FILE).expect("writable");
        Some(House { folder, python, peer })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect("it is there")
    }

    /// `ots` with `arguments`: whether it succeeded, and what it said.
    fn ots(&self, arguments: &[&str]) -> (bool, String) {
        let node = self.peer.address("bitcoin").replace("http://", "http://user:password@");
        let common = ["--no-cache", "-l", self.peer.address("calendar"), "--bitcoin-node", &node];
        run(self.folder.path(), self.python.with_file_name("ots"), &[&common, arguments].concat())
    }

    /// A proof of ours over FILE, still pending.
    fn stamp(&self) -> Proof {
        let request = Proof::begin(sha256(FILE), NONCE);
        let commitment = request.commitment();
        let kind = "application/x-www-form-urlencoded";
        let (status, answer) =
            http(self.peer.address("calendar"), "/digest", Some((kind, commitment.as_bytes().as_slice())));
        assert_eq!(status, 200);
        request.answered(&[answer]).expect("a calendar's answer")
    }

    /// Asks the calendar for what is pending, as often as it has to be asked.
    fn upgrade(&self, proof: &mut Proof) -> bool {
        let mut is_new = false;
        for pending in proof.pending() {
            assert_eq!(pending.uri, self.peer.address("calendar"));
            let (status, answer) = http(&pending.uri, &format!("/timestamp/{}", hex(&pending.commitment)), None);
            is_new |= status == 200 && proof.upgrade(&pending.commitment, &answer).expect("an answer");
        }
        is_new
    }

    fn header(&self, height: u64) -> Header {
        let call = |method: &str, parameters: String| {
            let body = format!("{{\"method\":\"{method}\",\"params\":{parameters},\"id\":1}}");
            let (_, answer) = http(self.peer.address("bitcoin"), "/", Some(("application/json", body.as_bytes())));
            let answer: serde_json::Value = serde_json::from_slice(&answer).expect("JSON");
            answer["result"].as_str().expect("a text").to_owned()
        };
        let hash = call("getblockhash", format!("[{height}]"));
        unhex(&call("getblockheader", format!("[\"{hash}\",false]"))).try_into().expect("80 bytes")
    }

    fn check(&self, proof: &Proof) -> Result<Block, String> {
        let heights = proof.heights();
        assert_eq!(heights, [800_000]);
        proof.check_header(800_000, &self.header(800_000)).map_err(|fault| fault.code().to_owned())
    }
}

#[test]
fn ots_upgrades_and_verifies_our_proof() {
    let Some(house) = House::new(&[]) else { return };
    let proof = house.stamp();
    assert_eq!((proof.digest(), proof.heights()), (Some(sha256(FILE)), vec![]));
    fs::write(house.path("f.ots"), proof.to_bytes()).expect("writable");
    let (_, said) = house.ots(&["info", "f.ots"]);
    assert!(said.contains(&sha256(FILE).hex()) && said.contains("PendingAttestation"), "{said}");
    let (upgraded, said) = house.ots(&["upgrade", "f.ots"]);
    assert!(upgraded && said.contains("Timestamp complete"), "{said}");
    let (verified, said) = house.ots(&["verify", "f.ots"]);
    assert!(verified && said.contains("Bitcoin block 800000 attests existence as of 2026-01-01"), "{said}");

    let theirs = Proof::parse(&house.read("f.ots")).expect("ots wrote it");
    assert_eq!(theirs.to_bytes(), house.read("f.ots"));
    assert_eq!(theirs.pending(), proof.pending(), "the promise is kept in the proof");
    let block = house.check(&theirs).expect("the node's header");
    assert_eq!((block.time.to_string().as_str(), block.work_bits), ("2026-01-01T00:00:00Z", 1));

    // The same upgrade by us is the same file.
    let mut ours = proof;
    assert!(house.upgrade(&mut ours), "the path to the block is new");
    assert_eq!(ours.to_bytes(), theirs.to_bytes());
    assert!(!house.upgrade(&mut ours), "nothing more to learn");
    fs::write(house.path("f"), b"another file").expect("writable");
    assert!(!house.ots(&["verify", "f.ots"]).0);
    assert!(theirs.is_over(FILE) && !theirs.is_over(b"another file"));
}

#[test]
fn we_upgrade_the_proof_of_ots_and_ots_verifies_it() {
    let Some(house) = House::new(&["--confirm-after", "1"]) else { return };
    let calendar = house.peer.address("calendar");
    let (stamped, said) = house.ots(&["stamp", "-c", calendar, "-m", "1", "f"]);
    assert!(stamped, "{said}");
    let mut proof = Proof::parse(&house.read("f.ots")).expect("ots wrote it");
    assert_eq!(proof.to_bytes(), house.read("f.ots"));
    assert!(proof.is_over(FILE) && proof.heights().is_empty());
    assert!(!house.upgrade(&mut proof), "404 while it is pending");
    assert!(house.upgrade(&mut proof), "then a block");
    house.check(&proof).expect("the node's header");
    fs::write(house.path("f.ots"), proof.to_bytes()).expect("writable");
    let (verified, said) = house.ots(&["verify", "f.ots"]);
    assert!(verified && said.contains("Success!"), "{said}");
}

#[test]
fn a_wrong_merkle_root_is_refused_by_both() {
    let Some(house) = House::new(&["--wrong-root"]) else { return };
    let mut proof = house.stamp();
    assert!(house.upgrade(&mut proof));
    assert_eq!(house.check(&proof).err().as_deref(), Some("block-mismatch"));
    fs::write(house.path("f.ots"), proof.to_bytes()).expect("writable");
    let (verified, said) = house.ots(&["verify", "f.ots"]);
    assert!(!verified && said.contains("merkleroot"), "{said}");
}

#[test]
fn the_vectors_read_as_they_were_written() {
    let read = |name: &str| {
        fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/vectors/ots").join(name)).expect("a vector")
    };
    let pending = Proof::parse(&read("pending.ots")).expect("ots wrote it");
    let confirmed = Proof::parse(&read("confirmed.ots")).expect("ots wrote it");
    assert_eq!((pending.to_bytes(), confirmed.to_bytes()), (read("pending.ots"), read("confirmed.ots")));
    assert!(pending.is_over(&read("message")) && pending.pending() == confirmed.pending());
    let text = String::from_utf8(read("header.hex")).expect("hex");
    let mut header: Header = unhex(text.trim()).try_into().expect("80 bytes");
    let block = confirmed.check_header(800_000, &header).expect("its block");
    assert_eq!((block.height, block.work_bits, block.time.to_string().as_str()), (800_000, 1, "2026-01-01T00:00:00Z"));
    assert!(pending.check_header(800_000, &header).is_err() && confirmed.check_header(799_999, &header).is_err());
    header[36] ^= 1;
    assert!(confirmed.check_header(800_000, &header).is_err());
}

/// Makes proofs with every operation and attestation, and says what they compute. Their tree is random, from one seed.
const RANDOM_PROOFS: &str = r#"
import random, sys, warnings
warnings.simplefilter("ignore")
from opentimestamps.core.notary import *
from opentimestamps.core.op import *
from opentimestamps.core.serialize import BytesSerializationContext
from opentimestamps.core.timestamp import *

draw = random.Random(42)

def attestation():
    kind = draw.randrange(3)
    if kind == 0:
        return PendingAttestation("https://calendar-%d.example/a_b" % draw.randrange(3))
    if kind == 1:
        return BitcoinBlockHeaderAttestation(draw.choice([0, 1, 127, 128, 799_999, 2**40]))
    return UnknownAttestation(draw.randbytes(8), draw.randbytes(draw.choice([0, 1, 127, 128, 8192])))

def operation():
    plain = [OpSHA1, OpRIPEMD160, OpSHA256, OpKECCAK256, OpReverse, OpHexlify]
    kind = draw.randrange(len(plain) + 2)
    return plain[kind]() if kind < len(plain) else [OpAppend, OpPrepend][kind - len(plain)](draw.randbytes(draw.choice([1, 2, 200])))

def grow(stamp, depth):
    for _ in range(draw.choice([1, 1, 1, 2, 3])):
        if depth == 0 or draw.randrange(4) == 0:
            stamp.attestations.add(attestation())
        else:
            grow(stamp.ops.add(operation()), depth - 1)

for _ in range(60):
    hashed = draw.choice([OpSHA1(), OpRIPEMD160(), OpSHA256()])
    stamp = Timestamp(hashed(b"a file"))
    grow(stamp, draw.randrange(8))
    context = BytesSerializationContext()
    try:
        DetachedTimestampFile(hashed, stamp).serialize(context)
    except TypeError:
        continue
    found = sorted(message.hex() + ":" + one.TAG.hex() for message, one in stamp.all_attestations())
    print(context.getbytes().hex(), ",".join(found))
"#;

fn tag(attestation: &Attestation) -> String {
    match attestation {
        Attestation::Pending { .. } => "83dfe30d2ef90c8e".into(),
        Attestation::Bitcoin { .. } => "0588960d73d71901".into(),
        Attestation::Unknown { tag, .. } => hex(tag),
    }
}

#[test]
fn every_operation_computes_what_it_computes_for_ots() {
    let Some(python) = python("PROBITY_TEST_OTS") else { return };
    let (made, text) = run(Path::new("."), python, &["-c", RANDOM_PROOFS]);
    assert!(made, "{text}");
    let mut number = 0;
    for line in text.lines() {
        let (proof, expected) = line.split_once(' ').expect("two words");
        let proof = unhex(proof);
        if proof.len() > 64 << 10 {
            continue;
        }
        let read = Proof::parse(&proof).expect("ots wrote it");
        assert!(read.is_over(b"a file"));
        assert_eq!(read.to_bytes(), proof);
        let mut found: Vec<String> =
            read.attestations().iter().map(|at| format!("{}:{}", hex(&at.message), tag(&at.attestation))).collect();
        found.sort();
        assert_eq!(found.join(","), expected);
        number += 1;
    }
    assert!(number > 40, "only {number} proofs were compared");
}

/// A proof over FILE: what stands behind the digest.
fn with(branches: &str) -> Vec<u8> {
    [EXAMPLE_HEAD, sha256(FILE).as_bytes(), &unhex(branches)].concat()
}

const EXAMPLE_HEAD: &[u8] = b"\0OpenTimestamps\0\0Proof\0\xbf\x89\xe2\xe8\x84\xe8\x92\x94\x01\x08";
const PENDING: &str = "0083dfe30d2ef90c8e0302612f";
const BITCOIN: &str = "000588960d73d7190103ffea30";

#[test]
fn what_breaks_a_rule_is_refused() {
    let read = |branches: &str| Proof::parse(&with(branches)).map_err(|fault| fault.message().to_owned());
    assert!(read(PENDING).is_ok() && read(BITCOIN).is_ok());
    let deep = |operations: usize| "08".repeat(operations) + PENDING;
    assert!(read(&deep(255)).is_ok());
    // A message of 32 bytes may grow to 4,096: seven times to its double.
    assert!(read(&("f3".repeat(7) + PENDING)).is_ok());
    let uri = |text: &str| {
        let text = hex(text.as_bytes());
        format!("0083dfe30d2ef90c8e{:02x}{:02x}{text}", text.len() / 2 + 1, text.len() / 2)
    };
    assert!(read(&uri("http://127.0.0.1:14788")).is_ok());
    let refused = [
        ("", "ends too early"),
        ("08", "ends too early"),
        ("ff", "ends too early"),
        (&PENDING[..20], "ends too early"),
        (&format!("{PENDING}00"), "behind its end"),
        (&format!("{PENDING}{PENDING}"), "behind its end"),
        (&format!("ff{PENDING}"), "ends too early"),
        (&format!("ffff{PENDING}{PENDING}"), "unknown operation"),
        (&format!("f4{PENDING}"), "unknown operation"),
        (&format!("f000{PENDING}"), "adds nothing"),
        (&format!("f08120{}{PENDING}", "00".repeat(4097)), "too long"),
        (&format!("f08020{}{PENDING}", "00".repeat(4096)), "a message in it is too long"),
        (&format!("{}{PENDING}", "f3".repeat(8)), "a message in it is too long"),
        (&deep(256), "256 operations"),
        (&format!("f08100ab{PENDING}"), "longer than it is"),
        (&format!("f0{}{PENDING}", "ff".repeat(10)), "too large"),
        (&uri("http://a@b"), "address"),
        (&uri("http://a?b"), "address"),
        (&format!("0083dfe30d2ef90c8eeb07e907{}", "61".repeat(1001)), "too long"),
        ("0083dfe30d2ef90c8e0402612f00", "behind its end"),
        (&format!("00aaaaaaaaaaaaaaaa8140{}", "00".repeat(8193)), "too long"),
        ("000588960d73d7190104ffea3000", "behind its end"),
    ];
    for (branches, why) in refused {
        let message = read(branches).expect_err(branches);
        assert!(message.contains(why), "{branches}: {message}");
    }
    for whole in [b"".as_slice(), &EXAMPLE_HEAD[..20], &vec![0; (64 << 10) + 1], b"text"] {
        assert_eq!(Proof::parse(whole).map_err(|fault| fault.code()), Err("bad-ots-proof"));
    }
    let mut other = with(PENDING);
    other[31] = 2;
    assert!(Proof::parse(&other).is_err(), "version 2");
}

#[test]
fn unknown_attestations_are_kept_byte_for_byte() {
    let bytes = with(&format!("ff00aaaaaaaaaaaaaaaa03010203ff{BITCOIN}08{PENDING}"));
    let proof = Proof::parse(&bytes).expect("a proof");
    assert_eq!(proof.to_bytes(), bytes);
    let shown: Vec<String> = proof.attestations().iter().map(|at| at.attestation.to_string()).collect();
    assert_eq!(shown, ["unknown attestation aaaaaaaaaaaaaaaa", "Bitcoin block 800127", "pending at a/"]);
    assert_eq!(proof.file_digest(), (FileHash::Sha256, sha256(FILE).as_bytes().as_slice()));
}

#[test]
fn an_answer_that_fits_nowhere_leaves_the_proof_as_it_was() {
    let mut proof = Proof::parse(&with(&format!("08{PENDING}"))).expect("a proof");
    let before = proof.clone();
    let commitment = proof.pending()[0].commitment.clone();
    let answer = unhex(BITCOIN);
    for (commitment, answer) in [
        (b"elsewhere".as_slice(), answer.as_slice()),
        (sha256(FILE).as_bytes(), &answer),
        (&commitment, b""),
        (&commitment, &answer[..5]),
        (&commitment, &[answer.as_slice(), b"\0"].concat()),
        (&commitment, &[vec![8; 255], unhex(PENDING)].concat()),
        (&commitment, &vec![8; 10_001]),
    ] {
        assert_eq!(proof.upgrade(commitment, answer).map_err(|fault| fault.code()), Err("bad-ots-answer"));
        assert_eq!(proof, before);
    }
    assert_eq!(proof.upgrade(&commitment, &answer).ok(), Some(true));
    assert_eq!(proof.upgrade(&commitment, &answer).ok(), Some(false), "nothing is added twice");
    assert_eq!((proof.heights(), proof.pending()), (vec![800_127], before.pending()));
    assert_eq!(proof.to_bytes(), with(&format!("08ff{BITCOIN}{PENDING}")), "sorted by tag");
    let request = Proof::begin(sha256(FILE), NONCE);
    assert_eq!(request.answered::<&[u8]>(&[]).map_err(|fault| fault.code()), Err("bad-ots-answer"));
}

#[test]
fn two_calendars_share_one_proof() {
    let request = Proof::begin(sha256(FILE), NONCE);
    let proof = request.answered(&[unhex(&format!("f001bb08{PENDING}")), unhex(&format!("f001aa08{PENDING}"))]);
    let proof = proof.expect("two answers");
    let tree = format!("f010{}08fff001aa08{PENDING}f001bb08{PENDING}", hex(&NONCE));
    assert_eq!(proof.to_bytes(), with(&tree));
    let mut one = request.answered(&[unhex(&format!("f001aa08{PENDING}"))]).expect("one answer");
    let other = request.answered(&[unhex(&format!("f001bb08{PENDING}"))]).expect("another");
    one.merge(other).expect("over the same file");
    assert_eq!(one, proof);
    let stranger = Proof::begin(sha256(b"another"), NONCE).answered(&[unhex(PENDING)]).expect("an answer");
    assert_eq!(one.merge(stranger).map_err(|fault| fault.code()), Err("bad-ots-answer"));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for bytes in [bytes.clone(), [EXAMPLE_HEAD, &bytes].concat(), with(&hex(&bytes))] {
            if let Ok(proof) = Proof::parse(&bytes) {
                prop_assert_eq!(proof.to_bytes(), bytes);
            }
        }
    }

    #[test]
    fn a_changed_proof_is_refused_or_written_as_it_was_read(at in 0usize..200, byte: u8) {
        let mut bytes = with(&format!("f0020304f10105ff00aaaaaaaaaaaaaaaa03010203ff{BITCOIN}f2f3020367ff08{PENDING}{BITCOIN}"));
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(proof) = Proof::parse(&bytes) {
            prop_assert_eq!(proof.to_bytes(), bytes);
            prop_assert!(!proof.attestations().is_empty());
        }
    }
}
