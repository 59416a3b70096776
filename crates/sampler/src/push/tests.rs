//! Receivers made of threads, that fail as well.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use super::*;
use crate::clock::{MINUTE_NS, Now};
use crate::spool::{About, Limits, Spool};

const SAYS: &[u8] = b",\"m\":[[\"system.cpu.utilization\",0.25],[\"system.network.io\",704,{\"network.interface.name\":\"eth0\"}],[\"hw.temperature\",null]]";

pub(super) fn samples(folder: &Path, count: i64) {
    let key = crate::device::key(folder).unwrap();
    let about = About { host: "device-7".to_owned(), boot: "b".to_owned(), interval_ms: 60_000 };
    let mut spool = Spool::open(folder.to_path_buf(), key, about, Limits::default()).unwrap();
    for minute in 1..=count {
        let since = minute * MINUTE_NS;
        let now = Now { wall_ns: 1_790_000_000_000_000_000 + since, boot_ns: since, mono_ns: since };
        spool.append(&now, SAYS.to_vec());
    }
}

type Taken = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// A server that answers with these statuses, one a request; what it took with 200 is kept.
fn server(statuses: Vec<u16>) -> (String, Taken) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let taken = Taken::default();
    let kept = Arc::clone(&taken);
    thread::spawn(move || {
        for status in statuses {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.strip_prefix("Content-Length: ") {
                    length = value.trim().parse().unwrap();
                }
                head.push_str(&line);
                if line == "\r\n" {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            if status == 200 {
                kept.lock().unwrap().push((head, body));
            }
            write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n").unwrap();
        }
    });
    (address, taken)
}

#[test]
fn receivers_are_read() {
    let check = |text: &str, expect: bool| assert_eq!(Target::parse(text).is_ok(), expect, "{text}");
    check("http://gateway:8080/segments", true);
    check("otlp://127.0.0.1:4318/v1/metrics", true);
    check("otlp-json://collector/v1/metrics", true);
    check("/mnt/share", true);
    check("http://user:secret@gateway/", false);
    check("http://", false);
    check("ftp://gateway/segments", false);
    check("", false);
    for (text, feature) in
        [("https://gateway/in", "sampler-tls"), ("s3://bucket", "sampler-s3"), ("nats://bus/x", "sampler-nats")]
    {
        let fault = Target::parse(text).unwrap_err();
        assert!(fault.code() == "push-target-not-built" && fault.advice().unwrap().contains(feature), "{fault}");
    }
}

/// Segments go once, the open one stays, and a receiver that fails gets the rest later.
#[test]
fn segments_are_put_once() {
    let folder = tempfile::tempdir().unwrap();
    samples(folder.path(), 150);
    let all = spool::list(folder.path()).unwrap();
    assert_eq!(all.len(), 3);
    let (address, taken) = server(vec![200, 503, 409, 412, 200]);
    let target = Target::parse(&format!("http://{address}/in")).unwrap();
    let open = Some(all[2].first);
    let fault = push(folder.path(), &target, open, u64::MAX).unwrap_err();
    assert_eq!((fault.code(), fault.message().contains("503")), ("push-failed", true));
    // WebDAV's word for a folder that is not there: nothing was taken.
    push(folder.path(), &target, open, u64::MAX).unwrap_err();
    // The second one was there all the same: its answer was lost.
    assert_eq!(push(folder.path(), &target, open, u64::MAX).unwrap(), all[2].first);
    assert_eq!(push(folder.path(), &target, open, u64::MAX).unwrap(), all[2].first);
    for _ in 0..2 {
        push(folder.path(), &target, None, u64::MAX).unwrap();
    }
    let taken = taken.lock().unwrap();
    let first = fs::read(folder.path().join(&all[0].name)).unwrap();
    assert_eq!((taken.len(), &taken[0].1), (2, &first));
    assert!(taken[0].0.starts_with("PUT /in/") && taken[0].0.contains("If-None-Match: *"), "{}", taken[0].0);
    assert_eq!(Place::all(folder.path()).len(), 1);
}

#[test]
fn a_folder_has_what_was_written() {
    let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    samples(folder.path(), 70);
    let target = Target::parse(to.path().to_str().unwrap()).unwrap();
    for _ in 0..2 {
        push(folder.path(), &target, None, u64::MAX).unwrap();
        fs::remove_file(
            folder.path().join(
                fs::read_dir(folder.path())
                    .unwrap()
                    .flatten()
                    .map(|file| file.file_name())
                    .find(|name| name.to_string_lossy().ends_with(".receiver"))
                    .unwrap(),
            ),
        )
        .unwrap();
    }
    let read = |path: &Path| crate::verify::Segment::read(&fs::read(path).unwrap()).unwrap();
    let segments: Vec<_> = fs::read_dir(to.path()).unwrap().map(|file| read(&file.unwrap().path())).collect();
    let device = crate::verify::join(segments).remove(0);
    assert_eq!((device.samples, device.segments, device.holes.len()), (70, 2, 0));
    let gone = Target::parse("/nowhere/at/all").unwrap();
    assert_eq!(push(folder.path(), &gone, None, u64::MAX).unwrap_err().code(), "not-found");
}

/// OTLP goes line by line, as far as lines are on the disk, and goes on where it was.
#[test]
fn samples_go_as_otlp() {
    let folder = tempfile::tempdir().unwrap();
    samples(folder.path(), 30);
    let (address, taken) = server(vec![200, 500, 200]);
    let target = Target::parse(&format!("otlp-json://{address}/v1/metrics")).unwrap();
    assert_eq!(push(folder.path(), &target, Some(0), 11).unwrap(), 11);
    push(folder.path(), &target, Some(0), 31).unwrap_err();
    assert_eq!(push(folder.path(), &target, Some(0), 31).unwrap(), 31);
    let taken = taken.lock().unwrap();
    let points = |at: usize| {
        let said: serde_json::Value = serde_json::from_slice(&taken[at].1).unwrap();
        let metrics = &said["resourceMetrics"][0]["scopeMetrics"][0]["metrics"];
        let sum = &metrics[1]["sum"];
        assert_eq!((&sum["isMonotonic"], &sum["dataPoints"][0]["asInt"]), (&true.into(), &"704".into()));
        assert_eq!(metrics.as_array().unwrap().len(), 2);
        metrics[0]["gauge"]["dataPoints"].as_array().unwrap().len()
    };
    assert_eq!((points(0), points(1)), (10, 20));
}

/// The bytes of one small request, worked out by hand from the numbers of the fields.
#[test]
fn protobuf_is_what_its_definition_says() {
    let line = b"{\"wall_ns\":1,\"m\":[[\"system.cpu.utilization\",0.5]]}";
    let request = otlp::Request::of("d", [line.as_slice()].into_iter());
    let metric = [
        &b"\x0a\x16system.cpu.utilization\x1a\x011\x2a\x14\x0a\x12"[..],
        b"\x19\x01\0\0\0\0\0\0\0\x21\0\0\0\0\0\0\xe0\x3f",
    ]
    .concat();
    let bytes = protobuf::request(&request);
    assert!(bytes.windows(metric.len()).any(|window| window == metric), "{bytes:02x?}");
}
