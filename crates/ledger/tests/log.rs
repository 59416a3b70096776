//! Goal: what `append` acknowledged is there after any crash, one writer at a time, and readers never stumble.

mod common;

use std::fs;
use std::ops::ControlFlow;
use std::thread;

use common::{ORIGIN, World, copy, entries, entry, key, time, verifier};
use model::{Fault, Hidden, Instant};
use probity_ledger::{Entry, Fact, Filter, Identity, Limits, Log, Pin, View, verify, verify_proof};
use proptest::prelude::*;
use seal::SigningKey;

fn code<T>(result: Result<T, Fault>) -> &'static str {
    result.err().map_or("ok", |fault| fault.code())
}

#[test]
fn a_one_shot_cycle_appends_seals_and_goes_on_where_it_stopped() {
    let world = World::new();
    drop(world.create());
    // One entry a run around the places where bundles begin and end, in bulk between them.
    for to in [1, 2, 3, 250, 254, 255, 256, 257, 258, 510, 511, 512, 513, 515, 519, 520] {
        let mut log = Log::open(&world.folder(), &world.identity(), time(to)).expect("intact");
        let from = log.size();
        assert_eq!(log.append(&entries(from..to)).expect("durable"), from..to);
        assert_eq!(log.seal().expect("signed").size, to);
    }
    let verified = verify(&world.folder(), &[verifier()], &[], &Hidden).expect("intact");
    assert_eq!((verified.size, verified.signed_size), (520, 520));
    // Full bundles leave no partial ones behind; the last one keeps the generation before it.
    let names = |path: &str| {
        let mut names: Vec<_> = fs::read_dir(world.folder().join(path))
            .expect("a folder")
            .map(|item| item.expect("listed").file_name().into_string().expect("ASCII"))
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("tile/entries"), ["000", "001", "002.p"]);
    assert_eq!(names("tile/entries/002.p"), ["7", "8"]);
    assert_eq!((names("segment").len(), names("tmp").len()), (0, 0));
}

#[test]
fn a_view_reads_signed_and_unsigned_entries_in_both_directions() {
    let world = World::new();
    let mut log = world.create();
    world.grow(&mut log, 300);
    log.append(&entries(300..700)).expect("durable");
    let view = View::open(&world.folder()).expect("readable while a writer is there");
    assert_eq!((view.size(), view.signed_size()), (700, 300));
    let read: Vec<Entry> =
        view.entries(0..u64::MAX).map(|item| item.and_then(|item| item.entry()).expect("ours")).collect();
    assert_eq!(read, entries(0..700));
    let back: Vec<u64> = view.entries(290..310).rev().map(|item| item.expect("there").index).collect();
    assert_eq!(back, (290..310).rev().collect::<Vec<_>>());
    assert_eq!(view.entry(299).and_then(|item| item.entry()).ok(), Some(entry(299)));
    assert_eq!((code(view.entry(700)), code(view.prove(700))), ("ledger-no-such-entry", "ledger-no-such-entry"));
    assert_eq!(code(view.prove(300)), "ledger-entry-unsigned");
}

#[test]
fn a_view_survives_two_seals_and_a_refresh_continues_it() {
    let world = World::new();
    let mut log = world.create();
    world.grow(&mut log, 100);
    let mut view = View::open(&world.folder()).expect("readable");
    world.grow(&mut log, 110);
    world.grow(&mut log, 120);
    world.grow(&mut log, 130);
    // Its own partial bundle is gone by now; a wider one begins alike.
    assert_eq!(view.entries(0..100).filter(Result::is_ok).count(), 100);
    assert!(view.prove(99).is_ok());
    view.refresh().expect("it continues");
    assert_eq!(view.size(), 130);
}

