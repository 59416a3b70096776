//! A container in a folder, and the programs that judge its signatures.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use model::Instant;
use probity_seal::x509::{Certificate, Hash};
use probity_seal::xades::{self, File, Verified};
use probity_seal::{Revocations, Trust, sha256, tsp};

use crate::authority::{Authority, Server, judge};

/// What is signed: names that need an escape, and an empty file.
pub(crate) const FILES: [(&str, &[u8]); 4] = [
    ("100%.log", b"up to date\n"),
    ("a b\u{fc} & <c>.txt", b"a name with everything\n"),
    ("bag/bagit.txt", b"BagIt-Version: 1.0\n"),
    ("bag/data/empty", b""),
];

/// The files of a container by path.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// [`FILES`].
pub(crate) fn files() -> Files {
    FILES.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec())).collect()
}

/// An authority that answers, and what is signed with it.
pub(crate) struct House {
    pub(crate) authority: Authority,
    pub(crate) server: Server,
}

impl House {
    pub(crate) fn new() -> Option<Self> {
        if !judge("xmlsec1") || !judge("xmllint") {
            return None;
        }
        let authority = Authority::new()?;
        let server = Server::start(&authority, "granted");
        Some(House { authority, server })
    }

    pub(crate) fn now(&self) -> Instant {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
        Instant::from_seconds(now.as_secs() as i64).expect("before 2262")
    }

    pub(crate) fn sign(&self, name: &str) -> Vec<u8> {
        let files = files();
        let listed: Vec<File<'_>> =
            files.iter().map(|(path, bytes)| File { path, sha256: sha256(bytes), media_type: "text/plain" }).collect();
        xades::sign(&listed, self.now(), &self.authority.signer(name)).expect("it signs")
    }

    /// With a time stamp of the authority.
    pub(crate) fn stamp(&self, xml: &[u8]) -> Vec<u8> {
        let imprint = sha256(&xades::signature_value(xml).expect("one signature"));
        let request = tsp::Request { imprint, nonce: 7, policy: None };
        let response = self.server.timestamp(&request.to_der().expect("no policy"));
        xades::with_timestamp(xml, &response).expect("it is over this")
    }

    /// With the certificates of authority and responder, and what the responder says about the signer.
    pub(crate) fn complete(&self, xml: &[u8], name: &str) -> Vec<u8> {
        let request =
            probity_seal::ocsp::request(&self.authority.certificate(name), &self.authority.certificate("ca"), &[]);
        let certificates = ["ca", "ocsp"].map(|name| self.authority.certificate(name).der().to_vec()).to_vec();
        let values = Revocations { ocsp: vec![self.server.status(&request)], crls: Vec::new(), certificates };
        xades::with_long_term(xml, &values).expect("it has none yet")
    }

    pub(crate) fn judge(&self, xml: &[u8], files: &Files) -> Vec<Verified> {
        self.judge_with(xml, files, &[self.authority.certificate("ca")])
    }

    pub(crate) fn judge_with(&self, xml: &[u8], files: &Files, anchors: &[Certificate]) -> Vec<Verified> {
        let digest = |path: &str, hash: Hash| files.get(path).map(|bytes| hash.of(bytes));
        let trust = Trust { anchors, now: self.now() };
        xades::verify(xml, &digest, &trust, &Revocations::default()).expect("a document of signatures")
    }

