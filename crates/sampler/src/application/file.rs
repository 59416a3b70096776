//! A file that an application appends to.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;

use super::Applications;
use crate::os;

/// What is read at one sample; the rest is there at the next.
const READ_MAX: u64 = 1 << 20;
/// A line that is longer is none.
const LINE_MAX: usize = 8 << 10;

/// How far a file was read. What was there before the sampler is not read: it was counted, or nobody can say.
#[derive(Debug)]
pub(crate) struct Tail {
    path: PathBuf,
    /// The file's number, and the place in it; `None` until it was there.
    at: Option<(u64, u64)>,
    is_first: bool,
}

impl Tail {
    pub(crate) fn new(path: PathBuf) -> Self {
        Tail { path, at: None, is_first: true }
    }

    /// Takes the whole lines that were appended. A new file under the name, or one that became shorter, is read from its
    /// beginning; a file that is not there, or not to be read, has nothing to say.
    pub(crate) fn read(&mut self, applications: &mut Applications) {
        let is_first = std::mem::take(&mut self.is_first);
        // A pipe would be waited for until somebody writes to it.
        if !std::fs::metadata(&self.path).is_ok_and(|about| about.is_file()) {
            return;
        }
        let Ok(mut file) = File::open(&self.path) else { return };
        let Ok(about) = file.metadata() else { return };
        let (number, length) = (os::number(&about), about.len());
        let from = match self.at {
            Some((known, at)) if known == number && at <= length => at,
            None if is_first => length,
            _ => 0,
        };
        self.at = Some((number, from));
        let mut bytes = Vec::new();
        let read = file.seek(SeekFrom::Start(from)).and_then(|_| file.take(READ_MAX).read_to_end(&mut bytes));
        if read.is_err() {
            return;
        }
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        // A line without an end is waited for, unless it is longer than any line.
        let used = if whole == 0 && bytes.len() > LINE_MAX { bytes.len() } else { whole };
        applications.take(&bytes[..used]);
        self.at = Some((number, from + used as u64));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;

    /// Appended to, cut short, replaced, gone and there again.
    #[test]
    fn a_file_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.statsd");
        fs::write(&path, "a:1|c\n").unwrap();
        let (mut tail, mut applications) = (Tail::new(path.clone()), Applications::default());
        let mut check = |expect: &str| {
            tail.read(&mut applications);
            assert_eq!(String::from_utf8(applications.members()).unwrap(), expect);
        };
        let append =
            |text: &str| fs::File::options().append(true).open(&path).unwrap().write_all(text.as_bytes()).unwrap();
        check("");
        append("a:2|c\na:4");
        check(",\"counters\":[[\"a\",2]]");
        append("|c\n");
        check(",\"counters\":[[\"a\",6]]");
        check(",\"counters\":[[\"a\",6]]");
        fs::write(&path, "a:8|c\n").unwrap();
        check(",\"counters\":[[\"a\",14]]");
        fs::write(folder.path().join("new"), "a:16|c\na:1|c\na:1|c\n").unwrap();
        fs::rename(folder.path().join("new"), &path).unwrap();
        check(",\"counters\":[[\"a\",32]]");
        fs::remove_file(&path).unwrap();
        check(",\"counters\":[[\"a\",32]]");
        append_new(&path);
        check(",\"counters\":[[\"a\",64]]");
    }

    fn append_new(path: &std::path::Path) {
        fs::write(path, "a:32|c\n").unwrap();
    }
}
