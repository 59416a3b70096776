//! Where a key lies: one server, the master that a Sentinel names, or one of the masters of a cluster.

use std::ops::RangeInclusive;

use redis::{Arg, Cmd, Value, from_redis_value};

use crate::bounds::harmless;
use crate::crc16::crc16;
use crate::web_address::Address;

/// How many slots a cluster has.
const SLOTS: u16 = 16_384;
/// More masters than any cluster is advised to have: each costs a connection.
const MASTERS_MAX: usize = 1_000;

/// The slots of one master.
pub(super) type Slots = Vec<RangeInclusive<u16>>;

/// What stands behind an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `redis://host/DB`.
    Server,
    /// `redis+cluster://host`: any of its nodes.
    Cluster,
    /// `redis+sentinel://host/NAME/DB`: the name of the master.
    Sentinel(String),
}

impl Kind {
    pub(super) fn of(address: &Address) -> Self {
        match address.scheme.split_once('+').map(|(_, kind)| kind) {
            Some("cluster") => Kind::Cluster,
            Some("sentinel") => Kind::Sentinel(address.path.split('/').next().unwrap_or_default().to_owned()),
            _ => Kind::Server,
        }
    }
}

/// The number of the database in an address; `None`: that is no number.
pub(super) fn database(address: &Address) -> Option<i64> {
    let path = address.path.as_str();
    let number = match Kind::of(address) {
        Kind::Sentinel(_) => path.split_once('/').map_or("", |(_, number)| number),
        _ => path,
    };
    let number = if number.is_empty() { Ok(0) } else { number.parse() };
    // A cluster has no other.
    number.ok().filter(|number| Kind::of(address) != Kind::Cluster || *number == 0)
}

/// The slot of a key: of what stands in its first braces, if anything does.
pub(super) fn slot(key: &[u8]) -> u16 {
    let position = |bytes: &[u8], wanted: u8| bytes.iter().position(|byte| *byte == wanted);
    let inner = position(key, b'{').and_then(|open| {
        let rest = &key[open + 1..];
        position(rest, b'}').filter(|close| *close > 0).map(|close| &rest[..close])
    });
    crc16(inner.unwrap_or(key)) % SLOTS
}

/// The key that a command is about: its first argument, where it is about one.
pub(super) fn key(command: &Cmd) -> Option<&[u8]> {
    const WITHOUT: [&[u8]; 6] = [b"UNWATCH", b"SELECT", b"INFO", b"BGREWRITEAOF", b"MULTI", b"EXEC"];
    let mut words = command.args_iter().map(|word| match word {
        Arg::Simple(bytes) => bytes,
        _ => &[],
    });
    let name = words.next()?;
    if WITHOUT.contains(&name) { None } else { words.next() }
}

/// The masters of a cluster with their slots, from the answer to CLUSTER SLOTS. `None` when a slot has none.
pub(super) fn masters(told: &Value, asked: &Address) -> Option<Vec<(Address, Slots)>> {
    let Value::Array(ranges) = told else { return None };
    let mut masters: Vec<(Address, Slots)> = Vec::new();
    let mut covered = 0_u32;
    for range in ranges {
        let Value::Array(words) = range else { return None };
        let [first, last, Value::Array(master), ..] = words.as_slice() else { return None };
        let (first, last): (u16, u16) = (from_redis_value(first.clone()).ok()?, from_redis_value(last.clone()).ok()?);
        let [host, port, ..] = master.as_slice() else { return None };
        // A node that does not know its own name is the one that was asked.
        let host: Option<String> = from_redis_value(host.clone()).ok()?;
        let host = host.filter(|host| !host.is_empty() && host != "?").unwrap_or_else(|| asked.host.clone());
        let address = beside(asked, &host, from_redis_value(port.clone()).ok()?);
        covered += u32::from(last.checked_sub(first)?) + 1;
        let is_full = masters.len() == MASTERS_MAX;
        match masters.iter_mut().find(|(known, _)| *known == address) {
            Some((_, slots)) => slots.push(first..=last),
            None if is_full => return None,
            None => masters.push((address, vec![first..=last])),
        }
    }
    (covered == u32::from(SLOTS)).then_some(masters)
}

/// The address of a server that another one names.
pub(super) fn beside(asked: &Address, host: &str, port: u16) -> Address {
    let host = harmless(host);
    let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host };
    Address { host, port: Some(port), ..asked.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_stands_behind_it() {
        let check = |url: &str, kind: Kind, db: Option<i64>| {
            let address = Address::parse(url).unwrap();
            assert_eq!((Kind::of(&address), database(&address)), (kind, db), "{url}");
        };
        check("redis://h/2", Kind::Server, Some(2));
        check("rediss://h", Kind::Server, Some(0));
        check("redis://h/x", Kind::Server, None);
        check("redis+cluster://h:7000", Kind::Cluster, Some(0));
        check("redis+cluster://h:7000/3", Kind::Cluster, None);
        check("rediss+sentinel://h/shop/4", Kind::Sentinel("shop".to_owned()), Some(4));
        check("redis+sentinel://h/shop", Kind::Sentinel("shop".to_owned()), Some(0));
    }

    /// One after the other or all on one server; never without end.
    #[test]
    fn a_cluster_has_only_so_many_masters() {
        let asked = Address::parse("redis+cluster://h:7000").unwrap();
        let told = |count: u16| {
            let each = SLOTS / count;
            let master = |at: u16| {
                let host = Value::BulkString(b"n\x1b[2J".to_vec());
                let last = if at + 1 == count { SLOTS - 1 } else { (at + 1) * each - 1 };
                let place = Value::Array(vec![host, Value::Int(i64::from(at) + 1)]);
                Value::Array(vec![Value::Int(i64::from(at * each)), Value::Int(i64::from(last)), place])
            };
            masters(&Value::Array((0..count).map(master).collect()), &asked)
        };
        let found = told(3).unwrap();
        assert_eq!((found.len(), found[2].0.host.as_str(), found[2].0.port), (3, "n[2J", Some(3)));
        assert_eq!(found[2].1, [2 * 5_461..=16_383]);
        assert_eq!(told(1_000).map(|found| found.len()), Some(1_000));
        assert_eq!(told(1_001), None);
    }

    /// As `CLUSTER KEYSLOT` of a server says.
    #[test]
    fn slots_are_those_of_the_server() {
        let check = |key: &str, expect: u16| assert_eq!(slot(key.as_bytes()), expect, "{key}");
        check("foo", 12_182);
        check("123456789", 12_739);
        check("{foo}.bar", 12_182);
        check("a{foo}{bar}", 12_182);
        check("", 0);
        assert_ne!(slot(b"{}foo"), slot(b"{}bar"));
    }
}
