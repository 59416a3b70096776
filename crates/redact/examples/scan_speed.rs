//! Scans files with every built-in detector: how fast, and what was found, by detector.
//!
//! `cargo run --release -p probity-redact --example scan_speed -- [--from FOLDER] [--show | --spans] FILE…`; `--from` takes the
//! detectors of a folder instead; `--spans` prints detector, first byte and end; `--show` prints each finding with the bytes around it, which are personal data: for a
//! corpus that has none.

use std::collections::BTreeMap;
use std::time::Instant;

use probity_redact::{Detector, Scanner};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut files: Vec<String> = std::env::args().skip(1).collect();
    let mut detectors = Detector::built_in()?;
    if files.first().is_some_and(|first| first == "--from") {
        detectors = from_folder(&files[1])?;
        files.drain(..2);
    }
    let show = files.first().is_some_and(|first| first == "--show");
    files.drain(..usize::from(show));
    let spans = files.first().is_some_and(|first| first == "--spans");
    files.drain(..usize::from(spans));
    let scanner = Scanner::unproven(detectors)?;
    let mut scratch = scanner.scratch();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut bytes, mut seconds) = (0, 0.0);
    let names: &[&str] = &[];
    for file in &files {
        let text = std::fs::read(file)?;
        // A block at a time, cut at line ends, as the stream does it.
        let mut rest = text.as_slice();
        while !rest.is_empty() {
            let (block, more) = rest.split_at(block_end(rest));
            let start = Instant::now();
            let found = scanner.scan(&mut scratch, block, names);
            seconds += start.elapsed().as_secs_f64();
            for finding in found {
                let id = &*scanner.detector(finding).id;
                *counts.entry(id).or_default() += 1;
                if spans {
                    let base = text.len() - rest.len();
                    println!("{id}\t{}\t{}", base + finding.range.start, base + finding.range.end);
                }
                if show {
                    let (from, to) = (finding.range.start.saturating_sub(40), block.len().min(finding.range.end + 20));
                    let text = |range: std::ops::Range<usize>| block[range].escape_ascii().to_string();
                    let (before, value, after) =
                        (text(from..finding.range.start), text(finding.range.clone()), text(finding.range.end..to));
                    println!("{id}\t{file}\t{before}⟦{value}⟧{after}");
                }
            }
            rest = more;
        }
        bytes += text.len();
    }
    for (id, count) in counts {
        eprintln!("{count:8}  {id}");
    }
    let mb = bytes as f64 / 1e6;
    eprintln!("{mb:.1} MB in {seconds:.3} s: {:.0} MB/s", mb / seconds);
    Ok(())
}

fn block_end(text: &[u8]) -> usize {
    const BLOCK: usize = 256 << 10;
    let end = text.len().min(BLOCK);
    text[..end].iter().rposition(|byte| *byte == b'\n').filter(|_| end < text.len()).map_or(end, |at| at + 1)
}

fn from_folder(folder: &str) -> Result<Vec<Detector>, Box<dyn std::error::Error>> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)?.map(|file| Ok(file?.path())).collect::<std::io::Result<_>>()?;
    paths.sort();
    let mut detectors = Vec::new();
    for path in paths {
        let detector = Detector::parse(&std::fs::read_to_string(&path)?)?;
        // Alone first, so that all mistakes are told at once.
        if let Err(fault) = Scanner::new(vec![detector.clone()]) {
            eprintln!("{fault}");
        }
        detectors.push(detector);
    }
    Ok(detectors)
}
