//! Reports from real cases: what stands on the pages, judged by poppler; the whole package judged by everybody else's tools.

#[path = "report/conformance.rs"]
mod conformance;
#[path = "report/court.rs"]
mod court;
#[path = "report/filing.rs"]
mod filing;
#[path = "report/scripts.rs"]
mod scripts;
#[path = "report/support.rs"]
mod support;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use evidence::package::{Ask, Build, LedgerAnchor, NoBlocks, NoTime, Seals, Tool, build, verify};
use evidence::report::{Block, Cell, Chart, Column, Plot, Report, Table, Text};
use evidence::{Act, Case, NewExhibit, Renderer};
use model::{Digest, Hidden, Instant};
use probity_pdf::Pdf;
use seal::SigningKey;
use support::{at, pages, report, run, words};

const EVALUATION: &str = include_str!("../../evidence/tests/support/evaluation.json");

fn act(seconds: i64, purpose: &str) -> Act<'_> {
    Act { time: at(seconds), by: "Renée Müller-Жукова", purpose }
}

fn case(root: &Path) -> Case {
    let mut case =
        Case::create(root, "2026-017", "Slow answers of the web shop", &act(0, "complaint of 2 January")).unwrap();
    let log = NewExhibit { name: "/var/log/nginx/access.log", description: "Access log of host web-1, complete" };
    case.add(&mut &b"10.0.0.1 GET / 200\n"[..], log, &act(60, "first copy from host web-1"), &Hidden).unwrap();
    let odd = NewExhibit { name: "Übersicht\u{202e}gpj.exe \u{1b}[31m <1>.csv", description: "" };
    case.add(&mut &b"a,b\n1,2\n"[..], odd, &act(120, "supplied by the operator"), &Hidden).unwrap();
    case.record_evaluation(EVALUATION.as_bytes(), &act(180, "objectives of the contract")).unwrap();
    case.note("The host was restarted on 3 January.\nSee the mail & <file>.", &act(240, "remark")).unwrap();
    case
}

fn package(folder: &Path) -> PathBuf {
    let case = case(&folder.join("cases"));
    let settings = Build {
        created: at(3600),
        marking: "CONFIDENTIAL".to_owned(),
        watermark: "COPY FOR THE COURT".to_owned(),
        visible_signature: false,
        tool: Tool { name: "probity".to_owned(), version: "0.1.0".to_owned() },
        ledger: Some(LedgerAnchor {
            origin: "example.org/audit".to_owned(),
            size: 12,
            root: Digest::new([9; 32]),
            proof_text: "example.org/audit\n12\nCQkJ\n".to_owned(),
            proofs: Vec::new(),
        }),
        court: evidence::court::Settings::default(),
    };
    let path = folder.join("package.zip");
    let key = SigningKey::from_seed([7; 32]);
    let seals = Seals { key: &key, signers: &[], time: &NoTime, keeper: None };
    build(&case, &settings, &seals, &Pdf::default(), &mut File::create(&path).unwrap(), &Hidden).unwrap();
    let keys = [key.public()];
    let ask = Ask { keys: &keys, anchors: &[], now: at(7200), blocks: &NoBlocks, pdf: &pades::Reader, signers: 0 };
    let verification = verify(&File::open(&path).unwrap(), &ask, &Hidden).unwrap();
    assert!(verification.is_intact(), "{:#?}", verification.checks);
    path
}

#[test]
fn independent_judges_accept_the_package() {
    let folder = tempfile::tempdir().unwrap();
    let path = package(folder.path());
    std::fs::copy(&path, Path::new(env!("CARGO_TARGET_TMPDIR")).join("package.zip")).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/judges/package/check");
    println!("{}", run(Command::new(script).arg(&path)));
}

#[test]
fn long_tables_break_with_repeated_heads_and_every_value_is_found() {
    let column = |title: &str, share| Column { title: title.to_owned(), share, number: false };
    let row = |n: usize| {
        let long = format!("value-{n} and {}", "some more words ".repeat(n % 7));
        vec![Cell(vec![Text::plain(format!("row-{n}"))]), Cell(vec![Text::plain(long), Text::exact("f0".repeat(40))])]
    };
    let mut rows: Vec<_> = (0..200).map(row).collect();
    rows.push(vec![Cell(vec![Text::plain("tall")]), Cell(vec![Text::plain("word ".repeat(3000))])]);
    let table = Table { summary: "Rows".to_owned(), columns: vec![column("Head A", 20), column("Head B", 80)], rows };
    let bytes =
        Pdf::default().render(&report(vec![Block::Heading(1, "Long".to_owned()), Block::Table(table)])).unwrap();
    let text = words(&bytes, "long.pdf");
    let pages: Vec<&str> = text.split('\u{c}').filter(|page| !page.trim().is_empty()).collect();
    assert!(pages.len() > 5);
    for (number, page) in pages.iter().enumerate() {
        assert!(page.contains("Head A") && page.contains("Head B"), "page {}", number + 1);
        assert!(page.contains(&format!("Page {} of {}", number + 1, pages.len())), "{page}");
        // The watermark is drawn, and said at the end.
        assert!(page.contains("CONFIDENTIAL") && page.contains("DRAFT") == (number + 1 == pages.len()));
    }
    (0..200).for_each(|n| assert!(text.contains(&format!("row-{n} ")) && text.contains(&format!("value-{n} "))));
    assert_eq!(text.matches("word").count(), 3000 + (0..200).map(|n| n % 7).sum::<usize>());
}

