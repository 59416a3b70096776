//! Files of rows (JSON Lines, CSV, JSON): rows that are not chosen come back byte for byte, those that go are gone.

#![no_main]

use connectors::fuzz::{Choice, FORMATS, rewrite, rows};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [kind, chosen, what, ref input @ ..] = *data else { return };
    let kind = usize::from(kind) % FORMATS;
    let Ok(before) = rows(kind, input) else { return };
    let kept = rewrite(kind, input, &mut |_| Choice::Keep).expect("what is read is written");
    assert!(kept == input, "what stays keeps every byte");
    let is_chosen = |number: usize| chosen >> (number % 8) & 1 == 1;
    let mut number = 0;
    let mut next = || {
        number += 1;
        is_chosen(number - 1)
    };
    if what % 2 == 0 {
        let left = rewrite(kind, input, &mut |_| if next() { Choice::Drop } else { Choice::Keep }).expect("written");
        let after = rows(kind, &left).expect("what is left is read");
        let expect: Vec<_> = before.iter().enumerate().filter(|(n, _)| !is_chosen(*n)).map(|(_, row)| row).collect();
        assert!(after.iter().collect::<Vec<_>>() == expect, "what is left is what was kept, in its order");
        return;
    }
    // A name that stands twice in a row has one of two values: which, the last one says.
    let names = |members: &[(String, String)]| members.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let Some(field) = before.iter().find_map(|(_, members)| members.first()).map(|(name, _)| name.clone()) else { return };
    if field.contains('.') || before.iter().any(|(_, members)| names(members).iter().filter(|name| **name == field).count() > 1) {
        return;
    }
    let new = (what & 2 == 0).then(|| "erased, \"x\"\n;".to_owned());
    // A record of one field that is emptied is an empty line, which is no record.
    if new.is_none() && before.iter().any(|(_, members)| members.len() == 1) {
        return;
    }
    let set = || Choice::Set(field.clone(), new.clone());
    let left = rewrite(kind, input, &mut |_| if next() { set() } else { Choice::Keep }).expect("written");
    let after = rows(kind, &left).expect("what was set is read");
    assert_eq!(after.len(), before.len(), "setting takes no row away");
    for (n, ((old, was), (bytes, is))) in before.iter().zip(&after).enumerate() {
        if !is_chosen(n) {
            assert!(old == bytes, "row {n} was not chosen");
            continue;
        }
        let others = |members: &[(String, String)]| {
            members.iter().filter(|(name, _)| *name != field).cloned().collect::<Vec<_>>()
        };
        assert_eq!(others(was), others(is), "the other fields of row {n} stay");
    }
});
