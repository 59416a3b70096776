//! Of findings that overlap one stays.

use super::Finding;

/// Of findings that overlap the surer stays, then the longer, then the earlier. What stays goes from left to right.
pub(super) fn settle(found: &mut Vec<Finding>) {
    if !found.is_sorted_by_key(|finding| finding.range.start) {
        // Each way of finding goes from left to right: a stable sort puts the few parts together.
        found.sort_by_key(|finding| finding.range.start);
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

const FEW: usize = 16;

/// Settles findings of which each overlaps another.
fn contest(rivals: &mut [Finding], settled: &mut Vec<Finding>) {
    rivals.sort_unstable_by(|a, b| {
        b.score
            .cmp(&a.score)
            .then(b.range.len().cmp(&a.range.len()))
            .then(a.range.start.cmp(&b.range.start))
            .then(a.detector.cmp(&b.detector))
    });
    let first = settled.len();
    // Of few each is compared with each; many could be chosen to take long.
    let mut kept: std::collections::BTreeMap<usize, usize> = std::collections::BTreeMap::new();
    let is_few = rivals.len() <= FEW;
    for finding in rivals {
        let range = &finding.range;
        let is_free = match is_few {
            true => settled[first..].iter().all(|kept| kept.range.end <= range.start || range.end <= kept.range.start),
            false => kept.range(..range.end).next_back().is_none_or(|(_, end)| *end <= range.start),
        };
        if is_free {
            if !is_few {
                kept.insert(range.start, range.end);
            }
            settled.push(finding.clone());
        }
    }
    settled[first..].sort_unstable_by_key(|finding| finding.range.start);
}