#[test]
fn a_marking_is_never_cut() {
    let line = || vec![Block::Paragraph(Text::plain("line ".repeat(2000)))];
    for words in [1, 7, 12, 60] {
        let marking: Vec<String> = (0..words).map(|n| format!("mark{n:02}")).collect();
        let long = Report { marking: marking.join(" "), ..report(line()) };
        for page in pages(&long, "marking.pdf") {
            let said = usize::from(page.contains("Every page of this report"));
            marking.iter().for_each(|word| assert_eq!(page.matches(word).count(), 2 + said, "{word}: {page}"));
            assert!(page.contains("Case 1") && page.contains("2026-01-01 09:00:00 UTC"), "{page}");
        }
    }
    let endless = Report { marking: "mark ".repeat(2000), ..report(line()) };
    assert_eq!(Pdf::default().render(&endless).unwrap_err().code(), "report-too-long");
}

#[test]
fn a_heading_stands_with_what_it_heads_and_a_section_begins_where_there_is_room() {
    let column = Column { title: "Head".to_owned(), share: 1, number: false };
    let row = |n: usize| vec![Cell(vec![Text::plain(format!("row-{n}")), Text::plain("tall ".repeat(120))])];
    for filler in 0..50 {
        let mut blocks: Vec<Block> = (0..filler).map(|_| Block::Paragraph(Text::plain("filler"))).collect();
        let rows = (0..4).map(row).collect();
        blocks.push(Block::Heading(2, "Section".to_owned()));
        blocks.push(Block::Heading(3, "Part".to_owned()));
        blocks.push(Block::Paragraph(Text::plain("Introduction")));
        blocks.push(Block::Table(Table { summary: "Rows".to_owned(), columns: vec![column.clone()], rows }));
        let pages = pages(&report(blocks), "heading.pdf");
        let of = |word: &str| pages.iter().position(|page| page.contains(word)).unwrap();
        assert!(["Part", "Introduction", "Head", "row-0"].iter().all(|word| of(word) == of("Section")), "{filler}");
        assert!(filler > 20 || of("Section") == 0, "{filler}");
        let last = pages.last().unwrap();
        assert!(
            pages.len() == 1 || last.matches("row-").count() != 1 || of("row-2") == of("Section"),
            "{filler}: {last}"
        );
    }
}

#[test]
fn same_report_same_bytes_and_a_missing_character_is_named() {
    let one = report(vec![Block::Paragraph(Text::plain("Grüße, Привет, Γειά, ≤ ≥ → −"))]);
    let bytes = Pdf::default().render(&one).unwrap();
    assert_eq!(bytes, Pdf::default().render(&one).unwrap());
    assert!(words(&bytes, "scripts.pdf").contains("Grüße, Привет, Γειά, ≤ ≥ → −"));
    let fault = Pdf::default().render(&report(vec![Block::Paragraph(Text::plain("日"))])).unwrap_err();
    assert_eq!(fault.code(), "missing-glyph");
    assert!(fault.message().contains("U+65E5"));
}

/// Keeps what the evidence room says, so that the tests can look at its pages.
struct Keep(std::cell::RefCell<Option<Report>>);

impl Renderer for Keep {
    fn render(&self, report: &Report) -> Result<Vec<u8>, model::Fault> {
        self.0.replace(Some(report.clone()));
        Pdf::default().render(report)
    }
}

