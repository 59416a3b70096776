//! Our checks against python-stdnum, number by number.
//!
//! For each identifier that both know, at least 20,000 numbers: random ones that fit the detector's pattern, random ones
//! of the same layout, and for many of them every value that the check characters can have, so that valid numbers are
//! among them. Both must give the same verdict on each, but for the differences that are listed here with their reason.

mod sample;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use sample::{File, Numbers, files};

const NUMBERS_EACH: usize = 20_000;

/// Where the verdicts may differ.
// The reasons are for people.
#[allow(dead_code)]
#[derive(Clone, Copy)]
enum Differs {
    Never,
    /// We take more, and why.
    Wider(&'static str),
    /// We take less, and why.
    Narrower(&'static str),
}

use Differs::{Narrower, Never, Wider};

/// Detector, module of stdnum, places of the check characters among letters and digits (negative: from the end).
type Judged = (&'static str, &'static str, &'static [isize], Differs);

const JUDGED: &[Judged] = &[
    ("at.vnr", "at.vnr", &[3], Never),
    ("au.abn", "au.abn", &[0, 1], Never),
    ("au.tfn", "au.tfn", &[-1], Never),
    ("be.bis", "be.bis", &[-2, -1], Never),
    ("be.nn", "be.nn", &[-2, -1], Never),
    ("be.nn-digits", "be.nn", &[-2, -1], Never),
    ("bg.egn", "bg.egn", &[-1], Never),
    ("bg.pnf", "bg.pnf", &[-1], Never),
    ("bic", "bic", &[5], Never),
    ("br.cnpj", "br.cnpj", &[-2, -1], Never),
    ("br.cnpj-digits", "br.cnpj", &[-2, -1], Never),
    ("br.cpf", "br.cpf", &[-2, -1], Never),
    ("br.cpf-digits", "br.cpf", &[-2, -1], Never),
    ("btc", "bitcoin", &[-1], Never),
    ("ca.bc-phn", "ca.bc_phn", &[-1], Never),
    ("ca.sin", "ca.sin", &[-1], Never),
    ("card", "luhn", &[-1], Narrower("stdnum has Luhn alone, we ask for a scheme's prefix and length too")),
    ("card.grouped", "luhn", &[-1], Narrower("as for card")),
    ("card.maestro", "luhn", &[-1], Narrower("as for card")),
    ("ch.ahv", "ch.ssn", &[-1], Never),
    ("cn.ric", "cn.ric", &[-1], Wider("stdnum looks the county up in a list of the year, we know the province")),
    ("cy.tic", "cy.vat", &[-1], Never),
    ("cz.rc", "cz.rc", &[-1], Never),
    ("cz.rc-digits", "cz.rc", &[-1], Never),
    ("de.idnr", "de.idnr", &[-1], Never),
    ("dk.cpr", "dk.cpr", &[6], Never),
    ("ee.ik", "ee.ik", &[-1], Never),
    ("es.ccc", "es.ccc", &[8, 9], Never),
    ("es.cif", "es.cif", &[-1], Never),
    ("es.dni", "es.dni", &[-1], Never),
    ("es.nie", "es.nie", &[-1], Never),
    ("eu.vat", "eu.vat", &[-1], Never),
    ("fi.hetu", "fi.hetu", &[-1], Never),
    ("fr.nif", "fr.nif", &[-3, -2], Never),
    ("fr.nir", "fr.nir", &[-2, -1], Never),
    ("gr.afm", "gr.vat", &[-1], Never),
    ("gr.amka", "gr.amka", &[-1], Never),
    ("hr.oib", "hr.oib", &[-1], Never),
    ("iban", "iban", &[2, 3], Never),
    ("ie.pps", "ie.pps", &[7], Never),
    ("il.id", "il.idnr", &[-1], Never),
    ("imei", "imei", &[-1], Never),
    ("imsi", "imsi", &[0], Never),
    ("in.aadhaar", "in_.aadhaar", &[-1], Never),
    ("in.epic", "in_.epic", &[-1], Never),
    ("in.pan", "in_.pan", &[3], Never),
    ("is.kt", "is_.kennitala", &[8], Never),
    ("is.kt-digits", "is_.kennitala", &[8], Never),
    ("isin", "isin", &[-1], Never),
    ("it.cf", "it.codicefiscale", &[-1], Never),
    ("jp.my-number", "jp.in_", &[-1], Never),
    ("kr.rrn", "kr.rrn", &[-1], Never),
    ("kr.rrn-digits", "kr.rrn", &[-1], Never),
    ("lei", "lei", &[-2, -1], Never),
    ("lt.ak", "lt.asmens", &[-1], Never),
    ("lv.pk", "lv.pvn", &[-1], Never),
    ("mac", "mac", &[-1], Never),
    ("mx.curp", "mx.curp", &[-1], Never),
    ("mx.rfc", "mx.rfc", &[6], Never),
    ("nl.bsn", "nl.bsn", &[-1], Never),
    ("nl.document", "nl.identiteitskaartnummer", &[-1], Never),
    ("nl.onderwijsnummer", "nl.onderwijsnummer", &[-1], Never),
    ("no.fnr", "no.fodselsnummer", &[-2, -1], Never),
    ("nz.account", "nz.bankaccount", &[12], Wider("stdnum looks the branch up in a list of the month")),
    ("nz.ird", "nz.ird", &[-1], Never),
    ("pl.nip", "pl.nip", &[-1], Never),
    ("pl.pesel", "pl.pesel", &[-1], Never),
    ("pt.cc", "pt.cc", &[-1], Never),
    ("pt.nif", "pt.nif", &[-1], Never),
    ("ro.cnp", "ro.cnp", &[-1], Never),
    ("se.pnr", "se.personnummer", &[-1], Wider("stdnum has no coordination numbers (day + 60)")),
    ("se.pnr-digits", "se.personnummer", &[-1], Wider("as for se.pnr")),
    ("si.davcna", "si.ddv", &[-1], Never),
    ("si.emso", "si.emso", &[-1], Never),
    ("sk.rc", "sk.rc", &[-1], Never),
    ("tr.kimlik", "tr.tckimlik", &[-2, -1], Never),
    ("tr.vergi", "tr.vkn", &[-1], Never),
    ("uk.nhs", "gb.nhs", &[-1], Never),
    ("uk.utr", "gb.utr", &[0], Wider("letters print the K behind the number too")),
    ("uk.vat", "gb.vat", &[-1], Never),
    ("us.ein", "us.ein", &[0], Never),
    ("us.itin", "us.itin", &[3], Wider("the IRS gives the groups 50-65 too")),
    ("us.itin-digits", "us.itin", &[3], Wider("as for us.itin")),
    ("us.ptin", "us.ptin", &[-1], Never),
    ("us.rtn", "us.rtn", &[-1], Never),
    ("us.ssn", "us.ssn", &[3], Never),
    ("us.ssn-digits", "us.ssn", &[3], Never),
    ("za.id", "za.idnr", &[-1], Never),
    ("za.tin", "za.tin", &[-1], Never),
];

/// Detectors whose pattern leaves out what stdnum takes: of these, only what fits the pattern is asked.
const NARROW: &[(&str, &str)] = &[
    ("eu.vat", "a blank only where the country prints one"),
    ("fr.nir", "the first digit is one that is given, and blanks stand where they are printed"),
    ("lv.pk", "people only; stdnum has companies in the same module"),
    ("se.pnr", "years of the 19th to the 21st century"),
    ("se.pnr-digits", "years of the 19th to the 21st century"),
];

#[test]
fn python_stdnum_gives_the_same_verdicts() {
    let Some(python) = python() else { return };
    let files: BTreeMap<String, File> = files().into_iter().map(|file| (file.id.clone(), file)).collect();
    let (mut asked, mut text) = (Vec::new(), String::new());
    for judged in JUDGED {
        for number in numbers(&files[judged.0], judged.2) {
            text.push_str(&format!("{}\t{number}\n", judged.1));
            asked.push((judged, files[judged.0].takes(&number), number));
        }
    }
    let theirs = verdicts(&python, &text);
    assert_eq!(theirs.len(), asked.len());
    let mut tally: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    let mut differ = Vec::new();
    for ((judged, ours, number), theirs) in asked.iter().zip(theirs) {
        let agreed = match (judged.3, *ours, theirs) {
            (_, ours, theirs) if ours == theirs => 1 + usize::from(ours),
            (Wider(_), true, false) | (Narrower(_), false, true) => 3,
            _ => {
                differ.push(format!("{}: {number}: we say {ours}, stdnum says {theirs}", judged.0));
                0
            }
        };
        tally.entry(judged.0).or_default()[agreed] += 1;
    }
    let mut few = Vec::new();
    for (id, [differ, refused, taken, known]) in &tally {
        println!(
            "{id}\t{} numbers: {taken} taken and {refused} refused by both, {known} known differences, {differ} others",
            differ + refused + taken + known
        );
        // Nobody meets an address of Bitcoin by chance, and few a county of China or a branch of New Zealand.
        if *taken < 10 && (*taken == 0 || *known == 0 && *id != "btc") {
            few.push(id);
        }
    }
    let first: Vec<&String> = differ.iter().step_by(differ.len() / 40 + 1).collect();
    assert!(differ.is_empty(), "{} differ, among them:\n{first:#?}", differ.len());
    assert!(few.is_empty(), "hardly a number was valid: {few:?}");
}

/// Numbers for both sides: each base, and for half of them every value of the check characters.
fn numbers(file: &File, places: &[isize]) -> Vec<String> {
    let mut numbers = Numbers(7);
    let mut list = Vec::with_capacity(NUMBERS_EACH + 1000);
    // A few more for what falls away again.
    while list.len() < NUMBERS_EACH + if NARROW.iter().any(|(id, _)| *id == file.id) { NUMBERS_EACH / 2 } else { 0 } {
        let base = if numbers.below(4) == 0 { file.loose(&mut numbers) } else { file.sample(&mut numbers) };
        if numbers.below(8) == 0 {
            vary(base.clone().into_bytes(), places, &mut list);
        }
        list.push(base);
    }
    if NARROW.iter().any(|(id, _)| *id == file.id) {
        list.retain(|number| file.regex.is_match(number));
    }
    // The examples are valid on purpose.
    let yes = file.table["yes"].as_array().unwrap().iter().filter_map(toml::Value::as_str);
    list.extend(yes.flat_map(|text| text.split(": ").skip(1)).filter(|text| file.takes(text)).map(str::to_owned));
    list
}

fn vary(text: Vec<u8>, places: &[isize], list: &mut Vec<String>) {
    let Some((place, rest)) = places.split_first() else {
        list.push(String::from_utf8(text).unwrap());
        return;
    };
    let letters: Vec<usize> = (0..text.len()).filter(|at| text[*at].is_ascii_alphanumeric()).collect();
    let at = if *place < 0 { letters.len().checked_add_signed(*place) } else { Some(place.unsigned_abs()) };
    let Some(at) = at.and_then(|at| letters.get(at)) else { return };
    let class = if text[*at].is_ascii_digit() { b'0'..=b'9' } else { b'A'..=b'Z' };
    for byte in class {
        let mut varied = text.clone();
        varied[*at] = byte;
        vary(varied, rest, list);
    }
}

fn verdicts(python: &Path, text: &str) -> Vec<bool> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("numbers.tsv");
    std::fs::write(&path, text).unwrap();
    let judge = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/judges/redact/stdnum_check.py");
    let output = Command::new(python).arg(judge).arg(&path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| line == "1").collect()
}

fn python() -> Option<PathBuf> {
    let python = std::env::var_os("PROBITY_TEST_PYTHON").map(PathBuf::from).filter(|path| path.is_file());
    if python.is_none() {
        let required = std::env::var("PROBITY_TEST_JUDGES").is_ok_and(|judges| judges == "required");
        assert!(!required, "PROBITY_TEST_PYTHON is not set");
        eprintln!("skipped: no Python with python-stdnum; run tests/run");
    }
    python
}
