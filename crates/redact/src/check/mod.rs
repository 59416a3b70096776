//! Checksums and other proofs that a string is what it looks like, by name.
//!
//! A check takes the bytes that a pattern matched, takes away the separators that its shape allows, and answers. It
//! allocates nothing. Families of algorithms have a file each (`luhn`, `mod97`, `iso7064`, `verhoeff`, `weighted`,
//! `date`, `mrz`, `crypto`), and so has each country. The formulas are compared with python-stdnum by
//! `tests/stdnum.rs`; what has no counterpart there is proven by published samples.
//!
//! Deliberately absent: lists that change every year (counties of China, bank branches), and the clock: whoever is born
//! in the future is born too.

mod card;
mod crypto;
mod date;
mod device;
mod finance;
mod iban;
mod iso7064;
mod luhn;
mod mod97;
mod mrz;
mod net;
mod phone;
mod plain;
mod secret;
mod text;
mod vat;
mod verhoeff;
mod web;
mod weighted;

mod at;
mod au;
mod be;
mod bg;
mod br;
mod ca;
mod ch;
mod cn;
mod cy;
mod cz;
mod de;
mod dk;
mod ee;
mod es;
mod fi;
mod fr;
mod gr;
mod hr;
mod hu;
mod ie;
mod il;
mod india;
mod is;
mod it;
mod jp;
mod kr;
mod lu;
mod lv;
mod mx;
mod nl;
mod no;
mod nz;
mod pl;
mod pt;
mod ro;
mod se;
mod sg;
mod si;
mod tr;
mod uk;
mod us;
mod za;

pub(crate) use phone::{Form, form as phone_form};

/// Whether a text is a date as people write it.
pub(crate) fn is_written_date(text: &[u8]) -> bool {
    date::written(text)
}

/// A check: the matched bytes as they stand.
type Check = fn(&[u8]) -> bool;

/// The check of this name, for a detector's `check`.
pub fn by_name(name: &str) -> Option<fn(&[u8]) -> bool> {
    let at = CHECKS.binary_search_by(|(known, _)| known.cmp(&name)).ok()?;
    Some(CHECKS[at].1)
}

/// The names of all checks, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    CHECKS.iter().map(|(name, _)| *name)
}

