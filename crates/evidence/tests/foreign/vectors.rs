//! The containers and the bag of `fixtures/vectors/foreign`: no judge is needed to see that they hold, nor what does not.

use std::path::Path;

use probity_evidence::package::{NoBlocks, Outcome, Question};

use crate::kit::{Ground, answer, fails, holds, judge};

const ALL: [&str; 5] = ["xades.asice", "cades.asice", "stamped.asics", "bag.zip", "export.zip"];
/// Nobody with a certificate has signed these.
const PLAIN: [&str; 2] = ["bag.zip", "export.zip"];

fn ground() -> Ground {
    let ground = Ground::new();
    for name in ALL.iter().chain(&["ca.pem"]) {
        let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/vectors/foreign");
        ground.write(name, std::fs::read(vectors.join(name)).unwrap());
    }
    ground
}

#[test]
fn the_vectors_hold() {
    let ground = ground();
    let anchors = ground.anchors("ca.pem");
    for (name, form, signer, time) in [
        ("xades.asice", "ASiC-E", Outcome::Passed, Outcome::Passed),
        ("cades.asice", "ASiC-E", Outcome::Passed, Outcome::NotChecked),
        ("stamped.asics", "ASiC-S", Outcome::NotChecked, Outcome::Passed),
        ("bag.zip", "zipped BagIt bag", Outcome::NotChecked, Outcome::NotChecked),
        ("export.zip", "export of personal data", Outcome::NotChecked, Outcome::NotChecked),
    ] {
        let anchors = if PLAIN.contains(&name) { &[][..] } else { &anchors[..] };
        let found = ground.verify(name, anchors);
        holds(&found, name);
        let answers = (answer(&found, Question::SignerTrusted), answer(&found, Question::TimeTrusted));
        assert_eq!((found.form, answers), (form, (signer, time)), "{name}: {:#?}", found.checks);
    }
}

#[test]
fn a_bag_is_no_answer_for_who_asks_whom_to_trust() {
    let ground = ground();
    let found = ground.verify("bag.zip", &ground.anchors("ca.pem"));
    assert!(found.is_intact());
    fails(&found, "bag", "nobody signed this");
}

#[test]
fn no_flipped_bit_changes_what_is_read() {
    // What still holds after a bit was flipped: Python finds the same data in it, byte for byte.
    if !judge("python3") {
        return;
    }
    let ground = ground();
    let anchors = ground.anchors("ca.pem");
    let mut held = Vec::new();
    for name in ALL {
        let bytes = ground.read(name);
        for at in (0..bytes.len()).step_by(11) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            ground.write("flipped.zip", &flipped);
            let anchors = if PLAIN.contains(&name) { &[][..] } else { &anchors[..] };
            match ground.asked("flipped.zip", None, anchors, &NoBlocks) {
                Ok(found) if found.holds() => {
                    held.push((name, at));
                    ground.write(&format!("held/{name}.{at}"), &flipped);
                }
                _ => {}
            }
        }
    }
    let compare = r#"
import pathlib, zipfile

def data(path):
    with zipfile.ZipFile(path) as z:
        names = [n for n in z.namelist() if not n.startswith("META-INF/") and n != "mimetype"]
        return {n: z.read(n) for n in names}

for path in pathlib.Path("held").iterdir():
    original = path.name.rsplit(".", 1)[0]
    assert data(path) == data(original), path
"#;
    ground.write("compare.py", compare);
    ground.write("held/bag.zip.whole", ground.read("bag.zip"));
    ground.run("python3 compare.py");
    assert!(held.len() < 200, "{} of the flips are not seen: {held:?}", held.len());
}
