//! What a supplement to a certificate of erasure says (`erase-supplement/1`): who was told after the certificate was made, and
//! by which documents it goes back to that certificate.

use model::{Digest, Fault};
use serde_json::Value;

use super::Data;
use super::certificate::held;
use crate::package::Check;

/// What a signature of a supplement is for.
pub(super) const NAMESPACE: &str = "erase-supplement@probity";

const SCHEMA: &str = "erase-supplement/1";
const CONTENT: &str = "supplement";
const CHAIN: &str = "certificate";

/// One document of the chain.
struct Link {
    request: String,
    number: u64,
    certificate: String,
    follows: String,
    /// How many are told or need not be, and how many there are.
    told: (usize, usize),
}

/// The checks of its content. Nothing is said of one whose signature is not good.
pub(super) fn checks(data: Data<'_>, earlier: &[Data<'_>], is_signed: bool) -> Result<Vec<Check>, Fault> {
    if !is_signed {
        let why = "What a supplement says counts only when its signature is good.";
        return Ok([CONTENT, CHAIN].map(|name| Check::not_checked(name, why)).to_vec());
    }
    let Some(link) = read(&held(data)?) else {
        let why = format!("{}: it is signed as a supplement to a certificate of erasure, and is none.", data.name);
        return Ok(vec![Check::failed(CONTENT, why)]);
    };
    let (told, all) = link.told;
    let content = format!(
        "It is supplement {} to the certificate of erasure of {}: {told} of {} told, or need not be.",
        link.number,
        link.request,
        model::counted(all as u64, "recipient was", "recipients were")
    );
    Ok(vec![Check::passed(CONTENT, content), chain(link, earlier)?])
}

fn read(bytes: &[u8]) -> Option<Link> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    (value["schema"] == SCHEMA).then_some(())?;
    let text = |name: &str| Some(value[name].as_str()?.to_owned());
    let recipients = value["recipients"].as_array()?;
    let told = recipients.iter().filter(|one| !one["told"].is_null() || !one["exempt"].is_null()).count();
    Some(Link {
        request: text("request")?,
        number: value["number"].as_u64().filter(|number| *number > 0)?,
        certificate: text("certificate")?,
        follows: text("follows")?,
        told: (told, recipients.len()),
    })
}

/// Goes back from the supplement to its certificate. Earlier supplements are known by their digests, which are signed here.
fn chain(mut link: Link, earlier: &[Data<'_>]) -> Result<Check, Fault> {
    let known = earlier
        .iter()
        .map(|data| held(*data).map(|bytes| (digest(&bytes), bytes)))
        .collect::<Result<Vec<(String, Vec<u8>)>, Fault>>()?;
    let certificate = link.certificate.clone();
    if known.is_empty() {
        let why = format!("It continues the certificate {certificate}; name it with --certificate to compare them.");
        return Ok(Check::not_checked(CHAIN, why));
    }
    if !known.iter().any(|(digest, _)| *digest == certificate) {
        return Ok(Check::failed(
            CHAIN,
            format!("It continues the certificate {certificate}, which is none of those named."),
        ));
    }
    let count = link.number;
    // Each step goes back by one, so that it ends.
    while link.follows != certificate {
        let wanted = (&link.request, link.number - 1);
        let before = known.iter().find(|(digest, _)| *digest == link.follows).map(|(_, bytes)| read(bytes));
        match before {
            None => {
                let why = format!("It follows {}; name supplement {} with --certificate, too.", link.follows, wanted.1);
                return Ok(Check::not_checked(CHAIN, why));
            }
            Some(Some(before)) if (&before.request, before.number) == wanted && before.certificate == certificate => {
                link = before;
            }
            Some(_) => return Ok(Check::failed(CHAIN, format!("{} is not the supplement before it.", link.follows))),
        }
    }
    Ok(match link.number {
        1 => {
            Check::passed(CHAIN, format!("It continues this very certificate, {certificate}, number {count} in a row."))
        }
        other => {
            Check::failed(CHAIN, format!("Supplement {other} follows the certificate: those before it are missing."))
        }
    })
}

fn digest(bytes: &[u8]) -> String {
    let digest: Digest = seal::sha256(bytes);
    format!("sha256:{digest}")
}
