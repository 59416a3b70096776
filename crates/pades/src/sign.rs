//! Signs a document: PAdES B-B, and B-T with a stamp (EN 319 142-1, 6).

use lopdf::{Dictionary, Object, ObjectId};
use model::{Digest, Fault};
use seal::cms;
use seal::x509::Signer;

use crate::appearance::{Line, Look};
use crate::form::{self, fields};
use crate::read::{Broken, File, View};
use crate::revision::revisions;
use crate::write::{self, Filled, Store, Update, Value, attach, fill, place_holder, text};
use crate::{Field, Limits, Rect, Stamp, appearance, date};

/// The signed document.
///
/// A document without a signature is written anew, as one revision with the field in it. One that is signed keeps its
/// bytes, and the new signature is appended.
///
/// `stamp` gets the SHA-256 of the signature's octets. Without an answer the signature is B-B, to be completed never: a
/// stamp inside the signature has its place only while the file is made. [`crate::extend`] can stamp the document later.
///
/// # Errors
/// `pdf-broken`, `pdf-encrypted`; `no-such-page`; `signature-field-taken`; `signature-must-be-first` for a visible signature
/// in a tagged document that is signed already; `signature-too-small`, `missing-glyph`; `signature-too-large`; what `signer`
/// and `stamp` answer.
pub fn sign(pdf: &[u8], field: &Field<'_>, signer: &dyn Signer, stamp: &mut Stamp<'_>) -> Result<Vec<u8>, Fault> {
    let file = File::new(pdf).map_err(Broken::fault)?;
    let view = newest(&file)?;
    let known = fields(&file, &view).map_err(Broken::fault)?;
    let is_signed = known.iter().any(|known| known.is_signature() && known.is_filled());
    let taken = known.iter().find(|known| known.name == field.name);
    if taken.is_some_and(|known| !known.is_signature() || known.is_filled()) {
        return Err(Fault::usage("signature-field-taken", format!("The PDF has a field {:?} already", field.name))
            .advise("Choose another name for the field of this signature."));
    }
    let lines = lines(field, signer);
    let mut make = |digest: &Digest| {
        let sign = cms::Sign { digest: *digest, signing_time: None, chain: true };
        let signature = cms::sign(&sign, signer)?;
        let token = stamp(&seal::sha256(&cms::signature_value(&signature)?))?;
        let stamped = token.map(|token| cms::with_timestamp(&signature, &token)).transpose()?;
        Ok(Some(stamped.unwrap_or(signature)))
    };
    let mut octets = Limits::PLACEHOLDER;
    loop {
        let signature = dictionary(field, octets);
        let mut store = Update::new(&file, &view);
        let id = match taken {
            Some(known) => fill_in(&mut store, known, &lines, signature)?,
            None => new_field(&mut store, field, &lines, signature, is_signed)?,
        };
        let prepared = if is_signed { store.finish() } else { store.finish_whole()? };
        match fill(prepared, id, &mut make)? {
            Filled::Done(bytes) => return Ok(bytes),
            Filled::TooLong(needed) => octets = larger(octets, needed)?,
            Filled::Nothing => return Err(Fault::internal("pdf-not-written", "There was no signature to write")),
        }
    }
}

/// The newest revision of a file that can be signed.
pub(crate) fn newest(file: &File<'_>) -> Result<View, Fault> {
    let mut all = revisions(file).map_err(Broken::fault)?;
    if let Some(broken) = all.unread {
        return Err(broken.fault());
    }
    let Some(newest) = all.all.pop() else { return Err(Broken("it has no revision".to_owned()).fault()) };
    if newest.view.trailer().has(b"Encrypt") {
        return Err(Fault::bad_input("pdf-encrypted", "The PDF is encrypted: it cannot be signed.")
            .advise("Decrypt a copy first, for example with `qpdf --decrypt --password=… IN OUT`."));
    }
    // What stands after `%%EOF` would be signed as part of the file: the revision reaches to its end.
    file.view_to(file.bytes.len()).map_err(Broken::fault)
}

