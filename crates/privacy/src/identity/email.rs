//! E-mail addresses: what makes two of them one, and how a store may spell them.

use unicode_normalization::UnicodeNormalization;

use super::text::{lower, nfc, spellings};

/// RFC 5321 §4.5.3.1: 64 octets of local part, 255 of domain.
const LOCAL_MAX: usize = 64;
const DOMAIN_MAX: usize = 255;

/// An address taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// Lower case, NFC.
    local: String,
    /// Lower case, in the form of the name system: `xn--bcher-kva.example`.
    domain: String,
}

/// Reads an address; `None` when it is none. With `fold_plus` the local part ends before its first `+`.
pub(super) fn read(text: &str, fold_plus: bool) -> Option<Address> {
    let (local, domain) = text.trim().rsplit_once('@')?;
    if !is_local(local) || domain.is_empty() {
        return None;
    }
    let mut local = lower(&nfc(local));
    if let Some(tag) = local.find('+').filter(|at| fold_plus && *at > 0 && !local.starts_with('"')) {
        local.truncate(tag);
    }
    Some(Address { local, domain: domain_of(domain)? })
}

impl Address {
    /// `ann@example.org`, the domain as the name system has it.
    pub(super) fn normalised(&self) -> String {
        format!("{}@{}", self.local, self.domain)
    }

    /// Every spelling that equals it: domain in both forms, letters composed and decomposed, and letters outside ASCII in
    /// either case, because not every store folds those.
    pub(super) fn spellings(&self) -> Vec<String> {
        let mut domains = vec![self.domain.clone()];
        let shown = idna::domain_to_unicode(&self.domain).0;
        domains.extend(mixed(&self.domain, &shown).filter(|domain| *domain != self.domain && *domain != shown));
        for domain in spellings(&shown) {
            if !domains.contains(&domain) {
                domains.push(domain);
            }
        }
        let locals = spellings(&self.local);
        locals.iter().flat_map(|local| domains.iter().map(move |domain| format!("{local}@{domain}"))).collect()
    }
}

/// The domain with some of its labels as the name system has them and the others in their letters.
fn mixed(ascii: &str, shown: &str) -> impl Iterator<Item = String> {
    let pairs: Vec<(String, String)> =
        ascii.split('.').map(str::to_owned).zip(shown.split('.').map(str::to_owned)).collect();
    let differ: Vec<usize> = (0..pairs.len()).filter(|at| pairs[*at].0 != pairs[*at].1).take(LABELS_MIXED).collect();
    (0..1_u32 << differ.len()).map(move |choice| {
        let label = |at: usize| match differ.iter().position(|differs| *differs == at) {
            Some(bit) if choice >> bit & 1 == 1 => pairs[at].1.as_str(),
            _ => pairs[at].0.as_str(),
        };
        (0..pairs.len()).map(label).collect::<Vec<_>>().join(".")
    })
}

/// More labels in letters of their own than this have no mixtures.
const LABELS_MIXED: usize = 4;

/// The domain as writers have it that encode it without folding its letters first: `xn--BCHER-KVA` of `BÜCHER`.
pub(super) fn unfolded(domain: &str) -> Option<String> {
    let shown = idna::domain_to_unicode(domain).0;
    let upper = |label: &str| match label.is_ascii() {
        true => Some(label.to_owned()),
        false => Some(format!("xn--{}", idna::punycode::encode_str(&label.to_uppercase())?)),
    };
    let labels: Option<Vec<String>> = shown.split('.').map(upper).collect();
    labels.map(|labels| labels.join(".").to_lowercase()).filter(|written| written != domain)
}

/// A quoted string, or letters and signs without blanks and brackets. Letters outside ASCII are allowed (RFC 6531).
fn is_local(local: &str) -> bool {
    let sign = |sign: char| sign.is_alphanumeric() || !sign.is_ascii() || "!#$%&'*+-/=?^_`{|}~.".contains(sign);
    let is_quoted = local.len() > 2 && local.starts_with('"') && local.ends_with('"');
    let hidden = local.chars().any(|sign| sign.is_control() || sign.is_whitespace() && !is_quoted);
    (1..=LOCAL_MAX).contains(&local.len()) && !hidden && (is_quoted || local.chars().all(sign))
}

