//! A table of customers: CSV in which nearly every cell is personal.

use std::io::Write;

use super::Lines;
use super::dice::Dice;
use super::people::{FIRST, LAST, card, email, iban, ipv4, phone, ssn};

pub(crate) const LINE_BYTES: u64 = 190;

const STREETS: [&str; 6] = ["High Street", "Station Road", "Mill Lane", "Church Street", "Park Avenue", "Oak Drive"];
const CITIES: [&str; 6] = ["Bristol", "Leeds", "Boston", "Denver", "Cardiff", "Portland"];

/// A header and one customer a line.
pub(crate) struct Customers {
    dice: Dice,
    written: u64,
}

impl Customers {
    pub(crate) fn new(dice: Dice) -> Self {
        Customers { dice, written: 0 }
    }
}

impl Lines for Customers {
    fn line(&mut self, _passed: f64, line: &mut Vec<u8>) {
        if self.written == 0 {
            line.extend_from_slice(
                b"id,first_name,last_name,email,phone,ssn,birth_date,street,city,card,iban,last_ip,balance\n",
            );
        }
        self.written += 1;
        let dice = &mut self.dice;
        let (first, last) = (dice.pick(&FIRST), dice.pick(&LAST));
        let (year, month, day) = (1940 + dice.below(65), 1 + dice.below(12), 1 + dice.below(28));
        let street = format!("{} {}", 1 + dice.below(200), dice.pick(&STREETS));
        let (city, whole, part) = (dice.pick(&CITIES), dice.below(100_000), dice.below(100));
        let _ = writeln!(
            line,
            "{},{first},{last},{},{},{},{year}-{month:02}-{day:02},{street},{city},{},{},{},{whole}.{part:02}",
            self.written,
            email(dice),
            phone(dice),
            ssn(dice),
            card(dice),
            iban(dice),
            ipv4(dice),
        );
    }
}
