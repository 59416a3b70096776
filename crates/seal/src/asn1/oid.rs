//! Object identifiers: the content bytes of those that we know, and their dotted form.

macro_rules! oids {
    ($($(#[$doc:meta])* $name:ident = $content:expr;)*) => {
        $($(#[$doc])* pub(crate) const $name: &[u8] = $content;)*
    };
}

oids! {
    // Content types and attributes of CMS (RFC 5652, 5035, 3161, ETSI EN 319 122).
    DATA = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
    SIGNED_DATA = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
    TST_INFO = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 1, 4];
    CONTENT_TYPE = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 3];
    MESSAGE_DIGEST = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4];
    SIGNING_TIME = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 5];
    SIGNING_CERTIFICATE = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 12];
    SIGNATURE_TIME_STAMP = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 14];
    SIGNING_CERTIFICATE_V2 = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 47];
    CERTIFICATE_VALUES = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 23];
    REVOCATION_VALUES = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 24];
    /// adbe-revocationInfoArchival: how Adobe keeps revocation data among the signed attributes.
    ADOBE_REVOCATION = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x2f, 1, 1, 8];

    // Digests (RFC 8017, RFC 5754, RFC 8692).
    MD5 = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 5];
    SHA1 = &[0x2b, 14, 3, 2, 26];
    SHA224 = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 4];
    SHA256 = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
    SHA384 = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2];
    SHA512 = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3];

    // Keys and signatures.
    RSA = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    MD5_WITH_RSA = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4];
    SHA1_WITH_RSA = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5];
    MGF1 = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8];
    RSA_PSS = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
    SHA256_WITH_RSA = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
    SHA384_WITH_RSA = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12];
    SHA512_WITH_RSA = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13];
    EC_KEY = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    P256 = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    P384 = &[0x2b, 0x81, 4, 0, 34];
    ECDSA_SHA1 = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1];
    ECDSA_SHA256 = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    ECDSA_SHA384 = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3];
    ECDSA_SHA512 = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4];
    ED25519 = &[0x2b, 0x65, 0x70];

    // Names (RFC 4519, RFC 2985).
    COMMON_NAME = &[0x55, 4, 3];

    // Extensions of certificates (RFC 5280 §4.2, RFC 6960 §4.2.2.2.1).
    SUBJECT_KEY_ID = &[0x55, 0x1d, 14];
    KEY_USAGE = &[0x55, 0x1d, 15];
    SUBJECT_ALT_NAME = &[0x55, 0x1d, 17];
    BASIC_CONSTRAINTS = &[0x55, 0x1d, 19];
    CRL_REASON = &[0x55, 0x1d, 21];
    DELTA_CRL = &[0x55, 0x1d, 27];
    ISSUING_DISTRIBUTION_POINT = &[0x55, 0x1d, 28];
    CERTIFICATE_ISSUER = &[0x55, 0x1d, 29];
    NAME_CONSTRAINTS = &[0x55, 0x1d, 30];
    CRL_DISTRIBUTION_POINTS = &[0x55, 0x1d, 31];
    CERTIFICATE_POLICIES = &[0x55, 0x1d, 32];
    EXPIRED_CERTS_ON_CRL = &[0x55, 0x1d, 60];
    EXT_KEY_USAGE = &[0x55, 0x1d, 37];
    AUTHORITY_INFO = &[0x2b, 6, 1, 5, 5, 7, 1, 1];
    QC_STATEMENTS = &[0x2b, 6, 1, 5, 5, 7, 1, 3];
    OCSP_NO_CHECK = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 5];

    // Access methods of AuthorityInfoAccess, and parts of OCSP.
    AD_OCSP = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1];
    AD_ISSUERS = &[0x2b, 6, 1, 5, 5, 7, 0x30, 2];
    OCSP_BASIC = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];
    OCSP_NONCE = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 2];
    OCSP_ARCHIVE_CUTOFF = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 6];

    // Extended key usages.
    EKU_ANY = &[0x55, 0x1d, 37, 0];
    EKU_CLIENT = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
    EKU_MAIL = &[0x2b, 6, 1, 5, 5, 7, 3, 4];
    EKU_TIME_STAMPING = &[0x2b, 6, 1, 5, 5, 7, 3, 8];
    EKU_OCSP_SIGNING = &[0x2b, 6, 1, 5, 5, 7, 3, 9];
    /// id-kp-documentSigning (RFC 9336).
    EKU_DOCUMENT = &[0x2b, 6, 1, 5, 5, 7, 3, 36];
    EKU_MICROSOFT_DOCUMENT = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 10, 3, 12];
    EKU_ADOBE_PDF = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x2f, 1, 1, 5];
}

