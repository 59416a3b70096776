//! The page on which people look at findings and decide: one file, no network, values hidden until asked for.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;

use model::{Digest, Fault, grouped};
use redact::{Seen, place_id};

use super::Outcome;
use crate::cli::files::{self, Existing};
use crate::cli::intake::Input;

/// So many bytes before and after a value are shown.
const AROUND: usize = 80;

/// A browser does not like more rows than this; decide about the rest by type, with --exclude.
const ROWS_MAX: usize = 20_000;

const STYLE: &str = include_str!("preview.css");
const SCRIPT: &str = include_str!("preview.js");

/// A review page being written.
#[derive(Default)]
pub(crate) struct Preview {
    body: String,
    rows: Vec<Row>,
    left_out: u64,
}

/// A finding with what stands around it.
struct Row {
    /// The piece that it stands in, told from its neighbours by where it lies.
    piece: (usize, String),
    range: Range<usize>,
    /// Where `around` begins in the piece.
    from: usize,
    around: Vec<u8>,
    /// The cells before and after the one with the context, made already.
    before: String,
    after: String,
}

impl Preview {
    /// Adds a finding of the input at work.
    pub(crate) fn note(&mut self, seen: &Seen<'_>) {
        if self.rows.len() >= ROWS_MAX {
            self.left_out += 1;
            return;
        }
        let id = place_id(&seen.piece.spot, seen.source(), &seen.range);
        let place = match seen.line() {
            Some(line) => format!("line {line}"),
            None => seen.piece.spot.to_string(),
        };
        let text = seen.piece.text;
        let from = seen.range.start.saturating_sub(AROUND);
        let to = text.len().min(seen.range.end + AROUND);
        let reason = seen.reason.map(|reason| format!("<br><small>{}</small>", escape(reason))).unwrap_or_default();
        self.rows.push(Row {
            piece: (text.as_ptr().addr(), seen.piece.spot.to_string()),
            range: seen.range.clone(),
            from,
            around: text[from..to].to_vec(),
            before: format!(
                "<tr data-id=\"{}\"><td>{}</td><td>{}{reason}</td><td>{}</td><td class=n>{} %</td>",
                escape(&id),
                escape(&place),
                escape(seen.kind),
                escape(seen.detector),
                seen.score,
            ),
            after: format!(
                "<td class=t>{}</td><td><label><input type=checkbox checked> take out</label></td></tr>\n",
                escape(seen.with)
            ),
        });
    }

    /// The context of a row: its own value marked, the other values in it hidden as well.
    fn context(&self, index: usize) -> String {
        const NEIGHBOURS: usize = 50;
        let row = &self.rows[index];
        let near = &self.rows[index.saturating_sub(NEIGHBOURS)..self.rows.len().min(index + NEIGHBOURS)];
        let near = near.iter().filter(|other| other.piece == row.piece);
        let mut html = String::new();
        let mut at = row.from;
        let end = row.from + row.around.len();
        let slice = |range: Range<usize>| {
            String::from_utf8_lossy(&row.around[range.start - row.from..range.end - row.from]).into_owned()
        };
        for other in near {
            let (start, stop) = (other.range.start.max(at), other.range.end.min(end));
            if start >= stop {
                continue;
            }
            html.push_str(&escape(&one_line(&slice(at..start))));
            let tag = if other.range == row.range { "mark" } else { "i" };
            // Writing into a String does not fail.
            let _ = write!(html, "<{tag} data-v=\"{}\">█████</{tag}>", escape(&slice(start..stop)));
            at = stop;
        }
        html.push_str(&escape(&one_line(&slice(at..end))));
        html
    }

    /// The input at work is gone through.
    pub(crate) fn close(&mut self, input: &Input, outcome: &Outcome) {
        let digest = outcome.read.map(|digest: Digest| digest.hex()).unwrap_or_default();
        let file = escape(&input.path().display().to_string());
        // Writing into a String does not fail.
        let _ = write!(
            self.body,
            "<section data-file=\"{file}\" data-sha256=\"{digest}\"><h2>{file}</h2>\n<p>{} found; SHA-256 of the file: <code>{digest}</code></p>\n",
            grouped(outcome.total()),
        );
        if !self.rows.is_empty() {
            self.body.push_str("<table><thead><tr><th>place<th>type<th>detector<th>score<th>in its context<th>instead<th>decision</thead><tbody>\n");
            for index in 0..self.rows.len() {
                let row = &self.rows[index];
                let cells = format!("{}<td class=t>{}</td>{}", row.before, self.context(index), row.after);
                self.body.push_str(&cells);
            }
            self.rows.clear();
            self.body.push_str("</tbody></table>\n");
        }
        if self.left_out > 0 {
            let _ = writeln!(
                self.body,
                "<p class=w>{} more are not shown here; they are taken out.</p>",
                grouped(self.left_out)
            );
            self.left_out = 0;
        }
        for part in &outcome.unscanned {
            let _ = writeln!(self.body, "<p class=w>Not looked into: {}</p>", escape(part));
        }
        self.body.push_str("</section>\n");
    }

    /// Forgets the input at work: it could not be read.
    pub(crate) fn forget(&mut self) {
        self.rows.clear();
        self.left_out = 0;
    }

    /// Writes the page.
    ///
    /// # Errors
    /// `output-exists`; I/O faults.
    pub(crate) fn finish(self, path: &Path, existing: Existing, profile: &str) -> Result<(), Fault> {
        let page = format!(
            "<!doctype html>\n<html lang=en><head><meta charset=utf-8><title>Review of a redaction</title>\n\
             <meta name=viewport content=\"width=device-width\">\n\
             <meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
             <style>{STYLE}</style></head><body>\n<header><h1>Review of a redaction</h1>\n\
             <p>Profile <b>{}</b>. This page holds the values themselves, hidden: keep it as you keep the originals.</p>\n\
             <p><button id=show aria-pressed=false>Show values</button> <button id=save>Save decisions</button> <span id=state role=status></span></p></header>\n\
             <main>{}</main>\n<script>{SCRIPT}</script></body></html>\n",
            escape(profile),
            self.body,
        );
        files::write(path, page.as_bytes(), existing)
    }
}

/// Text for HTML, between tags and in quoted attributes; control characters and direction overrides are made visible.
fn escape(text: &str) -> String {
    let plain = crate::cli::output::plain(text);
    plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r', '\t'], " ")
}
