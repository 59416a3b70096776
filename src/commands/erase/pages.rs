//! The certificate as pages: scope and gaps first, then what was done, what stays, what was looked for, how to check it.

use evidence::package::IDENTITY;
use evidence::report::{Attachment, Block, Cell, Column, Paper, Report, Table, Text, Tone};
use model::{Digest, counted, grouped};
use privacy::certificate::{Certificate, Outcomes};
use privacy::plan::Outcome;

use super::certify::NAMESPACE;

/// The report of a certificate. JSON and XML travel inside it.
pub(super) fn report(of: &Certificate, digest: &Digest, signer: &str, demo: bool, json: &[u8], xml: &str) -> Report {
    let mut blocks = cover(of, digest, signer);
    scope(of, &mut blocks);
    done(of, &mut blocks);
    stays(of, &mut blocks);
    looked(of, &mut blocks);
    physical(of, &mut blocks);
    people(of, &mut blocks);
    check(of, &mut blocks);
    let file = |name: &str, media_type: &str, description: &str, bytes: &[u8]| Attachment {
        name: name.to_owned(),
        media_type: media_type.to_owned(),
        description: description.to_owned(),
        bytes: bytes.to_vec(),
    };
    Report {
        title: format!("{}: {}", title(of), of.about.request),
        case: of.about.request.clone(),
        marking: if demo { "signed with a DEMO key".to_owned() } else { String::new() },
        watermark: String::new(),
        language: "en".to_owned(),
        producer: of.about.tool.clone(),
        created: of.about.finished,
        paper: Paper::default(),
        bates: None,
        flattened: false,
        blocks,
        attachments: vec![
            file("certificate.json", "application/json", "The certificate as JSON: what is signed", json),
            file("certificate.xml", "application/xml", "The certificate as XML", xml.as_bytes()),
        ],
    }
}

/// Whether rows went because of their age.
fn is_of_age(of: &Certificate) -> bool {
    of.article == "5(1)(e)"
}

fn title(of: &Certificate) -> &'static str {
    if is_of_age(of) { "Certificate of deletion at the end of retention" } else { "Certificate of erasure" }
}

fn cover(of: &Certificate, digest: &Digest, signer: &str) -> Vec<Block> {
    let about = &of.about;
    let law = match (&*of.regime, &of.ground) {
        ("gdpr", Some(ground)) => format!("GDPR, Art. {} ({ground})", of.article),
        ("gdpr", None) => format!("GDPR, Art. {}", of.article),
        (regime, _) => regime.to_uppercase(),
    };
    let mut facts = vec![
        fact(if is_of_age(of) { "Run" } else { "Request" }, Text::strong(&about.request)),
        fact("Law", Text::plain(law)),
        fact(if is_of_age(of) { "Planned" } else { "Received" }, Text::plain(about.received.to_string())),
        fact("Carried out", Text::plain(format!("{} to {}", about.started, about.finished))),
        fact("By", Text::plain(&about.operator)),
    ];
    for (number, key) in about.approvers.iter().enumerate() {
        facts.push(fact(if number == 0 { "Approved by" } else { "" }, Text::exact(key)));
    }
    if let Some(words) = &about.identified_by {
        facts.push(fact("Requester verified", Text::plain(words)));
    }
    for (kind, pseudonym) in &of.subject {
        facts.push(fact("Subject", Text::plain(format!("{kind}, as a pseudonym:"))));
        facts.push(fact("", Text::exact(pseudonym)));
    }
    facts.push(fact("Signing key", Text::exact(signer)));
    facts.push(fact("Certificate", Text::plain("SHA-256 of certificate.json:")));
    facts.push(fact("", Text::exact(digest.hex())));
    vec![
        Block::Paragraph(Text::strong(title(of))),
        Block::Heading(1, format!("{}: {}", title(of), about.request)),
        Block::Facts(facts),
        Block::Heading(2, "Summary".to_owned()),
        Block::Answer(answer(of)),
    ]
}