/// Archive time stamps of CAdES in their three forms (ETSI TS 101 733 §6.4, EN 319 122-1 §5.5.3).
pub(crate) const ARCHIVE_TIME_STAMPS: &[&[u8]] = &[
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 27],
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 48],
    &[4, 0, 0x8d, 0x45, 2, 4],
];

/// The dotted form, such as `2.5.29.15`. What cannot be read gives the bytes in hexadecimal.
pub(crate) fn dotted(content: &[u8]) -> String {
    numbers(content).unwrap_or_else(|| model::hex(content))
}

fn numbers(content: &[u8]) -> Option<String> {
    let mut arcs = Vec::new();
    let mut arc: u64 = 0;
    for byte in content {
        arc = arc.checked_mul(128)? | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            arcs.push(arc);
            arc = 0;
        }
    }
    let first = *arcs.first()?;
    if content.last()? & 0x80 != 0 {
        return None;
    }
    let top = (first / 40).min(2);
    let rest: String = arcs[1..].iter().map(|arc| format!(".{arc}")).collect();
    Some(format!("{top}.{}{rest}", first - top * 40))
}

/// The content of a dotted identifier; `None` when it is none.
pub(crate) fn content(dotted: &str) -> Option<Vec<u8>> {
    let arcs = dotted.split('.').map(|arc| arc.parse().ok()).collect::<Option<Vec<u64>>>()?;
    let [top, second, rest @ ..] = arcs.as_slice() else { return None };
    if *top > 2 || *top < 2 && *second > 39 || dotted.len() > 200 {
        return None;
    }
    let mut out = Vec::new();
    push(&mut out, (top * 40).checked_add(*second)?);
    rest.iter().for_each(|arc| push(&mut out, *arc));
    Some(out)
}

fn push(out: &mut Vec<u8>, arc: u64) {
    let digits = (64 - arc.leading_zeros()).div_ceil(7).max(1);
    for digit in (0..digits).rev() {
        let more = if digit == 0 { 0 } else { 0x80 };
        out.push((arc >> (digit * 7)) as u8 & 0x7f | more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_and_their_dotted_form_agree() {
        let check = |bytes: &[u8], text: &str| {
            assert_eq!(dotted(bytes), text);
            assert_eq!(content(text).as_deref(), Some(bytes), "{text}");
        };
        check(SIGNED_DATA, "1.2.840.113549.1.7.2");
        check(SHA256, "2.16.840.1.101.3.4.2.1");
        check(ECDSA_SHA256, "1.2.840.10045.4.3.2");
        check(EKU_MICROSOFT_DOCUMENT, "1.3.6.1.4.1.311.10.3.12");
        check(ADOBE_REVOCATION, "1.2.840.113583.1.1.8");
        check(P384, "1.3.132.0.34");
        check(ARCHIVE_TIME_STAMPS[2], "0.4.0.1733.2.4");
        check(&[0x2a, 3, 4, 1], "1.2.3.4.1");
        check(&[0x88, 0x37, 1], "2.999.1");
        for text in ["", "1", "1.40", "3.1", "1.x", "1..2"] {
            assert_eq!(content(text), None, "{text}");
        }
        assert_eq!(dotted(&[0x2a, 0x86]), "2a86");
    }
}
