//! The files for filing of a package: what stands on their pages and where their links lead, judged by poppler, qpdf and veraPDF.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use evidence::court::{Profile, Settings};
use evidence::package::{Ask, Build, Built, NoBlocks, NoTime, Seals, Tool, build, verify};
use evidence::report::Bates;
use evidence::{Act, Case, NewExhibit};
use lopdf::{Document, Object};
use model::Hidden;
use probity_pdf::Pdf;
use seal::SigningKey;
use seal::x509::{FileSigner, Signer, self_signed};

use crate::support::{at, run, verapdf};

/// A case about a web shop, with exhibits of each kind and as many remarks as asked for.
fn case(root: &Path, remarks: usize) -> Case {
    let act = |seconds| Act { time: at(seconds), by: "R. Examiner", purpose: "first copy" };
    let mut case = Case::create(root, "2026-017", "Slow answers of the web shop", &act(0)).unwrap();
    let log = (0..400).map(|n| format!("10.0.0.1 GET /page/{n:03} 200\n")).collect::<String>();
    let exhibits = [
        ("/home/anna/access.log", "Access log of host web-1", log.as_bytes()),
        ("photo of Anna.jpg", "A photograph", b"\xff\xd8\xff\xe0"),
        ("notes.txt", "Notes", "first\n日本\n".as_bytes()),
        ("table.csv", "", b"a;b\n1;2\n"),
    ];
    for (n, (name, description, mut bytes)) in exhibits.into_iter().enumerate() {
        case.add(&mut bytes, NewExhibit { name, description }, &act(60 + n as i64), &Hidden).unwrap();
    }
    (0..remarks).for_each(|n| case.note(&format!("remark-{n:04} {}", noise(n)), &act(100)).unwrap());
    case
}

/// Words that do not shrink much.
fn noise(seed: usize) -> String {
    let next =
        |state: &usize| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
    std::iter::successors(Some(seed + 1), next).skip(1).take(20).map(|n| format!("{:012x} ", n >> 16)).collect()
}

struct Filed {
    folder: tempfile::TempDir,
    built: Built,
}

/// The files for filing of a package, unpacked.
fn filed(court: Settings, remarks: usize) -> Filed {
    let folder = tempfile::tempdir().unwrap();
    let case = case(&folder.path().join("cases"), remarks);
    let order = Build {
        created: at(3600),
        marking: "CONFIDENTIAL".to_owned(),
        watermark: String::new(),
        visible_signature: false,
        tool: Tool { name: "probity".to_owned(), version: "0.1.0".to_owned() },
        ledger: None,
        court,
    };
    let path = folder.path().join("package.zip");
    let (pem, certificate) = self_signed(&[5; 32], "R. Examiner", at(0), at(86_400 * 3650)).unwrap();
    std::fs::write(folder.path().join("ca.pem"), certificate.to_pem()).unwrap();
    let signer = FileSigner::new(&pem, vec![certificate]).unwrap();
    let key = SigningKey::from_seed([7; 32]);
    let signers: [&dyn Signer; 1] = [&signer];
    let seals = Seals { key: &key, signers: &signers, time: &NoTime, keeper: None };
    let built = build(&case, &order, &seals, &Pdf::default(), &mut File::create(&path).unwrap(), &Hidden).unwrap();
    let keys = [key.public()];
    let ask = Ask { keys: &keys, anchors: &[], now: at(7200), blocks: &NoBlocks, pdf: &pades::Reader, signers: 0 };
    let verification = verify(&File::open(&path).unwrap(), &ask, &Hidden).unwrap();
    assert!(verification.is_intact(), "{:#?}", verification.checks);
    run(Command::new("unzip").arg("-q").arg(&path).arg("bag/data/*").arg("-d").arg(folder.path()));
    Filed { folder, built }
}