#[test]
fn every_proof_verifies_without_the_log() {
    let world = World::new();
    let mut log = world.create();
    world.grow(&mut log, 300);
    let view = View::open(&world.folder()).expect("readable");
    for index in [0, 1, 255, 256, 299] {
        let proof = view.prove(index).expect("signed").to_text();
        let bytes = view.entry(index).expect("there").bytes;
        assert_eq!(verify_proof(&proof, &bytes, &[verifier()]).expect("it holds").index, index);
        assert_eq!(code(verify_proof(&proof, b"{}", &[verifier()])), "proof-does-not-verify");
    }
}

#[test]
fn a_search_covers_the_whole_range_and_says_so() {
    let world = World::new();
    let mut log = world.create();
    world.grow(&mut log, 600);
    log.append(&entries(600..602)).expect("durable");
    let view = View::open(&world.folder()).expect("readable");
    let check = |filter: Filter, expect: &[u64], matches: u64, range: std::ops::Range<u64>| {
        let mut found = Vec::new();
        let searched = view
            .search(&filter, |hit| {
                assert_eq!(hit.entry.to_bytes().expect("ours"), hit.bytes);
                found.push(hit.index);
                ControlFlow::Continue(())
            })
            .expect("readable");
        assert_eq!((searched.matches, searched.range), (matches, range));
        assert_eq!(&found[..expect.len()], expect);
        assert_eq!(found.len() as u64, matches);
    };
    let text = |text: &str| Some(text.to_owned());
    check(Filter::default(), &[0, 1, 2], 602, 0..602);
    check(Filter { newest_first: true, limit: Some(2), ..Filter::default() }, &[601, 600], 2, 600..602);
    check(Filter { outcome: text("partial"), actor: text("user-1"), ..Filter::default() }, &[7, 28], 29, 0..602);
    check(Filter { actor: text("user"), ..Filter::default() }, &[], 0, 0..602);
    check(Filter { text: text("USER-2"), ..Filter::default() }, &[2, 5, 8], 200, 0..602);
    check(Filter { since: Some(time(590)), until: Some(time(592)), ..Filter::default() }, &[590, 591], 2, 0..602);
    check(Filter { digest: Some(seal::sha256(&601_u64.to_be_bytes())), ..Filter::default() }, &[601], 1, 0..602);
    check(Filter { text: text("2026-01-01t00:10:01"), newest_first: true, ..Filter::default() }, &[601], 1, 0..602);
}

#[test]
fn a_torn_tail_is_cut_and_logged() {
    let world = World::new();
    let mut log = world.create();
    world.grow(&mut log, 10);
    log.append(&entries(10..12)).expect("durable");
    let whole = fs::read(world.folder().join("segment/00000000000000000010")).expect("there").len();
    log.append(&entries(12..15)).expect("durable");
    drop(log);
    let bytes = fs::read(world.folder().join("segment/00000000000000000010")).expect("there");
    for length in (0..bytes.len()).step_by(37) {
        let crashed = tempfile::tempdir().expect("a folder");
        copy(&world.folder(), crashed.path());
        fs::write(crashed.path().join("segment/00000000000000000010"), &bytes[..length]).expect("cut");
        let kept = if length < whole { 10 } else { 12 };
        let mut log = Log::open(crashed.path(), &world.identity(), time(50)).expect("a torn tail is no damage");
        let is_torn = length != 0 && length != whole;
        assert_eq!(log.size(), kept + u64::from(is_torn), "cut at {length}");
        log.append(&entries(20..21)).expect("durable");
        log.seal().expect("signed");
        verify(crashed.path(), &[verifier()], &[], &Hidden).expect("intact");
        if is_torn {
            let entry = View::open(crashed.path()).and_then(|view| view.entry(kept)?.entry()).expect("ours");
            assert_eq!((entry.act.as_str(), entry.time), ("ledger.recovered", time(50)));
            let cut = length - if length < whole { 0 } else { whole };
            assert_eq!(entry.facts[0], ("bytes_cut".to_owned(), Fact::Integer(cut as i64)));
        }
    }
}

