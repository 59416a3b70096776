//! Bytes through each interface: `proc/net/dev`.

use super::Root;
use crate::clock::Now;
use crate::point::Points;
use crate::traffic::{Counted, Traffic};

pub(super) fn read(root: &Root, now: &Now, traffic: &mut Traffic, points: &mut Points) {
    let Some(text) = root.again("proc/net/dev") else { return };
    traffic.see(now.boot_ns, text.lines().skip(2).filter_map(counted), points);
}

fn counted(line: &str) -> Option<Counted<'_>> {
    let (name, fields) = line.split_once(':')?;
    let fields: Vec<u64> = fields.split_ascii_whitespace().map_while(|field| field.parse().ok()).collect();
    let pair = |at: usize| Some((*fields.get(at)?, *fields.get(at + 1)?));
    Some(Counted { name: name.trim(), received: pair(0)?, sent: pair(8)? })
}
