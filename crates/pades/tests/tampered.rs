//! Files that somebody changed after signing: we say so and why, and so does at least one other judge.

mod kit;

use kit::{REPORT, append, field, file, pdfsig_says, pyhanko_says, replace, resign, sign, signer, stamp, trust};
use probity_pades::{Kind, sign as sign_with, signatures};

fn good() -> &'static [u8] {
    static GOOD: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    GOOD.get_or_init(|| sign(REPORT, "Sig1", "p256"))
}

/// The reason that we give has `why` in it, and somebody else is not content either.
#[track_caller]
fn check(name: &str, pdf: &[u8], why: &str) {
    let path = file(&format!("tampered-{name}.pdf"), pdf);
    let said = match signatures(pdf, &trust()) {
        Ok(found) => {
            let signed = found.iter().find(|found| found.field == "Sig1").map(|found| &found.signed);
            let Some(signed) = signed else { panic!("{name}: the signature is not found: {found:#?}") };
            assert!(!signed.intact.is_yes(), "{name}: {found:#?}");
            signed.intact.reason().to_owned()
        }
        Err(fault) => fault.message().to_owned(),
    };
    assert!(said.contains(why), "{name}: {said}");
    let pdfsig = pdfsig_says(&path);
    let poppler_is_content = pdfsig.contains("Signature is Valid") && pdfsig.contains("Total document signed");
    let Some(pyhanko) = pyhanko_says(&path) else { return };
    let pyhanko_is_content = pyhanko.contains("judged VALID") && !pyhanko.contains("INVALID");
    println!("{name}: ours: {said}; poppler content: {poppler_is_content}; pyHanko content: {pyhanko_is_content}");
    assert!(!poppler_is_content || !pyhanko_is_content, "{name}: we alone refuse it: {pdfsig}{pyhanko}");
}

fn text(pdf: &[u8]) -> String {
    pdf.iter().map(|byte| char::from(*byte)).collect()
}

fn find(pdf: &[u8], word: &str) -> usize {
    pdf.windows(word.len()).position(|window| window == word.as_bytes()).unwrap_or_else(|| panic!("{word} is missing"))
}

/// The numbers of the byte range.
fn range(pdf: &[u8]) -> [usize; 4] {
    let at = find(pdf, "/ByteRange");
    let text = text(&pdf[at..at + 80]);
    let numbers: Vec<usize> =
        text.split(['[', ']']).nth(1).unwrap().split_whitespace().map(|word| word.parse().unwrap()).collect();
    numbers.try_into().unwrap()
}

/// The number of the object whose text holds `word`.
fn object_with(pdf: &[u8], word: &str) -> u32 {
    let text = text(pdf);
    let at = text.find(word).unwrap_or_else(|| panic!("{word} is missing"));
    let head = text[..at].rfind(" 0 obj").unwrap();
    text[..head].rsplit('\n').next().unwrap().parse().unwrap()
}

/// The body of an object.
fn body(pdf: &[u8], number: u32) -> String {
    let text = text(pdf);
    let start = text.find(&format!("\n{number} 0 obj\n")).unwrap() + format!("\n{number} 0 obj\n").len();
    let end = start + text[start..].find("\nendobj").unwrap();
    text[start..end].trim_end().to_owned()
}

#[test]
fn the_good_file_is_good() {
    let found = signatures(good(), &trust()).unwrap();
    assert_eq!(found.len(), 1);
    let only = &found[0];
    assert!(only.signed.intact.is_yes() && only.covers_whole_file.is_yes(), "{only:#?}");
    assert!(only.signed.signer_trusted.is_yes() && only.signed.time_trusted.is_yes(), "{only:#?}");
    assert_eq!((only.kind, only.revision, only.revisions), (Kind::Signature, 1, 1));
    assert_eq!((only.reason.as_str(), only.location.as_str()), ("Sealed for the court (§ 12)", "Berlin"));
    assert_eq!(only.signed.claimed, Some(kit::now()));
    assert!(only.changes_after.is_empty());
    assert!(signatures(REPORT, &trust()).unwrap().is_empty(), "nothing signed is no answer");
}

