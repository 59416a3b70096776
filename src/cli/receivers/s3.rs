//! Buckets of S3: `s3://BUCKET/PREFIX?region=…&endpoint=…&credentials=FILE&ca=FILE`.

use std::fmt;
use std::path::Path;

use connectors::{Access, Bucket};
use model::Fault;
use sampler::push::{Receiver, Target};
use zeroize::Zeroizing;

use super::address::Address;
use super::{Kept, access};

/// A bucket.
pub(super) struct Objects {
    address: Address,
    kept: Kept<Bucket>,
}

impl Objects {
    /// # Errors
    /// `bad-push-target`.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let address = Address::parse(text, &["region", "endpoint", "credentials", "ca"])?;
        let is_server = |url: &str| url.starts_with("https://") || url.starts_with("http://");
        if !address.option("endpoint").is_none_or(is_server) {
            return Err(Target::unknown("The endpoint of a bucket begins with https:// or http://"));
        }
        if address.option("credentials").is_none() {
            return Err(Target::unknown("A bucket needs a key")
                .advise("Write credentials=FILE behind a ?: a file such as ~/.aws/credentials."));
        }
        Ok(Objects { address, kept: Kept::none() })
    }

    fn open(&self) -> Result<Bucket, Fault> {
        let path = self.address.file("credentials").unwrap_or_default();
        let text =
            std::fs::read_to_string(&path).map_err(|error| Fault::io("read", &path, error)).map(Zeroizing::new)?;
        let owned = |name: &str| self.address.option(name).map(str::to_owned);
        let access = Access {
            user: Some(value(&text, "aws_access_key_id").ok_or_else(|| incomplete(&path))?.to_owned()),
            password: Some(value(&text, "aws_secret_access_key").ok_or_else(|| incomplete(&path))?.to_owned().into()),
            session_token: value(&text, "aws_session_token").map(|token| token.to_owned().into()),
            region: owned("region"),
            endpoint: owned("endpoint"),
            ..access(self.address.file("ca"))
        };
        Bucket::at(&self.address.place, &access)
    }
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Objects({})", self.address.place)
    }
}

impl Receiver for Objects {
    fn take(&self, name: &str, media_type: &str, bytes: &[u8]) -> Result<(), Fault> {
        self.kept.with(|| self.open(), |bucket| bucket.put_new(name, media_type, bytes))
    }
}

/// A value of the first profile in a file as the tools of AWS keep it.
fn value<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let lines = text.lines().map(str::trim).skip_while(|line| line.is_empty() || line.starts_with(['[', '#', ';']));
    let mut pairs = lines.take_while(|line| !line.starts_with('[')).filter_map(|line| line.split_once('='));
    pairs.find(|(known, _)| known.trim() == name).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
}

fn incomplete(path: &Path) -> Fault {
    let message = format!("{} holds no aws_access_key_id and aws_secret_access_key", path.display());
    Fault::bad_config("bad-push-credentials", message)
        .advise("Write both into its first profile, as the tools of AWS do, and keep it readable by the sampler alone.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_profile_counts() {
        let text =
            "# mine\n[default]\naws_access_key_id = AK\naws_secret_access_key=a/b=+\n\n[other]\naws_session_token=x\n";
        assert_eq!(value(text, "aws_access_key_id"), Some("AK"));
        assert_eq!(value(text, "aws_secret_access_key"), Some("a/b=+"));
        assert_eq!(value(text, "aws_session_token"), None);
        assert_eq!(value("aws_access_key_id=\n", "aws_access_key_id"), None);
    }
}
