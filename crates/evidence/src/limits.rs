//! What this room refuses to hold.

/// Limits of cases and packages. Each is far above honest use and far below what hurts.
pub struct Limits;

impl Limits {
    /// Length of a case id.
    pub const CASE_ID_BYTES: usize = 64;
    /// Length of a title, a person's name, a marking.
    pub const LINE_BYTES: usize = 500;
    /// Length of a purpose, a description, a note.
    pub const TEXT_BYTES: usize = 20_000;
    /// Length of the name a person gave to an exhibit (kept as data).
    pub const ORIGINAL_NAME_BYTES: usize = 4_096;
    /// Length of a file name inside a package.
    pub const SAFE_NAME_BYTES: usize = 100;
    /// Exhibits of one case.
    pub const EXHIBITS: usize = 50_000;
    /// Evaluations of one case.
    pub const EVALUATIONS: usize = 9_999;
    /// Custody entries of one case.
    pub const CUSTODY_ENTRIES: usize = 200_000;
    /// One custody line.
    pub const CUSTODY_LINE_BYTES: usize = 200_000;
    /// The statement of a transfer, which its receiver signs.
    pub const STATEMENT_BYTES: usize = 100_000;
    /// One exhibit: 1 TiB.
    pub const EXHIBIT_BYTES: u64 = 1 << 40;
    /// One evaluation file.
    pub const EVALUATION_BYTES: u64 = 16 << 20;
    /// AI-reasoning records of one case.
    pub const REASONING: usize = 9_999;
    /// One AI-reasoning record.
    pub const REASONING_BYTES: u64 = 16 << 20;
    /// One line of a redaction log.
    pub const REDACTION_LINE_BYTES: u64 = 1 << 20;
    /// Lines of a custody log whose proofs by the audit log travel, the newest of them.
    pub const LEDGER_PROOFS: usize = 2_000;
    /// An entry of the audit log, or a proof of one.
    pub const LEDGER_FILE_BYTES: u64 = 1 << 20;
    /// A file that verify holds in memory: manifests, case.json, case.xml, custody.jsonl.
    pub const HELD_BYTES: u64 = 256 << 20;
    /// The report, when its signatures are read.
    pub const REPORT_BYTES: u64 = 256 << 20;
    /// Files in a package.
    pub const FILES: usize = 65_000;
    /// A path inside a package.
    pub const PATH_BYTES: usize = 200;
    /// The central directory of a package.
    pub const DIRECTORY_BYTES: u64 = 64 << 20;
    /// How many places one check names before it only counts.
    pub const PLACES: usize = 100;
    /// A file for filing, unless said otherwise: what most courts take, in bytes.
    pub const FILING_BYTES: u64 = 10_000_000;
    /// The least that can be asked of a file for filing.
    pub const FILING_BYTES_LEAST: u64 = 100_000;
    /// The parts of a report that is split for filing.
    pub const FILING_PARTS: usize = 500;
    /// The name of a file that is filed.
    pub const FILING_NAME_BYTES: usize = 50;
    /// The first number of a production's pages, with what stands before it.
    pub const BATES_BYTES: usize = 32;
    /// How much of one exhibit a bundle prints, and how much of all.
    pub const PRINTED_BYTES: u64 = 128 << 10;
    /// See above.
    pub const PRINTED_BYTES_ALL: u64 = 1 << 20;
    /// How many exhibits the draft of a statement names; the schedule has all.
    pub const STATED_EXHIBITS: usize = 100;
}
