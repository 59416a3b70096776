//! What a sample says, as members of a line.

use seal::canonical;

use crate::point::{Number, Point, Points};

/// What all numbers of a machine may take of a line: some eight hundred of them.
const BYTES_MAX: usize = 96 << 10;

/// `,"m":[["system.cpu.utilization",0.25],["system.network.io",123,{"network.interface.name":"eth0"}]]`
pub(crate) fn members(points: &Points) -> Vec<u8> {
    let mut says = b",\"m\":[".to_vec();
    for (at, Point { metric, labels, value }) in points.0.iter().enumerate() {
        // A line has a bound, whatever the machine has.
        if says.len() > BYTES_MAX {
            break;
        }
        comma(&mut says, at);
        says.push(b'[');
        canonical::push_string(&mut says, metric.name);
        push_value(&mut says, *value);
        push_labels(&mut says, labels.iter().map(|(name, value)| (*name, value.as_str())));
        says.push(b']');
    }
    says.push(b']');
    says
}

pub(crate) fn comma(says: &mut Vec<u8>, at: usize) {
    if at > 0 {
        says.push(b',');
    }
}

pub(crate) fn push_value(says: &mut Vec<u8>, value: Number) {
    says.extend_from_slice(format!(",{value}").as_bytes());
}

/// An object, where there is a label.
pub(crate) fn push_labels<'l>(says: &mut Vec<u8>, labels: impl Iterator<Item = (&'l str, &'l str)>) {
    let mut is_first = true;
    for (name, value) in labels {
        says.extend_from_slice(if is_first { b",{" } else { b"," });
        is_first = false;
        canonical::push_string(says, name);
        says.push(b':');
        canonical::push_string(says, value);
    }
    if !is_first {
        says.push(b'}');
    }
}