#[test]
fn damage_before_the_last_good_group_stops_the_log() {
    let world = World::new();
    let mut log = world.create();
    log.append(&entries(0..2)).expect("durable");
    log.append(&entries(2..4)).expect("durable");
    drop(log);
    let path = world.folder().join("segment/00000000000000000000");
    let mut bytes = fs::read(&path).expect("there");
    bytes[30] ^= 1;
    fs::write(&path, bytes).expect("written");
    let fault = Log::open(&world.folder(), &world.identity(), time(9)).err().expect("damaged");
    assert_eq!(fault.code(), "ledger-segment-damaged");
    assert!(fault.to_string().contains("at byte 0"), "{fault}");
}

#[test]
fn a_crash_at_any_step_of_sealing_is_finished_by_the_next_writer() {
    let world = World::new();
    let mut log = world.create();
    world.grow(&mut log, 250);
    log.append(&entries(250..270)).expect("durable");
    let before = tempfile::tempdir().expect("a folder");
    copy(&world.folder(), before.path());
    log.seal().expect("signed");
    drop(log);
    // Sealing wrote these, in this order; a crash leaves the first few of them beside the old checkpoint.
    let steps =
        ["tile/entries/000", "tile/entries/001.p/14", "tile/0/000", "tile/0/001.p/14", "tile/1/000.p/1", "checkpoint"];
    for done in 0..=steps.len() {
        let crashed = tempfile::tempdir().expect("a folder");
        copy(before.path(), crashed.path());
        for step in &steps[..done] {
            let target = crashed.path().join(step);
            fs::create_dir_all(target.parent().expect("inside")).expect("a folder");
            fs::copy(world.folder().join(step), target).expect("copied");
        }
        fs::write(crashed.path().join("tmp/tile-0-000"), b"half").expect("left behind");
        let verified = verify(crashed.path(), &[verifier()], &[], &Hidden).expect("a crash is no damage");
        assert_eq!(verified.size, 270, "after {done} steps");
        let mut log = world_log(&crashed, &world.key);
        assert_eq!(log.size(), 270);
        log.append(&entries(270..271)).expect("durable");
        log.seal().expect("signed");
        drop(log);
        let verified = verify(crashed.path(), &[verifier()], &[], &Hidden).expect("intact");
        assert_eq!((verified.signed_size, verified.notes.len()), (271, 1), "{:?}", verified.notes);
    }
}

fn world_log(folder: &tempfile::TempDir, key: &SigningKey) -> Log {
    Log::open(folder.path(), &Identity { origin: ORIGIN, key }, time(1_000_000)).expect("intact")
}

#[test]
fn a_log_is_never_started_again_silently() {
    let world = World::new();
    let open = || Log::open(&world.folder(), &world.identity(), time(0));
    assert_eq!(code(open()), "ledger-missing");
    assert_eq!(code(View::open(&world.folder())), "ledger-missing");
    let mut log = world.create();
    world.grow(&mut log, 3);
    drop(log);
    assert_eq!(code(Log::create(&world.folder(), &world.identity())), "ledger-exists");
    fs::remove_file(world.folder().join("checkpoint")).expect("there");
    assert_eq!(code(open()), "ledger-missing");
    assert_eq!(code(Log::create(&world.folder(), &world.identity())), "ledger-exists");
}

#[test]
fn another_key_or_origin_cannot_write() {
    let world = World::new();
    drop(world.create());
    let other = SigningKey::from_seed([1; 32]);
    let open = |origin, key| code(Log::open(&world.folder(), &Identity { origin, key }, time(0)));
    assert_eq!(open(ORIGIN, &other), "ledger-other-key");
    assert_eq!(open("ledger.example/other", &world.key), "ledger-other-key");
    assert_eq!(open(ORIGIN, &key()), "ok");
}

