//! Federal courts of the United States: what CM/ECF takes, what OASIS ECF 5 says about it, and a draft certification.

use model::{ByteSize, Digest, Fault, counted};
use seal::sha256;

use super::draft::{self, DRAFT};
use super::ecf::{self, Filed};
use super::{Desk, Filings, Settings, filing, reasoning, schedule, split, values};
use crate::Limits;
use crate::report::{self, Block, Paper, Report, Text};

const CERTIFICATION: &str = "certification_DRAFT.pdf";

/// What is to be filed: the parts of the report, then the draft.
struct Copy {
    name: String,
    bytes: Vec<u8>,
    sha256: Digest,
    title: String,
}

pub(super) fn filings(settings: &Settings, desk: &Desk) -> Result<Filings, Fault> {
    let copies = copies(settings, desk)?;
    let mut made = Filings::default();
    let mut missing = [false; 2];
    for copy in &copies {
        // The copy has no signature of its own: a court that flattens would destroy it.
        let proofs = [("p7s", (desk.sign)(&copy.bytes)?), ("tsr", (desk.stamp)(&copy.sha256)?)];
        for (at, (ending, proof)) in proofs.into_iter().enumerate() {
            match proof {
                Some(proof) => made.files.push((filing(&format!("{}.{ending}", copy.name)), proof)),
                None => missing[at] = true,
            }
        }
    }
    let certification = certification(desk);
    let drafted = desk.renderer.render_unsigned(&on_letter(desk, "Draft certification", certification.clone()))?;
    made.files.push((filing("certification_DRAFT.txt"), draft::text(&certification)));
    made.files.push((filing("filing.xml"), message(desk, &copies, &drafted)));
    made.files.push((filing("README.txt"), readme(settings, desk, &copies, missing)));
    made.files.push((filing(CERTIFICATION), drafted));
    made.files.extend(copies.into_iter().map(|copy| (filing(&copy.name), copy.bytes)));
    if missing[0] {
        made.warnings.push(
            "Nobody signs with a certificate, so the copies for filing have no detached signatures (.p7s): give --signer and --certificate."
                .to_owned(),
        );
    }
    Ok(made)
}

/// The flattened, unsigned twin of the report, split where it is too large.
fn copies(settings: &Settings, desk: &Desk) -> Result<Vec<Copy>, Fault> {
    let whole = report::compose(desk.document, Vec::new(), desk.created);
    let said = "Copy for filing. The signed report, the exhibits and the means to check them are in the evidence package of the case.";
    let blocks = std::iter::once(Block::Paragraph(Text::small(said))).chain(whole.blocks).collect();
    let twin = Report { paper: Paper::Letter, flattened: true, bates: settings.bates.clone(), blocks, ..whole };
    let files = split::render(&twin, settings.file_bytes, desk.renderer)?;
    let count = files.len();
    let copy = |(at, bytes): (usize, Vec<u8>)| {
        let (name, title) = match count {
            1 => ("report.pdf".to_owned(), "Evidence report".to_owned()),
            _ => (
                format!("report_part_{}_of_{count}.pdf", at + 1),
                format!("Evidence report, part {} of {count}", at + 1),
            ),
        };
        Copy { name, sha256: sha256(&bytes), bytes, title }
    };
    Ok(files.into_iter().enumerate().map(copy).collect())
}

/// The draft of a certification under FRE 902(13) and (14).
fn certification(desk: &Desk) -> Vec<Block> {
    let made = |name: &str| match name {
        "exhibits" if desk.document.wire.exhibits.is_empty() => {
            vec![Block::Paragraph(Text::plain("The case has no exhibits."))]
        }
        "exhibits" => vec![schedule::public(&desk.document.wire, &desk.document.wire.exhibits)],
        "reasoning" => reasoning(desk),
        _ => Vec::new(),
    };
    draft::blocks(include_str!("texts/us_certification.txt"), &values(desk), &made)
}

/// A draft as a report on Letter, with its watermark.
fn on_letter(desk: &Desk, title: &str, blocks: Vec<Block>) -> Report {
    let wire = &desk.document.wire;
    Report {
        title: format!("{title}: {}", wire.title),
        case: wire.id.clone(),
        marking: DRAFT.to_owned(),
        watermark: DRAFT.to_owned(),
        language: "en".to_owned(),
        producer: format!("{} {}", wire.tool.name, wire.tool.version),
        created: desk.created,
        paper: Paper::Letter,
        bates: None,
        flattened: true,
        blocks,
        attachments: Vec::new(),
    }
}

fn message(desk: &Desk, copies: &[Copy], drafted: &[u8]) -> Vec<u8> {
    let report = |copy| {
        let Copy { name, bytes, sha256, title }: &Copy = copy;
        Filed {
            name,
            title: title.clone(),
            description: "The evidence report of the case, flattened, without a signature of its own",
            size: bytes.len() as u64,
            sha256: *sha256,
        }
    };
    let certification = Filed {
        name: CERTIFICATION,
        title: "Draft certification under Federal Rules of Evidence 902(13) and 902(14)".to_owned(),
        description: "A draft that nobody has signed; the signed certification takes its place",
        size: drafted.len() as u64,
        sha256: sha256(drafted),
    };
    let documents: Vec<Filed> = copies.iter().map(report).chain([certification]).collect();
    ecf::message(desk, desk.created, &documents)
}

fn readme(settings: &Settings, desk: &Desk, copies: &[Copy], missing: [bool; 2]) -> Vec<u8> {
    let file = |copy: &Copy| {
        let pages = desk
            .renderer
            .pages(&copy.bytes)
            .map_or(String::new(), |pages| format!(", {}", counted(pages, "page", "pages")));
        Text::plain(format!(
            "{}: {}, {}{pages}, SHA-256 {}",
            copy.name,
            copy.title,
            ByteSize(copy.bytes.len() as u64),
            copy.sha256.hex()
        ))
    };
    let beside = [
        (!missing[0], "*.p7s: detached signatures (CMS) of the files before that ending"),
        (!missing[1], "*.tsr: time stamps (RFC 3161) over the same files"),
        (
            true,
            "certification_DRAFT.pdf and .txt: the draft of a certification under Rules 902(13) and 902(14), with blanks",
        ),
        (true, "filing.xml: the skeleton of a filing message (OASIS ECF 5.0), with blanks"),
    ];
    let beside = || beside.iter().filter(|(there, _)| *there).map(|(_, text)| Text::plain(*text));
    let check = || {
        let first = copies.first().map_or("report.pdf", |copy| copy.name.as_str());
        let mut lines = vec![format!("sha256sum {first}")];
        if !missing[0] {
            lines.push(format!(
                "openssl cms -verify -binary -inform DER -in {first}.p7s -content {first} -CAfile ca.pem -purpose any -cades -out /dev/null"
            ));
        }
        if !missing[1] {
            lines.push(format!("openssl ts -verify -in {first}.tsr -data {first} -CAfile tsa-ca.pem"));
        }
        lines
    };
    let made = |name: &str| match name {
        "files" => vec![Block::List(copies.iter().map(file).chain(beside()).collect())],
        "check" => vec![Block::Code(check())],
        _ => Vec::new(),
    };
    let mut values = values(desk);
    values.push(("LIMIT", ByteSize(settings.file_bytes).to_string()));
    values.push(("NAME", Limits::FILING_NAME_BYTES.to_string()));
    draft::text(&draft::blocks(include_str!("texts/us_readme.txt"), &values, &made))
}
