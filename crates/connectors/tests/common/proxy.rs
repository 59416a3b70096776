//! A TCP proxy that cuts, stalls and refuses.
#![allow(dead_code, missing_docs, unreachable_pub)]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
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
    /// The cut is the end of the server.
    ends: AtomicBool,
    /// Connections so far.
    count: AtomicUsize,
    /// Where the connection is cut by what the client says.
    cut: Mutex<Option<Cut>>,
    /// The next answer goes to nobody.
    muted: AtomicBool,
}

/// Cuts a connection once: at the piece number `pieces` of what the client says, from the one in which `word` stands.
#[derive(Clone, Debug)]
pub struct Cut {
    pub word: &'static str,
    pub pieces: usize,
    /// Whether the server still hears that piece, and answers it to nobody.
    pub heard: bool,
    /// What happens to connections from then on.
    pub then: usize,
}

/// What becomes of a piece of what the client says.
enum Fate {
    Pass,
    Drop,
    /// It passes, and the answer does not.
    Unanswered,
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

    /// Cuts the connection by what the client says, once.
    pub fn cut(&self, cut: Cut) {
        *self.rule.cut.lock().expect("whole") = Some(cut);
    }

    /// Whether the cut is still to come.
    pub fn is_armed(&self) -> bool {
        self.rule.cut.lock().expect("whole").is_some()
    }

    /// Cuts the connection after so many more bytes of answers, and refuses all later ones.
    pub fn end_after(&self, bytes: i64) {
        self.rule.ends.store(true, Ordering::SeqCst);
        self.cut_after(bytes);
    }

    pub fn connections(&self) -> usize {
        self.rule.count.load(Ordering::SeqCst)
    }
}

impl Rule {
    fn fate(&self, piece: &[u8], counting: &mut bool) -> Fate {
        let mut armed = self.cut.lock().expect("whole");
        let Some(cut) = armed.as_mut() else { return Fate::Pass };
        *counting |= piece.windows(cut.word.len()).any(|window| window == cut.word.as_bytes());
        if *counting && cut.pieces > 0 {
            cut.pieces -= 1;
        }
        if !*counting || cut.pieces > 0 {
            return Fate::Pass;
        }
        let heard = cut.heard;
        self.mode.store(cut.then, Ordering::SeqCst);
        *armed = None;
        if heard { Fate::Unanswered } else { Fate::Drop }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, rule: &Rule, is_answer: bool) {
    // A statement is one piece.
    let mut buffer = vec![0; if is_answer { 1 << 10 } else { 1 << 16 }];
    let mut counting = false;
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        while rule.mode.load(Ordering::SeqCst) == STALL {
            std::thread::sleep(Duration::from_millis(20));
        }
        if !is_answer {
            match rule.fate(&buffer[..length], &mut counting) {
                Fate::Pass => {}
                Fate::Drop => break,
                Fate::Unanswered => {
                    rule.muted.store(true, Ordering::SeqCst);
                    if to.write_all(&buffer[..length]).is_err() {
                        break;
                    }
                    continue;
                }
            }
        }
        if is_answer && rule.muted.swap(false, Ordering::SeqCst) {
            break;
        }
        let left = rule.left.load(Ordering::SeqCst);
        if is_answer && left >= 0 {
            rule.left.store(left - length as i64, Ordering::SeqCst);
            if left < length as i64 {
                // Once only: the next connection passes.
                rule.left.store(-1, Ordering::SeqCst);
                if rule.ends.load(Ordering::SeqCst) {
                    rule.mode.store(REFUSE, Ordering::SeqCst);
                }
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
