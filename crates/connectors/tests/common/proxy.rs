//! A TCP proxy that cuts, stalls and refuses.
#![allow(dead_code, missing_docs, unreachable_pub)]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

/// The port in an address such as `mysql://root@127.0.0.1:3306/shop`.
pub fn port(url: &str) -> u16 {
    let digits: String = url.rsplit(':').next().unwrap().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("a port")
}

/// Passes bytes on to a server, for as long as it is let.
pub struct Proxy {
    pub port: u16,
    rule: Arc<Rule>,
}

#[derive(Default)]
struct Rule {
    /// What happens to a connection: see the constants.
    mode: AtomicUsize,
    /// So many bytes of answers pass before the connection is cut, once; below zero: no limit.
    left: AtomicI64,
    /// Connections so far.
    count: AtomicUsize,
}

pub const PASS: usize = 0;
pub const REFUSE: usize = 1;
pub const STALL: usize = 2;

impl Proxy {
    pub fn to(url: &str) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let rule = Arc::new(Rule { left: AtomicI64::new(-1), ..Rule::default() });
        let proxy = Proxy { port: listener.local_addr().expect("bound").port(), rule: rule.clone() };
        let target = port(url);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                rule.count.fetch_add(1, Ordering::SeqCst);
                if rule.mode.load(Ordering::SeqCst) == REFUSE {
                    continue;
                }
                let server = TcpStream::connect(("127.0.0.1", target)).expect("the server is there");
                let (client2, server2) = (client.try_clone().expect("cloned"), server.try_clone().expect("cloned"));
                let rules = (rule.clone(), rule.clone());
                std::thread::spawn(move || pass(client2, server2, &rules.0, false));
                std::thread::spawn(move || pass(server, client, &rules.1, true));
            }
        });
        proxy
    }

    pub fn mode(&self, mode: usize) {
        self.rule.mode.store(mode, Ordering::SeqCst);
    }

    /// Cuts the connection after so many more bytes of answers, once.
    pub fn cut_after(&self, bytes: i64) {
        self.rule.left.store(bytes, Ordering::SeqCst);
    }

    pub fn connections(&self) -> usize {
        self.rule.count.load(Ordering::SeqCst)
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, rule: &Rule, is_answer: bool) {
    let mut buffer = [0; 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        while rule.mode.load(Ordering::SeqCst) == STALL {
            std::thread::sleep(Duration::from_millis(20));
        }
        let left = rule.left.load(Ordering::SeqCst);
        if is_answer && left >= 0 {
            rule.left.store(left - length as i64, Ordering::SeqCst);
            if left < length as i64 {
                // Once only: the next connection passes.
                rule.left.store(-1, Ordering::SeqCst);
                break;
            }
        }
        if rule.mode.load(Ordering::SeqCst) == REFUSE || to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
