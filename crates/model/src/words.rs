//! Which word was meant.

/// The candidate that `word` is most likely a misspelling of, if any is near enough to suggest.
///
/// Near enough: at most a third of its letters are changed, inserted or left out; two neighbours swapped count as one.
/// Upper and lower case are the same. Of equally near ones the first in alphabetical order.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: String = word.chars().take(WORD_MAX).collect();
    let (least, name) = candidates.into_iter().map(|name| (distance(&word, name), name)).min()?;
    (least * 3 <= name.chars().count().max(3)).then_some(name)
}

/// More letters than any word of ours has; the work grows with the square.
const WORD_MAX: usize = 64;

/// Optimal string alignment distance over characters, without regard to case.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().flat_map(char::to_lowercase).collect();
    let b: Vec<char> = b.chars().flat_map(char::to_lowercase).collect();
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let known = ["budgetingMethod", "logs", "metrics", "objectives", "op", "status", "target"];
        let check = |word, expect| assert_eq!(nearest(word, known), expect, "{word}");
        check("tagret", Some("target"));
        check("objective", Some("objectives"));
        check("OP", Some("op"));
        check("log", Some("logs"));
        check("METRIC", Some("metrics"));
        check("stauts", Some("status"));
        check("budgetMethod", Some("budgetingMethod"));
        check("users", None);
        check("po", Some("op"));
        check("description", None);
        check("", None);
    }
}
