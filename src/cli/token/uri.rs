//! `pkcs11:` URIs (RFC 7512): which token, which key in it, and where its PIN is. The PIN itself is never in one.

use std::path::PathBuf;

use model::Fault;

/// What a URI asks for. Every part that is there must fit.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Uri {
    /// The library that speaks to the token.
    pub(super) module: Option<PathBuf>,
    pub(super) token: Option<String>,
    pub(super) serial: Option<String>,
    pub(super) manufacturer: Option<String>,
    pub(super) model: Option<String>,
    pub(super) slot: Option<u64>,
    /// The label of the key.
    pub(super) object: Option<String>,
    pub(super) id: Option<Vec<u8>>,
    /// The file whose first line is the PIN.
    pub(super) pin: Option<PathBuf>,
}

impl Uri {
    /// Reads what follows `pkcs11:`.
    ///
    /// # Errors
    /// `pin-in-uri`; `bad-token-uri` for everything that is not understood: a part passed over could mean another key.
    pub(super) fn parse(text: &str) -> Result<Uri, Fault> {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let mut uri = Uri::default();
        let mut seen = Vec::new();
        let path = path.split(';').filter(|part| !part.is_empty()).map(|part| (part, false));
        let query = query.split('&').filter(|part| !part.is_empty()).map(|part| (part, true));
        for (part, in_query) in path.chain(query) {
            let (name, value) = part.split_once('=').ok_or_else(|| refuse("a part has no `=`"))?;
            // The value is not repeated anywhere: it may be a PIN.
            if name == "pin-value" {
                return Err(Fault::usage("pin-in-uri", "A PIN does not belong on the command line").advise(
                    "Every user of this machine can read it there. Give pin-source=file:PATH or --passphrase-file.",
                ));
            }
            if seen.contains(&name) {
                return Err(refuse(&format!("{name} stands twice")));
            }
            seen.push(name);
            let value =
                decode(value).ok_or_else(|| refuse(&format!("{name} is not percent-encoded as it should be")))?;
            uri.set(name, in_query, value)?;
        }
        Ok(uri)
    }

    fn set(&mut self, name: &str, in_query: bool, value: Vec<u8>) -> Result<(), Fault> {
        if (in_query, name) == (false, "id") {
            self.id = Some(value);
            return Ok(());
        }
        let value = String::from_utf8(value).map_err(|_| refuse(&format!("{name} is not UTF-8")))?;
        match (in_query, name) {
            (false, "token") => self.token = Some(value),
            (false, "serial") => self.serial = Some(value),
            (false, "manufacturer") => self.manufacturer = Some(value),
            (false, "model") => self.model = Some(value),
            (false, "object") => self.object = Some(value),
            (false, "slot-id") => self.slot = Some(value.parse().map_err(|_| refuse("slot-id is no number"))?),
            (false, "type") if value == "private" => {}
            (false, "type") => return Err(refuse("the type of a key that signs is `private`")),
            (true, "module-path") => self.module = Some(PathBuf::from(value)),
            (true, "pin-source") => self.pin = Some(file(&value)?),
            _ => return Err(refuse(&format!("{name} is not understood here"))),
        }
        Ok(())
    }
}

/// The path in `file:PATH` or `file:///PATH`. A program (`|…`) is never run.
fn file(source: &str) -> Result<PathBuf, Fault> {
    let path = source.strip_prefix("file:").ok_or_else(|| refuse("pin-source is not file:PATH"))?;
    match path.strip_prefix("//") {
        Some(local) if !local.starts_with('/') => Err(refuse("pin-source names a file of another machine")),
        local => Ok(PathBuf::from(local.unwrap_or(path))),
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                bytes.push(u8::try_from(high << 4 | low).ok()?);
            }
            0..=b' ' | 0x7f => return None,
            byte => bytes.push(byte),
        }
    }
    Some(bytes)
}

fn refuse(reason: &str) -> Fault {
    Fault::usage("bad-token-uri", format!("This is not a pkcs11: URI of a key: {reason}"))
        .advise("Write pkcs11:token=LABEL;object=LABEL;id=%01?module-path=/path/to/module.so&pin-source=file:/path.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_read_or_refused() {
        let uri =
            Uri::parse("token=My%20token;object=seal;id=%01%ff;type=private?module-path=/m.so&pin-source=file:/p")
                .unwrap();
        assert_eq!((uri.token.as_deref(), uri.object.as_deref()), (Some("My token"), Some("seal")));
        assert_eq!((uri.id, uri.module, uri.pin), (Some(vec![1, 255]), Some("/m.so".into()), Some("/p".into())));
        assert_eq!(Uri::parse("").unwrap(), Uri::default());
        assert_eq!(Uri::parse("?pin-source=file:///p").unwrap().pin, Some("/p".into()));
        assert_eq!(Uri::parse("?pin-source=file:p").unwrap().pin, Some("p".into()));
        let check = |text: &str, code: &str| assert_eq!(Uri::parse(text).unwrap_err().code(), code, "{text}");
        check("token=a?pin-value=1234", "pin-in-uri");
        check("pin-value=1234", "pin-in-uri");
        for text in [
            "token",
            "token=a;token=b",
            "token=%zz",
            "token=%f",
            "token=%ff",
            "token=a b",
            "colour=red",
            "id=%01?x-vendor=1",
            "type=cert",
            "slot-id=one",
            "?pin-source=|cat",
            "?pin-source=/p",
            "?pin-source=file://host/p",
            "module-path=/m.so",
        ] {
            check(text, "bad-token-uri");
        }
    }
}
