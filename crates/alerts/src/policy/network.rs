//! Targets that are spoken to over a connection of our own: mail, NATS.

use model::Fault;
use yaml::Fields;

use super::targets::texts;

/// An address of mail, at most (RFC 5321 §4.5.3.1.3).
const ADDRESS_MAX: usize = 254;
const RECIPIENTS_MAX: usize = 100;
const SUBJECT_MAX: usize = 255;

/// Where a server is, who we are to it, and how safe the way there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// `smtp`, `smtps`, `nats`, `tls`.
    pub scheme: String,
    /// A name or a number; one of version six in brackets.
    pub host: String,
    /// Where it listens.
    pub port: u16,
    /// Who we are.
    pub user: Option<String>,
    /// Where the password or the token is.
    pub secret: Option<Secret>,
    /// Certificates that are trusted instead of those of the system: a file, PEM.
    pub ca: Option<String>,
    /// Whether it is encrypted.
    pub encryption: Encryption,
}

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// The first line of this file.
    File(String),
    /// The value of this variable of the environment.
    Variable(String),
}

/// Whether a connection is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// Unless the server is this machine.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Who gets a mail, and through whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The server.
    pub link: Link,
    /// Who sends.
    pub from: String,
    /// Who gets it.
    pub to: Vec<String>,
}

/// A subject of NATS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nats {
    /// The server.
    pub link: Link,
    /// Where messages go.
    pub subject: String,
    /// A file with a user's credentials, or the seed of an nkey.
    pub credentials: Option<String>,
    /// Whose word is waited for.
    pub acknowledged: Acknowledged,
}

/// Whose word is waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acknowledged {
    /// That of a stream, which has to be there.
    Always,
    /// That of a stream where one keeps the subject.
    #[default]
    WhereThere,
    /// That of the server.
    Never,
}

impl Link {
    /// The address, as it is shown.
    pub fn url(&self) -> String {
        format!("{}://{}:{}", self.scheme, self.host, self.port)
    }
}

pub(super) const LINK_KEYS: [&str; 6] = ["address", "user", "password_file", "password_env", "ca", "tls"];

pub(super) fn mail(fields: &Fields<'_>) -> Result<Mail, Fault> {
    let link = link(fields, &[("smtp", 587), ("smtps", 465)], "smtp://HOST:587 or smtps://HOST:465")?;
    if link.user.is_some() != link.secret.is_some() {
        return Err(wrong(
            fields,
            "user",
            "bad-target-address",
            "A user of mail has a password, and a password a user",
        )
        .advise("Write user, and password_file or password_env; or none of them."));
    }
    let from = mail_address(fields, "from", fields.required_text("from")?)?;
    fields.required("to")?;
    let to = texts(fields, "to")?;
    if to.is_empty() || to.len() > RECIPIENTS_MAX {
        return Err(wrong(fields, "to", "bad-mail-address", "A mail has from one to a hundred recipients")
            .advise("Write for example to: [ops@example.org]."));
    }
    let to = to.iter().map(|text| mail_address(fields, "to", text)).collect::<Result<_, _>>()?;
    Ok(Mail { link, from, to })
}

pub(super) fn nats(fields: &Fields<'_>) -> Result<Nats, Fault> {
    let link = link(fields, &[("nats", 4222), ("tls", 4222)], "nats://HOST:4222 or tls://HOST:4222")?;
    let subject = fields.required_text("subject")?;
    let is_token =
        |token: &str| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic() && !b"*>".contains(&byte));
    if subject.len() > SUBJECT_MAX || subject.starts_with('$') || !subject.split('.').all(is_token) {
        return Err(wrong(fields, "subject", "bad-nats-subject", &format!("{subject:?} is no subject to publish to"))
            .advise("Write words with dots between them, without * and >: probity.alerts."));
    }
    let acknowledged = match fields.text("acknowledge")? {
        None | Some("where-there") => Acknowledged::WhereThere,
        Some("always") => Acknowledged::Always,
        Some("never") => Acknowledged::Never,
        Some(word) => {
            return Err(wrong(fields, "acknowledge", "unknown-word", &format!("acknowledge is {word:?}"))
                .advise("Write one of always, where-there, never."));
        }
    };
    let credentials = fields.text("credentials")?.map(str::to_owned);
    Ok(Nats { link, subject: subject.to_owned(), credentials, acknowledged })
}

