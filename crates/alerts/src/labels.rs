//! Labels: what an alert is about, and the key that tells two of them apart.

use std::collections::BTreeMap;
use std::fmt;

/// Names and values, sorted by name. An empty value is as good as none.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Labels(BTreeMap<String, String>);

/// FNV-1a of the labels, as Alertmanager computes it: the key for sorting out doubles.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u64);

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;
/// Stands behind each name and each value; it is in no UTF-8 text.
const SEPARATOR: u8 = 0xFF;

impl Labels {
    /// From pairs; empty values are left out.
    pub fn new<'t>(pairs: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        let pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        Labels(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// The value of a label; empty where there is none.
    pub fn value(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Every pair, sorted by name.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The key of these labels.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hash = OFFSET;
        let mut add = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(PRIME);
        for (name, value) in self.pairs() {
            for text in [name, value] {
                text.bytes().for_each(&mut add);
                add(SEPARATOR);
            }
        }
        Fingerprint(hash)
    }
}

impl fmt::Display for Labels {
    /// `{alertname="SloBreach",rule="web"}`, as Prometheus writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<String> = self.pairs().map(|(name, value)| format!("{name}={value:?}")).collect();
        f.pad(&format!("{{{}}}", pairs.join(",")))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:016x}", self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys are those that a live Alertmanager shows.
    #[test]
    fn fingerprints_are_those_of_alertmanager() {
        let check = |pairs: &[(&str, &str)], expect: &str| {
            assert_eq!(Labels::new(pairs.iter().copied()).fingerprint().to_string(), expect, "{pairs:?}");
        };
        check(&[], "cbf29ce484222325");
        check(&[("alertname", "SloBurn")], "e73f22adbeed34ad");
        check(&[("alertname", "SloBurn"), ("team", "")], "e73f22adbeed34ad");
        check(&[("severity", "critical"), ("alertname", "SloBurn")], "bcf546cb6e16e433");
    }

    #[test]
    fn labels_are_shown_as_prometheus_shows_them() {
        let labels = Labels::new([("rule", "a \"b\""), ("alertname", "SloBreach")]);
        assert_eq!(labels.to_string(), r#"{alertname="SloBreach",rule="a \"b\""}"#);
        assert_eq!((labels.value("rule"), labels.value("none")), ("a \"b\"", ""));
    }
}
