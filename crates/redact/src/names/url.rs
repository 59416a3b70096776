//! Whether a chunk is one URL, or what the tokenizer takes for one: `[scheme://][user@](IPv4 | host)[:port][/path]`.

use model::Fault;

use super::characters::Set;
use super::container::Container;

/// The character classes of the pattern.
pub(super) struct Urls {
    digit: Set,
    word: Set,
    /// Of the last label of a host: small letters, and letters that have no case.
    top: Set,
}

impl Urls {
    pub(super) fn read(container: &Container) -> Result<Self, Fault> {
        let set = |tag| Set::read(container, tag);
        Ok(Urls { digit: set(b"pyde")?, word: set(b"pywo")?, top: set(b"urlt")? })
    }

    /// Whether all of `text`, which holds no white space, is a URL.
    pub(super) fn has(&self, text: &str) -> bool {
        // Both a host and an IPv4 address have a full stop.
        if !text.contains('.') {
            return false;
        }
        let scheme = text.find("://").filter(|at| {
            let scheme = &text[..*at];
            scheme.chars().count() >= 2 && scheme.chars().all(|char| self.word.has(char) || "+-.".contains(char))
        });
        self.after_scheme(text) || scheme.is_some_and(|at| self.after_scheme(&text[at + 3..]))
    }

    fn after_scheme(&self, text: &str) -> bool {
        let users = text.match_indices('@').filter(|(at, _)| *at > 0).map(|(at, _)| at + 1);
        std::iter::once(0).chain(users).any(|at| self.host_on(&text[at..]))
    }

    fn host_on(&self, text: &str) -> bool {
        let end = text.find([':', '/', '?', '#']).unwrap_or(text.len());
        (self.is_ip(&text[..end]) || self.is_host(&text[..end])) && self.is_rest(&text[end..])
    }

    /// `[:port][/path]`
    fn is_rest(&self, text: &str) -> bool {
        let Some(port) = text.strip_prefix(':') else { return true };
        let path = port.trim_start_matches(|char| self.digit.has(char));
        let digits = port[..port.len() - path.len()].chars().count();
        (2..=5).contains(&digits) && (path.is_empty() || path.starts_with(['/', '?', '#']))
    }

    fn is_host(&self, text: &str) -> bool {
        let Some((labels, top)) = text.rsplit_once('.') else { return false };
        let length = top.chars().count();
        (2..=63).contains(&length) && top.chars().all(|char| self.top.has(char)) && labels.split('.').all(is_label)
    }

    /// A dotted address that is neither private nor reserved.
    fn is_ip(&self, text: &str) -> bool {
        let parts: Vec<&str> = text.split('.').collect();
        let [a, b, c, d] = parts[..] else { return false };
        let number = |text: &str| {
            let fits = text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u32>().ok().filter(|_| fits)
        };
        let (Some(first), Some(second), Some(third), Some(fourth)) = (number(a), number(b), number(c), number(d))
        else {
            return false;
        };
        let no_zero = |text: &str| !text.starts_with('0');
        // `1?\d{1,2}|2[0-4]\d|25[0-5]`: a leading zero only where two digits are left.
        let short = |text: &str| text.len() < 3 || no_zero(text);
        let is_private = matches!((first, second), (10 | 127, _) | (169, 254) | (192, 168) | (172, 16..=31));
        (1..=223).contains(&first)
            && no_zero(a)
            && !is_private
            && second < 256
            && third < 256
            && short(b)
            && short(c)
            && (1..=254).contains(&fourth)
            && no_zero(d)
    }
}

/// `[A-Za-z0-9\u00a1-\uffff]`, and within also `_` and `-`, 64 at most.
fn is_label(text: &str) -> bool {
    let is_edge = |char: char| char.is_ascii_alphanumeric() || ('\u{a1}'..='\u{ffff}').contains(&char);
    text.starts_with(is_edge)
        && text.ends_with(is_edge)
        && text.chars().count() <= 64
        && text.chars().all(|char| is_edge(char) || char == '_' || char == '-')
}