fn link(fields: &Fields<'_>, schemes: &[(&str, u16)], form: &str) -> Result<Link, Fault> {
    let text = fields.required_text("address")?;
    let bad = || {
        wrong(fields, "address", "bad-target-address", "The address of the target cannot be read")
            .advise(format!("Write {form}; a user stands in user, a password in the file of password_file."))
    };
    let (scheme, place) = text.split_once("://").ok_or_else(bad)?;
    let (_, usual) = schemes.iter().find(|(known, _)| *known == scheme).ok_or_else(bad)?;
    let (host, port) = host_and_port(place, *usual).ok_or_else(bad)?;
    let encryption = match fields.text("tls")? {
        None | Some("auto") => Encryption::Auto,
        Some("always") => Encryption::Always,
        Some("never") => Encryption::Never,
        Some(word) => {
            return Err(wrong(fields, "tls", "unknown-word", &format!("tls is {word:?}"))
                .advise("Write one of auto, always, never."));
        }
    };
    let text = |key: &str| fields.text(key).map(|text| text.map(str::to_owned));
    let secret = match (text("password_file")?, text("password_env")?) {
        (Some(file), None) => Some(Secret::File(file)),
        (None, Some(name)) => Some(Secret::Variable(name)),
        (None, None) => None,
        _ => {
            return Err(wrong(fields, "password_env", "several-passwords", "The target has several passwords")
                .advise("Keep one of password_file and password_env."));
        }
    };
    let (scheme, user, ca) = (scheme.to_owned(), text("user")?, text("ca")?);
    Ok(Link { scheme, host: host.to_owned(), port, user, secret, ca, encryption })
}

/// Without anything else: a user or a path would be passed over.
fn host_and_port(place: &str, usual: u16) -> Option<(&str, u16)> {
    let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((number, port)) => {
            number.parse::<std::net::Ipv6Addr>().ok()?;
            (&place[..number.len() + 2], port.strip_prefix(':').or_else(|| port.is_empty().then_some("")))
        }
        None => {
            let (host, port) = place.split_once(':').unwrap_or((place, ""));
            (host, Some(port))
        }
    };
    let is_name = |host: &str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    let is_host = host.starts_with('[') || (!host.is_empty() && is_name(host));
    let port = match port? {
        "" if !place.ends_with(':') => usual,
        port => port.parse().ok().filter(|port| *port > 0)?,
    };
    is_host.then_some((host, port))
}

/// `local@domain`, in letters that need no quoting: nothing in it can end a line or a command.
fn mail_address(fields: &Fields<'_>, key: &str, text: &str) -> Result<String, Fault> {
    let is_local =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte));
    let is_domain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    let has_dots_between = |text: &str| text.split('.').all(|part| !part.is_empty());
    let is_address = text.split_once('@').is_some_and(|(local, domain)| {
        is_local(local) && is_domain(domain) && has_dots_between(local) && has_dots_between(domain) && local.len() <= 64
    });
    if is_address && text.len() <= ADDRESS_MAX {
        return Ok(text.to_owned());
    }
    Err(wrong(fields, key, "bad-mail-address", &format!("{key} has {text:?}, which is no address of mail")).advise(
        "Write NAME@DOMAIN in ASCII, without a name for display; of other domains the form that begins with xn--.",
    ))
}

