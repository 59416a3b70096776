//! `/ToUnicode` maps: which text a character code stands for (ISO 32000-1, 9.10.3).

use std::collections::{BTreeMap, BTreeSet};

use super::lex::{self, Item, Operand};

/// Entries of a map; a two-byte font has at most 65,536 codes.
const ENTRIES_MAX: usize = 1 << 17;

/// The text of each code.
pub(super) type Map = BTreeMap<u32, String>;

/// Reads a map. What it does not understand it leaves out; a code without text is then refused where it is used.
pub(super) fn read(bytes: &[u8]) -> Map {
    let mut map = Map::new();
    let mut operands: Vec<Operand> = Vec::new();
    for item in lex::items(bytes) {
        match item {
            Item::Operand(operand) => operands.push(operand),
            Item::Word(word) => {
                match word.as_slice() {
                    b"endbfchar" => characters(&operands, &mut map),
                    b"endbfrange" => ranges(&operands, &mut map),
                    _ => {}
                }
                operands.clear();
            }
        }
    }
    map
}

fn characters(operands: &[Operand], map: &mut Map) {
    for pair in operands.chunks(2) {
        if let [Operand::Text(code), Operand::Text(text)] = pair {
            insert(map, number(code), utf16(text));
        }
    }
}

fn ranges(operands: &[Operand], map: &mut Map) {
    for three in operands.chunks(3) {
        let [Operand::Text(first), Operand::Text(last), target] = three else { continue };
        let (first, last) = (number(first), number(last));
        let codes = first..=last.min(first.saturating_add(0xffff));
        match target {
            Operand::Text(text) => {
                for (step, code) in codes.enumerate() {
                    insert(map, code, utf16(&raised(text, step)));
                }
            }
            Operand::Array(items) => {
                for (code, item) in codes.zip(items) {
                    if let Operand::Text(text) = item {
                        insert(map, code, utf16(text));
                    }
                }
            }
            _ => {}
        }
    }
}

fn insert(map: &mut Map, code: u32, text: String) {
    if map.len() < ENTRIES_MAX {
        map.insert(code, text);
    }
}

/// The last unit of `text` plus `step`.
fn raised(text: &[u8], step: usize) -> Vec<u8> {
    let mut units = text.to_vec();
    if let [.., high, low] = units.as_mut_slice() {
        let value = u16::from_be_bytes([*high, *low]).wrapping_add(step as u16);
        [*high, *low] = value.to_be_bytes();
    } else if let [only] = units.as_mut_slice() {
        *only = only.wrapping_add(step as u8);
    }
    units
}

fn number(code: &[u8]) -> u32 {
    code.iter().take(4).fold(0, |value, byte| value << 8 | u32::from(*byte))
}

fn utf16(text: &[u8]) -> String {
    if let [only] = text {
        return char::from(*only).to_string();
    }
    let units = text.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Writes the map of the codes in `kept`, and no others.
pub(super) fn write(map: &Map, kept: &BTreeSet<u32>, two_bytes: bool) -> Vec<u8> {
    let code_of = |code: u32| if two_bytes { format!("<{code:04X}>") } else { format!("<{code:02X}>") };
    let lines: Vec<String> = map
        .iter()
        .filter(|(code, _)| kept.contains(code))
        .map(|(code, text)| {
            let units: String = text.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
            format!("{} <{units}>\n", code_of(*code))
        })
        .collect();
    let last = if two_bytes { 0xffff } else { 0xff };
    let mut out = format!(
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo << /Registry (Adobe) /Ordering \
         (UCS) /Supplement 0 >> def\n/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n{} \
         {}\nendcodespacerange\n",
        code_of(0),
        code_of(last)
    );
    for hundred in lines.chunks(100) {
        out += &format!("{} beginbfchar\n{}endbfchar\n", hundred.len(), hundred.concat());
    }
    out += "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n";
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_entry_is_read_and_only_kept_codes_are_written() {
        let map = read(
            b"1 beginbfchar <0003> <0020> endbfchar 2 beginbfrange <0010> <0012> <0041> <0020> <0021> [<0066 0066> \
              <D83DDE00>] endbfrange",
        );
        let text = |code: u32| map.get(&code).map(String::as_str);
        assert_eq!([text(3), text(0x10), text(0x12)], [Some(" "), Some("A"), Some("C")]);
        assert_eq!([text(0x20), text(0x21), text(0x13)], [Some("ff"), Some("\u{1f600}"), None]);
        let kept = BTreeSet::from([3, 0x20, 0x21]);
        let again = read(&write(&map, &kept, true));
        assert_eq!(again.keys().copied().collect::<BTreeSet<_>>(), kept);
        assert!(again.iter().all(|(code, text)| map.get(code) == Some(text)));
    }

    #[test]
    fn a_range_without_end_is_cut() {
        assert!(read(b"1 beginbfrange <00000000> <FFFFFFFF> <0041> endbfrange").len() <= ENTRIES_MAX);
    }
}