#[test]
fn a_clock_that_went_back_is_logged() {
    let world = World::new();
    let mut log = world.create();
    world.grow(&mut log, 256);
    drop(log);
    let size_at = |now: Instant| Log::open(&world.folder(), &world.identity(), now).expect("intact").size();
    // Entry 255 happened at second 255; a minute's slack covers processes that waited for the lock.
    assert_eq!(size_at(time(255 - 60)), 256);
    assert_eq!(size_at(time(255 - 61)), 257);
    let entry = View::open(&world.folder()).and_then(|view| view.entry(256)?.entry()).expect("ours");
    assert_eq!((entry.act.as_str(), &entry.facts[0].0), ("ledger.clock-went-back", &"last_time".to_owned()));
}

#[test]
fn writers_wait_for_each_other_and_readers_for_nobody() {
    let world = World::new();
    drop(world.create());
    let done = std::sync::atomic::AtomicBool::new(false);
    thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let world = &world;
                scope.spawn(move || {
                    for number in 0..25 {
                        let mut log = world.open();
                        log.append(&entries(writer * 100 + number..writer * 100 + number + 3)).expect("durable");
                        log.seal().expect("signed");
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            let mut view = View::open(&world.folder()).expect("readable");
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                view.refresh().expect("it continues");
                let read =
                    view.entries(0..view.size()).filter(|item| item.as_ref().is_ok_and(|item| item.entry().is_ok()));
                assert_eq!(read.count() as u64, view.size());
                verify(&world.folder(), &[verifier()], &[Pin::of(view.checkpoint())], &Hidden).expect("intact");
            }
        });
        writers.into_iter().for_each(|writer| writer.join().expect("no writer fails"));
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let verified = verify(&world.folder(), &[verifier()], &[], &Hidden).expect("intact");
    assert!(verified.signed_size >= 300, "{}", verified.signed_size);
}

#[test]
fn a_segment_moved_under_the_writer_stops_it() {
    let world = World::new();
    let mut log = world.create();
    log.append(&entries(0..1)).expect("durable");
    let segment = world.folder().join("segment/00000000000000000000");
    fs::rename(&segment, world.folder().join("tmp/away")).expect("moved");
    assert_eq!(code(log.append(&entries(1..2))), "ledger-moved");
    assert_eq!(code(log.append(&entries(1..2))), "ledger-suspect");
}

#[test]
fn a_checkpoint_replaced_under_the_writer_is_not_overwritten() {
    let world = World::new();
    let mut log = world.create();
    let note = world.grow(&mut log, 1).note().to_owned();
    fs::write(world.folder().join("checkpoint"), note.replace('1', "2")).expect("written");
    log.append(&entries(1..2)).expect("durable");
    assert_eq!(code(log.seal()), "ledger-changed");
}

#[test]
fn what_is_too_large_or_malformed_is_refused_and_the_log_goes_on() {
    let world = World::new();
    let mut log = world.create();
    let large = Entry { actor: "x".repeat(Limits::ENTRY_BYTES), ..entry(0) };
    assert_eq!(code(log.append(&[entry(0), large])), "ledger-entry-too-large");
    let twice = Entry { facts: vec![("a".into(), Fact::Integer(1)), ("a".into(), Fact::Integer(2))], ..entry(0) };
    assert_eq!(code(log.append(&[twice])), "bad-ledger-entry");
    let name = Entry { facts: vec![("ä".into(), Fact::Integer(1))], ..entry(0) };
    assert_eq!(code(log.append(&[name])), "bad-ledger-entry");
    let integer = Entry { facts: vec![("a".into(), Fact::Integer(i64::MAX))], ..entry(0) };
    assert_eq!(code(log.append(&[integer])), "integer-not-canonical");
    assert_eq!(log.append(&entries(0..1)).expect("durable"), 0..1);
    assert_eq!(log.append(&[]).expect("nothing to do"), 1..1);
}