/// More room, by doubling.
pub(crate) fn larger(octets: usize, needed: usize) -> Result<usize, Fault> {
    let mut octets = octets;
    while octets < needed {
        octets *= 2;
    }
    if octets > Limits::PLACEHOLDER_MAX {
        return Err(Fault::bad_input("signature-too-large", format!("The signature has {needed} octets"))
            .advise("Give fewer certificates with the key: those between it and the root are enough."));
    }
    Ok(octets)
}

fn dictionary(field: &Field<'_>, octets: usize) -> Dictionary {
    let mut signature = place_holder("Sig", "ETSI.CAdES.detached", octets);
    // EN 319 142-1, 5.3: the claimed time stands here, not in the signature.
    signature.set("M", Object::string_literal(date::write(field.time)));
    for (key, value) in [("Reason", field.reason), ("Location", field.location)] {
        if !value.is_empty() {
            signature.set(key, text(value));
        }
    }
    signature
}

/// What a visible signature shows, and what is read aloud of any.
fn lines(field: &Field<'_>, signer: &dyn Signer) -> Vec<Line> {
    let certificate = signer.certificate();
    let name = certificate.name();
    // A name that the built-in font cannot show: the certificate has it, and so may the page.
    let (caption, look, name) = match appearance::can_show(&name) {
        true => ("Digitally signed by", Look::Name, name),
        false => ("Digitally signed; serial number of the certificate:", Look::Detail, certificate.serial_hex()),
    };
    let time = field.time.to_string();
    let time = time.get(..19).unwrap_or(&time).replace('T', " ");
    let line = |look, text| Line { look, text };
    let mut lines =
        vec![line(Look::Caption, caption.to_owned()), line(look, name), line(Look::Detail, format!("{time} UTC"))];
    for (what, words) in [("Reason", field.reason), ("Place", field.location)] {
        if !words.is_empty() {
            lines.push(line(Look::Detail, format!("{what}: {words}")));
        }
    }
    lines
}

/// The same for those who hear it.
fn described(lines: &[Line]) -> String {
    let (caption, rest) = lines.split_at(2.min(lines.len()));
    let caption = caption.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join(" ");
    std::iter::once(caption).chain(rest.iter().map(|line| line.text.clone())).collect::<Vec<_>>().join(", ")
}

/// Signs in a field that is made for it.
fn new_field(
    store: &mut dyn Store,
    field: &Field<'_>,
    lines: &[Line],
    signature: Dictionary,
    is_signed: bool,
) -> Result<ObjectId, Fault> {
    let root = store.root()?;
    if is_signed && field.rect.is_some() && store.dictionary(root)?.has(b"StructTreeRoot") {
        let what = "A visible signature cannot be added to a tagged document that is signed already";
        return Err(Fault::usage("signature-must-be-first", what).advise(
            "Sign without a rectangle, or put the visible signature first: its tag would change what was signed.",
        ));
    }
    let draw = |rect: Rect| appearance::draw(lines, rect).map(|content| (rect, content));
    let value = Value {
        name: field.name,
        page: field.page,
        shown: field.rect.map(draw).transpose()?,
        // A tag would change the tree, which is signed.
        tagged: !is_signed,
        described: described(lines),
        signature,
    };
    attach(store, value)
}

/// Signs a field that is there and empty.
fn fill_in(
    store: &mut dyn Store,
    known: &form::Field,
    lines: &[Line],
    signature: Dictionary,
) -> Result<ObjectId, Fault> {
    let id = store.add(Object::Dictionary(signature));
    let mut field = store.dictionary(known.id)?;
    field.set("V", id);
    store.set(known.id, Object::Dictionary(field));
    for widget in &known.widgets {
        let mut dict = store.dictionary(*widget)?;
        let sides: Vec<f32> = store.list(&dict, b"Rect")?.iter().filter_map(|side| side.as_float().ok()).collect();
        if let [left, bottom, right, top] = sides[..]
            && left != right
            && bottom != top
        {
            let rect = Rect {
                left: left.min(right),
                bottom: bottom.min(top),
                width: (right - left).abs(),
                height: (top - bottom).abs(),
            };
            let picture = write::picture(rect, appearance::draw(lines, rect)?);
            let picture = store.add(picture);
            dict.set("AP", lopdf::dictionary! { "N" => picture });
            store.set(*widget, Object::Dictionary(dict));
        }
    }
    write::flag(store)?;
    Ok(id)
}
