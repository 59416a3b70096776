//! Paths of files in a container, as URIs (RFC 3986).

/// Whether `path` is relative, has no step upwards and no empty or hidden part: it names one file inside.
pub(super) fn is_path(path: &str) -> bool {
    let is_part = |part: &str| !matches!(part, "" | "." | "..");
    path.len() <= 4096 && path.split('/').all(is_part) && !path.chars().any(|c| c.is_control() || c == '\\')
}

/// Everything but unreserved characters and slashes is written in percent form: no character is left that XML escapes.
pub(super) fn encode(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// The path that a URI names, in a container; `None` when it leads elsewhere. What is not in percent form but should be is
/// taken as it is: other signers write names so.
pub(super) fn decode(uri: &str) -> Option<String> {
    // A colon before the first slash would be a scheme.
    let scheme = uri.split('/').next().unwrap_or_default();
    if uri.starts_with('#') || scheme.contains(':') {
        return None;
    }
    let mut bytes = Vec::with_capacity(uri.len());
    let mut rest = uri.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok().filter(|path| is_path(path))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_and_its_uri_name_one_file() {
        for (path, uri) in [
            ("bag/bagit.txt", "bag/bagit.txt"),
            ("a bü.txt", "a%20b%C3%BC.txt"),
            ("100%.log", "100%25.log"),
            ("a#b?c&d<e\"'", "a%23b%3Fc%26d%3Ce%22%27"),
            ("a:b", "a%3Ab"),
        ] {
            assert_eq!((encode(path).as_str(), decode(uri).as_deref()), (uri, Some(path)));
        }
        assert_eq!(decode("a bü.txt").as_deref(), Some("a bü.txt"), "as some signers write it");
        for elsewhere in [
            "",
            "#a",
            "/a",
            "a//b",
            "../a",
            "a/%2e%2e/b",
            "%2Fa",
            "a%5Cb",
            "a%00",
            "http://a/b",
            "file:a",
            "%",
            "%4",
            "%ff",
        ] {
            assert_eq!(decode(elsewhere), None, "{elsewhere}");
        }
    }
}
