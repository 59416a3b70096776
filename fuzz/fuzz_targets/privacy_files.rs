//! What stands in a project about requests: journals, holds, tombstones, the register.

#![no_main]

use model::Instant;
use privacy::journal::{Act, Chain, Phase};
use privacy::register::Request;
use privacy::tombstone::Tombstones;
use privacy::hold;

/// A journal of ten acts.
fn journal() -> (Chain, Vec<u8>) {
    let mut chain = Chain::new("req-0001");
    let acts: Vec<Act> = (0..10)
        .map(|n| Act::of(Phase::Done).in_store("shop").at(n, n * 7).about(seal::sha256(&n.to_le_bytes())).because("x"))
        .collect();
    let bytes = chain.add(&acts, Instant::from_nanos(1_700_000_000_000_000_000));
    (chain, bytes)
}

/// Bytes from `where` on are replaced: nothing that was not entered is ever read.
fn edited(data: &[u8]) {
    let (chain, mut bytes) = journal();
    let [a, b, len, ref with @ ..] = *data else { return };
    let at = usize::from(u16::from_be_bytes([a, b])) % bytes.len();
    let end = (at + usize::from(len)).min(bytes.len());
    bytes.splice(at..end, with.iter().copied());
    let Ok(read) = Chain::read("req-0001", &bytes) else { return };
    assert!(chain.acts().starts_with(read.chain.acts()), "what was not entered was read");
    assert!(read.whole <= bytes.len() && read.torn == (read.whole < bytes.len()));
    let mut longer = read.chain.clone();
    let mut whole = bytes[..read.whole].to_vec();
    whole.extend(longer.add(&[Act::of(Phase::Done)], Instant::from_nanos(0)));
    let again = Chain::read("req-0001", &whole).expect("it was written by us").chain;
    assert_eq!((again.head(), again.acts().len()), (longer.head(), read.chain.acts().len() + 1));
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    match kind % 5 {
        0 => edited(rest),
        1 => drop(Chain::read("req-0001", rest)),
        2 => {
            let Ok(holds) = hold::read(&text) else { return };
            let lines: String = holds.iter().map(|hold| hold.to_line() + "\n").collect();
            assert_eq!(hold::read(&lines).expect("written by us"), holds);
        }
        3 => {
            let Ok(stones) = Tombstones::read(&text) else { return };
            assert!(stones.len() <= text.lines().count());
        }
        _ => {
            let Ok(request) = Request::parse(&text) else { return };
            let again = request.to_json().to_string();
            assert_eq!(Request::parse(&again).expect("written by us"), request);
        }
    }
});