impl Filed {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("bag/data/filing").join(name)
    }

    /// All files with this ending, in their order.
    fn all(&self, ending: &str) -> Vec<PathBuf> {
        let folder = std::fs::read_dir(self.path("")).unwrap();
        let mut all: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
        all.retain(|path| path.to_string_lossy().ends_with(ending));
        all.sort_by_key(|path| (path.to_string_lossy().len(), path.clone()));
        all
    }
}

/// The pages of a file, as pdftotext reads them.
fn pages(path: &Path) -> Vec<String> {
    let text = run(Command::new("pdftotext").arg("-layout").arg(path).arg("-"));
    text.split('\u{c}').map(str::to_owned).take_while(|page| !page.is_empty()).collect()
}

fn judged(paths: &[PathBuf]) {
    paths.iter().for_each(|path| drop(run(Command::new("qpdf").arg("--check").arg(path))));
    run(Command::new(verapdf()).arg("3a,ua1").args(paths));
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_index_of_a_bundle_leads_to_the_pages_it_names() {
    let filed = filed(Settings { profile: Profile::UkBundle, ..Settings::default() }, 3);
    let path = filed.path("bundle.pdf");
    judged(std::slice::from_ref(&path));
    let pages = pages(&path);
    let entries = [
        ("A. Evidence report", "Evidence report"),
        ("B. Statement (DRAFT – NOT SIGNED)", "Criminal Justice Act 1967, s 9"),
        ("C. Schedule of exhibits", "form MG6C"),
        ("D. Exhibits", "Exhibit EX-001"),
        ("Exhibit EX-001 (text)", "10.0.0.1 GET /page/000 200"),
        ("Exhibit EX-002 (slip sheet)", "It is no text in UTF-8."),
        ("Exhibit EX-003 (slip sheet)", "fonts at hand do not have"),
        ("Exhibit EX-004 (text)", "a;b"),
    ];
    let mut expect = Vec::new();
    for (entry, content) in entries {
        let line =
            pages[0].lines().find(|line| line.contains(entry)).unwrap_or_else(|| panic!("{entry}: {}", pages[0]));
        let page: usize = line.split_whitespace().last().unwrap().parse().unwrap();
        let there = flat(&pages[page - 1]);
        assert!(there.contains(entry) && there.contains(content), "{entry} {page}: {there}");
        assert!(there.contains(&format!("Page {page} of {}", pages.len())), "{there}");
        expect.extend([page as u32; 2]);
    }
    assert!(pages.iter().any(|page| page.contains("10.0.0.1 GET /page/399 200")));
    // Each page of the draft says so, and no other; a page that goes on says with what.
    let draft = expect[2] as usize..expect[4] as usize;
    for (number, page) in (1..).zip(&pages).skip(1) {
        assert_eq!(page.contains("DRAFT – NOT SIGNED"), draft.contains(&number), "{number}: {page}");
    }
    assert!(pages.iter().filter(|page| page.contains("D. Exhibits – Exhibit EX-001 (text)")).count() > 1);
    let document = Document::load(&path).unwrap();
    let first = *document.get_pages().get(&1).unwrap();
    let links = document.get_page_annotations(first).unwrap();
    let mut found: Vec<u32> =
        links.iter().map(|link| crate::court::page_of(&document, link.get(b"Dest").unwrap())).collect();
    found.sort_unstable();
    expect.sort_unstable();
    assert_eq!(found, expect, "each row has two links: its words and its number");
    opens_at_full_size_with_bookmarks(&document, &entries.map(|(entry, _)| entry));
    assert_eq!(filed.built.warnings.len(), 2, "{:?}", filed.built.warnings);
}

fn opens_at_full_size_with_bookmarks(document: &Document, entries: &[&str]) {
    let catalog = document.catalog().unwrap();
    let open = catalog.get(b"OpenAction").unwrap().as_array().unwrap();
    assert_eq!(open.last().unwrap(), &Object::Integer(1), "zoom 1 is 100 %");
    let mut bookmarks = Vec::new();
    let outlines = crate::court::dictionary(document, catalog.get(b"Outlines").unwrap());
    crate::court::bookmarks(document, outlines, 0, &mut bookmarks);
    for entry in entries {
        let (_, title, page) = bookmarks.iter().find(|(_, title, _)| title.starts_with(entry)).unwrap();
        assert_eq!(*title, format!("{entry}, page {page}"));
    }
    for (_, title, _) in &bookmarks {
        let names = ["Anna", "anna", "access", "Examiner"];
        assert!(!names.iter().any(|name| title.contains(name)), "{title}");
    }
}

#[test]
fn copies_for_filing_are_letter_pages_in_parts_with_nothing_to_click() {
    let bates = Some(Bates { prefix: "ACME".to_owned(), first: 1, digits: 6 });
    let most = 100_000;
    let filed = filed(Settings { profile: Profile::UsEcf, file_bytes: most, bates }, 300);
    let parts = filed.all(".pdf").into_iter().filter(|path| path.to_string_lossy().contains("report_part_"));
    let parts: Vec<PathBuf> = parts.collect();
    assert!(parts.len() > 1, "{parts:?}");
    let draft = filed.path("certification_DRAFT.pdf");
    judged(&[parts[0].clone(), parts[1].clone(), draft.clone()]);
    let mut numbered = 0;
    let mut text = String::new();
    for (at, part) in parts.iter().enumerate() {
        assert!(part.ends_with(format!("report_part_{}_of_{}.pdf", at + 1, parts.len())), "{part:?}");
        assert!(std::fs::metadata(part).unwrap().len() <= most);
        for page in pages(part) {
            numbered += 1;
            assert!(page.contains(&format!("ACME{numbered:06}")), "{numbered}: {page}");
            text.push_str(&page);
        }
        nothing_to_click(part);
    }
    (0..300).for_each(|n| assert!(text.contains(&format!("remark-{n:04}")), "{n}"));
    for part in &parts {
        let mut judge = Command::new("openssl");
        judge.args(["cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any", "-cades", "-out", "/dev/null"]);
        judge.arg("-in").arg(format!("{}.p7s", part.display())).arg("-content").arg(part);
        run(judge.arg("-CAfile").arg(filed.folder.path().join("ca.pem")));
    }
    nothing_to_click(&draft);
    let pages = pages(&draft);
    assert!(pages.iter().all(|page| page.matches("DRAFT – NOT SIGNED").count() >= 2), "{pages:?}");
    let words = flat(&pages.concat());
    for said in
        ["I declare under penalty of perjury", "Executed on (date)", "Signature", "Schedule A", "EX-004", "SHA-256"]
    {
        assert!(words.contains(said), "{said}: {words}");
    }
}

/// Letter on every page, all fonts embedded, no annotation, form, script or file inside.
fn nothing_to_click(path: &Path) {
    let info = run(Command::new("pdfinfo").args(["-f", "1", "-l", "9999"]).arg(path));
    let sizes: Vec<&str> = info.lines().filter(|line| line.contains(" size:") && line.starts_with("Page ")).collect();
    assert!(!sizes.is_empty() && sizes.iter().all(|line| line.contains("612 x 792 pts")), "{info}");
    for no in ["Form:            none", "JavaScript:      no", "Encrypted:       no"] {
        assert!(info.contains(no), "{no}: {info}");
    }
    let fonts = run(Command::new("pdffonts").arg(path));
    assert!(fonts.lines().skip(2).all(|line| line.contains(" yes yes ")), "embedded, as a subset: {fonts}");
    assert!(run(Command::new("pdfdetach").arg("-list").arg(path)).starts_with("0 embedded files"));
    let document = Document::load(path).unwrap();
    for key in ["Annots", "AcroForm", "AF", "EmbeddedFiles", "URI", "JS"] {
        let has = |object: &Object| object.as_dict().is_ok_and(|dictionary| dictionary.has(key.as_bytes()));
        assert!(!document.objects.values().any(has), "{key}");
    }
}
