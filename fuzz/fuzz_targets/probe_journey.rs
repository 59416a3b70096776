//! A journey, and what servers answer it: behind each zero byte an answer, whose first line is its status, then headers, an
//! empty line and the body.

#![no_main]

use std::time::Duration;

use model::Instant;
use probe::{Answer, Browser, Journey, Request, Trouble, run};

const SECRET: &str = "qZ7-what-nobody-says";
const REQUESTS_MAX: usize = 200;

struct Served<'d> {
    answers: Vec<&'d [u8]>,
    asked: usize,
}

impl Browser for Served<'_> {
    fn fetch(&mut self, request: &Request, _: Duration) -> Result<Answer, Trouble> {
        assert!(request.url.starts_with("http://") || request.url.starts_with("https://"), "{}", request.url);
        let (asked, trouble) = (self.asked, Trouble { code: "unreachable", message: String::new() });
        self.asked += 1;
        if self.answers.is_empty() || asked > REQUESTS_MAX {
            return Err(trouble);
        }
        let text = String::from_utf8_lossy(self.answers[asked % self.answers.len()]);
        let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.trim().parse().ok()).ok_or(trouble)?;
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Answer { status, headers, body: body.as_bytes().to_vec(), ..Answer::default() })
    }

    fn wait(&mut self, _: Duration) -> bool {
        true
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut parts = data.split(|byte| *byte == 0);
    let Ok(text) = std::str::from_utf8(parts.next().unwrap_or_default()) else { return };
    let Ok(journey) = Journey::read(text) else { return };
    let secrets: Vec<String> = journey.secrets.iter().map(|_| SECRET.to_owned()).collect();
    let now = Instant::from_nanos(1_780_272_000_000_000_000);
    let mut browser = Served { answers: parts.collect(), asked: 0 };
    let report = run(&journey, &secrets, now, &mut browser);
    assert_eq!(report.steps.len(), journey.steps.len());
    let told = format!("{report:?}{}", report.to_openmetrics());
    assert!(!told.contains(SECRET), "{told}");
});
