//! Signatures in CMS: only the signer of the vector is ever found to have signed its message, at the time of its stamp.

#![no_main]

mod signatures;

use std::sync::LazyLock;

use seal::{Revocations, Signed, Trust, cms};
use signatures::{ANCHORS, MESSAGE, STAMP, STAMPED, now};

fn judge(cms: &[u8]) -> Signed {
    let trust = Trust { anchors: &*ANCHORS, now: now() };
    cms::verify(cms, &MESSAGE, cms::Rules::Plain, &trust, &Revocations::default())
}

static GOOD: LazyLock<Signed> = LazyLock::new(|| judge(STAMPED));

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let signed = judge(data);
    let names: Vec<String> = signed.signer.iter().map(|signer| signer.subject()).collect();
    if signed.signer_trusted.is_yes() {
        // Others among the seeds signed the same message.
        assert!(signed.intact.is_yes() && names[0].starts_with("CN=Examiner ") || names[0].starts_with("CN=p384,"));
    }
    if signed.time_trusted.is_yes() && signed.signer == GOOD.signer && signed.intact.is_yes() {
        assert_eq!(signed.stamped, GOOD.stamped);
    }
    let Ok(value) = cms::signature_value(data) else { return };
    if let Ok(stamped) = cms::with_timestamp(data, STAMP) {
        assert_eq!(cms::signature_value(&stamped).expect("it was one before"), value);
    }
});
