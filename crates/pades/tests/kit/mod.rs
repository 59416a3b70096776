//! What the tests share: a document, certificates, an authority for time, and the judges.
//!
//! The certificates are those of `tests/peers/test-tsa`; time stamps and answers about revocation are made by openssl.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};
use std::time::SystemTime;

use model::{Digest, Fault, Instant, Span, Unit};
pub(crate) use probity_pades::Field;
use probity_pades::Rect;
use seal::tsp::Request;
use seal::x509::{Certificate, FileSigner};
use seal::{Revocations, Trust};

/// A report of two pages, tagged, PDF/A-3a and PDF/UA-1.
pub(crate) const REPORT: &[u8] = include_bytes!("../../../../fixtures/pades/report.pdf");

pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

pub(crate) fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pades");
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    said
}

/// What a program says, whatever its exit code: theirs lie.
pub(crate) fn said(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

static RESPONDER: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// From here on certificates name a responder, which nobody can reach. pyHanko uses an answer about revocation only where
/// a certificate says that there is one; poppler asks it, and distrusts a certificate whose responder is silent.
pub(crate) fn name_responder() {
    RESPONDER.store(true, std::sync::atomic::Ordering::Relaxed);
}

/// The folder with the certificates; made once.
pub(crate) fn pki() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let named = RESPONDER.load(std::sync::atomic::Ordering::Relaxed);
        let folder = scratch(if named { "pki-responder" } else { "pki" });
        let mut command = Command::new(repository("tests/peers/test-tsa"));
        command.arg(&folder).arg("--init-only");
        if named {
            command.args(["--responder", "http://127.0.0.1:9/ocsp"]);
        }
        run(&mut command);
        folder
    })
}

pub(crate) fn certificates(name: &str) -> Vec<Certificate> {
    Certificate::all_from_pem(&std::fs::read_to_string(pki().join(format!("{name}.pem"))).unwrap()).unwrap()
}

pub(crate) fn signer(name: &str) -> FileSigner {
    let key = std::fs::read_to_string(pki().join(format!("{name}.key"))).unwrap();
    let mut chain = certificates(name);
    chain.extend(certificates("ca"));
    FileSigner::new(&key, chain).unwrap()
}

pub(crate) fn anchors() -> &'static [Certificate] {
    static ANCHORS: OnceLock<Vec<Certificate>> = OnceLock::new();
    ANCHORS.get_or_init(|| certificates("ca"))
}

/// The certificates are as old as the first test run, so that the tests live in the present.
pub(crate) fn now() -> Instant {
    static NOW: OnceLock<Instant> = OnceLock::new();
    *NOW.get_or_init(|| {
        pki();
        present()
    })
}

fn present() -> Instant {
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    Instant::from_seconds(i64::try_from(seconds).unwrap()).unwrap()
}

pub(crate) fn trust() -> Trust<'static> {
    Trust { anchors: anchors(), now: now().plus(Span::new(1, Unit::Hour)).unwrap() }
}

fn openssl() -> &'static Mutex<u32> {
    static ONE: Mutex<u32> = Mutex::new(0);
    &ONE
}

/// A time stamp from the authority.
pub(crate) fn stamp(imprint: &Digest) -> Result<Option<Vec<u8>>, Fault> {
    let mut count = openssl().lock().unwrap();
    *count += 1;
    let (query, reply) =
        (scratch(&format!("q{}-{count}", std::process::id())), scratch(&format!("r{}-{count}", std::process::id())));
    let request = Request { imprint: *imprint, nonce: 0x1234_5678_9abc, policy: None };
    std::fs::write(&query, request.to_der().unwrap()).unwrap();
    run(Command::new("openssl")
        .current_dir(pki())
        .args(["ts", "-reply", "-config", "tsa.cnf", "-queryfile"])
        .arg(&query)
        .arg("-out")
        .arg(&reply));
    let bytes = std::fs::read(&reply).unwrap();
    Ok(Some(seal::tsp::read_response(&bytes, &request)?.der().to_vec()))
}

pub(crate) fn no_stamp(_: &Digest) -> Result<Option<Vec<u8>>, Fault> {
    Ok(None)
}

