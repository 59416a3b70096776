//! Texts that are scanned on several threads, while one of them goes on with what was found.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use model::Fault;

use super::{Finding, NO_NAMES, Scanner, Scratch};

/// What was found in a text ahead.
#[derive(Debug)]
pub(crate) struct Foreseen {
    /// How long the text is.
    length: usize,
    pub(crate) found: Vec<Finding>,
    /// Whether the text is read as it stands, and nothing else is to be done about it: as `read` says.
    pub(crate) is_simple: bool,
}

/// How a text is read, and whether that is all there is to it.
pub(crate) type Read<'r, 't> = &'r (dyn Fn(&'t [u8]) -> (Cow<'t, [u8]>, bool) + Sync);

impl Scanner {
    /// Scans `texts`, each as `read` makes it, on as many threads as `jobs` says, and calls `each` with what was found, in
    /// their order. The thread that asks scans as well where it has nothing else to do.
    pub(crate) fn foresee<'t>(
        &self,
        crew: &mut Vec<Scratch>,
        texts: &[&'t [u8]],
        jobs: usize,
        read: Read<'_, 't>,
        each: &mut dyn FnMut(usize, Foreseen) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let jobs = jobs.clamp(1, texts.len().max(1));
        crew.resize_with(jobs.max(crew.len()), || self.scratch());
        let next = AtomicUsize::new(0);
        let claim = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|number| *number < texts.len());
        let scan = |scratch: &mut Scratch, number: usize| {
            let (text, is_simple) = read(texts[number]);
            let found = self.scan(scratch, &text, NO_NAMES).to_vec();
            Foreseen { length: texts[number].len(), found, is_simple }
        };
        thread::scope(|scope| {
            let (own, others) = crew.split_first_mut().expect("one at least");
            let (sender, scanned) = mpsc::channel();
            for scratch in &mut others[..jobs - 1] {
                let sender = sender.clone();
                scope.spawn(move || {
                    // Nobody listens any more when the work has failed.
                    while let Some(number) = claim()
                        && sender.send((number, scan(scratch, number))).is_ok()
                    {}
                });
            }
            drop(sender);
            let mut ready: Vec<Option<Foreseen>> = texts.iter().map(|_| None).collect();
            for number in 0..texts.len() {
                let foreseen = loop {
                    scanned.try_iter().for_each(|(number, foreseen)| ready[number] = Some(foreseen));
                    if let Some(foreseen) = ready[number].take() {
                        break foreseen;
                    }
                    match claim() {
                        Some(claimed) => ready[claimed] = Some(scan(own, claimed)),
                        // Only a thread that panicked has not sent what it claimed.
                        None => match scanned.recv() {
                            Ok((number, foreseen)) => ready[number] = Some(foreseen),
                            Err(_) => panic!("a thread that scans has ended"),
                        },
                    }
                };
                each(number, foreseen)?;
            }
            Ok(())
        })
    }
}

impl Scratch {
    /// The room that other threads work in, to be given back by [`Scratch::rest`].
    pub(crate) fn crew(&mut self) -> Vec<Scratch> {
        std::mem::take(&mut self.crew)
    }

    pub(crate) fn rest(&mut self, crew: Vec<Scratch>) {
        self.crew = crew;
    }

    /// The text that is asked for next is known.
    pub(crate) fn expect(&mut self, foreseen: Foreseen) {
        self.foreseen = Some(foreseen);
    }

    /// Whether what was found in the text that is asked for now is all there is to it: it is [`Scratch::settled`] then.
    /// `None`: there is more to it, and [`Scratch::foreseen`] has it still.
    pub(crate) fn foresees(&mut self, text: &[u8]) -> Option<bool> {
        match self.foreseen.take_if(|foreseen| foreseen.is_simple && foreseen.length == text.len()) {
            Some(foreseen) => {
                self.found = foreseen.found;
                Some(true)
            }
            None => self.foreseen.is_none().then_some(false),
        }
    }

    /// What was found last, from left to right and apart.
    pub(crate) fn settled(&self) -> &[Finding] {
        &self.found
    }

    /// What was found in the text that is asked for now.
    pub(crate) fn foreseen(&mut self, text: &[u8]) -> Option<Foreseen> {
        self.foreseen.take().filter(|foreseen| foreseen.length == text.len())
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
        let (mut crew, mut scratch, mut count) = (Vec::new(), scanner.scratch(), 0);
        let read = |text| (Cow::Borrowed(text), true);
        for jobs in [1, 3] {
            let each = &mut |number: usize, foreseen: Foreseen| {
                let expected = scanner.scan(&mut scratch, texts[number], NO_NAMES).to_vec();
                assert_eq!((foreseen.found, number), (expected, count % texts.len()));
                count += 1;
                Ok(())
            };
            scanner.foresee(&mut crew, &texts, jobs, &read, each).unwrap();
        }
        assert_eq!(count, 2 * texts.len());
        let mut left = 3;
        let failing = &mut |_, _| {
            left -= 1;
            if left == 0 { Err(Fault::bad_input("too-large", "no more")) } else { Ok(()) }
        };
        assert_eq!(scanner.foresee(&mut crew, &texts, 3, &read, failing).unwrap_err().code(), "too-large");
    }
}
