//! Answers about revocation, revocation lists and certificates: none says what the authority did not.

#![no_main]

mod signatures;

use seal::crl;
use seal::ocsp::{self, Status};
use seal::x509::{Certificate, Purpose, find_path};
use signatures::{ANCHORS, REVOKED, SIGNER, now};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let ca = &ANCHORS[0];
    for (certificate, is_revoked) in [(&*SIGNER, false), (&*REVOKED, true)] {
        for said in [ocsp::check(data, certificate, ca, now()), crl::check(data, certificate, ca, now())] {
            if let Ok(status) = said {
                assert_eq!(matches!(status, Status::Revoked { .. }), is_revoked);
            }
        }
    }
    let _ = (ocsp::nonce(data), ocsp::certificates(data));
    let Ok(certificate) = Certificate::from_der(data) else { return };
    assert_eq!(certificate.der(), data);
    let _ = (certificate.subject(), certificate.issuer(), certificate.is_self_signed(), certificate.ocsp_urls());
    if find_path(&certificate, &[], &*ANCHORS, now(), Purpose::Signing).is_ok() {
        assert!([&*SIGNER, &*REVOKED].contains(&&certificate), "no other certificate is among the seeds");
    }
});