fn domain_of(domain: &str) -> Option<String> {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    if domain.len() > DOMAIN_MAX {
        return None;
    }
    // An address literal: user@[192.0.2.1], user@[IPv6:2001:db8::1] (RFC 5321 §4.1.3).
    if let Some(literal) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let plain = literal.chars().all(|sign| sign.is_ascii_alphanumeric() || ".:-".contains(sign));
        return (plain && !literal.is_empty()).then(|| lower(domain));
    }
    let plain = |name: &str| {
        !name.is_empty()
            && name.len() <= DOMAIN_MAX
            && name.split('.').all(|label| !label.is_empty() && label.len() <= 63)
            && name.chars().all(|sign| sign.is_ascii_alphanumeric() || "-_.".contains(sign))
    };
    let composed: String = domain.nfc().collect();
    idna::domain_to_ascii(&composed).ok().filter(|name| plain(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Option<&str>) {
        assert_eq!(read(text, false).map(|address| address.normalised()).as_deref(), expect, "{text:?}");
    }

    #[test]
    fn addresses_that_are_one_come_out_as_one() {
        check("Ann@Example.ORG", Some("ann@example.org"));
        check("  ann@example.org\t", Some("ann@example.org"));
        check("ann@example.org.", Some("ann@example.org"));
        check("JOSE\u{301}@example.org", Some("josé@example.org"));
        check("ann@BÜCHER.example", Some("ann@xn--bcher-kva.example"));
        check("ann@bu\u{308}cher.example", Some("ann@xn--bcher-kva.example"));
        check("ann@xn--bcher-kva.example", Some("ann@xn--bcher-kva.example"));
        check("ann+shop@example.org", Some("ann+shop@example.org"));
        check("a.n.n@example.org", Some("a.n.n@example.org"));
        check("\"ann b\"@example.org", Some("\"ann b\"@example.org"));
        check("root@[192.0.2.1]", Some("root@[192.0.2.1]"));
        check("用户@例子.广告", Some("用户@xn--fsqu00a.xn--4rr70v"));
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in ["", "ann", "@example.org", "ann@", "ann@a..b", "an n@example.org", "<ann@example.org>"] {
            check(text, None);
        }
        for text in ["a\u{0}@example.org", "' OR 1=1 --@x.org", "ann@exa mple.org", "ann@<script>", "ann@[;]"] {
            check(text, None);
        }
        check(&format!("{}@example.org", "a".repeat(65)), None);
        check(&format!("ann@{}.org", "a".repeat(300)), None);
    }

    #[test]
    fn a_tag_goes_only_when_asked() {
        let folded = |text| read(text, true).unwrap().normalised();
        assert_eq!(folded("Ann+Shop@example.org"), "ann@example.org");
        assert_eq!(folded("+shop@example.org"), "+shop@example.org");
    }

    #[test]
    fn every_spelling_reads_as_the_same_address() {
        let address = read("José@bücher.example", false).unwrap();
        let spellings = address.spellings();
        assert!(spellings.contains(&"jose\u{301}@xn--bcher-kva.example".to_owned()), "{spellings:?}");
        assert!(spellings.contains(&"josÉ@bücher.example".to_owned()), "{spellings:?}");
        let address = read("ann@bücher.рф", false).unwrap();
        assert!(address.spellings().contains(&"ann@bücher.xn--p1ai".to_owned()), "{:?}", address.spellings());
        assert!(address.spellings().contains(&"ann@xn--bcher-kva.рф".to_owned()));
        assert_eq!(unfolded("xn--bcher-kva.example").as_deref(), Some("xn--bcher-2pa.example"));
        let spellings = address.spellings();
        assert!(spellings.iter().all(|spelling| read(spelling, false).as_ref() == Some(&address)));
    }
}
