//! Strings of IAB Europe's Transparency & Consent Framework, version 2: which purposes a person agreed to.

use model::{Fault, Instant};

use super::bits::Bits;

/// What a string says of purposes; what it says of single vendors is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tcf {
    /// When it was made.
    pub created: Instant,
    /// When it was last changed.
    pub updated: Instant,
    /// The platform that asked.
    pub cmp: u16,
    /// Its version.
    pub cmp_version: u16,
    /// Which of its screens was shown.
    pub screen: u8,
    /// In which language, ISO 639-1.
    pub language: String,
    /// The version of the list of vendors.
    pub vendor_list: u16,
    /// The version of the framework's policies.
    pub policy: u8,
    /// Whether it holds for one service only.
    pub service_specific: bool,
    /// Special features that were opted into.
    pub special_features: Vec<u8>,
    /// Purposes that were agreed to.
    pub purposes: Vec<u8>,
    /// Purposes for which legitimate interests were told and not objected to: no consent.
    pub legitimate_interests: Vec<u8>,
    /// Vendors that were agreed to.
    pub vendors: Vec<u16>,
}

/// Purposes that the framework knows; the string has room for more.
const PURPOSES: u8 = 11;

impl Tcf {
    /// Reads a string: its core, whatever segments follow.
    ///
    /// # Errors
    /// `bad-consent-string`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let core = text.trim().split('.').next().unwrap_or_default();
        let bits = Bits::of(core).ok_or_else(|| bad("it is no base64url"))?;
        read(bits)?.ok_or_else(|| bad("it ends too early, or is not of version 2"))
    }

    /// Purposes of the framework that were asked about and not agreed to.
    pub fn refused(&self) -> Vec<u8> {
        (1..=PURPOSES).filter(|purpose| !self.purposes.contains(purpose)).collect()
    }
}

fn read(mut bits: Bits) -> Result<Option<Tcf>, Fault> {
    let Some(version) = bits.number(6) else { return Ok(None) };
    if version != 2 {
        return Err(bad("it is not of version 2"));
    }
    Ok(fields(&mut bits))
}

fn fields(bits: &mut Bits) -> Option<Tcf> {
    // Tenths of a second since 1970.
    let time = |tenths: u64| Instant::from_millis(i64::try_from(tenths).ok()? * 100);
    let (created, updated) = (time(bits.number(36)?)?, time(bits.number(36)?)?);
    let (cmp, cmp_version, screen) = (bits.number(12)? as u16, bits.number(12)? as u16, bits.number(6)? as u8);
    let mut language = String::new();
    for _ in 0..2 {
        language.push(char::from(b'a' + bits.number(6).filter(|letter| *letter < 26)? as u8));
    }
    let (vendor_list, policy) = (bits.number(12)? as u16, bits.number(6)? as u8);
    let (service_specific, _texts) = (bits.flag()?, bits.flag()?);
    let (special_features, purposes, legitimate_interests) = (bits.set(12)?, bits.set(24)?, bits.set(24)?);
    let (_one, _country) = (bits.flag()?, bits.number(12)?);
    let vendors = bits.vendors()?;
    Some(Tcf {
        created,
        updated,
        cmp,
        cmp_version,
        screen,
        language,
        vendor_list,
        policy,
        service_specific,
        special_features,
        purposes,
        legitimate_interests,
        vendors,
    })
}

pub(super) fn bad(why: &str) -> Fault {
    Fault::bad_input("bad-consent-string", format!("This is no string of TCF or GPP: {why}"))
        .advise("Copy the whole string, as __tcfapi or __gpp gives it.")
}
