//! Sorting, once for every kind of list: each that the library's own is made for costs a device three kilobytes.

/// Sorts by what is before what: heap sort, in place, n log n, not stable.
pub(crate) fn sort<T>(list: &mut [T], is_before: impl Fn(&T, &T) -> bool) {
    let count = list.len();
    heap(&mut (list, is_before), count);
}

trait Heap {
    fn is_before(&self, a: usize, b: usize) -> bool;
    fn swap(&mut self, a: usize, b: usize);
}

impl<T, F: Fn(&T, &T) -> bool> Heap for (&mut [T], F) {
    fn is_before(&self, a: usize, b: usize) -> bool {
        (self.1)(&self.0[a], &self.0[b])
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.0.swap(a, b);
    }
}

fn heap(list: &mut dyn Heap, count: usize) {
    for root in (0..count / 2).rev() {
        sink(list, root, count);
    }
    for last in (1..count).rev() {
        list.swap(0, last);
        sink(list, 0, last);
    }
}

/// Brings what is at `root` down to where nothing below it comes after it.
fn sink(list: &mut dyn Heap, mut root: usize, count: usize) {
    loop {
        let mut last = 2 * root + 1;
        if last >= count {
            return;
        }
        if last + 1 < count && list.is_before(last, last + 1) {
            last += 1;
        }
        if !list.is_before(root, last) {
            return;
        }
        list.swap(root, last);
        root = last;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the library sorts, whatever the order and the doubles.
    #[test]
    fn every_list_is_sorted() {
        let mut state = 7_u64;
        for count in 0..200 {
            let mut list: Vec<u64> = Vec::new();
            for _ in 0..count {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                list.push((state >> 33) % 50);
            }
            let mut expect = list.clone();
            expect.sort_unstable();
            sort(&mut list, |a, b| a < b);
            assert_eq!(list, expect);
        }
    }
}
