//! Writes a report with every kind of block, to look at: `cargo run -p probity-pdf --example sample -- OUT.pdf [ROWS]`. With a number
//! of rows it writes a table of that many, and says how long that took.

use std::path::PathBuf;
use std::time::Instant as Clock;

use evidence::Renderer;
use evidence::report::{
    Bates, Block, Cell, Chart, Code2d, Column, Left, Paper, Plot, Report, Table, Text, Tone, Window,
};
use model::{Instant, Verdict};
use probity_pdf::{Fonts, Pdf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let out = args.next().ok_or("name a file")?;
    let rows: Option<usize> = args.next().map(|rows| rows.parse()).transpose()?;
    let report = report(rows.map_or_else(blocks, long), rows.is_some());
    let begun = Clock::now();
    let fonts = Fonts::with_folders(&[PathBuf::from("/usr/share/fonts")]);
    let bytes = Pdf::new(fonts).render(&report).map_err(|fault| format!("{fault:?}"))?;
    println!("{} bytes in {} ms", bytes.len(), begun.elapsed().as_millis());
    Ok(std::fs::write(out, bytes)?)
}

fn at(day: i64) -> Instant {
    Instant::from_seconds(1_767_258_000 + 86_400 * day).expect("the days of a sample lie in 2026")
}

fn report(blocks: Vec<Block>, letter: bool) -> Report {
    Report {
        title: "Evidence report: Slow answers of the web shop".to_owned(),
        case: "2026-017".to_owned(),
        marking: "CONFIDENTIAL · FOR THE COURT ONLY".to_owned(),
        watermark: "COPY FOR THE COURT".to_owned(),
        language: "en".to_owned(),
        producer: "probity 0.1.0".to_owned(),
        created: at(0),
        paper: if letter { Paper::Letter } else { Paper::A4 },
        bates: letter.then(|| Bates { prefix: "ACME".to_owned(), first: 1, digits: 6 }),
        flattened: false,
        blocks,
        attachments: Vec::new(),
    }
}

fn column(title: &str, share: u16, number: bool) -> Column {
    Column { title: title.to_owned(), share, number }
}

fn long(rows: usize) -> Vec<Block> {
    let row = |n: usize| {
        let reason = format!("value-{n} was counted in the window and {}", "explained ".repeat(n % 5));
        let cells = [
            Text::strong(format!("row-{n}")),
            Text::plain(format!("2026-01-{:02}", n % 28 + 1)),
            Text::plain(reason),
            Text::verdict(if n.is_multiple_of(3) { Verdict::Broken } else { Verdict::Met }),
            Text::plain((n * 977).to_string()),
            Text::exact(format!("{n:016x}")),
        ];
        cells.into_iter().map(|text| Cell(vec![text])).collect()
    };
    let columns = vec![
        column("Row", 12, false),
        column("Date", 14, false),
        column("Reason", 34, false),
        column("Verdict", 10, false),
        column("Count", 12, true),
        column("Digest", 18, false),
    ];
    let table = Table { summary: "Rows".to_owned(), columns, rows: (0..rows).map(row).collect() };
    let heading = |level, text: &str| Block::Heading(level, text.to_owned());
    vec![heading(1, "Long"), heading(2, "Contents"), Block::Contents(3), heading(2, "Rows"), Block::Table(table)]
}

fn blocks() -> Vec<Block> {
    let heading = |level, text: &str| Block::Heading(level, text.to_owned());
    let mut blocks = vec![
        Block::Paragraph(Text::strong("Evidence report")),
        heading(1, "Slow answers of the web shop"),
        Block::Facts(vec![
            ("Case".to_owned(), Text::strong("2026-017")),
            ("Opened by".to_owned(), Text::plain("Renée Müller-Жукова")),
            ("Signing key".to_owned(), Text::exact("SHA256:kXh3dGVzdGtleWZpbmdlcnByaW50bm90cmVhbA")),
        ]),
        heading(2, "Contents"),
        Block::Contents(3),
        heading(2, "Summary"),
        Block::Answer(Text { tone: Tone::Bad, ..Text::strong("1 of 3 objectives is broken, 1 is met.") }),
        Block::Paragraph(Text::plain("See the exhibits below.").to("Exhibits")),
        Block::Paragraph(Text::plain("Guidance of the court").to_web("https://www.example.org/e-bundles?läng=en")),
    ];
    blocks.extend([heading(2, "Scripts"), Block::Table(scripts())]);
    blocks.push(Block::Paragraph(Text::plain(
        "هذا تقرير عن حالة متجر الويب البطيء، وقد كتبه الخبير محمد الأحمد في القاهرة بتاريخ 2026-01-03 ويحتوي على كل الأدلة (EX-001).",
    )));
    blocks.extend([heading(2, "Charts"), Block::Chart(windows()), Block::Chart(burn_down())]);
    blocks.extend([heading(2, "Exhibits"), Block::Table(exhibits())]);
    blocks.extend([
        heading(2, "How to verify"),
        Block::Steps(vec![Text::plain("Get the fingerprint by another way."), Text::plain("Compare it.")]),
        Block::List(vec![Text::plain("With probity: one command."), Text::plain("Without: any unzip.")]),
        Block::Code(vec!["probity verify PACKAGE.zip".to_owned(), "  sh verify.sh".to_owned()]),
        Block::Code2d(Code2d {
            text: "sha256:3b7ced0be0cba2c0911814f05c14bf70dbe64153f05fc6dc9d78914806d0f0e0".to_owned(),
            alt: "The digest of the manifest as a QR code".to_owned(),
        }),
        heading(2, "Draft certificate"),
        heading(3, "28 U.S.C. 1746"),
        Block::Notice(vec![
            Text { tone: Tone::Open, ..Text::strong("Draft: nobody has signed this.") },
            Text::plain("I declare under penalty of perjury that the foregoing is true and correct."),
        ]),
        Block::Blanks(vec!["Name".to_owned(), "Executed on (date)".to_owned(), "Signature".to_owned()]),
    ]);
    blocks
}

