//! Control numbers (Bates numbers): one for every page that is produced, without a gap.

use model::Fault;

const LENGTH_MAX: usize = 32;

/// `PROB000001`: what stays, and a number that counts, with so many digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Control {
    prefix: String,
    next: u64,
    width: usize,
}

impl Control {
    /// Reads the first control number.
    ///
    /// # Errors
    /// `bad-control-number`.
    pub(crate) fn parse(first: &str) -> Result<Self, Fault> {
        let prefix = first.trim_end_matches(|char: char| char.is_ascii_digit());
        let digits = &first[prefix.len()..];
        // Load files separate by commas and name files by control numbers.
        let is_plain = |char: char| char.is_ascii_alphanumeric() || "-_.".contains(char);
        let number = digits.parse().ok().filter(|_| first.len() <= LENGTH_MAX && prefix.chars().all(is_plain));
        let number = number.filter(|_| !prefix.starts_with(['-', '.']));
        number.map(|next| Control { prefix: prefix.to_owned(), next, width: digits.len() }).ok_or_else(|| {
            Fault::usage("bad-control-number", format!("{first:?} is no control number"))
                .advise("Give letters, then the digits that count: PROB000001.")
        })
    }

    /// The first and the last number of a document with so many pages.
    ///
    /// # Errors
    /// `control-numbers-used-up`.
    pub(crate) fn take(&mut self, pages: u64) -> Result<(String, String), Fault> {
        let last = self.next.saturating_add(pages.max(1) - 1);
        let shown = |number: u64| format!("{}{number:0width$}", self.prefix, width = self.width);
        if shown(last).len() > self.prefix.len() + self.width || last == u64::MAX {
            return Err(Fault::usage("control-numbers-used-up", format!("{} digits do not suffice", self.width))
                .advise("Begin with a longer number: PROB000000001."));
        }
        let range = (shown(self.next), shown(last));
        self.next = last + 1;
        Ok(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers follow each other without a gap, in their width, and end where it ends.
    #[test]
    fn numbers_have_no_gap() {
        let mut control = Control::parse("AB-997").unwrap();
        let mut take = |pages| control.take(pages).map_err(|fault| fault.code());
        let range = |first: &str, last: &str| Ok((first.to_owned(), last.to_owned()));
        assert_eq!([take(1), take(2)], [range("AB-997", "AB-997"), range("AB-998", "AB-999")]);
        assert_eq!(take(1), Err("control-numbers-used-up"));
        assert_eq!(Control::parse("7").unwrap().take(0).map_err(|fault| fault.code()), range("7", "7"));
    }

    #[test]
    fn what_is_no_control_number() {
        for text in ["", "PROB", "A,1", "../1", "-1", "99999999999999999999999", &"1".repeat(33), "Ä1", "A 1"] {
            assert_eq!(Control::parse(text).map_err(|fault| fault.code()), Err("bad-control-number"), "{text}");
        }
    }
}