/// Sorted by name.
const CHECKS: &[(&str, Check)] = &[
    ("at-vnr", at::vnr),
    ("au-abn", au::abn),
    ("au-medicare", au::medicare),
    ("au-tfn", au::tfn),
    ("basic-auth", secret::basic),
    ("be-bis", be::bis),
    ("be-nn", be::nn),
    ("bg-egn", bg::egn),
    ("bg-pnf", bg::pnf),
    ("bic", finance::bic),
    ("br-cnpj", br::cnpj),
    ("br-cpf", br::cpf),
    ("btc", crypto::btc),
    ("ca-bc-phn", ca::bc_phn),
    ("ca-ohip", ca::ohip),
    ("ca-sin", ca::sin),
    ("card", card::card),
    ("card-major", card::card_major),
    ("ch-ahv", ch::ahv),
    ("cn-ric", cn::ric),
    ("cy-tic", cy::tic),
    ("cz-rc", cz::rc),
    ("date", date::written),
    ("de-ausweis", de::ausweis),
    ("de-idnr", de::idnr),
    ("de-kvnr", de::kvnr),
    ("de-svnr", de::svnr),
    ("dk-cpr", dk::cpr),
    ("ee-ik", ee::ik),
    ("email", web::email),
    ("es-ccc", es::ccc),
    ("es-cif", es::cif),
    ("es-dni", es::dni),
    ("es-nie", es::nie),
    ("es-nss", es::nss),
    ("eth", crypto::eth),
    ("eu-vat", vat::vat),
    ("fi-hetu", fi::hetu),
    ("fr-nif", fr::nif),
    ("fr-nir", fr::nir),
    ("geo", net::geo),
    ("github-token", secret::github),
    ("gr-afm", gr::afm),
    ("gr-amka", gr::amka),
    ("hr-oib", hr::oib),
    ("hu-personal", hu::personal),
    ("hu-taj", hu::taj),
    ("hu-tax", hu::tax),
    ("iban", iban::iban),
    ("ie-pps", ie::pps),
    ("il-id", il::id),
    ("imei", device::imei),
    ("imsi", device::imsi),
    ("in-aadhaar", india::aadhaar),
    ("in-epic", india::epic),
    ("in-pan", india::pan),
    ("ipv4", net::ipv4),
    ("ipv4-likely", web::ipv4_likely),
    ("ipv6", net::ipv6),
    ("is-kt", is::kennitala),
    ("isin", finance::isin),
    ("iso7064-mod-11-10", plain::iso7064_mod_11_10),
    ("iso7064-mod-97-10", plain::iso7064_mod_97_10),
    ("it-cf", it::codice_fiscale),
    ("jp-my-number", jp::my_number),
    ("jwt", secret::jwt),
    ("kr-rrn", kr::rrn),
    ("lei", finance::lei),
    ("lt-ak", ee::asmens_kodas),
    ("lu-matricule", lu::matricule),
    ("luhn", plain::luhn),
    ("lv-pk", lv::personas_kods),
    ("mac", net::mac),
    ("mrz", mrz::zone),
    ("mrz-machine", mrz::machine),
    ("mrz-names", mrz::names),
    ("mx-curp", mx::curp),
    ("mx-rfc", mx::rfc),
    ("nl-bsn", nl::bsn),
    ("nl-onderwijsnummer", nl::onderwijsnummer),
    ("no-date", date::absent),
    ("no-fnr", no::fodselsnummer),
    ("npm-token", secret::npm),
    ("nz-account", nz::account),
    ("nz-ird", nz::ird),
    ("nz-nhi", nz::nhi),
    ("password", secret::quoted),
    ("password-bare", secret::bare),
    ("password-word", secret::word),
    ("phone", phone::international),
    ("phone-local", phone::local),
    ("phone-nanp", phone::american),
    ("phone-possible", phone::possible),
    ("pl-dowod", pl::dowod),
    ("pl-nip", pl::nip),
    ("pl-passport", pl::passport),
    ("pl-pesel", pl::pesel),
    ("pt-cc", pt::cc),
    ("pt-nif", pt::nif),
    ("pt-niss", pt::niss),
    ("ro-cnp", ro::cnp),
    ("se-pnr", se::personnummer),
    ("secret", secret::opaque),
    ("sg-nric", sg::nric),
    ("si-davcna", si::davcna),
    ("si-emso", si::emso),
    ("token", secret::random),
    ("tr-kimlik", tr::kimlik),
    ("tr-vergi", tr::vergi),
    ("uk-driver", uk::driver),
    ("uk-nhs", uk::nhs),
    ("uk-nino", uk::nino),
    ("uk-utr", uk::utr),
    ("us-dea", us::dea),
    ("us-ein", us::ein),
    ("us-itin", us::itin),
    ("us-mbi", us::mbi),
    ("us-npi", us::npi),
    ("us-rtn", us::rtn),
    ("us-ssn", us::ssn),
    ("username", web::username),
    ("verhoeff", plain::verhoeff),
    ("vin", device::vin),
    ("xmr", crypto::xmr),
    ("za-id", za::id),
    ("za-tin", za::tin),
];

/// Asserts what a check takes and what it refuses.
#[cfg(test)]
#[track_caller]
pub(crate) fn known(check: Check, valid: &[&str], invalid: &[&str]) {
    for text in valid {
        assert!(check(text.as_bytes()), "{text:?} is valid");
    }
    for text in invalid {
        assert!(!check(text.as_bytes()), "{text:?} is not valid");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_sorted_and_found() {
        assert!(CHECKS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(names().all(|name| by_name(name).is_some()));
        assert!(by_name("nobody").is_none());
    }

    proptest! {
        /// No check panics, whatever it is given.
        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..120), number in "[0-9A-Z<. /-]{0,120}") {
            for (_, check) in CHECKS {
                check(&bytes);
                check(number.as_bytes());
            }
        }

        /// The same within the lengths that numbers have, so that the insides of the checks are reached.
        #[test]
        fn any_number_is_answered(number in "[0-9]{7,20}|[0-9A-Z]{8,18}|[A-Z]{2}[0-9]{2,12}[A-Z]?|[A-Z0-9<]{36}|[A-Z0-9<]{44}|([A-Z0-9<]{30}\n){2}[A-Z<]{30}") {
            for (_, check) in CHECKS {
                check(number.as_bytes());
            }
        }
    }
}