/// What the authority's responder says about certificates, and the certificates.
pub(crate) fn revocations(names: &[&str]) -> Revocations {
    let count = openssl().lock().unwrap();
    let mut found = Revocations::default();
    for name in names {
        let (query, reply) = (
            scratch(&format!("o{}-{count}", std::process::id())),
            scratch(&format!("p{}-{count}", std::process::id())),
        );
        run(Command::new("openssl")
            .current_dir(pki())
            .args(["ocsp", "-no_nonce", "-issuer", "ca.pem", "-cert", &format!("{name}.pem"), "-reqout"])
            .arg(&query));
        run(Command::new("openssl")
            .current_dir(pki())
            .args(["ocsp", "-index", "index.txt", "-CA", "ca.pem", "-rsigner", "ocsp.pem", "-rkey", "ocsp.key"])
            .args(["-ndays", "7", "-reqin"])
            .arg(&query)
            .arg("-respout")
            .arg(&reply));
        found.ocsp.push(std::fs::read(&reply).unwrap());
        found.certificates.extend(certificates(name).iter().map(|certificate| certificate.der().to_vec()));
    }
    found.certificates.extend(certificates("ocsp").iter().map(|certificate| certificate.der().to_vec()));
    found.certificates.extend(certificates("ca").iter().map(|certificate| certificate.der().to_vec()));
    found
}

pub(crate) fn field(name: &str) -> Field<'_> {
    Field { name, page: 1, rect: None, reason: "Sealed for the court (§ 12)", location: "Berlin", time: now() }
}

pub(crate) fn visible(name: &str) -> Field<'_> {
    Field { rect: Some(Rect { left: 330.0, bottom: 120.0, width: 200.0, height: 60.0 }), ..field(name) }
}

pub(crate) fn sign(pdf: &[u8], name: &str, by: &str) -> Vec<u8> {
    probity_pades::sign(pdf, &field(name), &signer(by), &mut stamp).unwrap()
}

/// Writes a file for the judges.
pub(crate) fn file(name: &str, pdf: &[u8]) -> PathBuf {
    let path = scratch(name);
    std::fs::write(&path, pdf).unwrap();
    path
}

/// veraPDF and qpdf: PDF/A-3a, PDF/UA-1, and the structure.
pub(crate) fn conforms(path: &Path) {
    let own = || repository("tests/peers/verapdf");
    let verapdf = std::env::var_os("VERAPDF").map_or_else(own, PathBuf::from);
    let text = run(Command::new(verapdf).arg("3a,ua1").arg(path));
    assert!(text.contains("PASS 3a") && text.contains("PASS ua1"), "{text}");
    run(Command::new("qpdf").arg("--check").arg(path));
}

/// The pyHanko command, if it is there. It must be, where `PROBITY_TEST_JUDGES` says so.
pub(crate) fn pyhanko() -> Option<PathBuf> {
    let python = std::env::var_os("PROBITY_TEST_PYHANKO").map(PathBuf::from).filter(|path| path.is_file());
    if python.is_none() {
        assert!(std::env::var("PROBITY_TEST_JUDGES").as_deref() != Ok("required"), "PROBITY_TEST_PYHANKO is not set");
        eprintln!("SKIPPED: no pyHanko; tests/run installs it");
    }
    python.map(|python| python.with_file_name("pyhanko"))
}

/// What pyHanko says about the signatures of a file.
pub(crate) fn pyhanko_says(path: &Path) -> Option<String> {
    let pyhanko = pyhanko()?;
    Some(said(
        Command::new(pyhanko)
            .args(["sign", "validate", "--trust-replace", "--pretty-print", "--trust"])
            .arg(pki().join("ca.pem"))
            .arg(path),
    ))
}

/// What `pdfsig` says, which trusts the authority of the tests.
pub(crate) fn pdfsig_says(path: &Path) -> String {
    static NSS: OnceLock<PathBuf> = OnceLock::new();
    let nss = NSS.get_or_init(|| {
        let folder = pki().join("nss");
        if !folder.join("cert9.db").exists() {
            std::fs::create_dir_all(&folder).unwrap();
            let store = format!("sql:{}", folder.display());
            run(Command::new("certutil").args(["-N", "-d", &store, "--empty-password"]));
            run(Command::new("certutil")
                .args(["-A", "-d", &store, "-n", "root", "-t", "C,C,C", "-i"])
                .arg(pki().join("ca.pem")));
        }
        folder
    });
    said(Command::new("pdfsig").arg("-nssdir").arg(format!("sql:{}", nss.display())).arg(path))
}

