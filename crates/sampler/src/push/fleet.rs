//! A fleet that lost its receiver gets it back: every device comes at once, and it takes a few connections at a time.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::tests::samples;
use super::*;
use crate::verify::{Segment, join};

/// So many are served at a time; whoever comes then is told to come again.
const SERVED: usize = 16;
/// So many devices speak at a time: as many threads. More wait in front of the listener.
const SPEAKING: usize = 64;
/// What each device has to hand over.
const SAMPLES: i64 = 3;

/// What one receiver has, and what it has been through.
#[derive(Default)]
struct Receiver {
    kept: Mutex<HashMap<String, Vec<u8>>>,
    now: AtomicUsize,
    most: AtomicUsize,
    requests: AtomicUsize,
    refused: AtomicUsize,
    known: AtomicUsize,
    cut: AtomicUsize,
    mute: AtomicUsize,
}

impl Receiver {
    fn start(self: Arc<Self>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let receiver = Arc::clone(&self);
                let now = receiver.now.fetch_add(1, Ordering::SeqCst) + 1;
                if now <= SERVED {
                    receiver.most.fetch_max(now, Ordering::SeqCst);
                    thread::spawn(move || {
                        let _ = receiver.one(stream);
                        receiver.now.fetch_sub(1, Ordering::SeqCst);
                    });
                } else {
                    receiver.now.fetch_sub(1, Ordering::SeqCst);
                    receiver.refused.fetch_add(1, Ordering::SeqCst);
                    let mut stream = stream;
                    let _ = stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
                }
            }
        });
        address
    }

    /// Every eleventh is cut before it is heard, every seventh has its answer lost.
    fn one(&self, stream: TcpStream) -> std::io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let number = self.requests.fetch_add(1, Ordering::SeqCst);
        if number % 11 == 10 {
            self.cut.fetch_add(1, Ordering::SeqCst);
            return Ok(());
        }
        let mut reader = BufReader::new(stream);
        let (mut line, mut name, mut length) = (String::new(), String::new(), 0);
        while reader.read_line(&mut line)? > 2 {
            if let Some(path) = line.strip_prefix("PUT /in/") {
                name = path.split(' ').next().unwrap_or_default().to_owned();
            }
            if let Some(value) = line.strip_prefix("Content-Length: ") {
                length = value.trim().parse().unwrap();
            }
            line.clear();
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let is_known = {
            let mut kept = self.kept.lock().unwrap();
            let is_known = kept.contains_key(&name);
            kept.entry(name).or_insert(body);
            is_known
        };
        self.known.fetch_add(usize::from(is_known), Ordering::SeqCst);
        if number % 7 == 6 {
            self.mute.fetch_add(1, Ordering::SeqCst);
            return Ok(());
        }
        let status = if is_known { "412 Precondition Failed" } else { "201 Created" };
        write!(reader.get_mut(), "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n")
    }
}

/// A device, when it comes next, and how often it failed.
type Turn = (Reverse<Duration>, usize);

/// Lets every device hand over, in the order of their waits; a wait is passed over, not waited for. Gives the wait of the last.
fn come(devices: &[PathBuf], target: &Target) -> (Duration, usize) {
    let turns: BinaryHeap<Turn> = (0..devices.len()).map(|device| (Reverse(Duration::ZERO), device)).collect();
    let (turns, left) = (Mutex::new(turns), AtomicUsize::new(devices.len()));
    let backoffs: Vec<Mutex<(Backoff, usize)>> = devices.iter().map(|_| Mutex::default()).collect();
    let last = Mutex::new(Duration::ZERO);
    let work = |worker: u64| {
        let mut random = worker + 1;
        while left.load(Ordering::SeqCst) > 0 {
            let Some((Reverse(due), device)) = turns.lock().unwrap().pop() else {
                thread::sleep(Duration::from_millis(1));
                continue;
            };
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            match push(&devices[device], target, None, u64::MAX) {
                Ok(_) => {
                    left.fetch_sub(1, Ordering::SeqCst);
                    let mut last = last.lock().unwrap();
                    *last = due.max(*last);
                }
                Err(_) => {
                    let mut standing = backoffs[device].lock().unwrap();
                    standing.1 += 1;
                    let again = due + standing.0.next(random >> 33);
                    turns.lock().unwrap().push((Reverse(again), device));
                }
            }
        }
    };
    thread::scope(|scope| {
        for worker in 0..SPEAKING as u64 {
            scope.spawn(move || work(worker));
        }
    });
    let most = backoffs.iter().map(|standing| standing.lock().unwrap().1).max().unwrap();
    (last.into_inner().unwrap(), most)
}

/// Five hundred devices, or as many as `PROBITY_TEST_FLEET` says: nothing is lost, and nothing is there twice.
#[test]
fn a_fleet_comes_back_at_once() {
    let count = std::env::var("PROBITY_TEST_FLEET").map_or(500, |count| count.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let devices: Vec<PathBuf> = (0..count).map(|device| folder.path().join(device.to_string())).collect();
    for device in &devices {
        fs::create_dir(device).unwrap();
        samples(device, SAMPLES);
    }
    let receiver = Arc::new(Receiver::default());
    let address = Arc::clone(&receiver).start();
    let target = Target::parse(&format!("http://{address}/in")).unwrap();
    let begun = Instant::now();
    let (last, most) = come(&devices, &target);
    let took = begun.elapsed();
    let kept = receiver.kept.lock().unwrap();
    let segments = kept.values().map(|bytes| Segment::read(bytes).unwrap()).collect();
    let found = join(segments);
    assert_eq!((kept.len(), found.len()), (count, count));
    assert!(found.iter().all(|device| (device.samples, device.segments) == (SAMPLES as u64, 1)));
    assert!(found.iter().all(|device| device.holes.iter().all(|hole| hole.why.is_explained())));
    let number = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
    assert!(number(&receiver.most) <= SERVED && number(&receiver.cut) > 0 && number(&receiver.mute) > 0);
    println!(
        "{count} devices in {:.1} s: {} requests at {} at a time, {} turned away, {} cut, {} answers lost, {} known already; \
         {most} failures of one device at most, the last came back after {} s of waits",
        took.as_secs_f64(),
        number(&receiver.requests),
        number(&receiver.most),
        number(&receiver.refused),
        number(&receiver.cut),
        number(&receiver.mute),
        number(&receiver.known),
        last.as_secs()
    );
}
