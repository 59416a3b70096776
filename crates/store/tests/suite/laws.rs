//! Whatever is brought, abandoned and brought again, in whatever pieces: the store holds what was kept, once.

use model::Hidden;
use probity_store::Store;
use proptest::prelude::*;

use crate::bench::{add, assert_holds, feed, key, notes, now, original, tiny};

#[derive(Clone, Debug)]
enum Step {
    Bring(u8, i64),
    Abandon(u8, i64),
    Commit,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..6_u8, 0..12_i64).prop_map(|(name, rows)| Step::Bring(name, rows)),
        2 => (0..6_u8, 0..12_i64).prop_map(|(name, rows)| Step::Abandon(name, rows)),
        1 => Just(Step::Commit),
    ];
    proptest::collection::vec(step, 1..24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_store_holds_what_was_kept_once(steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let key = key();
        let store = Store::open(folder.path(), Some(&key)).unwrap().with_limits(tiny());
        let mut kept: Vec<String> = Vec::new();
        let mut batch = store.begin(now(), &Hidden).unwrap();
        for step in steps {
            match step {
                Step::Bring(name, rows) => {
                    let text = original(&format!("o{name}"), rows);
                    let known = add(&mut batch, &text, "lines 1").unwrap().known;
                    prop_assert_eq!(known, kept.contains(&text));
                    if !known {
                        kept.push(text);
                    }
                }
                Step::Abandon(name, rows) => {
                    let original = feed(&mut batch, &original(&format!("o{name}"), rows)).unwrap();
                    batch.abandon_original(Some(original)).unwrap();
                }
                Step::Commit => {
                    batch.commit(&notes()).unwrap();
                    batch = store.begin(now(), &Hidden).unwrap();
                }
            }
        }
        batch.commit(&notes()).unwrap();
        assert_holds(&store, &kept.iter().map(String::as_str).collect::<Vec<_>>());
    }
}
