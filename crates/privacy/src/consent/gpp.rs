//! Strings of the IAB's Global Privacy Platform: which sections they have, and who opted out of what in the United States.

use model::Fault;

use super::bits::Bits;
use super::tcf::{Tcf, bad};

/// What a string says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gpp {
    /// The numbers of its sections.
    pub sections: Vec<u64>,
    /// The section of the European framework.
    pub tcf: Option<Tcf>,
    /// What was said of opting out.
    pub opt_outs: Vec<OptOut>,
    /// Sections that are not read.
    pub unread: Vec<u64>,
}

/// One answer about opting out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptOut {
    /// The section: `usca`.
    pub section: &'static str,
    /// Out of what.
    pub what: &'static str,
    /// Whether they opted out; `None`: it does not apply.
    pub out: Option<bool>,
}

const SALE: &str = "sale";
const SHARING: &str = "sharing";
const ADVERTISING: &str = "targeted-advertising";

/// Section, name, version of its core, and where its answers of two bits stand.
type Layout = (u64, &'static str, u64, &'static [(&'static str, usize)]);

const US: &[Layout] = &[
    (7, "usnat", 2, &[(SALE, 18), (SHARING, 20), (ADVERTISING, 22)]),
    (8, "usca", 1, &[(SALE, 12), (SHARING, 14)]),
    (9, "usva", 1, &[(SALE, 12), (ADVERTISING, 14)]),
    (10, "usco", 1, &[(SALE, 12), (ADVERTISING, 14)]),
    (11, "usut", 1, &[(SALE, 14), (ADVERTISING, 16)]),
    (12, "usct", 1, &[(SALE, 12), (ADVERTISING, 14)]),
    (13, "usfl", 1, &[(SALE, 12), (ADVERTISING, 14)]),
    (14, "usmt", 1, &[(SALE, 12), (ADVERTISING, 14)]),
    (15, "usor", 1, &[(SALE, 12), (ADVERTISING, 14)]),
    (16, "ustx", 1, &[(SALE, 12), (ADVERTISING, 14)]),
    (17, "usde", 1, &[(SALE, 12), (ADVERTISING, 14)]),
    (18, "usia", 1, &[(SALE, 14), (ADVERTISING, 16)]),
    (19, "usne", 1, &[(SALE, 12), (ADVERTISING, 14)]),
    (20, "usnh", 1, &[(SALE, 12), (ADVERTISING, 14)]),
    (21, "usnj", 1, &[(SALE, 12), (ADVERTISING, 14)]),
    (22, "ustn", 1, &[(SALE, 12), (ADVERTISING, 14)]),
];

const TCF_EU: u64 = 2;
const USP_V1: u64 = 6;
/// Sections that a header may name; it has room for more than there will be.
const SECTIONS_MAX: usize = 64;

impl Gpp {
    /// Whether a string is of the platform: its header says so.
    pub fn is_one(text: &str) -> bool {
        text.trim().starts_with("DB")
    }

    /// Reads a string.
    ///
    /// # Errors
    /// `bad-consent-string`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let mut parts = text.trim().split('~');
        let header = parts.next().unwrap_or_default();
        let bits = Bits::of(header).ok_or_else(|| bad("its header is no base64url"))?;
        let sections = sections(bits).ok_or_else(|| bad("its header ends too early, or is not of version 1"))?;
        let parts: Vec<&str> = parts.collect();
        if parts.len() != sections.len() {
            return Err(bad("it has not as many sections as its header says"));
        }
        let mut gpp = Gpp { sections: sections.clone(), ..Gpp::default() };
        for (section, part) in sections.into_iter().zip(parts) {
            gpp.section(section, part)?;
        }
        Ok(gpp)
    }

    fn section(&mut self, section: u64, part: &str) -> Result<(), Fault> {
        if section == TCF_EU {
            self.tcf = Some(Tcf::parse(part)?);
        } else if section == USP_V1 {
            let sold = part.chars().nth(2).ok_or_else(|| bad("its section uspv1 ends too early"))?;
            let out = match sold {
                'Y' => Some(true),
                'N' => Some(false),
                _ => None,
            };
            self.opt_outs.push(OptOut { section: "uspv1", what: SALE, out });
        } else if let Some((_, name, version, answers)) = US.iter().find(|(id, ..)| *id == section) {
            let core = part.split('.').next().unwrap_or_default();
            let bits = Bits::of(core).ok_or_else(|| bad("a section is no base64url"))?;
            if bits.clone().number(6) != Some(*version) {
                self.unread.push(section);
                return Ok(());
            }
            for (what, at) in *answers {
                let answer = bits.clone().skip(*at).and_then(|mut bits| bits.number(2));
                let out = match answer.ok_or_else(|| bad("a section ends too early"))? {
                    1 => Some(true),
                    2 => Some(false),
                    _ => None,
                };
                self.opt_outs.push(OptOut { section: name, what, out });
            }
        } else {
            self.unread.push(section);
        }
        Ok(())
    }
}

/// The numbers of the sections: single ones and ranges, each as its distance from the one before it.
fn sections(mut bits: Bits) -> Option<Vec<u64>> {
    (bits.number(6)? == 3 && bits.number(6)? == 1).then_some(())?;
    let mut sections: Vec<u64> = Vec::new();
    for _ in 0..bits.number(12)? {
        let range = bits.flag()?;
        let from = sections.last().copied().unwrap_or(0).checked_add(bits.fibonacci()?)?;
        let to = if range { from.checked_add(bits.fibonacci()?)? } else { from };
        (to - from < SECTIONS_MAX as u64 && sections.len() < SECTIONS_MAX).then_some(())?;
        sections.extend(from..=to);
    }
    Some(sections)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const VECTORS: &str = include_str!("../../../../fixtures/vectors/consent/strings.jsonl");

    fn vectors(kind: &str) -> Vec<Value> {
        let all = VECTORS.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        all.filter(|vector| vector["kind"] == kind).collect()
    }

    /// Strings that the IAB's own encoder made: everything that was put in comes out.
    #[test]
    fn strings_of_the_framework_are_read() {
        let vectors = vectors("tcf");
        assert_eq!(vectors.len(), 40);
        for vector in vectors {
            let read = Tcf::parse(vector["string"].as_str().unwrap()).unwrap();
            let expect = serde_json::json!({
                "kind": "tcf", "string": vector["string"], "cmp": read.cmp, "cmp_version": read.cmp_version,
                "screen": read.screen, "language": read.language, "policy": read.policy, "vendor_list": read.vendor_list,
                "service_specific": read.service_specific, "purposes": read.purposes,
                "legitimate_interests": read.legitimate_interests, "special_features": read.special_features,
                "vendors": read.vendors, "created": read.created.to_millis(),
            });
            assert_eq!(vector, expect);
            assert_eq!(read.refused().len() + read.purposes.len(), 11);
        }
    }

    #[test]
    fn strings_of_the_platform_are_read() {
        let vectors = vectors("gpp");
        assert!(vectors.len() > 40);
        let mut told = 0;
        for vector in vectors {
            let gpp = Gpp::parse(vector["string"].as_str().unwrap()).unwrap();
            assert_eq!(serde_json::json!(gpp.sections), vector["ids"]);
            for one in &gpp.opt_outs {
                let field = match one.what {
                    SALE => "SaleOptOut",
                    SHARING => "SharingOptOut",
                    _ => "TargetedAdvertisingOptOut",
                };
                let expect = &vector["said"][one.section][field];
                let number = one.out.map_or(0, |out| if out { 1 } else { 2 });
                assert_eq!(expect, &Value::from(number), "{vector} {one:?}");
                told += 1;
            }
        }
        assert!(told > 100, "{told}");
    }

    /// Whatever is cut off or exchanged is read or refused, never read past its end.
    #[test]
    fn broken_strings_are_refused() {
        for vector in vectors("tcf").iter().chain(&vectors("gpp")) {
            let text = vector["string"].as_str().unwrap();
            for end in 0..text.len() {
                let _ = (Tcf::parse(&text[..end]), Gpp::parse(&text[..end]));
            }
        }
        for bad in ["", "BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA", "!", "DBABMA", "DBABMA~x~y"] {
            assert_eq!(Tcf::parse(bad).unwrap_err().code(), "bad-consent-string", "{bad}");
            assert_eq!(Gpp::parse(bad).unwrap_err().code(), "bad-consent-string", "{bad}");
        }
        assert!(Gpp::is_one("DBABMA~CPX") && !Gpp::is_one("CPX"));
    }
}
