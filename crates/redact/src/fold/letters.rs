//! Letters and digits that look like ASCII ones (Unicode Technical Standard #39, "confusables"), of the scripts that
//! today's systems have in their fonts.

use std::sync::LazyLock;

/// The ASCII character that a character of the Basic Multilingual Plane looks like.
pub(super) fn look(char: u32) -> Option<u8> {
    static LOOKS: LazyLock<Box<[u8]>> = LazyLock::new(|| {
        let mut looks = vec![0; 0x1_0000];
        for (ascii, alike) in ALIKE {
            alike.chars().for_each(|char| looks[char as usize] = *ascii);
        }
        looks.into()
    });
    let ascii = *LOOKS.get(char as usize)?;
    (ascii != 0).then_some(ascii)
}

/// Cyrillic, Greek, Armenian, Cherokee, Lisu, Coptic, small capitals, raised and lowered letters, letters used as symbols.
const ALIKE: &[(u8, &str)] = &[
    (b'0', "⁰₀⓪⓿"),
    (b'1', "¹₁①⓵❶➀➊"),
    (b'2', "²Ϩ₂②⓶❷➁➋"),
    (b'3', "³ƷȜЗӠ₃③⓷❸➂➌Ⳍ"),
    (b'4', "Ꮞ⁴₄④⓸❹➃➍"),
    (b'5', "⁵₅⑤⓹❺➄➎"),
    (b'6', "Ꮾ⁶₆⑥⓺❻➅➏Ⳓ"),
    (b'7', "⁷₇⑦⓻❼➆➐"),
    (b'8', "⁸₈⑧⓼❽➇➑"),
    (b'9', "⁹₉⑨⓽❾➈➒Ⳋ"),
    (b'A', "ΑАᎪᴬꓮ"),
    (b'B', "ƄΒВᏴᴮℬꓐ"),
    (b'C', "ϹСᏟℂℭⅭⲤꓚꟲ"),
    (b'D', "ᎠᴰⅅⅮꓓ"),
    (b'E', "ΕЕᎬᴱℰꓰ"),
    (b'F', "Ϝℱꓝꟳ"),
    (b'G', "ԌᏀᏳᴳꓖ"),
    (b'H', "ΗНᎻᴴℋℌℍⲎꓧ"),
    (b'I', "ΙІӀᴵℐℑⅠⲒꓲ"),
    (b'J', "ͿЈᎫᴶꓙ"),
    (b'K', "ΚКҚᏦᴷKⲔꓗ"),
    (b'L', "ԼᏞᴸℒⅬⳐꓡ"),
    (b'M', "ΜϺМᎷᴹℳⅯⲘꓟ"),
    (b'N', "ΝᴺℕⲚꓠ"),
    (b'O', "ΟОՕᴼⲞꓳ"),
    (b'P', "ΡРᏢᴾℙⲢꓑ"),
    (b'Q', "Ԛℚꟴ"),
    (b'R', "ƦᎡᏒᴿℛℜℝꓣ"),
    (b'S', "ЅՏᏕᏚꓢ"),
    (b'T', "ΤТᎢᵀⲦꓔ"),
    (b'U', "Սᵁꓴ"),
    (b'V', "ѴᏙⅤⱽꓦ"),
    (b'W', "ԜᎳᏔᵂꓪ"),
    (b'X', "ΧХⅩⲬꓫ"),
    (b'Y', "ΥϒУҮᎩᎽⲨꓬ"),
    (b'Z', "ΖᏃℤℨꓜ"),
    (b'a', "ªɑαаᴀᵃₐ"),
    (b'b', "ʙᏏᵇ"),
    (b'c', "ϲсᴄᶜⅽⲥꮯ"),
    (b'd', "ԁᏧᴅᵈⅆⅾꓒ"),
    (b'e', "еҽᴇᵉₑ℮ℯⅇ"),
    (b'f', "ſքᶠꜰ"),
    (b'g', "ɡɢցᵍℊ"),
    (b'h', "ʜʰһհᏂₕℎ"),
    (b'i', "ıɩɪͺιіᎥᵢⁱℹⅈⅰꭵ"),
    (b'j', "ʲϳјյᴊⅉⱼ"),
    (b'k', "κкᴋᵏₖ"),
    (b'l', "Ɩǀʟˡӏₗℓⅼ"),
    (b'm', "ᴍᵐₘⅿ"),
    (b'n', "ɴոռⁿₙ"),
    (b'o', "ºοσоօᴏᴑᵒₒℴⲟ"),
    (b'p', "ρϱрᴘᵖₚⲣ"),
    (b'q', "ԛգզ"),
    (b'r', "ʀʳᴦᵣⲅꮁ"),
    (b's', "ˢѕₛꜱꮪ"),
    (b't', "ᴛᵗₜ"),
    (b'u', "ʋυսᴜᵘᵤ"),
    (b'v', "νѵᴠᵛᵥⅴꮩ"),
    (b'w', "ɯʷѡԝաᴡꮃ"),
    (b'x', "ˣχхₓⅹ"),
    (b'y', "ɣʏʸγуү"),
    (b'z', "ᴢᶻꮓ"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// No character is listed twice, none is ASCII, and none leaves the plane.
    #[test]
    fn the_list_is_sound() {
        let mut all: Vec<char> = ALIKE.iter().flat_map(|(_, alike)| alike.chars()).collect();
        assert!(all.iter().all(|char| !char.is_ascii() && u32::from(*char) < 0x1_0000));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert_eq!(look(u32::from('о')), Some(b'o'));
        assert_eq!(look(u32::from('ж')), None);
        assert_eq!(look(0x1_0000), None);
    }
}