fn wrong(fields: &Fields<'_>, key: &str, code: &'static str, message: &str) -> Fault {
    let place = fields.node(key).map_or_else(|| fields.place.clone(), |node| node.place.clone());
    Fault::bad_config(code, message).at(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_whole() {
        let check =
            |place: &str, expect: Option<(&str, u16)>| assert_eq!(host_and_port(place, 587), expect, "{place:?}");
        check("mail.example.org", Some(("mail.example.org", 587)));
        check("mail.example.org:25", Some(("mail.example.org", 25)));
        check("[::1]:2525", Some(("[::1]", 2525)));
        check("[::1]", Some(("[::1]", 587)));
        for wrong in [
            "",
            ":25",
            "a:",
            "a:0",
            "a:b",
            "a:1:2",
            "user@a",
            "user:pw@a:25",
            "a/b",
            "[a]:1",
            "[::1",
            "[::1]x",
            "a\r\nb",
        ] {
            check(wrong, None);
        }
    }

    /// Nothing that ends a command or a header is an address.
    #[test]
    fn addresses_hold_nothing_else() {
        let check = |text: &str, expect: bool| {
            let text = text.replace('\r', "\\r").replace('\n', "\\n");
            let yaml = format!(
                "schema: alerts/1\ntargets: {{m: {{kind: email, address: \"smtp://h\", from: a@b, to: [\"{text}\"]}}}}\n"
            );
            let read = crate::Policy::read(&yaml);
            assert_eq!(read.is_ok(), expect, "{text}: {read:?}");
            read.err().into_iter().for_each(|fault| assert_eq!(fault.code(), "bad-mail-address"));
        };
        check("ops@example.org", true);
        check("first.last+tag@sub.example.org", true);
        for wrong in [
            "ops",
            "@b",
            "a@",
            "a@@b",
            "a@b@c",
            "a b@c",
            "a@b c",
            "a@b>",
            "<a@b>",
            "a@b\r\nRCPT TO:<x@y>",
            "a@b\nBcc: x@y",
            "a..b@c",
            ".a@b",
            "a@b.",
            "ä@b",
            "a@ö",
            "a@b,c@d",
            "",
        ] {
            check(wrong, false);
        }
    }

    #[test]
    fn mistakes_are_located() {
        let check = |line: &str, code: &str| {
            let fault = crate::Policy::read(&format!("schema: alerts/1\ntargets:\n  t: {{{line}}}\n")).expect_err(line);
            assert_eq!((fault.code(), fault.place().map(|place| place.line)), (code, Some(3)), "{line}: {fault:?}");
            assert!(fault.advice().is_some(), "{line}");
        };
        check("kind: email, address: \"mail.example.org\", from: a@b, to: [c@d]", "bad-target-address");
        check("kind: email, address: \"smtp://u:p@h\", from: a@b, to: [c@d]", "bad-target-address");
        check("kind: email, address: \"smtp://h\", from: a@b, to: []", "bad-mail-address");
        check("kind: email, address: \"smtp://h\", from: a@b, to: [c@d], user: u", "bad-target-address");
        check(
            "kind: email, address: \"smtp://h\", from: a@b, to: [c@d], user: u, password_file: f, password_env: E",
            "several-passwords",
        );
        check("kind: email, address: \"smtp://h\", from: a@b, to: [c@d], tls: maybe", "unknown-word");
        check("kind: email, address: \"smtp://h\", from: a@b, to: [c@d], facility: mail", "unknown-key");
        check("kind: email, address: \"smtp://h\", to: [c@d]", "missing-key");
        check("kind: nats, address: \"nats://h\", subject: \"a.*\"", "bad-nats-subject");
        check("kind: nats, address: \"nats://h\", subject: \"a b\"", "bad-nats-subject");
        check("kind: nats, address: \"nats://h\", subject: \"a\\r\\nPUB x 1\"", "bad-nats-subject");
        check("kind: nats, address: \"nats://h\", subject: \"$SYS.x\"", "bad-nats-subject");
        check("kind: nats, address: \"nats://h\", subject: a, acknowledge: perhaps", "unknown-word");
        check("kind: nats, address: \"http://h\", subject: a", "bad-target-address");
    }
}
