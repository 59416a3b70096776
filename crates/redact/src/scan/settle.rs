//! Of findings that overlap one stays.

use super::Finding;

/// Of findings that overlap the surer stays, then the longer, then the earlier. What stays goes from left to right.
pub(super) fn settle(found: &mut Vec<Finding>) {
    if !found.is_sorted_by_key(|finding| finding.range.start) {
        found.sort_unstable_by_key(|finding| finding.range.start);
    }
    if found.array_windows().all(|[one, next]| one.range.end <= next.range.start) {
        return;
    }
    let (mut settled, mut from) = (Vec::with_capacity(found.len()), 0);
    while from < found.len() {
        let mut reach = found[from].range.end;
        let touching = found[from + 1..].iter().take_while(|next| {
            let touches = next.range.start < reach;
            reach = reach.max(next.range.end);
            touches
        });
        let to = from + 1 + touching.count();
        contest(&mut found[from..to], &mut settled);
        from = to;
    }
    *found = settled;
}

/// Settles findings of which each overlaps another.
fn contest(rivals: &mut [Finding], settled: &mut Vec<Finding>) {
    rivals.sort_unstable_by(|a, b| {
        b.score
            .cmp(&a.score)
            .then(b.range.len().cmp(&a.range.len()))
            .then(a.range.start.cmp(&b.range.start))
            .then(a.detector.cmp(&b.detector))
    });
    let mut kept: std::collections::BTreeMap<usize, usize> = std::collections::BTreeMap::new();
    let first = settled.len();
    for finding in rivals {
        let range = &finding.range;
        if kept.range(..range.end).next_back().is_none_or(|(_, end)| *end <= range.start) {
            kept.insert(range.start, range.end);
            settled.push(finding.clone());
        }
    }
    settled[first..].sort_unstable_by_key(|finding| finding.range.start);
}
