//! Servers that hang, trickle, flood, lie and go round in circles: each question has an end, with a fault that names the
//! server, and nothing that a terminal would obey.
#![cfg(feature = "all")]

#[path = "../common/mod.rs"]
mod common;
mod kit;
mod messages;
mod plugins;
mod redis;
mod safe;
mod web;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use kit::{Asked, serve};

/// Schemes of what is spoken over the network, each with what it answers a client first.
const KINDS: [&str; 6] = ["postgres", "mysql", "redis", "nats", "http", "s3"];

fn check(kind: &str, behave: fn(TcpStream), codes: &[&str]) {
    let port = serve(behave);
    let fault = Asked::of(kind, port).describe().expect_err(kind);
    assert!(codes.contains(&fault.code()), "{kind}: {} {fault}", fault.code());
    kit::is_presentable(kind, &fault);
}

const LOST: &[&str] = &["store-unreachable", "store-timeout", "store-refused", "store-endless", "store-busy"];

#[test]
fn servers_that_say_nothing_are_given_up() {
    for kind in KINDS {
        check(
            kind,
            |mut stream| {
                let mut buffer = [0; 4_096];
                while stream.read(&mut buffer).is_ok_and(|read| read > 0) {}
            },
            &["store-unreachable", "store-timeout"],
        );
    }
}

#[test]
fn servers_that_hang_up_are_named() {
    for kind in KINDS {
        check(kind, drop, &["store-unreachable"]);
    }
}

/// The same few bytes for ever: no protocol begins like this.
#[test]
fn servers_that_speak_something_else_are_named() {
    let babble: [fn(TcpStream); 3] = [
        |stream| kit::repeat(stream, &[0xff; 4_096]),
        |stream| kit::repeat(stream, b"SSH-2.0-OpenSSH_9.2\r\n"),
        |stream| kit::repeat(stream, b"\x1b[2J\x1b]0;owned\x07\n"),
    ];
    for kind in KINDS {
        for behave in babble {
            check(kind, behave, LOST);
        }
    }
}

/// Bytes that no generator of ours would make, the same in each run.
#[test]
fn servers_that_speak_nonsense_are_named() {
    for kind in KINDS {
        check(
            kind,
            |mut stream| {
                let mut state = 0x9e37_79b9_7f4a_7c15_u64;
                let mut noise = || {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    state.to_le_bytes()
                };
                while stream.write_all(&noise()).is_ok() {}
            },
            LOST,
        );
    }
}

/// A byte now and then is no sign of life: what is to come has to be whole in time.
#[test]
fn servers_that_trickle_are_given_up() {
    for kind in ["postgres", "mysql", "redis", "nats"] {
        check(
            kind,
            |mut stream| {
                for byte in b"INFO {\"version\":\"2.0\"".iter().cycle() {
                    if stream.write_all(&[*byte]).is_err() {
                        return;
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
            },
            LOST,
        );
    }
}

/// Messages of 16 MiB and more without end, which drivers join: memory has an end before the time has.
#[test]
fn servers_that_flood_are_given_up() {
    let flood = |kind: &str, first: &'static [u8], frame: fn(u8) -> Vec<u8>| {
        let port = serve(move |mut stream| {
            let body = vec![0xfb; 0x00ff_ffff];
            let mut is_taken = stream.write_all(first).is_ok();
            for number in (0_u8..=255).cycle() {
                is_taken = is_taken && stream.write_all(&frame(number)).is_ok() && stream.write_all(&body).is_ok();
                if !is_taken {
                    return;
                }
            }
        });
        let mut asked = Asked::of(kind, port);
        asked.access.connect_timeout = Duration::from_secs(600);
        let fault = asked.describe().expect_err(kind);
        assert_eq!(fault.code(), "store-endless", "{kind}: {fault}");
        kit::is_presentable(kind, &fault);
    };
    flood("mysql", b"", |number| vec![0xff, 0xff, 0xff, number]);
    // A notice of 2 GiB: its length, and then what comes.
    flood("postgres", b"N\x7f\xff\xff\xff", |_| Vec::new());
}