    /// Writes the container as files, `xml` as its signatures, and gives the folder.
    pub(crate) fn unpacked(&self, name: &str, xml: &[u8], files: &Files) -> PathBuf {
        let folder = self.authority.path().join(name);
        let entries = files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()));
        let manifest = manifest(files);
        let own = [
            ("mimetype", b"application/vnd.etsi.asic-e+zip".as_slice()),
            ("META-INF/manifest.xml", manifest.as_bytes()),
            ("META-INF/signatures0.xml", xml),
        ];
        for (path, bytes) in entries.chain(own) {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("inside the folder")).expect("writable");
            fs::write(path, bytes).expect("writable");
        }
        folder
    }

    /// The same as one file `<name>.asice`.
    pub(crate) fn packed(&self, name: &str, xml: &[u8], files: &Files) -> PathBuf {
        let folder = self.unpacked(name, xml, files);
        let path = folder.with_extension("asice");
        let output = Command::new("python3").args(["-c", PACK]).arg(&folder).arg(&path).output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        path
    }

    /// What xmlsec1 says: whether the signature is good, and its words.
    pub(crate) fn xmlsec(&self, xml: &[u8], files: &Files) -> (bool, String) {
        let folder = self.unpacked("xmlsec", xml, files);
        let output = Command::new("xmlsec1")
            .args(["--verify", "--trusted-pem", "../ca.pem"])
            .args(["--id-attr:Id", "http://uri.etsi.org/01903/v1.3.2#:SignedProperties", "META-INF/signatures0.xml"])
            .current_dir(folder)
            .output()
            .expect("it runs");
        let words = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&words).into_owned())
    }

    /// `tests/judges/xml/Signature.java` in the folder of the authority; `None` when there is no JDK.
    pub(crate) fn java(&self, arguments: &[&str]) -> Option<String> {
        if !judge("java") {
            return None;
        }
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/judges/xml/Signature.java");
        let program = fs::canonicalize(program).expect("it is there");
        let mut command = Command::new("java");
        // Without a locale Java cannot open a file whose name is not ASCII.
        command.env("LC_ALL", "C.UTF-8");
        let output = command.arg(program).args(arguments).current_dir(self.authority.path()).output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// What xmlsec1 makes of a template, with the key `name`.
    pub(crate) fn fill(&self, name: &str, template: &str) -> Vec<u8> {
        self.unpacked("made", template.as_bytes(), &files());
        self.authority.run(&format!(
            "cd made && xmlsec1 --sign --privkey-pem ../{name}.key,../{name}.pem --output ../made.xml \
             --id-attr:Id http://uri.etsi.org/01903/v1.3.2#:SignedProperties META-INF/signatures0.xml"
        ));
        self.authority.read("made.xml")
    }

    /// `tests/judges/asic/digidoc.py`; `None` when it is not installed.
    pub(crate) fn digidoc(&self, arguments: &[&str]) -> Option<String> {
        let python = std::env::var_os("PROBITY_TEST_ASIC").map(PathBuf::from).filter(|path| path.is_file());
        let Some(python) = python else {
            assert!(std::env::var_os("PROBITY_TEST_JUDGES").is_none(), "PROBITY_TEST_ASIC is not set");
            eprintln!("skipped: PROBITY_TEST_ASIC is not set");
            return None;
        };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/judges/asic/digidoc.py");
        let script = fs::canonicalize(script).expect("it is there");
        let mut command = Command::new(python);
        command.arg(script).arg(arguments[0]).arg(".").args(&arguments[1..]).current_dir(self.authority.path());
        let output = command.output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Makes the trusted list that libdigidocpp wants.
    pub(crate) fn trusted_list(&self) {
        let peer = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/test-tsa");
        let mut command = Command::new("python3");
        let made = command.arg(peer).arg(self.authority.path()).args(["--init-only", "--trusted-list"]).status();
        assert!(made.expect("it runs").success());
    }
}

const PACK: &str = r#"
import pathlib, sys, zipfile
folder, target = map(pathlib.Path, sys.argv[1:])
with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
    package.write(folder / "mimetype", "mimetype", zipfile.ZIP_STORED)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path != folder / "mimetype":
            package.write(path, str(path.relative_to(folder)))
"#;

/// META-INF/manifest.xml (OpenDocument).
fn manifest(files: &Files) -> String {
    let escape = |path: &str| path.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let entry = |(path, kind): (&str, &str)| {
        format!("<manifest:file-entry manifest:full-path=\"{}\" manifest:media-type=\"{kind}\"/>", escape(path))
    };
    let root = [("/", "application/vnd.etsi.asic-e+zip")].into_iter();
    let entries: String = root.chain(files.keys().map(|path| (path.as_str(), "text/plain"))).map(entry).collect();
    format!(
        "<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\" \
         manifest:version=\"1.2\">{entries}</manifest:manifest>"
    )
}
