//! Statements of transfers: what is read is written again to the same bytes, and no signature of anything is good for it.

#![no_main]

use evidence::custody::Statement;
use seal::SigningKey;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // The first half is the statement, the second the signature.
    let (statement, signature) = match data.iter().position(|byte| *byte == 0) {
        Some(end) => (&data[..end], String::from_utf8_lossy(&data[end + 1..]).into_owned()),
        None => (data, String::new()),
    };
    let Ok(read) = Statement::parse(statement) else { return };
    assert_eq!(read.to_bytes().expect("it was read"), statement);
    let receiver = SigningKey::from_seed([9; 32]).public();
    assert!(read.countersigned(&signature, &receiver).is_err());
});