#[test]
fn an_empty_case_has_every_section_and_a_full_one_every_value() {
    let root = tempfile::tempdir().unwrap();
    let settings = Build {
        created: Instant::from_nanos(at(3600).nanos() + 784_013_564),
        marking: String::new(),
        watermark: String::new(),
        visible_signature: false,
        tool: Tool { name: "probity".to_owned(), version: "0.1.0".to_owned() },
        ledger: None,
        court: evidence::court::Settings::default(),
    };
    let key = SigningKey::from_seed([7; 32]);
    let read = |case: &Case, name: &str| {
        let keep = Keep(std::cell::RefCell::new(None));
        let seals = Seals { key: &key, signers: &[], time: &NoTime, keeper: None };
        build(case, &settings, &seals, &keep, &mut std::io::Cursor::new(Vec::new()), &Hidden).unwrap();
        let report = keep.0.into_inner().unwrap();
        (words(&Pdf::default().render(&report).unwrap(), name), report)
    };
    let (text, _) = read(&Case::create(root.path(), "empty", "Nothing yet", &act(0, "test")).unwrap(), "empty.pdf");
    for section in ["No evaluation is recorded", "has no exhibits", "Custody", "How to verify", "does not prove"] {
        assert!(text.contains(section), "{section}");
    }
    let (text, report) = read(&case(root.path()), "full.pdf");
    let dense = |text: &str| text.split_whitespace().collect::<String>();
    for said in [
        "1 of 3 objectives is broken, 1 is met, and for 1 there is not enough data to answer.",
        "940 / 1,000",
        "P95 548.2 ms",
        "Computed as in F1",
        "How each figure was computed",
        "F1: latency / p95",
        "2025-12-02 09:00:00 UTC to 2026-01-01 09:00:00 UTC (30d)",
        "2026-01-01 10:00:00 UTC",
    ] {
        assert!(dense(&text).contains(&dense(said)), "{said}: {text}");
    }
    assert!(!text.contains(".784"), "a time for people has whole seconds");
    let cells =
        report.blocks.iter().filter_map(|block| if let Block::Table(table) = block { Some(table) } else { None });
    for cell in cells.flat_map(|table| table.rows.iter().flatten()).flat_map(|cell| &cell.0) {
        // A value may be broken over lines beside its neighbours: every word of it stands somewhere.
        for word in
            cell.value.split_whitespace().filter(|word| word.len() < 20 && !word.contains(['\u{202e}', '\u{1b}']))
        {
            assert!(dense(&text).contains(word), "{word:?} of {:?}", cell.value);
        }
    }
    assert!(text.contains("<U+202E>") && !text.contains('\u{202e}'));
}

#[test]
fn objectives_are_drawn_and_budgets_over_time() {
    let root = tempfile::tempdir().unwrap();
    let mut case = case(root.path());
    let earlier = EVALUATION.replace("\"at\":\"2026-01-01T09:00:00Z\"", "\"at\":\"2025-12-25T09:00:00Z\"");
    let earlier = earlier.replace("\"spent\":\"60\",\"remaining\":\"-10\"", "\"spent\":\"20\",\"remaining\":\"30\"");
    assert_ne!(earlier, EVALUATION);
    case.record_evaluation(earlier.as_bytes(), &act(300, "the week before")).unwrap();
    let settings = Build {
        created: at(3600),
        marking: String::new(),
        watermark: String::new(),
        visible_signature: false,
        tool: Tool { name: "probity".to_owned(), version: "0.1.0".to_owned() },
        ledger: None,
        court: evidence::court::Settings::default(),
    };
    let keep = Keep(std::cell::RefCell::new(None));
    let key = SigningKey::from_seed([7; 32]);
    let seals = Seals { key: &key, signers: &[], time: &NoTime, keeper: None };
    build(&case, &settings, &seals, &keep, &mut std::io::Cursor::new(Vec::new()), &Hidden).unwrap();
    let report = keep.0.into_inner().unwrap();
    let charts: Vec<&Chart> = report
        .blocks
        .iter()
        .filter_map(|block| if let Block::Chart(chart) = block { Some(chart) } else { None })
        .collect();
    let titles: Vec<&str> = charts.iter().map(|chart| chart.title.as_str()).collect();
    let windows = "Objectives as of 2026-01-01 09:00:00 UTC";
    assert_eq!(titles, [windows, "Objectives as of 2025-12-25 09:00:00 UTC", "Error budget of latency / p95"]);
    assert!(charts[0].alt.contains("latency / p95, broken, 94 % good, 95 % needed, budget: 60 of 50 spent."));
    let alt = "was left 60.0 % at 2025-12-25 09:00:00 UTC, -20.0 % at 2026-01-01 09:00:00 UTC.";
    assert!(charts[2].alt.ends_with(alt), "{}", charts[2].alt);
    let Plot::BurnDown(left) = &charts[2].plot else { panic!("{:?}", charts[2]) };
    assert!(left.iter().map(|left| left.share).zip([0.6, -0.2]).all(|(share, expect)| (share - expect).abs() < 1e-9));
    assert!(words(&Pdf::default().render(&report).unwrap(), "budgets.pdf").contains("Error budgets over time"));
}
