//! Numbers as people read them, the same on the screen and in the report. Machines take the exact ones from JSON.

/// `16,408`.
pub fn grouped(n: u64) -> String {
    group(&n.to_string())
}

/// `1 entry`, `16,408 entries`.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { one } else { many })
}

/// Most digits that a number with decimals is shown with.
const SIGNIFICANT: usize = 6;

/// A decimal number: thousands apart, decimals cut (never rounded: nothing slips past a limit) to six significant digits and
/// marked where that changes the number. Whole numbers keep every digit. Any other text stays as it is.
pub fn readable(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || digits.ends_with('.') || !is_number(whole) || !is_number(decimals) {
        return text.to_owned();
    }
    let keep = match whole.trim_start_matches('0').len() {
        0 => decimals.len() - decimals.trim_start_matches('0').len() + SIGNIFICANT,
        long => SIGNIFICANT.saturating_sub(long),
    };
    let (kept, cut) = decimals.split_at(keep.min(decimals.len()));
    let mark = if cut.contains(|c| c != '0') { "≈ " } else { "" };
    let point = if kept.is_empty() { "" } else { "." };
    format!("{mark}{sign}{}{point}{kept}", group(whole))
}

fn group(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let check = |n, expect: &str| assert_eq!(counted(n, "entry", "entries"), expect);
        check(0, "0 entries");
        check(1, "1 entry");
        check(999, "999 entries");
        check(16_408, "16,408 entries");
        check(u64::MAX, "18,446,744,073,709,551,615 entries");
    }

    #[test]
    fn numbers_are_short_and_say_when_they_were_cut() {
        let check = |text: &str, expect: &str| assert_eq!(readable(text), expect);
        check("3.2432432432432434", "≈ 3.24324");
        check("99.99166805532411", "≈ 99.9916");
        check("499.99999999", "≈ 499.999");
        check("0.000123456789", "≈ 0.000123456");
        check("-18.592", "-18.592");
        check("2.5000000000", "2.50000");
        check("7768", "7,768");
        check("721126919", "721,126,919");
        check("123456789.25", "≈ 123,456,789");
        check("0", "0");
        for odd in ["", "-", "NaN", "1e-7", "5.", ".5", "1.2.3"] {
            check(odd, odd);
        }
    }
}
