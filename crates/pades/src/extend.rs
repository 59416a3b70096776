//! Long term: validation data (B-LT) and a time stamp over the document (B-LTA); EN 319 142-1, 5.4.

use std::collections::BTreeMap;

use lopdf::{Dictionary, Object, ObjectId, Stream, dictionary};
use model::{Digest, Fault, hex};
use seal::x509::Certificate;
use seal::{Revocations, cms};
use sha1::{Digest as _, Sha1};

use crate::form::{Field, fields};
use crate::range;
use crate::read::{Broken, File, View, decode};
use crate::sign::{larger, newest};
use crate::write::{Filled, Store, Update, Value, attach, fill, place_holder};
use crate::{Limits, Stamp};

/// The signed document with what a judge will need when the authorities are gone: certificates, answers about revocation,
/// and, if `stamp` answers, a time stamp over all of it. May be done again when the stamp grows old.
///
/// `stamp` gets the SHA-256 of the document up to here. What `evidence` holds is put in as it is; nothing is fetched.
///
/// # Errors
/// `pdf-broken`, `pdf-encrypted`, `pdf-not-signed`, `signature-too-large`; what `stamp` answers.
pub fn extend(pdf: &[u8], evidence: &Revocations, stamp: &mut Stamp<'_>) -> Result<Vec<u8>, Fault> {
    let file = File::new(pdf).map_err(Broken::fault)?;
    let view = newest(&file)?;
    let known = fields(&file, &view).map_err(Broken::fault)?;
    let signed: Vec<Vec<u8>> = known.iter().filter_map(|field| contents(&file, &view, field)).collect();
    if signed.is_empty() {
        return Err(Fault::bad_input("pdf-not-signed", "The PDF has no signature that could be kept for longer.")
            .advise("Sign it first; the validation data belong to a signature."));
    }
    let mut make = |digest: &Digest| {
        let Some(token) = stamp(digest)? else { return Ok(None) };
        Ok(Some(seal::tsp::read_token_or_response(&token)?.der().to_vec()))
    };
    let mut octets = Limits::PLACEHOLDER;
    loop {
        let mut store = with_evidence(&file, &view, evidence, &signed)?;
        let id = attach(
            &mut store,
            Value {
                name: &free_name(&known),
                page: 1,
                shown: None,
                tagged: false,
                described: "Time stamp of the document".to_owned(),
                signature: place_holder("DocTimeStamp", "ETSI.RFC3161", octets),
            },
        )?;
        match fill(store.finish(), id, &mut make)? {
            Filled::Done(bytes) => return Ok(bytes),
            Filled::TooLong(needed) => octets = larger(octets, needed)?,
            Filled::Nothing => return Ok(with_evidence(&file, &view, evidence, &signed)?.finish()),
        }
    }
}

/// The certificates that the signatures and time stamps of a document bring, each once: about these one asks whether they
/// were revoked, and gives the answers to [`extend`]. None of them is trusted for being here.
///
/// # Errors
/// `pdf-broken`, `pdf-encrypted`.
pub fn certificates(pdf: &[u8]) -> Result<Vec<Certificate>, Fault> {
    let file = File::new(pdf).map_err(Broken::fault)?;
    let view = newest(&file)?;
    let known = fields(&file, &view).map_err(Broken::fault)?;
    let mut found: Vec<Certificate> = Vec::new();
    for contents in known.iter().filter_map(|field| contents(&file, &view, field)).take(Limits::SIGNATURES) {
        for certificate in cms::unpadded(&contents).map(cms::certificates).unwrap_or_default() {
            if !found.iter().any(|known| known.der() == certificate.der()) {
                found.push(certificate);
            }
        }
    }
    Ok(found)
}

/// The octets of a signature with their padding, if the field holds one.
fn contents(file: &File<'_>, view: &View, field: &Field) -> Option<Vec<u8>> {
    let id = field.value().filter(|_| field.is_signature())?;
    Some(range::read(file, &*file.get(view, id).ok()?).ok()?.contents)
}

/// A name that no field has.
fn free_name(known: &[Field]) -> String {
    let taken = |name: &String| known.iter().any(|field| field.name == *name);
    // There are fewer fields than numbers.
    (1..).map(|number| format!("TimeStamp{number}")).find(|name| !taken(name)).unwrap_or_default()
}

/// A revision with the validation data.
fn with_evidence<'f, 'a>(
    file: &'f File<'a>,
    view: &'f View,
    evidence: &Revocations,
    signed: &[Vec<u8>],
) -> Result<Update<'f, 'a>, Fault> {
    let mut store = Update::new(file, view);
    let root = store.root()?;
    let mut catalog = store.dictionary(root)?;
    let mut dss = store.inner(&catalog, b"DSS")?.unwrap_or_default();
    let mut vri = store.inner(&dss, b"VRI")?.unwrap_or_default();
    let mut own = dictionary! { "Type" => "VRI" };
    for (all, one, bytes) in [
        (&b"Certs"[..], &b"Cert"[..], &evidence.certificates),
        (b"OCSPs", b"OCSP", &evidence.ocsp),
        (b"CRLs", b"CRL", &evidence.crls),
    ] {
        let (list, added) = merged(&mut store, &dss, all, bytes)?;
        if !list.is_empty() {
            dss.set(all, list);
        }
        if !added.is_empty() {
            own.set(one, added);
        }
    }
    for contents in signed {
        // ISO 32000-2, 12.8.4.3: SHA-1 of the string in /Contents. It names the signature, it protects nothing.
        let key = hex(&Sha1::digest(contents)).to_ascii_uppercase();
        if own.len() > 1 && !vri.has(key.as_bytes()) {
            vri.set(key, own.clone());
        }
    }
    if !vri.is_empty() {
        dss.set("VRI", vri);
    }
    dss.set("Type", "DSS");
    match catalog.get(b"DSS").and_then(Object::as_reference) {
        Ok(id) => store.set(id, Object::Dictionary(dss)),
        Err(_) => {
            let id = store.add(Object::Dictionary(dss));
            catalog.set("DSS", id);
        }
    }
    let mut extensions = store.inner(&catalog, b"Extensions")?.unwrap_or_default();
    if !extensions.has(b"ESIC") {
        extensions.set("ESIC", dictionary! { "BaseVersion" => "1.7", "ExtensionLevel" => 1 });
        catalog.set("Extensions", extensions);
    }
    store.set(root, Object::Dictionary(catalog));
    Ok(store)
}

/// What an array of the validation data holds with `bytes` in it, each once; and where those are.
fn merged(
    store: &mut Update<'_, '_>,
    dss: &Dictionary,
    key: &[u8],
    bytes: &[Vec<u8>],
) -> Result<(Vec<Object>, Vec<Object>), Fault> {
    let mut list = store.list(dss, key)?;
    let mut known: BTreeMap<Digest, ObjectId> = BTreeMap::new();
    for item in &list {
        if let (Object::Reference(id), Object::Stream(stream)) = (item, store.resolve(item)?)
            && let Ok(content) = decode(&stream.dict, &stream.content)
        {
            known.insert(seal::sha256(&content), *id);
        }
    }
    let mut added = Vec::new();
    for der in bytes {
        let id = *known.entry(seal::sha256(der)).or_insert_with(|| {
            let id = store.add(Object::Stream(Stream::new(Dictionary::new(), der.clone())));
            list.push(Object::Reference(id));
            id
        });
        if !added.contains(&Object::Reference(id)) {
            added.push(Object::Reference(id));
        }
    }
    Ok((list, added))
}
