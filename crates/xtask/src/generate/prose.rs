//! English prose: letters and reports of a small town, with persons, places, firms and now and then a number to call.

use std::io::Write;

use super::Lines;
use super::dice::Dice;
use super::people::{LAST, email, name, phone};

pub(crate) const LINE_BYTES: u64 = 450;

const PLACES: [&str; 16] = [
    "Bristol", "Vienna", "Lisbon", "Chicago", "Leeds", "Munich", "Toronto", "Oslo", "Granada", "Cardiff", "Boston",
    "Lyon", "Dublin", "Prague", "Denver", "Antwerp",
];
const FIRMS: [&str; 8] = [
    "Harbour Mills",
    "Northgate Insurance",
    "the Ministry of Transport",
    "Larch and Sons",
    "Riverside Hospital",
    "Alder Bank",
    "the Town Council",
    "Beacon Publishing",
];
const THINGS: [&str; 10] = [
    "the lease",
    "the survey",
    "the second invoice",
    "the old bridge",
    "the school roof",
    "the contract",
    "the harbour wall",
    "the minutes",
    "the library",
    "the complaint",
];
const DAYS: [&str; 6] =
    ["on Monday", "last Thursday", "in the spring", "before the holidays", "at noon", "two weeks later"];
const PLAIN: [&str; 10] = [
    "Nobody had expected the rain to last so long.",
    "The figures were checked twice and found to be in order.",
    "It was agreed that the work should begin as soon as the ground was dry.",
    "There is no record of what was said afterwards.",
    "The cost was higher than the estimate, though not by much.",
    "Both sides asked for more time to read the papers.",
    "A copy is kept with the other documents of that year.",
    "The matter was closed without a vote.",
    "Several windows had been left open during the night.",
    "What remains to be done is described in the annex.",
];

/// A paragraph of three to six sentences a line.
pub(crate) struct Paragraphs(Dice);

impl Paragraphs {
    pub(crate) fn new(dice: Dice) -> Self {
        Paragraphs(dice)
    }
}

impl Lines for Paragraphs {
    fn line(&mut self, _passed: f64, line: &mut Vec<u8>) {
        let dice = &mut self.0;
        for at in 0..3 + dice.below(4) {
            let sentence = if dice.below(3) == 0 { dice.pick(&PLAIN).to_owned() } else { sentence(dice) };
            let _ = write!(line, "{}{sentence}", if at == 0 { "" } else { " " });
        }
        line.extend_from_slice(b"\n\n");
    }
}

/// One in which somebody or something has a name.
fn sentence(dice: &mut Dice) -> String {
    let (who, whom, last) = (name(dice), name(dice), dice.pick(&LAST));
    let (place, firm, thing, day) = (dice.pick(&PLACES), dice.pick(&FIRMS), dice.pick(&THINGS), dice.pick(&DAYS));
    match dice.below(14) {
        0 => format!("{who} wrote to {whom} about {thing} {day}."),
        1 => format!("According to Mrs. {last}, {thing} had been promised to {firm} {day}."),
        2 => format!("The train from {place} was late, so {who} missed the meeting with {firm}."),
        3 => format!("Mr. {last} has lived in {place} for {} years and works for {firm}.", 2 + dice.below(40)),
        4 => format!("\"I never signed {thing},\" said {who}, who was born in {place}."),
        5 => format!("Please call {who} at {} if {thing} has not arrived.", phone(dice)),
        6 => format!("A letter from {firm} reached {whom} {day}."),
        7 => format!("{who} and {whom} travelled to {place} to see {thing}."),
        8 => format!("Questions about {thing} may be sent to {}.", email(dice)),
        9 => format!("Dr. {last} of {firm} examined {thing} {day} and found nothing unusual."),
        10 => format!("In {place}, {thing} was sold to {whom} for {} pounds.", 100 + dice.below(9000)),
        11 => format!("{firm} offered {who} a post in {place}, which was declined."),
        12 => format!("The witness, {who}, remembered seeing {last} near {thing}."),
        _ => format!("After the fire, {whom} moved from {place} to the house of the family {last}."),
    }
}
