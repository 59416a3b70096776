//! AWS Signature Version 4 in the `Authorization` header.

use hmac::{Hmac, KeyInit, Mac};
use model::{Digest, Instant};
use sha2::{Digest as _, Sha256};

use crate::web::{encoded, host};

/// Who signs, and for which region.
pub(crate) struct Signer<'a> {
    pub(crate) key_id: &'a str,
    pub(crate) secret: &'a str,
    pub(crate) region: &'a str,
}

/// A request before it is signed. `path` is encoded already; query parameters are not.
pub(crate) struct Unsigned<'a> {
    pub(crate) method: &'a str,
    pub(crate) base: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a [(&'a str, &'a str)],
    pub(crate) headers: &'a [(String, String)],
    /// SHA-256 of the body, in hexadecimal.
    pub(crate) body: &'a str,
}

impl Unsigned<'_> {
    /// The query as it is sent and signed: sorted by name.
    pub(crate) fn query(&self) -> String {
        let mut pairs: Vec<String> = self
            .query
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name, false), encoded(value, false)))
            .collect();
        pairs.sort();
        pairs.join("&")
    }
}

/// All headers of the signed request but `Host`, which the client sets.
pub(crate) fn sign(signer: &Signer<'_>, request: &Unsigned<'_>, now: Instant) -> Vec<(String, String)> {
    let stamp: String = Instant::from_seconds(now.seconds()).unwrap_or(now).to_string().replace(['-', ':'], "");
    let day = &stamp[..8];
    let mut headers = request.headers.to_vec();
    headers.push(("x-amz-content-sha256".to_owned(), request.body.to_owned()));
    headers.push(("x-amz-date".to_owned(), stamp.clone()));
    let mut signed: Vec<(String, String)> =
        headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    signed.push(("host".to_owned(), host(request.base).to_owned()));
    signed.sort();
    let names = signed.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
    let lines: String = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let canonical =
        format!("{}\n{}\n{}\n{lines}\n{names}\n{}", request.method, request.path, request.query(), request.body);
    let scope = format!("{day}/{}/s3/aws4_request", signer.region);
    let text = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", sha256(canonical.as_bytes()));
    let mut key = mac(format!("AWS4{}", signer.secret).as_bytes(), day.as_bytes());
    for part in [signer.region, "s3", "aws4_request"] {
        key = mac(&key, part.as_bytes());
    }
    let signature = Digest::new(mac(&key, text.as_bytes())).hex();
    let login =
        format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", signer.key_id);
    headers.push(("Authorization".to_owned(), login));
    headers
}

/// In lower-case hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Digest::new(Sha256::digest(bytes).into()).hex()
}

fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    // HMAC takes keys of any length.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!());
    mac.update(text);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of the provider's manual: GET Object with a range.
    #[test]
    fn signs_as_the_manual_does() {
        let signer = Signer {
            key_id: "AKIAIOSFODNN7EXAMPLE",
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            region: "us-east-1",
        };
        let request = Unsigned {
            method: "GET",
            base: "https://examplebucket.s3.amazonaws.com",
            path: "/test.txt",
            query: &[],
            headers: &[("Range".to_owned(), "bytes=0-9".to_owned())],
            body: &sha256(b""),
        };
        let headers = sign(&signer, &request, Instant::parse("2013-05-24T00:00:00Z").unwrap());
        let login = &headers.iter().find(|(name, _)| name == "Authorization").unwrap().1;
        assert!(
            login.ends_with("Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
            "{login}"
        );
    }
}
