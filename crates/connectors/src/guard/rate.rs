//! How many questions a store is asked at most.

use std::time::Duration;

use model::Fault;

/// So many questions in so long a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// At least one.
    pub questions: u32,
    /// A second, a minute or an hour.
    pub within: Duration,
}

impl Rate {
    /// Reads `100/s`, `50/m`, `1000/h`.
    ///
    /// # Errors
    /// `bad-rate`.
    pub fn parse(text: &str) -> Result<Rate, Fault> {
        let parts = text.split_once('/').and_then(|(number, unit)| {
            let seconds = match unit.trim() {
                "s" => 1,
                "m" => 60,
                "h" => 3600,
                _ => return None,
            };
            let questions = number.trim().parse().ok().filter(|questions| *questions > 0)?;
            Some(Rate { questions, within: Duration::from_secs(seconds) })
        });
        parts.ok_or_else(|| {
            Fault::bad_config("bad-rate", format!("{text:?} is no rate"))
                .advise("Write it like \"100/s\", \"50/m\" or \"1000/h\".")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_a_number_and_a_unit() {
        let check = |text: &str, expect: Option<(u32, u64)>| {
            let rate = Rate::parse(text).ok().map(|rate| (rate.questions, rate.within.as_secs()));
            assert_eq!(rate, expect, "{text}");
        };
        check("100/s", Some((100, 1)));
        check("50 / m", Some((50, 60)));
        check("1000/h", Some((1000, 3600)));
        check("0/s", None);
        check("100", None);
        check("1/d", None);
    }
}
