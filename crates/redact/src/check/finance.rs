//! Codes of banks, companies and securities.

use super::luhn::sum;
use super::mod97::remainder;
use super::text::{alphanumeric, plain};

/// Bank code with a country in the middle (ISO 9362).
pub(super) fn bic(raw: &[u8]) -> bool {
    let Some(text) = plain(raw, b" -") else { return false };
    matches!(text.len(), 8 | 11)
        && text[..6].iter().all(u8::is_ascii_uppercase)
        && text[6..].iter().all(|byte| alphanumeric(*byte).is_some())
        && is_country(&text[4..6])
}

/// Legal Entity Identifier (ISO 17442).
pub(super) fn lei(raw: &[u8]) -> bool {
    plain(raw, b" -").is_some_and(|text| text.len() == 20 && remainder(text.iter().copied()) == Some(1))
}

/// International Securities Identification Number (ISO 6166): letters are written as two digits, then Luhn.
pub(super) fn isin(raw: &[u8]) -> bool {
    let Some(text) = plain(raw, b" ") else { return false };
    if text.len() != 12 || !is_country(&text[..2]) && !OTHER_ISIN.chunks(2).any(|code| code == &text[..2]) {
        return false;
    }
    let (mut digits, mut length) = ([0; 24], 0);
    for byte in text.iter() {
        let Some(value) = alphanumeric(*byte) else { return false };
        if value > 9 {
            digits[length] = value / 10;
            length += 1;
        }
        digits[length] = value % 10;
        length += 1;
    }
    sum(&digits[..length]).is_multiple_of(10)
}

/// ISO 3166-1, and Kosovo.
pub(super) fn is_country(code: &[u8]) -> bool {
    COUNTRIES.chunks(2).any(|country| country == code)
}

/// What else begins an ISIN: the Union, international securities, and what agencies gave.
const OTHER_ISIN: &[u8] = b"ANCSEUQSQTXAXBXCXDXFXS";

const COUNTRIES: &[u8] = b"ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCL\
CMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQ\
IRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONP\
NRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZ\
UAUGUMUSUYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn codes() {
        known(bic, &["DEUTDEFF", "DEUTDEFF500", "NEDSZAJJ"], &["DEUTXXFF", "DEUTDEF", "DEUTDEFF50"]);
        known(lei, &["529900T8BM49AURSDO55", "HWUPKR0MPOU8FGXBT394"], &["529900T8BM49AURSDO56", "529900"]);
        known(isin, &["US0378331005", "GB0002634946"], &["US0378331006", "ZZ0378331005", "US"]);
    }
}
