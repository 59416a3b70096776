//! A zip with a file above 4 GiB, on a disk that keeps no zeros; Python's zipfile and Info-ZIP read it back.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::process::Command;

use probity_evidence::package::ZipStream;

const BLOCK: usize = 1 << 20;
static ZEROS: [u8; BLOCK] = [0; BLOCK];
/// More than a header of 32 bits can say.
const BLOCKS: u64 = 4097;

/// A file in which zeros take no room.
struct Sparse(File);

impl Write for Sparse {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match bytes == &ZEROS[..bytes.len()] {
            true => self.0.seek(SeekFrom::Current(bytes.len() as i64)).map(|_| bytes.len()),
            false => self.0.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn a_file_above_4_gib_is_read_by_other_programs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.zip");
    let mut out = Sparse(File::create(&path).unwrap());
    let mut zip = ZipStream::new(&mut out);
    for (name, first, blocks) in [("first.txt", "a", 0), ("data/large.json", "[", BLOCKS), ("last.txt", "z", 0)] {
        zip.begin(name).unwrap();
        zip.put(first.as_bytes()).unwrap();
        (0..blocks).for_each(|_| zip.put(&ZEROS).unwrap());
        zip.end().unwrap();
    }
    let len = zip.finish().unwrap();
    assert_eq!(len, path.metadata().unwrap().len());
    let python = "
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as pack:
    first, large, last = pack.infolist()
    assert large.file_size == int(sys.argv[2]), large
    assert (first.extract_version, large.extract_version, last.file_size) == (20, 45, 1)
    assert last.header_offset > large.file_size and pack.read('last.txt') == b'z'
    assert pack.testzip() is None
";
    let size = (BLOCKS * BLOCK as u64 + 1).to_string();
    let judged = Command::new("python3").args(["-c", python]).arg(&path).arg(size).status().unwrap();
    assert!(judged.success(), "zipfile");
    let judged = Command::new("unzip").args(["-t", "-q"]).arg(&path).output().unwrap();
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stdout));
}