#[test]
fn signed_bytes_that_changed() {
    let [_, before, after, _] = range(good());
    for (name, at) in [("first-part", 400), ("last-part", after + 40)] {
        let mut pdf = good().to_vec();
        // A digit of a number, so that the file can still be read.
        let at = (at..).find(|at| pdf[*at].is_ascii_digit() && pdf[*at] != b'9').unwrap();
        pdf[at] += 1;
        let path = file("flipped.pdf", &pdf);
        match signatures(&pdf, &trust()) {
            Ok(found) => assert!(found.iter().all(|found| !found.signed.intact.is_yes()), "{name}"),
            Err(fault) => assert_eq!(fault.code(), "pdf-broken"),
        }
        assert!(!pdfsig_says(&path).contains("Signature is Valid"), "{name}");
    }
    let marked = replace(good(), b"/Lang(en)", b"/Lang(de)");
    check("language", &marked, "The content was changed");
    let mut signature = good().to_vec();
    // Inside the signed attributes.
    let at = before + 1 + 2 * 1300;
    signature[at] = if signature[at] == b'0' { b'1' } else { b'0' };
    let found = signatures(&signature, &trust()).unwrap();
    assert!(!found[0].signed.intact.is_yes() || !found[0].signed.signer_trusted.is_yes(), "{found:#?}");
}

/// Universal signature forgery: the signature is there, and there is nothing to check.
#[test]
fn forged_signature_dictionaries() {
    let [_, before, after, rest] = range(good());
    let zeros = "0".repeat(after - before - 2);
    let mut empty = good().to_vec();
    empty[before + 1..after - 1].copy_from_slice(zeros.as_bytes());
    check("contents-zero", &empty, "/Contents of the signature is empty");
    let mut null = good().to_vec();
    let blank = format!("{:1$}", " null", after - before);
    null[before..after].copy_from_slice(blank.as_bytes());
    check("contents-null", &null, "/Contents of the signature is no string");
    check("contents-missing", &replace(good(), b"/Contents<", b"/Contentz<"), "has no /Contents");
    check("range-missing", &replace(good(), b"/ByteRange", b"/ByteRangf"), "has no /ByteRange");
    let old = format!("[0 {before} {after} {rest}");
    let with = |new: String| replace(good(), old.as_bytes(), format!("{new:0$}", old.len()).as_bytes());
    check("range-null", &with("[null".to_owned()), "four numbers");
    check("range-three", &with(format!("[0 {before} {after}")), "four numbers");
    check("range-negative", &with(format!("[0 {before} {after} -1")), "four numbers");
    check("range-shifted", &with(format!("[1 {before} {after} {}", rest - 1)), "not at the beginning");
    check("range-beyond", &with(format!("[0 {before} {after} 9999")), "beyond the end");
}

/// Signature wrapping: what is not signed is more than the signature. The forger holds a key that is trusted.
#[test]
fn byte_ranges_with_a_wider_gap() {
    let [_, before, after, rest] = range(good());
    check("gap-before", &resign(good(), [0, before - 11, after, rest]), "/ByteRange leaves out");
    check("gap-after", &resign(good(), [0, before, after + 30, rest - 30]), "/ByteRange leaves out");
    check("tail-unsigned", &resign(good(), [0, before, after, rest - 20]), "where no revision ends");
    // The gap is not signed: a second entry in it could be the one that another reader takes.
    let mut second = good().to_vec();
    let own = format!(">/ByteRange [0 {before} {after} {rest}]/Contents<");
    second[before + 8000..before + 8000 + own.len()].copy_from_slice(own.as_bytes());
    check("second-range", &second, "two entries of one name");
    let mut hidden = good().to_vec();
    let own = b">/X(unsigned words)/Y<";
    hidden[before + 8001..before + 8001 + own.len()].copy_from_slice(own);
    check("words-in-the-gap", &hidden, "/ByteRange leaves out");
}

