//! Addresses of machines, and places.

use std::net::Ipv6Addr;

/// IPv4: what can be somebody's. Loopback, netmasks, multicast, and `x.y.0.0` (networks, versions of browsers) are not.
pub(super) fn ipv4(raw: &[u8]) -> bool {
    octets(raw).is_some_and(|[first, _, third, last]| !matches!(first, 0 | 127 | 224..) && (third, last) != (0, 0))
}

/// The four numbers of an address, as [`std::net::Ipv4Addr`] reads them: logs have more of them than of anything else.
pub(super) fn octets(raw: &[u8]) -> Option<[u8; 4]> {
    let mut octets = [0; 4];
    let mut parts = raw.split(|byte| *byte == b'.');
    for octet in &mut octets {
        let part = parts.next()?;
        let is_number = (1..=3).contains(&part.len()) && part.iter().all(u8::is_ascii_digit);
        if !is_number || part.len() > 1 && part[0] == b'0' {
            return None;
        }
        let number = part.iter().fold(0_u16, |sum, digit| sum * 10 + u16::from(digit - b'0'));
        *octet = u8::try_from(number).ok()?;
    }
    parts.next().is_none().then_some(octets)
}

/// IPv6, with an embedded IPv4 address too. Paths of programs look alike (`de::add`): a digit and five nibbles are asked.
pub(super) fn ipv6(raw: &[u8]) -> bool {
    let address = raw.split(|byte| *byte == b'%').next().unwrap_or_default();
    let shape =
        || address.iter().any(u8::is_ascii_digit) && address.iter().filter(|byte| byte.is_ascii_hexdigit()).count() > 4;
    // `bf16::E` is a path of Rust: an address of two groups begins with 2, 3 or f, in four digits (RFC 4291 §2.4). Times
    // of the day have two colons as well.
    let colons = address.iter().filter(|byte| **byte == b':').count();
    let is_global = || b"23fF".contains(&address[0]) && address.iter().position(|byte| *byte == b':') == Some(4);
    // `Fe32::A` is one, too: nobody writes so short an address in both cases.
    let is_mixed = || address.iter().any(u8::is_ascii_uppercase) && address.iter().any(u8::is_ascii_lowercase);
    let path = colons == 2 && !address.contains(&b'.') && (!is_global() || is_mixed());
    let parsed = || std::str::from_utf8(address).ok().and_then(|text| text.parse::<Ipv6Addr>().ok());
    let is_somebody =
        |address: Ipv6Addr| !address.is_loopback() && !address.is_unspecified() && !address.is_multicast();
    !path && shape() && parsed().is_some_and(is_somebody)
}

/// MAC: neither nobody nor everybody.
pub(super) fn mac(raw: &[u8]) -> bool {
    let mut nibbles = raw.iter().filter(|byte| !b":-.".contains(byte)).map(u8::to_ascii_lowercase);
    let Some(first) = nibbles.next() else { return false };
    let one_sign = raw.iter().find(|byte| b":-.".contains(byte));
    let same = raw.iter().filter(|byte| b":-.".contains(byte)).all(|byte| Some(byte) == one_sign);
    let (mut count, mut alike) = (1, matches!(first, b'0' | b'f'));
    for nibble in nibbles {
        if !nibble.is_ascii_hexdigit() {
            return false;
        }
        count += 1;
        alike &= nibble == first;
    }
    same && count == 12 && !alike
}

/// Decimal latitude and longitude, or one of them.
pub(super) fn geo(raw: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(raw) else { return false };
    let mut numbers = text.split([',', ';', ' ', '\t']).filter(|part| !part.is_empty()).map(str::parse::<f64>);
    match (numbers.next(), numbers.next(), numbers.next()) {
        (Some(Ok(one)), None, None) => one.abs() <= 180.0 && one != 0.0,
        (Some(Ok(latitude)), Some(Ok(longitude)), None) => {
            latitude.abs() <= 90.0 && longitude.abs() <= 180.0 && (latitude, longitude) != (0.0, 0.0)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    /// Four numbers are what the standard library takes for an address.
    #[test]
    fn four_numbers() {
        let parts = ["", "0", "00", "01", "1", "9", "10", "99", "100", "255", "256", "999", "1000", "a", "+1", " 1"];
        let parsed = |text: &str| text.parse::<std::net::Ipv4Addr>().ok().map(|address| address.octets());
        for one in parts {
            for other in parts {
                for text in [
                    format!("{one}.{other}.3.4"),
                    format!("1.2.{one}.{other}"),
                    format!("{one}.2.3.{other}"),
                    format!("1.{one}.{other}"),
                    format!("1.2.3.{one}.{other}"),
                ] {
                    assert_eq!(octets(text.as_bytes()), parsed(&text), "{text}");
                }
            }
        }
    }

    #[test]
    fn addresses() {
        known(
            ipv4,
            &["192.168.1.17", "8.8.8.8", "203.0.113.9"],
            &["256.1.1.1", "127.0.0.1", "0.0.0.0", "255.255.255.0", "120.0.0.0", "1.2.3", "01.2.3.4"],
        );
        known(
            ipv6,
            &[
                "2001:db8::1",
                "fe80::1ff:fe23:4567:890a",
                "::ffff:192.0.2.128",
                "fe80::1234%eth0",
                "2001:0db8:0:0:0:0:0:1",
                "2001:DB8:85a3::8A2E:370:7334",
            ],
            &["::1", "de::add", "Fe32::A1b", "f16::f16", "12:34:56", "a::b1", "2001:db8::1::2"],
        );
        known(
            mac,
            &["00:1A:2B:3C:4D:5E", "00-1a-2b-3c-4d-5e", "001a.2b3c.4d5e"],
            &["00:00:00:00:00:00", "FF:FF:FF:FF:FF:FF", "00:1A-2B:3C:4D:5E", "00:1A:2B:3C:4D"],
        );
    }

    #[test]
    fn places() {
        known(
            geo,
            &["48.8566, 2.3522", "-33.8688,151.2093", "48.8566"],
            &["148.8566, 2.3522", "48.8566, 182.3522", "0.0000, 0.0000", "1,2,3"],
        );
    }
}
