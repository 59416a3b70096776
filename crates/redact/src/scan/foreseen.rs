//! Texts that are scanned before they are asked for, on several threads.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::{Finding, NO_NAMES, Scanner, Scratch};

/// What was found in a text ahead.
#[derive(Debug)]
pub(crate) struct Foreseen {
    pub(crate) found: Vec<Finding>,
    /// Whether the text is read as it stands, and nothing else is to be done about it: as `read` says.
    pub(crate) is_simple: bool,
}

/// The texts ahead, and the room that the other threads work in.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    texts: VecDeque<(Place, Foreseen)>,
    crew: Vec<Scratch>,
}

/// Where a text lies in memory: as long as nobody writes there, the same place is the same text.
type Place = (usize, usize);

fn place(text: &[u8]) -> Place {
    (text.as_ptr().addr(), text.len())
}

impl Scanner {
    /// Scans `texts`, each as `read` makes it, on as many threads as `jobs` says. [`Scratch::foreseen`] gives what was
    /// found, if the texts are asked for in this order and stay where they are until then.
    pub(crate) fn foresee<'t>(
        &self,
        scratch: &mut Scratch,
        texts: &[&'t [u8]],
        jobs: usize,
        read: &(dyn Fn(&'t [u8]) -> (Cow<'t, [u8]>, bool) + Sync),
    ) {
        scratch.ahead.texts.clear();
        let jobs = jobs.min(texts.len());
        if jobs < 2 {
            return;
        }
        let crew = &mut scratch.ahead.crew;
        crew.resize_with(jobs.max(crew.len()), || self.scratch());
        let next = AtomicUsize::new(0);
        let work = |scratch: &mut Scratch| {
            let numbers = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
            let scanned = numbers.map_while(|number| Some((number, texts.get(number)?)));
            let foreseen = scanned.map(|(number, text): (usize, &&'t [u8])| {
                let (text, is_simple) = read(text);
                (number, Foreseen { found: self.scan(scratch, &text, NO_NAMES).to_vec(), is_simple })
            });
            foreseen.collect::<Vec<_>>()
        };
        let mut found = thread::scope(|scope| {
            let (own, others) = crew.split_first_mut().expect("two at least");
            let others: Vec<_> = others[..jobs - 1].iter_mut().map(|scratch| scope.spawn(|| work(scratch))).collect();
            let mut found = work(own);
            for other in others {
                found.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            found
        });
        found.sort_unstable_by_key(|(number, _)| *number);
        scratch.ahead.texts.extend(found.into_iter().map(|(number, found)| (place(texts[number]), found)));
    }
}

impl Scratch {
    /// What was found in `text` ahead.
    pub(crate) fn foreseen(&mut self, text: &[u8]) -> Option<Foreseen> {
        let (place_of_next, _) = self.ahead.texts.front()?;
        if *place_of_next != place(text) {
            return None;
        }
        self.ahead.texts.pop_front().map(|(_, found)| found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Detector;

    /// Several threads find what one does, each text once.
    #[test]
    fn many_threads_find_what_one_does() {
        let scanner = Scanner::unproven(Detector::built_in().unwrap()).unwrap();
        let texts: Vec<String> =
            (0..50).map(|i| format!("mail{i}@example.org from 203.0.113.{i}\n").repeat(i)).collect();
        let texts: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
        let mut scratch = scanner.scratch();
        scanner.foresee(&mut scratch, &texts, 3, &|text| (text.into(), true));
        for text in &texts {
            let expected = scanner.scan(&mut scanner.scratch(), text, NO_NAMES).to_vec();
            assert_eq!(scratch.foreseen(text).unwrap().found, expected);
        }
        assert!(scratch.foreseen(texts[0]).is_none());
    }
}