/// Incremental saving: the signed bytes are whole, and what is shown is another document.
#[test]
fn later_revisions_that_change_the_document() {
    let page = object_with(good(), "/Type/Page/");
    let page_body = body(good(), page);
    let other = page_body.replacen("/Tabs/S", "/Tabs/S/Rotate 180", 1);
    assert_ne!(other, page_body);
    check("page", &append(good(), &[(page, &other)]), "Page 1 was changed");
    let contents: u32 = page_body.split("/Contents ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    let stream = "<</Length 33>>\nstream\n0 0 m 100 100 l S                \nendstream";
    check("content", &append(good(), &[(contents, stream)]), "content of page 1 was changed");
    let pages = object_with(good(), "/Type/Pages");
    let fewer = body(good(), pages).replace("/Count 2", "/Count 1");
    check("pages", &append(good(), &[(pages, &fewer)]), "(Pages) was changed");
    let catalog = object_with(good(), "/Type/Catalog");
    let catalog_body = body(good(), catalog);
    let open = catalog_body.replacen("/Type/Catalog", "/Type/Catalog/OpenAction<</S/URI/URI(http://example.org)>>", 1);
    check("open-action", &append(good(), &[(catalog, &open)]), "/OpenAction of the catalog was changed");
    let title = "<</Title(Another title)>>";
    let info = object_with(good(), "<</Title");
    check("information", &append(good(), &[(info, title)]), "document information was changed");
}

/// Fields, notes and signatures that somebody adds or takes away.
#[test]
fn later_revisions_that_change_the_form() {
    let catalog = object_with(good(), "/Type/Catalog");
    let catalog_body = body(good(), catalog);
    let page = object_with(good(), "/Type/Page/");
    let page_body = body(good(), page);
    let widget = object_with(good(), "/FT/Sig");
    let bare = catalog_body.split("/AcroForm").next().unwrap().to_owned() + ">>";
    check("form-removed", &append(good(), &[(catalog, &bare)]), "The form with its signature fields was removed");
    let unsigned = body(good(), widget).replacen("/V ", "/W ", 1);
    check("value-removed", &append(good(), &[(widget, &unsigned)]), "removed or replaced");
    let note = "<</Type/Annot/Subtype/FreeText/Rect[50 50 500 500]/Contents(Not guilty)/DA(/F 12 Tf)>>";
    let annots = page_body.replacen("/Annots[", "/Annots[900 0 R ", 1);
    assert_ne!(annots, page_body);
    check("note", &append(good(), &[(page, &annots), (900, note)]), "that was not there");
    let fields = catalog_body.replacen("/Fields[", "/Fields[900 0 R ", 1);
    let value = "<</FT/Tx/T(amount)/V(1000)/Type/Annot/Subtype/Widget/Rect[0 0 99 99]>>";
    check("text-field", &append(good(), &[(catalog, &fields), (900, value)]), "which is no signature");
    let second = sign(good(), "Sig2", "qualified");
    let found = signatures(&second, &trust()).unwrap();
    assert!(found.iter().all(|found| found.signed.intact.is_yes()), "{found:#?}");
    let inner = object_with(&second[good().len()..], "/FT/Sig");
    let text = text(&second[good().len()..]);
    let start = text.find(&format!("{inner} 0 obj\n")).unwrap() + format!("{inner} 0 obj\n").len();
    let acting = text[start..].split("\nendobj").next().unwrap().replacen(
        "/Subtype",
        "/AA<</E<</S/Named/N/Print>>>>/Subtype",
        1,
    );
    check("second-field-acts", &append(&second, &[(inner, &acting)]), "\"Sig2\"");
}

/// Objects that a reader may find and that no cross-reference lists; ends that are none.
#[test]
fn bytes_after_the_end() {
    let plus = |more: &[u8]| [good(), more].concat();
    check("white-space", &plus(b"\n\n  \n"), "white space were appended");
    check("object-alone", &plus(b"\n900 0 obj\n<</Type/Page>>\nendobj\n"), "cannot be read as a revision");
    let page = object_with(good(), "/Type/Page/");
    let changed = body(good(), page).replacen("/Tabs/S", "/Tabs/S/Rotate 180", 1);
    let revision = append(good(), &[(page, &changed)]);
    let startxref = revision.windows(9).rposition(|window| window == b"startxref").unwrap();
    check("no-startxref", &revision[..startxref], "cannot be read as a revision");
    let mut wrong = revision.clone();
    wrong[startxref + 10] = b'9';
    check("wrong-startxref", &wrong, "cannot be read as a revision");
    // A page that no table lists: readers that repair files would find it.
    let page_again = format!("{page} 0 obj\n{changed}\nendobj\n");
    let info = object_with(good(), "<</Title");
    let same = body(good(), info);
    let harmless = append(good(), &[(info, &same)]);
    assert!(signatures(&harmless, &trust()).unwrap()[0].signed.intact.is_yes(), "the same object once more");
    let at = harmless.windows(6).rposition(|window| window == b"\nxref\n").unwrap() + 1;
    let hidden = [&harmless[..at], page_again.as_bytes(), &harmless[at..]].concat();
    let hidden = replace(
        &hidden,
        format!("startxref\n{at}").as_bytes(),
        format!("startxref\n{}", at + page_again.len()).as_bytes(),
    );
    let found = signatures(&hidden, &trust()).unwrap();
    assert!(found[0].signed.intact.reason().contains("is in no cross-reference section"), "{found:#?}");
    check("cut", &good()[..good().len() - 300], "cannot be read");
}

/// A document made to be changed later: what it shows after signing was hidden in it, or is missing in it, when it was signed.
#[test]
fn shadow_documents() {
    let page = object_with(REPORT, "/Type/Page/");
    let page_body = body(REPORT, page);
    // A reference to nothing, which a later revision turns into something.
    let contents: u32 = page_body.split("/Contents ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    let dangling =
        page_body.replacen(&format!("/Contents {contents} 0 R"), &format!("/Contents[{contents} 0 R 950 0 R]"), 1);
    let prepared = append(REPORT, &[(page, &dangling)]);
    let signed = sign_with(&prepared, &field("Sig1"), &signer("p256"), &mut stamp).unwrap();
    let appeared = append(&signed, &[(950, "<</Length 18>>\nstream\n0 0 m 100 100 l S \nendstream")]);
    check("appeared", &appeared, "was changed");
    // Two pages, of which a later revision shows the other.
    let signed = sign_with(REPORT, &field("Sig1"), &signer("p256"), &mut stamp).unwrap();
    let pages = object_with(&signed, "/Type/Pages");
    let kids = body(&signed, pages);
    let inner = kids.split("/Kids[").nth(1).unwrap().split(']').next().unwrap().to_owned();
    let words: Vec<&str> = inner.split(" R").map(str::trim).filter(|word| !word.is_empty()).collect();
    let swapped = kids.replace(&inner, &format!("{} R {} R", words[1], words[0]));
    check("swapped", &append(&signed, &[(pages, &swapped)]), "(Pages) was changed");
}

/// The good file, whose signature says in place of its reason what may be changed; signed again by its signer.
fn with_reference(reference: &str) -> Vec<u8> {
    let wordy = kit::Field { reason: &"x".repeat(300), ..field("Sig1") };
    let long = sign_with(REPORT, &wordy, &signer("p256"), &mut stamp).unwrap();
    let old = format!("/Reason({})", "x".repeat(300));
    let new = replace(&long, old.as_bytes(), format!("{reference:0$}", old.len()).as_bytes());
    let range = range(&new);
    resign(&new, range)
}

/// A certifying signature that allows no change: validation data and stamps may come, signatures may not (DocMDP, P = 1).
#[test]
fn certified_documents_that_allow_no_change() {
    let reference =
        "/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams<</Type/TransformParams/P 1/V/1.2>>>>]";
    let certified = with_reference(reference);
    let judge = |pdf: &[u8]| signatures(pdf, &trust()).unwrap();
    assert!(judge(&certified)[0].signed.intact.is_yes(), "{:#?}", judge(&certified));
    let archived = probity_pades::extend(&certified, &kit::revocations(&["p256"]), &mut stamp).unwrap();
    assert!(judge(&archived).iter().all(|found| found.signed.intact.is_yes()), "{:#?}", judge(&archived));
    let signed = sign(&certified, "Sig2", "qualified");
    let all = judge(&signed);
    assert!(all[0].signed.intact.reason().contains("allows no change") && all[0].signed.intact.is_no(), "{all:#?}");
    assert!(all[1].signed.intact.is_yes(), "{all:#?}");
}

/// A signature that locks a field: who fills that field in changes the document; another one may be signed.
#[test]
fn locked_fields() {
    let empty = |name: &str| format!("<</Type/Annot/Subtype/Widget/FT/Sig/T({name})/Rect[0 0 0 0]/F 132>>");
    let catalog = object_with(REPORT, "/Type/Catalog");
    let with_form = body(REPORT, catalog).replacen(
        "/Type/Catalog",
        "/Type/Catalog/AcroForm<</SigFlags 3/Fields[800 0 R 801 0 R]>>",
        1,
    );
    let prepared = append(REPORT, &[(catalog, &with_form), (800, &empty("Locked")), (801, &empty("Open"))]);
    let wordy = kit::Field { reason: &"x".repeat(300), ..field("Sig1") };
    let long = sign_with(&prepared, &wordy, &signer("p256"), &mut stamp).unwrap();
    let old = format!("/Reason({})", "x".repeat(300));
    let lock = "/Reference[<</TransformMethod/FieldMDP/TransformParams<</Action/Include/Fields[(Locked)]/V/1.2>>>>]";
    let new = replace(&long, old.as_bytes(), format!("{lock:0$}", old.len()).as_bytes());
    let signed = resign(&new, range(&new));
    for (name, accepted) in [("Open", true), ("Locked", false)] {
        let second = sign(&signed, name, "qualified");
        let all = signatures(&second, &trust()).unwrap();
        assert_eq!(all[0].signed.intact.is_yes(), accepted, "{name}: {all:#?}");
        let why = if accepted { "further signature" } else { "a signature locks it" };
        assert!(all[0].changes_after.iter().any(|change| change.what.contains(why)), "{all:#?}");
    }
}

/// A revision that leaves out the one before, metadata with another title, validation data that are something else.
#[test]
fn later_revisions_with_a_trick() {
    let info = object_with(good(), "<</Title");
    let same = body(good(), info);
    let last = |pdf: &[u8]| {
        let text = text(pdf);
        text.rsplit("startxref\n").next().unwrap().lines().next().unwrap().to_owned()
    };
    let middle = append(good(), &[(info, "<</Title(Another title)>>")]);
    let third = append(&middle, &[(info, &same)]);
    let around =
        replace(&third, format!("/Prev {}", last(&middle)).as_bytes(), format!("/Prev {}", last(good())).as_bytes());
    check("around-a-revision", &around, "is in no cross-reference section");
    let metadata = object_with(good(), "/Type/Metadata");
    let xmp = body(good(), metadata);
    assert!(xmp.contains("x-default\">Test<"), "{xmp}");
    let titled = xmp.replacen("x-default\">Test<", "x-default\">Text<", 1);
    check("title-in-xmp", &append(good(), &[(metadata, &titled)]), "What the metadata say was changed");
    let catalog = object_with(good(), "/Type/Catalog");
    let stored = body(good(), catalog).replacen("/Type/Catalog", "/Type/Catalog/DSS 900 0 R", 1);
    let odd = append(good(), &[(catalog, &stored), (900, "<</Type/DSS/Pages[1 0 R]>>")]);
    check("odd-store", &odd, "something else than validation data");
    let parted = body(good(), catalog).replacen("/Fields[", "/Fields[901 0 R ", 1);
    let above = "<</T(Above)/AA<</K<</S/JavaScript/JS(app.beep())>>>>/Kids[902 0 R]>>";
    let below = "<</T(Below)/Parent 901 0 R/FT/Sig/V 903 0 R/Type/Annot/Subtype/Widget/Rect[0 0 0 0]>>";
    let value = "<</Type/Sig/Filter/A/SubFilter/ETSI.CAdES.detached/ByteRange[0 1 2 3]/Contents<00>>>";
    let nested = append(good(), &[(catalog, &parted), (901, above), (902, below), (903, value)]);
    check("field-below-another", &nested, "below another");
}
