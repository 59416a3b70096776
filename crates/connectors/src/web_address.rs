//! Addresses of servers: `scheme://user@host:port/path`.

use model::Fault;

/// An address, taken apart. A password in it is refused by the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) scheme: String,
    pub(crate) user: Option<String>,
    /// With brackets, where it is a number of version six.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    /// Without the slash that begins it.
    pub(crate) path: String,
}

impl Address {
    /// # Errors
    /// `bad-store-address`.
    pub(crate) fn parse(url: &str) -> Result<Self, Fault> {
        let wrong = |why: &str| {
            Fault::bad_config("bad-store-address", format!("The address of the store is wrong: {why}"))
                .advise("Write scheme://host:port/name.")
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong("it has no ://"))?;
        let (place, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, place) = place.rsplit_once('@').map_or((None, place), |(user, place)| (Some(user), place));
        let is_numeric = place.starts_with('[');
        let (host, port) = match (is_numeric, place.rfind(']'), place.rsplit_once(':')) {
            (true, Some(end), _) => (&place[..=end], place[end + 1..].strip_prefix(':')),
            (true, None, _) => return Err(wrong("a [ has no ]")),
            (false, _, Some((host, port))) => (host, Some(port)),
            (false, _, None) => (place, None),
        };
        let port = port.map(|port| port.parse().map_err(|_| wrong("its port is no number"))).transpose()?;
        let user = user.map(|user| user.split(':').next().unwrap_or(user).to_owned()).filter(|user| !user.is_empty());
        let host = if host.is_empty() { "localhost" } else { host };
        Ok(Address {
            scheme: scheme.to_ascii_lowercase(),
            user,
            host: host.to_owned(),
            port,
            path: path.split('?').next().unwrap_or(path).to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let check = |url: &str, expect: Option<(&str, Option<&str>, Option<u16>, &str)>| {
            let address = Address::parse(url).ok();
            let shown = address.as_ref().map(|a| (a.host.as_str(), a.user.as_deref(), a.port, a.path.as_str()));
            assert_eq!(shown, expect, "{url}");
        };
        check("redis://db.example.org:6380/2", Some(("db.example.org", None, Some(6380), "2")));
        check("nats://ann@[::1]:4222", Some(("[::1]", Some("ann"), Some(4222), "")));
        check("redis://", Some(("localhost", None, None, "")));
        check("redis://h:x", None);
        check("redis://[::1", None);
    }
}