fn answer(of: &Certificate) -> Text {
    let rows = |outcome| grouped(of.rows(outcome));
    let counts = format!(
        "{} deleted, {} anonymised, {} pseudonymised, {} with a link to the person taken out.",
        counted(of.rows(Outcome::Deleted), "row", "rows"),
        rows(Outcome::Anonymised),
        rows(Outcome::Pseudonymised),
        rows(Outcome::Unlinked)
    );
    let (tone, first) = match of.result {
        Outcomes::Complete if is_of_age(of) => {
            (Tone::Good, "Complete: everything that was planned was done, and every row was read again afterwards.")
        }
        Outcomes::Residual if is_of_age(of) => (
            Tone::Bad,
            "Not complete: everything that was planned was done, but rows were found afterwards that are not as planned.",
        ),
        Outcomes::Complete => (
            Tone::Good,
            "Complete: everything that was planned was done, and no identity of the person was found afterwards outside what is kept.",
        ),
        Outcomes::Residual => (
            Tone::Bad,
            "Not complete: everything that was planned was done, but traces of the person were found afterwards. They are listed.",
        ),
        Outcomes::Incomplete => (Tone::Open, "Not complete: not every store is done or could be looked at."),
    };
    Text { tone, ..Text::strong(format!("{first} {counts}")) }
}

fn scope(of: &Certificate, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(2, "What was covered".to_owned()));
    let rows = of.scope.iter().map(|it| {
        let how = if it.transactional { "one transaction" } else { "step by step" };
        vec![cell(&it.store), cell(&it.version), cell(it.collections.to_string()), cell(how), cell(it.state)]
    });
    let columns = [("Store", 20), ("Server", 36), ("Collections", 14), ("Changed in", 16), ("State", 14)];
    table("Stores that were covered", &columns, rows.collect(), blocks);
    blocks.push(Block::Heading(2, "What was not covered".to_owned()));
    match of.gaps.is_empty() {
        true => blocks.push(Block::Paragraph(Text::plain(
            "Every collection of the stores above is mapped, and every text in them was looked at.",
        ))),
        false => blocks.push(Block::List(of.gaps.iter().map(Text::plain).collect())),
    }
    blocks.push(Block::Paragraph(Text::plain(
        "Stores that are not listed above, backups, replicas and whatever others hold are not covered by this certificate.",
    )));
}

fn done(of: &Certificate, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(2, "What was done".to_owned()));
    let rows = of.done.iter().map(|it| {
        let fields = if it.fields.is_empty() { String::new() } else { format!(" Fields: {}.", it.fields.join(", ")) };
        let already = if it.already > 0 { format!(" {} were so already.", it.already) } else { String::new() };
        vec![
            cell(format!("{}.{}", it.store, it.collection)),
            cell(it.outcome),
            cell(grouped(it.rows)),
            cell(format!("{}{fields}{already}", it.reason)),
        ]
    });
    let columns = [("Collection", 30), ("Outcome", 18), ("Rows", 10), ("Why", 42)];
    table("What was done, step by step", &columns, rows.collect(), blocks);
    blocks.push(Block::Paragraph(Text::plain(
        "Deleted means logical removal by the means of the store; what remains physically is said below. Pseudonymised data \
         can be led back to the person and is not erased.",
    )));
    if !of.remarks.is_empty() {
        blocks.push(Block::Heading(3, "Remarks".to_owned()));
        blocks.push(Block::List(of.remarks.iter().map(Text::plain).collect()));
    }
    if !of.failed.is_empty() {
        blocks.push(Block::Heading(2, "What failed".to_owned()));
        let rows = of.failed.iter().map(|it| vec![cell(&it.store), cell(&it.code), cell(&it.message)]);
        table("Stores that failed", &[("Store", 20), ("Code", 24), ("Reason", 56)], rows.collect(), blocks);
    }
}