fn scripts() -> Table {
    let rows = [
        ("Cyrillic", "Наталья Жукова"),
        ("Greek", "Γιώργος Παπαδόπουλος"),
        ("Arabic", "محمد بن عبد الله الأحمد (القاهرة) لا إله"),
        ("Persian", "می‌خواهم گزارش را ببینم"),
        ("Hebrew", "שלום עולם, דוד בן־גוריון (2026)"),
        ("Devanagari", "नरेन्द्र क्षत्रिय, श्री विद्यार्थी हिन्दी"),
        ("Bengali", "রবীন্দ্রনাথ ঠাকুর"),
        ("Tamil", "தமிழ்நாடு கோவை"),
        ("Thai", "สวัสดีครับ น้ำแข็ง"),
        ("Japanese", "東京地方裁判所「証拠」のリスト。山田太郎"),
        ("Chinese", "北京市海淀区人民法院，张伟"),
        ("Korean", "대한민국 서울특별시 김철수"),
        ("Georgian, Armenian", "თბილისი Երևան"),
        ("Vietnamese, decomposed", "Nguye\u{302}\u{303}n Vie\u{323}\u{302}t"),
        ("Symbols", "≤ ≥ → − ✓ ☎ ∑ ♥"),
    ];
    let row = |(name, text): &(&str, &str)| {
        vec![Cell(vec![Text::plain(*name)]), Cell(vec![Text::plain(*text)]), Cell(vec![Text::strong(*text)])]
    };
    Table {
        summary: "Names in their scripts".to_owned(),
        columns: vec![column("Script", 20, false), column("Name", 40, false), column("Strong", 40, false)],
        rows: rows.iter().map(row).collect(),
    }
}

fn exhibits() -> Table {
    let row = |n: usize| {
        let name = format!("EX-{n:03}");
        vec![
            Cell(vec![Text::strong(name.clone()).named(name.clone())]),
            Cell(vec![Text::plain("Access log of host web-1"), Text::small("See also EX-002").to("EX-002")]),
            Cell(vec![Text::page_of(name)]),
            Cell(vec![Text::exact("3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7")]),
        ]
    };
    Table {
        summary: "Exhibits".to_owned(),
        columns: vec![
            column("Exhibit", 14, false),
            column("What it is", 36, false),
            column("Page", 10, true),
            column("SHA-256", 40, false),
        ],
        rows: (1..=12).map(row).collect(),
    }
}

fn windows() -> Chart {
    let window = |name: &str, tone, good: Option<f64>, spent: Option<f64>, said: &str, budget: &str| Window {
        name: name.to_owned(),
        tone,
        good,
        target: Some(0.95),
        said: said.to_owned(),
        spent,
        budget: budget.to_owned(),
    };
    Chart {
        title: "Objectives in the 30 days to 2026-01-01 09:00:00 UTC".to_owned(),
        alt: "latency / p95: 94.0 % good, at least 95 % needed, broken. errors / availability: 99.9 % good, met."
            .to_owned(),
        plot: Plot::Windows(vec![
            window(
                "latency / p95",
                Tone::Bad,
                Some(0.94),
                Some(1.2),
                "94.0 % good, 95 % needed",
                "budget: 60 of 50 spent",
            ),
            window(
                "errors / availability",
                Tone::Good,
                Some(0.999),
                Some(0.1),
                "99.9 % good, 95 % needed",
                "budget: 5 of 50 spent",
            ),
            window("freshness / age", Tone::Open, None, None, "nothing was counted", ""),
        ]),
    }
}

fn burn_down() -> Chart {
    let left = |day: i64, share| Left { at: at(day), share };
    Chart {
        title: "Error budget of latency / p95".to_owned(),
        alt: "The budget fell from 92 % to 20 % below nothing within 12 days.".to_owned(),
        plot: Plot::BurnDown(vec![left(0, 0.92), left(3, 0.7), left(6, 0.66), left(9, 0.1), left(12, -0.2)]),
    }
}
