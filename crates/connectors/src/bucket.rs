//! One bucket of an S3 server: signed requests, answers in XML. What is in it as a store is read and deleted in `objects`; here
//! an object is only put there.

mod answers;
mod client;
mod sign;

use model::Fault;

use crate::Access;
use crate::web::Sent;

#[cfg(feature = "objects")]
pub(crate) use client::header;
pub(crate) use client::{Client, Refused};

/// A bucket that takes objects.
pub struct Bucket {
    client: Client,
    prefix: String,
}

impl Bucket {
    /// The bucket and the prefix that `url` names, `s3://BUCKET/PREFIX`. Nothing is asked yet.
    ///
    /// # Errors
    /// `bad-store-address`; `store-login-refused` without a key; `store-unreachable` when no certificate can be read.
    pub fn at(url: &str, access: &Access) -> Result<Self, Fault> {
        let (bucket, prefix) = placed(url)?;
        Ok(Bucket { client: Client::of(bucket, access)?, prefix })
    }

    /// Puts a new object, whose digest is signed; one that is there under this name stays as it is. On
    /// return the server has it, under the same name, from now or from before. May be repeated.
    ///
    /// # Errors
    /// `store-unreachable`, `store-timeout`, `store-login-refused`, `store-permission`, `store-busy`, `store-refused`.
    pub fn put_new(&self, name: &str, media_type: &str, bytes: &[u8]) -> Result<(), Fault> {
        let key = format!("{}{name}", self.prefix);
        let headers = [("Content-Type", media_type), ("If-None-Match", "*")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        match self.client.ask("PUT", Some(&key), &[], &headers, Sent::Bytes(bytes))? {
            Ok(_) | Err(Refused { status: 412, .. }) => Ok(()),
            // A server that knows no conditions: the same bytes under the same name are the same object.
            Err(Refused { status: 501, .. }) => {
                match self.client.ask("PUT", Some(&key), &[], &headers[..1], Sent::Bytes(bytes))? {
                    Ok(_) => Ok(()),
                    Err(refused) => Err(self.client.fault(&refused, "an object")),
                }
            }
            Err(refused) => Err(self.client.fault(&refused, "an object")),
        }
    }
}

/// Bucket and prefix of an address; a prefix ends with a slash.
pub(crate) fn placed(url: &str) -> Result<(&str, String), Fault> {
    let path = url.split_once("://").map_or("", |(_, path)| path);
    let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
    if bucket.is_empty() {
        return Err(
            Fault::bad_config("bad-store-address", "The address names no bucket").advise("Write s3://BUCKET/PREFIX.")
        );
    }
    Ok((bucket, if prefix.is_empty() || prefix.ends_with('/') { prefix.to_owned() } else { format!("{prefix}/") }))
}
