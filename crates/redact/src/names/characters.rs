//! Sets of characters, as the model's makers had them.

use model::Fault;

use super::container::{Container, broken};

/// A set of characters: a bit each for ASCII, sorted ranges for the rest.
pub(super) struct Set {
    ascii: u128,
    ranges: Vec<(u32, u32)>,
}

impl Set {
    pub(super) fn read(container: &Container, tag: &[u8; 4]) -> Result<Self, Fault> {
        let mut cursor = container.section(tag)?;
        let mut set = Set { ascii: 0, ranges: Vec::new() };
        for _ in 0..cursor.u16()? {
            let (first, last) = (cursor.u32()?, cursor.u32()?);
            if first > last || set.ranges.last().is_some_and(|range| range.1 >= first) {
                return Err(broken("a set of characters is not sorted"));
            }
            for code in first..=last.min(127) {
                set.ascii |= 1 << code;
            }
            set.ranges.push((first, last));
        }
        Ok(set)
    }

    pub(super) fn has(&self, char: char) -> bool {
        let code = char as u32;
        if code < 128 {
            return self.ascii >> code & 1 == 1;
        }
        let after = self.ranges.partition_point(|range| range.0 <= code);
        after > 0 && self.ranges[after - 1].1 >= code
    }
}