/// `pdf` with `from` replaced by `to` of the same length.
pub(crate) fn replace(pdf: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = pdf.windows(from.len()).position(|window| window == from);
    let at = at.unwrap_or_else(|| panic!("{} is missing", String::from_utf8_lossy(from)));
    [&pdf[..at], to, &pdf[at + from.len()..]].concat()
}

/// `pdf` with a revision of these objects, as anybody can append it.
pub(crate) fn append(pdf: &[u8], objects: &[(u32, &str)]) -> Vec<u8> {
    let text: String = pdf.iter().map(|byte| char::from(*byte)).collect();
    let before = text.rsplit("startxref\n").next().unwrap().lines().next().unwrap().to_owned();
    let trailer = text.rsplit("trailer\n").next().unwrap().split("\nstartxref").next().unwrap();
    let trailer = match trailer.find("/Prev ") {
        Some(at) => {
            let rest = trailer[at + 6..].trim_start_matches(|sign: char| sign.is_ascii_digit());
            format!("{}{rest}", &trailer[..at])
        }
        None => trailer.to_owned(),
    };
    let at = trailer.find("/Size ").unwrap();
    let rest = trailer[at + 6..].trim_start_matches(|sign: char| sign.is_ascii_digit());
    let trailer = format!("{}/Size 1000/Prev {before}{rest}", &trailer[..at]);
    let mut out = pdf.to_vec();
    if !out.ends_with(b"\n") {
        out.push(b'\n');
    }
    let mut table = "xref\n".to_owned();
    for (number, body) in objects {
        table += &format!("{number} 1\n{:010} 00000 n\r\n", out.len());
        out.extend(
            format!("{number} 0 obj\n{body}\nendobj\n").chars().map(|sign| u8::try_from(u32::from(sign)).unwrap()),
        );
    }
    let start = out.len();
    out.extend(format!("{table}trailer\n{trailer}\nstartxref\n{start}\n%%EOF\n").bytes());
    out
}

/// `pdf` with another byte range, signed again over just that: what a forger with a key can do.
pub(crate) fn resign(pdf: &[u8], range: [usize; 4]) -> Vec<u8> {
    let at = pdf.windows(10).position(|window| window == b"/ByteRange").unwrap();
    let end = at + pdf[at..].iter().position(|byte| *byte == b']').unwrap();
    let width = end - at - 10;
    let numbers = range.map(|number| number.to_string()).join(" ");
    let mut out = pdf.to_vec();
    out[at + 10..end].copy_from_slice(format!("{:width$}", format!("[{numbers}")).as_bytes());
    let mut hasher = seal::Hasher::new();
    hasher.update(&out[range[0]..range[0] + range[1]]);
    hasher.update(&out[range[2]..range[2] + range[3]]);
    let sign = seal::cms::Sign { digest: hasher.finish(), signing_time: None, chain: true };
    let signature = seal::cms::sign(&sign, &signer("p256")).unwrap();
    let place = out.windows(10).rposition(|window| window == b"/Contents<").unwrap() + 10;
    for digit in &mut out[place..] {
        if *digit == b'>' {
            break;
        }
        *digit = b'0';
    }
    let digits: String = signature.iter().map(|octet| format!("{octet:02X}")).collect();
    out[place..place + digits.len()].copy_from_slice(digits.as_bytes());
    out
}

/// The authority as a server, for tools that ask it themselves. Ends with the test.
pub(crate) struct Server {
    child: std::process::Child,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start() -> Server {
        use std::io::BufRead;
        let mut child = Command::new(repository("tests/peers/test-tsa"))
            .arg(pki())
            .args(["--port", "0"])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        std::io::BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().find_map(|word| word.strip_prefix("tsa=")).unwrap().to_owned();
        Server { child, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// pyHanko and poppler believe all `count` signatures of people.
pub(crate) fn believed(path: &Path, count: usize) {
    let pdfsig = pdfsig_says(path);
    assert_eq!(pdfsig.matches("Signature is Valid").count(), count, "{pdfsig}");
    assert_eq!(pdfsig.matches("Certificate is Trusted").count(), count, "{pdfsig}");
    let Some(pyhanko) = pyhanko_says(path) else { return };
    assert_eq!(pyhanko.matches("judged VALID").count(), count, "{pyhanko}");
    assert!(!pyhanko.contains("INVALID"), "{pyhanko}");
}