fn stays(of: &Certificate, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(2, "What stays by law".to_owned()));
    let rows = of.retained.iter().map(|it| {
        let until = it.until.clone().unwrap_or_else(|| "until the hold is released".to_owned());
        let who = it.approver.clone().unwrap_or_default();
        let fields = if it.anonymised.is_empty() { "nothing".to_owned() } else { it.anonymised.join(", ") };
        vec![
            cell(format!("{}.{}", it.store, it.collection)),
            cell(grouped(it.rows)),
            cell(format!("{} {} {who}", it.code, it.law)),
            cell(until),
            cell(fields),
        ]
    });
    let columns = [("Collection", 24), ("Rows", 8), ("Code and law", 30), ("Until", 16), ("Anonymised in them", 22)];
    table("Rows that stay by law", &columns, rows.collect(), blocks);
    blocks.push(Block::Heading(2, "What stays because it is others' too".to_owned()));
    let rows = of
        .shared
        .iter()
        .map(|it| vec![cell(format!("{}.{}", it.store, it.collection)), cell(grouped(it.rows)), cell(&it.reason)]);
    table("Rows that are shared", &[("Collection", 30), ("Rows", 10), ("Why", 60)], rows.collect(), blocks);
}

fn looked(of: &Certificate, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(2, "What was looked for afterwards".to_owned()));
    if is_of_age(of) {
        let text = "Every row of the plan was read again by its key: it must be gone, or hold what was planned. Copies of the \
                    rows elsewhere were not looked for, because a period ends rows and not people.";
        blocks.push(Block::Paragraph(Text::plain(text)));
        return found_again(of, Vec::new(), blocks);
    }
    blocks.push(Block::Paragraph(Text::plain(
        "The search that found the rows was run again. Then every text, JSON, list and byte field, every key and every name of \
         an object was read and searched for every identity: as it is, in any case, decomposed, URL- and base64-encoded, \
         escaped, in hexadecimal and UTF-16, hashed (MD5, SHA-1, SHA-256, SHA-512), and telephone numbers with any separators.",
    )));
    let rows = of.verification.iter().map(|it| {
        let open = it.places.iter().filter(|place| place.explained.is_none()).count();
        let explained = it.places.len() - open;
        vec![
            cell(&it.store),
            cell(grouped(it.collections)),
            cell(grouped(it.rows)),
            cell(grouped(it.bytes)),
            cell(open.to_string()),
            cell(explained.to_string()),
        ]
    });
    let columns =
        [("Store", 24), ("Collections", 15), ("Rows", 16), ("Bytes", 19), ("Found", 11), ("Found in kept rows", 15)];
    table("What was looked at", &columns, rows.collect(), blocks);
    let places = of.verification.iter().flat_map(|it| it.places.iter().map(move |place| (it, place)));
    let found: Vec<Vec<Cell>> = places
        .map(|(store, place)| {
            let field = place.field.as_deref().unwrap_or("(name)");
            let why = place.explained.as_deref().map_or("not explained".to_owned(), |code| format!("kept: {code}"));
            vec![
                cell(format!("{}.{}.{field}", store.store, place.collection)),
                cell(place.forms.join(", ")),
                cell(why),
                Cell(vec![Text::exact(&place.key.hex()[..16])]),
            ]
        })
        .collect();
    found_again(of, found, blocks);
}

/// Places in which something was found, and rows that were found again.
fn found_again(of: &Certificate, mut found: Vec<Vec<Cell>>, blocks: &mut Vec<Block>) {
    found.extend(of.found_again.iter().map(|(store, collection, rows)| {
        vec![cell(format!("{store}.{collection}")), cell("found again"), cell(counted(*rows, "row", "rows")), cell("")]
    }));
    if !found.is_empty() {
        blocks.push(Block::Heading(3, "Places".to_owned()));
        let columns = [("Place", 40), ("Form", 20), ("Why", 20), ("Key, SHA-256", 20)];
        table("Places in which something was found", &columns, found, blocks);
    }
}

