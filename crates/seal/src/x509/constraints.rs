//! Limits that an authority has on the names below it (RFC 5280 §4.2.1.10).
//!
//! Names of people and organisations, of mail boxes, hosts and addresses are compared. A limit on another type of name
//! that the certificate has refuses it, for it cannot be said to be kept.

use super::{Certificate, name};
use crate::Limits;
use crate::asn1::{Element, tag};

/// rfc822Name, dNSName, directoryName and iPAddress in GeneralName.
const MAIL: u8 = tag::simple(1);
const HOST: u8 = tag::simple(2);
const DIRECTORY: u8 = tag::constructed(4);
const ADDRESS: u8 = tag::simple(7);
/// The attribute of a name that holds a mail box.
const EMAIL: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];

/// A name with its type: the tag of the GeneralName, and its content.
type Name = (u8, Vec<u8>);

/// Whether all names of `certificate` keep to `constraints` (NameConstraints in DER).
pub(super) fn allow(constraints: &[u8], certificate: &Certificate) -> bool {
    read(constraints).zip(names(certificate)).is_some_and(|((permitted, excluded), names)| {
        names.iter().all(|name| {
            let of_type = |bases: &[Name]| bases.iter().filter(|base| base.0 == name.0).cloned().collect::<Vec<_>>();
            let (permitted, excluded) = (of_type(&permitted), of_type(&excluded));
            let is_permitted = permitted.is_empty() || permitted.iter().any(|base| within(name, base) == Some(true));
            is_permitted && excluded.iter().all(|base| within(name, base) == Some(false))
        })
    })
}

/// The permitted and the excluded bases.
fn read(constraints: &[u8]) -> Option<(Vec<Name>, Vec<Name>)> {
    let mut reader = Element::only(constraints, tag::SEQUENCE)?.inside();
    let permitted = reader.optional(tag::constructed(0))?.map_or(Some(Vec::new()), bases)?;
    let excluded = reader.optional(tag::constructed(1))?.map_or(Some(Vec::new()), bases)?;
    reader.end()?;
    Some((permitted, excluded))
}

/// GeneralSubtrees. Minimum and maximum are never used, and not understood (RFC 5280 §4.2.1.10).
fn bases(subtrees: Element<'_>) -> Option<Vec<Name>> {
    let subtrees = subtrees.each(tag::SEQUENCE, Limits::CERTIFICATES)?;
    subtrees
        .into_iter()
        .map(|subtree| {
            let mut reader = subtree.inside();
            let base = reader.any()?;
            reader.end()?;
            Some((base.tag, base.content.to_vec()))
        })
        .collect()
}

/// The subject and the alternative names; mail boxes in the subject count when there is no alternative.
fn names(certificate: &Certificate) -> Option<Vec<Name>> {
    let mut names = Vec::new();
    let subject = name::parts(certificate.subject_der())?;
    if !subject.is_empty() {
        names.push((DIRECTORY, certificate.subject_der().to_vec()));
    }
    match &certificate.extensions().alternative_names {
        Some(der) => {
            let alternatives = Element::only(der, tag::SEQUENCE)?.elements(Limits::CERTIFICATES)?;
            names.extend(alternatives.iter().map(|name| (name.tag, name.content.to_vec())));
        }
        None => {
            let mails = subject.iter().flatten().filter(|(kind, _)| *kind == EMAIL);
            names.extend(mails.map(|(_, value)| (MAIL, value.content.to_vec())));
        }
    }
    Some(names)
}

/// Whether `name` lies below `base`; `None` when this type cannot be compared.
fn within(name: &Name, base: &Name) -> Option<bool> {
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(str::to_ascii_lowercase);
    match base.0 {
        DIRECTORY => {
            let (name, base) = (name::parts(&name.1)?, name::parts(&base.1)?);
            Some(name.starts_with(&base))
        }
        HOST => Some(host_within(&text(&name.1)?, &text(&base.1)?)),
        MAIL => {
            let (name, base) = (text(&name.1)?, text(&base.1)?);
            let host = name.rsplit_once('@')?.1;
            Some(match base.strip_prefix('.') {
                _ if base.contains('@') => name == base,
                Some(domain) => host.len() > domain.len() && host_within(host, domain),
                None => host == base,
            })
        }
        ADDRESS => {
            let (address, range) = (&name.1, &base.1);
            let (network, mask) =
                range.split_at_checked(address.len()).filter(|(_, mask)| mask.len() == address.len())?;
            Some(address.iter().zip(network).zip(mask).all(|((byte, net), mask)| byte & mask == net & mask))
        }
        _ => None,
    }
}

/// Whether a host is `domain`, or below it.
fn host_within(host: &str, domain: &str) -> bool {
    let domain = domain.strip_prefix('.').unwrap_or(domain);
    let below = host.strip_suffix(domain);
    domain.is_empty() || below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lie_within_their_domain_only() {
        let check = |kind: u8, name: &[u8], base: &[u8], expect: Option<bool>| {
            assert_eq!(within(&(kind, name.to_vec()), &(kind, base.to_vec())), expect, "{name:?} {base:?}");
        };
        check(HOST, b"a.example.org", b"example.org", Some(true));
        check(HOST, b"EXAMPLE.org", b"example.ORG", Some(true));
        check(HOST, b"badexample.org", b"example.org", Some(false));
        check(MAIL, b"a@example.org", b"example.org", Some(true));
        check(MAIL, b"a@b.example.org", b"example.org", Some(false));
        check(MAIL, b"a@b.example.org", b".example.org", Some(true));
        check(MAIL, b"a@example.org", b".example.org", Some(false));
        check(MAIL, b"a@example.org", b"a@example.org", Some(true));
        check(MAIL, b"example.org", b"example.org", None);
        check(ADDRESS, &[10, 1, 2, 3], &[10, 0, 0, 0, 255, 0, 0, 0], Some(true));
        check(ADDRESS, &[11, 1, 2, 3], &[10, 0, 0, 0, 255, 0, 0, 0], Some(false));
        check(ADDRESS, &[10; 16], &[10, 0, 0, 0, 255, 0, 0, 0], None);
        check(tag::simple(6), b"http://x", b"x", None);
    }
}