#[test]
fn much_unsigned_is_sealed_by_itself() {
    let world = World::new();
    let mut log = world.create();
    let large = Entry { actor: "x".repeat(60_000), ..entry(0) };
    for _ in 0..6 {
        log.append(&vec![large.clone(); 50]).expect("durable");
    }
    assert!(log.checkpoint().size >= 250, "{}", log.checkpoint().size);
    log.seal().expect("signed");
    verify(&world.folder(), &[verifier()], &[], &Hidden).expect("intact");
}

#[test]
fn an_entry_is_canonical_json_with_sorted_members() {
    let entry = Entry {
        digests: vec![],
        facts: vec![("b".into(), Fact::Integer(-2)), ("a".into(), Fact::from("\"ü\"\n"))],
        ..entry(7)
    };
    let expect = "{\"act\":\"ingest.committed\",\"actor\":\"user-1\",\"code\":5,\"command\":\"ingest\",\"digests\":{},\
                  \"facts\":{\"a\":\"\\\"ü\\\"\\n\",\"b\":-2},\"outcome\":\"partial\",\"time\":\"2026-01-01T00:00:07Z\",\"v\":1}";
    assert_eq!(String::from_utf8(entry.to_bytes().expect("ours")).expect("UTF-8"), expect);
    let value: serde_json::Value = serde_json::from_str(expect).expect("JSON");
    assert_eq!(seal::canonical::to_bytes(&value).expect("canonical"), expect.as_bytes());
    let wrong = [
        expect.replace("\"v\":1", "\"v\":2"),
        expect.replace("\"v\":1", "\"v\":1,\"w\":2"),
        expect.replace(",\"v\":1", ""),
        expect.replace("\"b\":-2", "\"b\":-2.0"),
        expect.replace("\"b\":-2", "\"b\":-2,\"b\":-2"),
        expect.replace("\"code\":5", "\"code\": 5"),
        expect.replace("00:00:07Z", "00:00:07.0Z"),
        expect.replace("\"digests\":{}", "\"digests\":{\"x\":\"00\"}"),
        format!("{expect}\n"),
    ];
    for wrong in wrong {
        assert_eq!(code(Entry::parse(wrong.as_bytes())), "bad-ledger-entry", "{wrong}");
    }
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let name = "[a-z_]{1,6}";
    let fact = prop_oneof![".*".prop_map(Fact::Text), (-(1_i64 << 53) + 1..1 << 53).prop_map(Fact::Integer)];
    let digests = prop::collection::btree_map(name, any::<[u8; 32]>().prop_map(model::Digest::new), 0..3);
    let facts = prop::collection::btree_map(name, fact, 0..4);
    (any::<i64>(), ".*", ".*", ".*", ".*", any::<i32>(), digests, facts).prop_map(
        |(nanos, actor, command, act, outcome, code, digests, facts)| Entry {
            time: Instant::from_nanos(nanos),
            actor,
            command,
            act,
            outcome,
            code,
            digests: digests.into_iter().collect(),
            facts: facts.into_iter().collect(),
        },
    )
}

proptest! {
    #[test]
    fn an_entry_reads_back_as_it_was_written(entry in any_entry()) {
        let bytes = entry.to_bytes().expect("within the limits");
        prop_assert_eq!(Entry::parse(&bytes).expect("ours"), entry);
        let value: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        prop_assert_eq!(seal::canonical::to_bytes(&value).expect("canonical"), bytes);
    }

    #[test]
    fn no_parser_panics(bytes in prop::collection::vec(any::<u8>(), 0..400), text in "\\PC*(\n\\PC*){0,8}") {
        let _ = Entry::parse(&bytes);
        let _ = probity_ledger::Checkpoint::parse(&bytes);
        let _ = probity_ledger::Checkpoint::parse(text.as_bytes());
        let _ = probity_ledger::Proof::parse(&text);
        let _ = probity_ledger::replay(&bytes, 0);
        let _ = probity_ledger::tile::entries(&bytes).count();
    }
}
