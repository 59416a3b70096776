//! The lists of files that CAdES signatures and time stamps of a container are over: `META-INF/ASiCManifest*.xml`
//! (EN 319 162-1, A.4).

use model::Fault;

use super::read::{Digesting, bytes, digesting};
use super::{ASIC, DS, uri};
use crate::x509::Hash;
use crate::xml::{self, Document, Id};

/// The namespace as some tools spell it.
const OTHER_ASIC: &str = "http://uri.etsi.org/2918/v1.2.1#";

/// What an ASiCManifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The file with the signature or time stamp over this list.
    pub signature: String,
    /// What kind of file that is, where the list says so.
    pub media_type: Option<String>,
    /// The files that it lists, in its order.
    pub files: Vec<Listed>,
}

/// A file in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its path in the container.
    pub path: String,
    /// How it was digested; the error says why that does not count.
    pub hash: Result<Hash, String>,
    /// Its digest.
    pub digest: Vec<u8>,
}

/// Reads an ASiCManifest. Nothing in it is believed for standing there: the signature is over its bytes.
///
/// # Errors
/// `bad-asic-manifest` when it is anything else, lists nothing, lists a file twice, or one outside of the container.
pub fn manifest(xml: &[u8]) -> Result<Manifest, Fault> {
    let document = xml::read(xml).map_err(refuse)?;
    let root = document.root();
    if !is_ours(&document, root, "ASiCManifest") {
        return Err(refuse("it is no ASiCManifest"));
    }
    let children: Vec<Id> = document.children(root).collect();
    let [signature, rest @ ..] = children.as_slice() else { return Err(refuse("it is empty")) };
    if !is_ours(&document, *signature, "SigReference") {
        return Err(refuse("it does not name its signature first"));
    }
    let listed = rest.iter().filter(|id| is_ours(&document, **id, "DataObjectReference"));
    let files: Vec<Listed> = listed.map(|id| file(&document, *id)).collect::<Result<_, _>>().map_err(refuse)?;
    let mut paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    paths.sort_unstable();
    if files.is_empty() || paths.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(refuse("it lists no file, or one twice"));
    }
    Ok(Manifest {
        signature: path(&document, *signature).map_err(refuse)?,
        media_type: document.attribute(*signature, "MimeType").map(str::to_owned),
        files,
    })
}

fn file(document: &Document<'_>, id: Id) -> Result<Listed, &'static str> {
    let method = document.only(id, DS, "DigestMethod").ok_or("a reference has not exactly one digest")?;
    let value = document.only(id, DS, "DigestValue").ok_or("a reference has not exactly one digest")?;
    let hash = match digesting(document.attribute(method, "Algorithm").unwrap_or_default()) {
        Digesting::By(hash) => Ok(hash),
        Digesting::Weak(name) => Err(format!("{name}, which is too weak to count")),
        Digesting::Unknown(name) => Err(format!("{name:?}, which is not supported")),
    };
    Ok(Listed { path: path(document, id)?, hash, digest: bytes(document, value).ok_or("a digest is no base64")? })
}

fn path(document: &Document<'_>, id: Id) -> Result<String, &'static str> {
    document.attribute(id, "URI").and_then(uri::decode).ok_or("a reference leads out of the container")
}

fn is_ours(document: &Document<'_>, id: Id, local: &str) -> bool {
    [ASIC, OTHER_ASIC].iter().any(|space| document.is(id, space, local))
}

fn refuse(reason: &'static str) -> Fault {
    Fault::bad_input("bad-asic-manifest", format!("This list of signed files cannot be used: {reason}"))
        .advise("Give the container as it was sent; its META-INF/ASiCManifest*.xml must be whole and unchanged.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(body: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><a:ASiCManifest xmlns:a=\"http://uri.etsi.org/02918/v1.2.1#\" \
             xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{body}</a:ASiCManifest>"
        )
    }

    const SIGNATURE: &str =
        "<a:SigReference MimeType=\"application/x-pkcs7-signature\" URI=\"META-INF/signature.p7s\"/>";

    fn listed(uri: &str, method: &str) -> String {
        format!(
            "<a:DataObjectReference URI=\"{uri}\" Rootfile=\"true\"><ds:DigestMethod Algorithm=\"{method}\"/>\
             <ds:DigestValue>AAEC</ds:DigestValue></a:DataObjectReference>"
        )
    }

    const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

    #[test]
    fn a_list_is_read_as_it_is() {
        let sha1 = listed("b", "http://www.w3.org/2000/09/xmldsig#sha1");
        let read = manifest(with(&[SIGNATURE, &listed("a%20b.txt", SHA256), &sha1].concat()).as_bytes()).unwrap();
        assert_eq!(read.signature, "META-INF/signature.p7s");
        assert_eq!(read.media_type.as_deref(), Some("application/x-pkcs7-signature"));
        assert_eq!(read.files[0], Listed { path: "a b.txt".into(), hash: Ok(Hash::Sha256), digest: vec![0, 1, 2] });
        assert!(read.files[1].hash.as_ref().is_err_and(|why| why.contains("too weak")));
    }

    #[test]
    fn what_leads_elsewhere_or_means_nothing_is_refused() {
        for (xml, why) in [
            (with(SIGNATURE), "lists no file"),
            (with(&listed("a", SHA256)), "name its signature first"),
            (with(&[SIGNATURE, &listed("a", SHA256), &listed("a", SHA256)].concat()), "one twice"),
            (with(&[SIGNATURE, &listed("../a", SHA256)].concat()), "out of the container"),
            (with(&[SIGNATURE, &listed("http://a/b", SHA256)].concat()), "out of the container"),
            ("<ASiCManifest/>".to_owned(), "no ASiCManifest"),
            (format!("<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]>{}", with(SIGNATURE)), "cannot be used"),
            (String::new(), "cannot be used"),
        ] {
            let fault = manifest(xml.as_bytes()).unwrap_err();
            assert!(fault.code() == "bad-asic-manifest" && fault.message().contains(why), "{why}: {}", fault.message());
        }
    }
}
