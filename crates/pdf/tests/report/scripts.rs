//! Names and texts in every script: what is read out of the file is what was written into the report.

use std::path::{Path, PathBuf};
use std::process::Command;

use evidence::Renderer;
use evidence::report::{Block, Cell, Column, Report, Table, Text};
use lopdf::{Document, Object};
use probity_pdf::{Fonts, Pdf};

use crate::support::{report, run, words};

fn pdf() -> Pdf {
    Pdf::new(Fonts::with_folders(&[PathBuf::from("/usr/share/fonts")]))
}

/// Script by script: a text as people write it, one word of each sort of trouble.
const TEXTS: [(&str, &str); 22] = [
    ("Cyrillic", "Наталья Жукова"),
    ("Greek", "Γιώργος Παπαδόπουλος"),
    ("Arabic", "محمد بن عبد الله الأحمد (القاهرة) لا إله"),
    ("Persian", "می\u{200c}خواهم گزارش را ببینم"),
    ("Hebrew", "שלום עולם דוד בן־גוריון"),
    ("Devanagari", "नरेन्द्र क्षत्रिय, श्री विद्यार्थी हिन्दी"),
    ("Bengali", "রবীন্দ্রনাথ ঠাকুর"),
    ("Gurmukhi", "ਪੰਜਾਬੀ"),
    ("Gujarati", "ગુજરાતી"),
    ("Tamil", "தமிழ்நாடு கோவை"),
    ("Telugu", "కృష్ణ"),
    ("Kannada", "ಕರ್ನಾಟಕ"),
    ("Malayalam", "മലയാളം"),
    ("Sinhala", "සිංහල"),
    ("Thai", "สวัสดีครับ"),
    ("Japanese", "東京地方裁判所「証拠」のリスト。山田太郎"),
    ("Chinese", "北京市海淀区人民法院，张伟"),
    ("Korean", "대한민국 서울특별시 김철수"),
    ("Georgian", "თბილისი"),
    ("Armenian", "Երևան"),
    ("Amharic", "አዲስ አበባ"),
    ("Symbols", "≤ ≥ → − ✓ ☎ ∑"),
];

fn table() -> Block {
    let column = |title: &str, share| Column { title: title.to_owned(), share, number: false };
    let row = |(name, text): &(&str, &str)| {
        let cells = [Text::strong(*name), Text::plain(*text), Text::strong(*text)];
        cells.into_iter().map(|text| Cell(vec![text])).collect()
    };
    let columns = vec![column("Script", 16), column("Plain", 42), column("Strong", 42)];
    Block::Table(Table { summary: "Scripts".to_owned(), columns, rows: TEXTS.iter().map(row).collect() })
}

/// The words of a page without the marks that pdftotext puts around what runs from right to left.
fn bare(text: &str) -> String {
    text.replace(['\u{202a}', '\u{202b}', '\u{202c}'], "")
}

#[test]
fn every_script_is_read_out_as_it_was_written() {
    let arabic =
        "هذا تقرير عن حالة متجر الويب البطيء وقد كتبه الخبير محمد الأحمد في القاهرة ويحتوي على كل الأدلة ".repeat(6);
    let chinese = "本报告包含案件的全部证据及其保管链记录，".repeat(12);
    let blocks = vec![
        Block::Heading(1, "تقرير الأدلة".to_owned()),
        table(),
        Block::Paragraph(Text::plain(arabic.as_str())),
        Block::Paragraph(Text::plain(chinese.as_str())),
        Block::List(vec![Text::plain("שלום עולם")]),
    ];
    let report =
        Report { marking: "سري".to_owned(), watermark: "نسخة للمحكمة".to_owned(), ..report(blocks) };
    let bytes = pdf().render(&report).unwrap();
    assert_eq!(bytes, pdf().render(&report).unwrap());
    let text = bare(&words(&bytes, "scripts.pdf"));
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scripts.pdf");
    let fonts = run(Command::new("pdffonts").arg(path));
    for face in ["CJKjp-Regular", "CJKkr-Bold", "CJKsc-Regular", "Arabic-Bold", "Devanagari-Regular"] {
        assert!(fonts.contains(&format!("+NotoSans{face}")), "{face}: {fonts}");
    }
    assert!(
        fonts.lines().skip(2).all(|font| font.contains(" yes yes yes ")),
        "embedded, a subset, with Unicode: {fonts}"
    );
    for (name, value) in TEXTS {
        // Brackets at the end of what runs from right to left are where readers of pages disagree.
        for word in value.split(' ').map(|word| word.trim_matches(['(', ')', ','])) {
            assert!(text.matches(word).count() >= 2, "{name}: {word} in {text}");
        }
    }
    assert_eq!(text.matches("الأدلة").count(), 6 + 1);
    assert_eq!(text.replace(char::is_whitespace, "").matches("本报告包含案件的全部证据及其保管链记录，").count(), 12);
}

#[test]
fn the_language_of_a_text_is_said_where_its_script_tells_it() {
    let check = |text: &str, language: Option<&str>| {
        let bytes = pdf().render(&report(vec![Block::Paragraph(Text::plain(text))])).unwrap();
        let document = Document::load_mem(&bytes).unwrap();
        let span = |object: &Object| {
            let element =
                object.as_dict().ok().filter(|element| element.get(b"S").is_ok_and(|name| *name == "Span".into()))?;
            element.get(b"Lang").ok()?.as_str().ok().map(|lang| String::from_utf8_lossy(lang).into_owned())
        };
        assert_eq!(document.objects.values().find_map(span).as_deref(), language, "{text}");
    };
    check("שלום (2026)", Some("he"));
    check("東京のリスト", Some("ja"));
    check("서울 日", Some("ko"));
    check("北京", Some("und-Hani"));
    check("محمد", Some("und-Arab"));
    check("by محمد", None);
    check("plain", None);
}

#[test]
fn a_missing_font_is_named_with_its_package() {
    let check = |text: &str, character: &str, family: &str, package: &str| {
        let fault = Pdf::default().render(&report(vec![Block::Paragraph(Text::plain(text))])).unwrap_err();
        assert_eq!(fault.code(), "missing-glyph");
        let said = format!("{} {}", fault.message(), fault.advice().unwrap_or_default());
        for part in [character, family, package] {
            assert!(said.contains(part), "{part}: {said}");
        }
    };
    check("नमस्ते", "U+0928", "Noto Sans Devanagari", "fonts-noto-core");
    check("محمد", "U+0645", "Noto Sans Arabic", "fonts-noto-core");
    check("日本", "U+65E5", "Noto Sans CJK", "fonts-noto-cjk");
    check("a 🧿", "U+1F9FF", "Noto Sans Symbols2", "fonts-noto-core");
    let nowhere = Pdf::new(Fonts::with_folders(&[PathBuf::from("/nowhere")]));
    assert_eq!(nowhere.render(&report(vec![table()])).unwrap_err().code(), "missing-glyph");
}
