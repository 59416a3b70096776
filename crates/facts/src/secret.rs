//! Names that look as if a secret stood under them.

const WORDS: [&str; 8] = ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "API_KEY", "APIKEY", "PRIVATE_KEY", "CREDENTIAL"];

/// `…_FILE` and `…_PATH` say where the secret lies, not what it is.
const PLACES: [&str; 5] = ["_FILE", "_PATH", "_NAME", "_DIR", "_URL"];

/// Whether a variable of this name would hold a secret.
pub(crate) fn is_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase().replace('-', "_");
    WORDS.iter().any(|word| name.contains(word)) && !PLACES.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn names_of_secrets_are_told_from_names_of_files() {
        let check = |name, expect| assert_eq!(is_name(name), expect, "{name}");
        check("POSTGRES_PASSWORD", true);
        check("npm-token", true);
        check("POSTGRES_PASSWORD_FILE", false);
        check("LOG_LEVEL", false);
    }
}