fn physical(of: &Certificate, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(2, "What remains physically".to_owned()));
    let sentences = of.physical.iter().map(|(store, text)| Text::plain(format!("{store}: {text}")));
    let sentences: Vec<Text> = sentences.collect();
    if !sentences.is_empty() {
        blocks.push(Block::List(sentences));
    }
    blocks.push(Block::Heading(3, "Backups".to_owned()));
    let rows = of.backups.iter().map(|it| {
        let until = it.until.clone().unwrap_or_else(|| "not known: nothing says how long they are kept".to_owned());
        vec![
            cell(&it.store),
            cell(it.place.as_deref().unwrap_or("not stated")),
            cell(it.kept.as_deref().unwrap_or("not stated")),
            cell(until),
        ]
    });
    let columns = [("Store", 22), ("Where", 30), ("Kept for", 14), ("May hold the data until", 34)];
    table("Backups that were made before the erase", &columns, rows.collect(), blocks);
    if is_of_age(of) {
        let text =
            "Backups that were made before hold the rows until they are gone; after a restore, plan and apply again.";
        return blocks.push(Block::Paragraph(Text::plain(text)));
    }
    blocks.push(Block::Paragraph(Text::plain(format!(
        "Backups that were made before hold the data until they are gone. {} kept, so that whoever comes back with one is \
         known and erased again: probity erase replay STORE.",
        counted(of.about.tombstones, "pseudonym is", "pseudonyms are")
    ))));
}

fn people(of: &Certificate, blocks: &mut Vec<Block>) {
    if is_of_age(of) {
        return;
    }
    blocks.push(Block::Heading(2, "Who is to be told (Art. 19)".to_owned()));
    if of.recipients.is_empty() {
        return blocks.push(Block::Paragraph(Text::plain("The data map names no recipient of this data.")));
    }
    let rows = of.recipients.iter().map(|it| vec![cell(&it.name), cell(it.collections.join(", ")), cell(it.state())]);
    let columns = [("Recipient", 28), ("Data", 38), ("Told", 34)];
    table("Recipients, and who of them was told", &columns, rows.collect(), blocks);
    let text = format!("As the register had it on {}. Who is told later is entered there.", of.about.finished);
    blocks.push(Block::Paragraph(Text::plain(text)));
}

fn check(of: &Certificate, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(2, "How to check it".to_owned()));
    blocks.push(Block::Paragraph(Text::plain(
        "certificate.json is inside this file and beside it. With its signature and the key of the signer:",
    )));
    blocks.push(Block::Code(vec![
        format!("ssh-keygen -Y verify -f allowed_signers -I {IDENTITY} -n {NAMESPACE} \\"),
        "    -s certificate.json.sig < certificate.json".to_owned(),
    ]));
    blocks.push(Block::Paragraph(Text::plain(
        "certificate.xml is signed in the same way (certificate.xml.sig). Whoever kept the plan compares it: probity verify \
         certificate.json --plan FILE.",
    )));
    let digests = of.about.digests.iter().map(|(name, digest)| fact(name, Text::exact(digest.hex())));
    blocks.push(Block::Facts(digests.chain([fact("tool", Text::plain(&of.about.tool))]).collect()));
}

fn fact(name: &str, text: Text) -> (String, Text) {
    (name.to_owned(), text)
}

fn cell(text: impl Into<String>) -> Cell {
    Cell(vec![Text::plain(text)])
}

/// A table, or a word that there is nothing to show.
fn table(summary: &str, columns: &[(&str, u16)], rows: Vec<Vec<Cell>>, blocks: &mut Vec<Block>) {
    if rows.is_empty() {
        return blocks.push(Block::Paragraph(Text::plain("Nothing.")));
    }
    let number = |title: &str| matches!(title, "Rows" | "Bytes" | "Collections" | "Found" | "Found in kept rows");
    let columns = columns
        .iter()
        .map(|(title, share)| Column { title: (*title).to_owned(), share: *share, number: number(title) })
        .collect();
    blocks.push(Block::Table(Table { summary: summary.to_owned(), columns, rows }));
}
