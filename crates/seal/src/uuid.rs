//! Identifiers made from names (RFC 9562 §5.5, version 5 in the name space for URLs).

use sha1::{Digest as _, Sha1};

/// The name space for URLs (RFC 9562 §6.6).
const URL: [u8; 16] = [0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8];

/// The UUID of `name`: the same name gives the same one, everywhere. No secret and no proof: SHA-1 only spreads.
pub fn uuid(name: &str) -> String {
    let digest = Sha1::new().chain_update(URL).chain_update(name).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = model::hex(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_gives_the_uuid_that_other_programs_give() {
        // python3 -c 'import uuid; print(uuid.uuid5(uuid.NAMESPACE_URL, "https://example.org/"))'
        assert_eq!(super::uuid("https://example.org/"), "527dda32-a0de-5105-a042-cb475b5f7d11");
    }
}
