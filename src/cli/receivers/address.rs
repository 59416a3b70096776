//! `scheme://place?name=value&name=value`.

use std::path::PathBuf;

use model::Fault;
use sampler::push::Target;

/// A receiver's address, taken apart. It holds nothing secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// Scheme and place.
    pub(super) place: String,
    options: Vec<(String, String)>,
}

impl Address {
    /// # Errors
    /// `bad-push-target`.
    pub(super) fn parse(text: &str, known: &[&str]) -> Result<Self, Fault> {
        let (place, options) = text.split_once('?').unwrap_or((text, ""));
        check(place)?;
        let mut found: Vec<(String, String)> = Vec::new();
        for option in options.split('&').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            if value.is_empty() || !known.contains(&name) || found.iter().any(|(before, _)| before == name) {
                let message = format!("{name:?} of a receiver is unknown, empty or there twice");
                return Err(Target::unknown(&message).advise(format!("After the ? there can be {}.", known.join(", "))));
            }
            found.push((name.to_owned(), value.to_owned()));
        }
        Ok(Address { place: place.to_owned(), options: found })
    }

    pub(super) fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn file(&self, name: &str) -> Option<PathBuf> {
        self.option(name).map(PathBuf::from)
    }
}

/// # Errors
/// `bad-push-target`: a password, a blank, no host.
pub(super) fn check(place: &str) -> Result<(), Fault> {
    let rest = place.split_once("://").map_or(place, |(_, rest)| rest);
    let is_plain = rest.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'@' && byte != b'#');
    match is_plain && !rest.is_empty() && !rest.starts_with(['/', ':']) {
        true => Ok(()),
        false => Err(Target::unknown("The receiver has no host, or more than host and path")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let check = |text: &str, expect: bool| {
            assert_eq!(Address::parse(text, &["ca", "region"]).is_ok(), expect, "{text}");
        };
        check("s3://bucket", true);
        check("s3://bucket/a/b?region=eu-central-1&ca=/etc/ca.pem", true);
        check("s3://bucket?region=", false);
        check("s3://bucket?secret=x", false);
        check("s3://bucket?ca=x&ca=y", false);
        check("s3://id:secret@bucket", false);
        check("s3:///x", false);
        check("s3://", false);
        let address = Address::parse("s3://b/p?ca=a=b", &["ca"]).unwrap();
        assert_eq!((address.place.as_str(), address.option("ca")), ("s3://b/p", Some("a=b")));
    }
}
