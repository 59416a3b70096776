//! Names of files in the archive that unpack everywhere.

use std::collections::HashSet;

/// Longest part of a path.
const CHARS_MAX: usize = 80;
/// Names that Windows keeps for devices.
const DEVICES: &[&str] = &["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Hands out names, each once whatever the case.
#[derive(Default)]
pub(super) struct Names {
    used: HashSet<String>,
}

impl Names {
    /// `data/<dataset>/<collection>`, without its ending.
    pub(super) fn stem(&mut self, dataset: &str, collection: &str) -> String {
        self.once(format!("data/{}/{}", part(dataset), part(collection)), "")
    }

    /// `<stem>/<name>`: a file of the person's, of that collection.
    pub(super) fn file(&mut self, stem: &str, name: &str) -> String {
        let name = part(name);
        match name.rsplit_once('.').filter(|(front, _)| !front.is_empty()) {
            Some((front, end)) => self.once(format!("{stem}/{front}"), &format!(".{end}")),
            None => self.once(format!("{stem}/{name}"), ""),
        }
    }

    fn once(&mut self, plain: String, end: &str) -> String {
        let mut name = format!("{plain}{end}");
        let mut number = 2;
        while !self.used.insert(name.to_ascii_lowercase()) {
            name = format!("{plain}-{number}{end}");
            number += 1;
        }
        name
    }
}

/// ASCII letters, digits, `.`, `_`, `-`; no dot at either end, no device, never empty.
fn part(text: &str) -> String {
    let sign = |sign: char| if sign.is_ascii_alphanumeric() || "._-".contains(sign) { sign } else { '_' };
    let name: String = text.chars().take(CHARS_MAX).map(sign).collect();
    let name = name.trim_matches('.');
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let numbered =
        |word: &str| stem.strip_prefix(word).is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit());
    if name.is_empty() || DEVICES.contains(&stem.as_str()) || numbered("com") || numbered("lpt") {
        return format!("_{name}");
    }
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_unpack_everywhere() {
        let check = |dataset: &str, collection: &str, expect: &str| {
            assert_eq!(Names::default().stem(dataset, collection), expect);
        };
        check("shop", "Customer", "data/shop/Customer");
        check("shop", "../../etc/passwd", "data/shop/_.._etc_passwd");
        check("/abs", "sales.order", "data/_abs/sales.order");
        check("shop", "Order \"Lines\"", "data/shop/Order__Lines_");
        check("shop", "CON", "data/shop/_CON");
        check("shop", "com1.txt", "data/shop/_com1.txt");
        check("shop", "..", "data/shop/_");
        check("shop", "straße", "data/shop/stra_e");
        let mut names = Names::default();
        assert_eq!(names.stem("a", "x y"), "data/a/x_y");
        assert_eq!(names.stem("a", "X_Y"), "data/a/X_Y-2");
        assert_eq!(names.file("data/a/x_y", "face of ann.png"), "data/a/x_y/face_of_ann.png");
        assert_eq!(names.file("data/a/x_y", "FACE/of/ann.PNG"), "data/a/x_y/FACE_of_ann-2.PNG");
        assert_eq!(names.file("data/a/x_y", ".."), "data/a/x_y/_");
    }
}
