//! Made-up people and what is personal about them: every number passes its own check, none belongs to anybody on purpose.

use super::dice::Dice;

pub(super) const FIRST: [&str; 40] = [
    "Anna", "James", "Maria", "Peter", "Sofia", "Thomas", "Laura", "David", "Emma", "Michael", "Julia", "Robert",
    "Clara", "Daniel", "Helen", "Martin", "Alice", "Andrew", "Nina", "Stephen", "Grace", "Oliver", "Irene", "Samuel",
    "Ruth", "Victor", "Diana", "Henry", "Eva", "George", "Marta", "Simon", "Carol", "Edward", "Lucy", "Frank",
    "Judith", "Arthur", "Paula", "Walter",
];
pub(super) const LAST: [&str; 40] = [
    "Miller",
    "Novak",
    "Schmidt",
    "Garcia",
    "Johnson",
    "Rossi",
    "Larsen",
    "Dubois",
    "Walker",
    "Kowalski",
    "Fischer",
    "Moreau",
    "Bennett",
    "Jansen",
    "Silva",
    "Carter",
    "Lindqvist",
    "Weber",
    "Morgan",
    "Horvath",
    "Becker",
    "Sullivan",
    "Costa",
    "Hughes",
    "Petrov",
    "Andersen",
    "Meyer",
    "Foster",
    "Ricci",
    "Nilsson",
    "Harper",
    "Vogel",
    "Torres",
    "Griffin",
    "Keller",
    "Laurent",
    "Barnes",
    "Svensson",
    "Marsh",
    "Ortega",
];
const DOMAINS: [&str; 6] =
    ["example.org", "mail.example.com", "example.net", "post.example", "shop.example", "example.co.uk"];
/// First bytes of addresses that providers hand out.
const NETWORKS: [u64; 16] = [5, 31, 46, 62, 77, 81, 93, 109, 141, 151, 178, 185, 188, 194, 203, 212];

/// `anna.novak27@example.org`
pub(super) fn email(dice: &mut Dice) -> String {
    let (first, last) = (dice.pick(&FIRST).to_lowercase(), dice.pick(&LAST).to_lowercase());
    let domain = dice.pick(&DOMAINS);
    match dice.below(3) {
        0 => format!("{first}.{last}@{domain}"),
        1 => format!("{first}.{last}{}@{domain}", dice.below(100)),
        _ => format!("{}{last}@{domain}", &first[..1]),
    }
}

pub(super) fn name(dice: &mut Dice) -> String {
    format!("{} {}", dice.pick(&FIRST), dice.pick(&LAST))
}

pub(super) fn ipv4(dice: &mut Dice) -> String {
    format!("{}.{}.{}.{}", dice.pick(&NETWORKS), dice.below(256), dice.below(256), 1 + dice.below(254))
}

pub(super) fn ipv6(dice: &mut Dice) -> String {
    format!("2a02:8109:{:x}:{:x}::{:x}", dice.below(0xffff), dice.below(0xffff), 1 + dice.below(0xfffe))
}

pub(super) fn mac(dice: &mut Dice) -> String {
    let bytes: [u64; 5] = std::array::from_fn(|_| dice.below(256));
    format!("3c:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4])
}

/// In international form, in groups or without.
pub(super) fn phone(dice: &mut Dice) -> String {
    let last = dice.below(10_000);
    match dice.below(4) {
        0 => format!("+4930{:04}{last:04}", 2000 + dice.below(7000)),
        1 => format!("+1 212-{}-{last:04}", 220 + dice.below(700)),
        2 => format!("+44 20 79{:02} {last:04}", dice.below(100)),
        _ => format!("+3314{:03}{last:04}", dice.below(1000)),
    }
}

/// Sixteen digits with Luhn's check digit, in groups of four or without.
pub(super) fn card(dice: &mut Dice) -> String {
    let mut digits = vec![dice.pick(&[4, 5])];
    digits.push(if digits[0] == 5 { 1 + dice.below(5) } else { dice.below(10) });
    digits.extend((0..13).map(|_| dice.below(10)));
    let doubled = |digit: u64| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let sum: u64 =
        digits.iter().enumerate().map(|(at, digit)| if at % 2 == 0 { doubled(*digit) } else { *digit }).sum();
    digits.push((10 - sum % 10) % 10);
    let text: String = digits.iter().map(u64::to_string).collect();
    if dice.below(2) == 0 {
        return text;
    }
    format!("{} {} {} {}", &text[..4], &text[4..8], &text[8..12], &text[12..])
}

/// A German account: 18 digits and the check of ISO 7064 mod 97-10.
pub(super) fn iban(dice: &mut Dice) -> String {
    let account = (10_000_000 + dice.below(80_000_000)) * 10_000_000_000 + dice.below(4_000_000_000);
    // `DE00` behind the account: D is 13, E is 14.
    let check = 98 - (u128::from(account) * 1_000_000 + 131_400) % 97;
    format!("DE{check:02}{account:018}")
}

/// 3-2-4 digits, no area, group or serial that is never given out.
pub(super) fn ssn(dice: &mut Dice) -> String {
    format!("{:03}-{:02}-{:04}", 1 + dice.below(665), 1 + dice.below(99), 1 + dice.below(9999))
}

pub(super) fn uuid(dice: &mut Dice) -> String {
    let (high, low) = (dice.next(), dice.next());
    let (node, variant) = (low & 0xffff_ffff_ffff, 0x8000 | low >> 48 & 0x3fff);
    format!("{:08x}-{:04x}-4{:03x}-{variant:04x}-{node:012x}", high >> 32, high >> 16 & 0xffff, high & 0xfff)
}

/// `digits` of them, at most 16.
pub(super) fn hex(dice: &mut Dice, digits: u32) -> String {
    format!("{:0width$x}", dice.next() >> (64 - 4 * digits), width = digits as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_pass_their_checks() {
        let mut dice = Dice::new(3);
        for _ in 0..1000 {
            let card: Vec<u32> = card(&mut dice).chars().filter_map(|digit| digit.to_digit(10)).collect();
            let luhn: u32 = card
                .iter()
                .rev()
                .enumerate()
                .map(|(at, digit)| if at % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { *digit })
                .sum();
            assert_eq!((card.len(), luhn % 10), (16, 0));
            let iban = iban(&mut dice);
            let number = format!("{}1314{}", &iban[4..], &iban[2..4]);
            assert_eq!((iban.len(), number.parse::<u128>().unwrap() % 97), (22, 1), "{iban}");
            let uuid = uuid(&mut dice);
            let dashes: Vec<_> = uuid.match_indices('-').map(|(at, _)| at).collect();
            assert_eq!((uuid.len(), dashes), (36, vec![8, 13, 18, 23]));
        }
    }
}
