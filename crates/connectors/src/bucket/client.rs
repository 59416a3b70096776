//! One bucket: what is asked of it.

#[cfg(feature = "objects")]
use std::fs::File;
#[cfg(feature = "objects")]
use std::io::{Read, Seek, SeekFrom};
use std::time::{SystemTime, UNIX_EPOCH};

#[cfg(feature = "objects")]
use model::Digest;
use model::{Fault, Instant};
#[cfg(feature = "objects")]
use sha2::{Digest as _, Sha256};
use ureq::http::Response;
use ureq::{Agent, Body};
use zeroize::Zeroizing;

use crate::Access;
use crate::bounds::harmless;
use crate::web::{self, Sent, encoded};

use super::answers::{Element, elements};
use super::sign::{Signer, Unsigned, sha256, sign};

/// The most bytes that a listing may have.
const LISTING_BYTES_MAX: u64 = 16 << 20;

/// A bucket and the way to it.
pub(crate) struct Client {
    agent: Agent,
    /// `https://host`, without a path.
    base: String,
    /// What stands before every key: `/bucket` or nothing.
    root: String,
    bucket: String,
    region: String,
    key_id: String,
    secret: Zeroizing<String>,
    session_token: Option<Zeroizing<String>>,
}

/// An answer that is no success.
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) code: String,
}

impl Client {
    pub(crate) fn of(bucket: &str, access: &Access) -> Result<Self, Fault> {
        let region = access.region.clone().unwrap_or_else(|| "us-east-1".to_owned());
        let (base, root) = match &access.endpoint {
            Some(endpoint) => (endpoint.trim_end_matches('/').to_owned(), format!("/{bucket}")),
            // A name with dots fits no certificate.
            None if bucket.contains('.') => (format!("https://s3.{region}.amazonaws.com"), format!("/{bucket}")),
            None => (format!("https://{bucket}.s3.{region}.amazonaws.com"), String::new()),
        };
        let (Some(key_id), Some(secret)) = (access.user.clone(), access.password.clone()) else {
            return Err(Fault::bad_config(
                "store-login-refused",
                "A bucket needs an access key id and a secret access key",
            )
            .advise("Give the id as `user` and the secret as a password of the store."));
        };
        let agent = web::agent(&base, access)?;
        let session_token = access.session_token.clone();
        Ok(Client { agent, base, root, bucket: bucket.to_owned(), region, key_id, secret, session_token })
    }

    /// Asks; an answer of 400 or more is the inner error.
    pub(crate) fn ask(
        &self,
        method: &str,
        key: Option<&str>,
        query: &[(&str, &str)],
        headers: &[(String, String)],
        body: Sent<'_>,
    ) -> Result<Result<Response<Body>, Refused>, Fault> {
        let path = format!("{}/{}", self.root, key.map(|key| encoded(key, true)).unwrap_or_default());
        let digest = match &body {
            Sent::Nothing => sha256(b""),
            Sent::Bytes(bytes) => sha256(bytes),
            #[cfg(feature = "objects")]
            Sent::File(file) => file_digest(file)?,
        };
        let mut headers = headers.to_vec();
        if let Some(token) = &self.session_token {
            headers.push(("x-amz-security-token".to_owned(), token.to_string()));
        }
        let request = Unsigned { method, base: &self.base, path: &path, query, headers: &headers, body: &digest };
        let signer = Signer { key_id: &self.key_id, secret: &self.secret, region: &self.region };
        let mark = if query.is_empty() { "" } else { "?" };
        let url = format!("{}{path}{mark}{}", self.base, request.query());
        let headers = sign(&signer, &request, now());
        let answer = web::send(&self.agent, method, &url, &headers, body)?;
        let status = answer.status().as_u16();
        if status < 300 {
            return Ok(Ok(answer));
        }
        let text = web::bytes(&url, answer, LISTING_BYTES_MAX)?;
        let code = elements(&text).and_then(|(root, _)| root.field("Code").map(str::to_owned)).unwrap_or_default();
        Ok(Err(Refused { status, code }))
    }

    /// Asks for XML about the bucket.
    pub(crate) fn listing(&self, query: &[(&str, &str)]) -> Result<Result<(Element, Vec<Element>), Refused>, Fault> {
        match self.ask("GET", None, query, &[], Sent::Nothing)? {
            Err(refused) => Ok(Err(refused)),
            Ok(answer) => {
                let bytes = web::bytes(&self.base, answer, LISTING_BYTES_MAX)?;
                elements(&bytes).map(Ok).ok_or_else(|| {
                    Fault::unavailable("store-refused", format!("{} answers with no XML", web::host(&self.base)))
                        .advise("Check that `endpoint` is an S3 server.")
                })
            }
        }
    }

    /// The server, for messages.
    pub(crate) fn host(&self) -> &str {
        web::host(&self.base)
    }

    /// The fault of an answer that nobody reckoned with.
    pub(crate) fn fault(&self, refused: &Refused, what: &str) -> Fault {
        let host = web::host(&self.base);
        let told = format!("{host} refused {what}: {} {}", refused.status, harmless(&refused.code));
        match (refused.status, refused.code.as_str()) {
            (404, "NoSuchBucket") => {
                Fault::unavailable("store-unreachable", format!("{host} has no bucket {}", self.bucket))
                    .advise("Check the address of the store, its region and its endpoint.")
            }
            (
                _,
                "InvalidAccessKeyId"
                | "SignatureDoesNotMatch"
                | "ExpiredToken"
                | "InvalidToken"
                | "InvalidClientTokenId",
            )
            | (401, _) => Fault::unavailable("store-login-refused", told)
                .advise("Check key id, secret, region and session token of the store: keys with a token expire."),
            (403, _) => Fault::unavailable("store-permission", told)
                .advise("Give this key the right to list, read and delete objects and their versions."),
            (408 | 429 | 500..=599, _) => Fault::unavailable("store-busy", told).advise("Run the command again later."),
            (301 | 307, _) => Fault::unavailable("store-refused", told).advise("The bucket is in another `region`."),
            _ => Fault::unavailable("store-refused", told).advise("See the words of the server."),
        }
    }
}

/// A header of an answer.
pub(crate) fn header<'a>(answer: &'a Response<Body>, name: &str) -> Option<&'a str> {
    answer.headers().get(name).and_then(|value| value.to_str().ok())
}

#[cfg(feature = "objects")]
fn file_digest(mut file: &File) -> Result<String, Fault> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    let wrong = |error| Fault::io("read", std::path::Path::new("the new object"), error);
    file.seek(SeekFrom::Start(0)).map_err(wrong)?;
    loop {
        let count = file.read(&mut buffer).map_err(wrong)?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
    }
    file.seek(SeekFrom::Start(0)).map_err(wrong)?;
    Ok(Digest::new(hasher.finalize().into()).hex())
}

/// Signatures hold for a quarter of an hour: the time is not a matter of the request's content.
fn now() -> Instant {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Instant::from_seconds(i64::try_from(seconds).unwrap_or(0)).unwrap_or(Instant::from_nanos(0))
}
