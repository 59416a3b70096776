//! The report as Markdown and as HTML.

use std::fmt::Write as _;

use model::xml_text;

use super::Report;

impl Report {
    /// As Markdown.
    pub fn to_markdown(&self) -> String {
        let mut text = format!("# Incident {}\n\n", self.incident.id);
        let _ = writeln!(
            text,
            "Authority (Art. 33): {}, due {}.\n",
            self.incident.clock().words(self.now),
            self.incident.clock().due
        );
        text.push_str("## What is known\n\n");
        for (title, said) in self.details() {
            let _ = writeln!(text, "- **{title}:** {}", said.map_or("*missing*".to_owned(), plain));
        }
        text.push_str("\n## Timeline\n\n| Time | Source | What |\n|---|---|---|\n");
        for it in &self.timeline {
            let _ = writeln!(text, "| {} | {} | {} |", it.at, it.source, plain(&it.text));
        }
        if self.left_out > 0 {
            let _ = writeln!(text, "\n{} more acts of the ledger are left out.", self.left_out);
        }
        text.push_str("\n## Actions\n\n");
        if self.incident.actions.is_empty() {
            text.push_str("None was entered.\n");
        }
        for it in &self.incident.actions {
            let done = it.done.map_or("open".to_owned(), |time| format!("done {}", time.date()));
            let due = it.due.as_deref().unwrap_or("no day");
            let _ = writeln!(text, "{}. {} – {}, due {due}: {done}", it.number, plain(&it.what), plain(&it.owner));
        }
        text
    }

    /// As one page of HTML.
    pub fn to_html(&self) -> String {
        let mut html = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Incident {0}</title></head>\n<body><h1>Incident {0}</h1>\n",
            self.incident.id
        );
        let _ = writeln!(
            html,
            "<p>Authority (Art. 33): {}, due {}.</p>\n<h2>What is known</h2>\n<dl>",
            self.incident.clock().words(self.now),
            self.incident.clock().due
        );
        for (title, said) in self.details() {
            let said = said.map_or("<em>missing</em>".to_owned(), xml_text);
            let _ = writeln!(html, "<dt>{title}</dt><dd>{said}</dd>");
        }
        html.push_str("</dl>\n<h2>Timeline</h2>\n<table><thead><tr><th scope=\"col\">Time</th><th scope=\"col\">Source</th><th scope=\"col\">What</th></tr></thead><tbody>\n");
        for it in &self.timeline {
            let _ = writeln!(html, "<tr><td>{}</td><td>{}</td><td>{}</td></tr>", it.at, it.source, xml_text(&it.text));
        }
        html.push_str("</tbody></table>\n");
        if self.left_out > 0 {
            let _ = writeln!(html, "<p>{} more acts of the ledger are left out.</p>", self.left_out);
        }
        html.push_str("<h2>Actions</h2>\n<ol>\n");
        for it in &self.incident.actions {
            let done = it.done.map_or("open".to_owned(), |time| format!("done {}", time.date()));
            let due = it.due.as_deref().unwrap_or("no day");
            let _ = writeln!(html, "<li>{} – {}, due {due}: {done}</li>", xml_text(&it.what), xml_text(&it.owner));
        }
        html.push_str("</ol>\n</body></html>\n");
        html
    }
}

/// Text of people in Markdown: nothing of it is markup, and it stays on its line.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '~' => plain.extend(['\\', letter]),
            letter if letter.is_control() => plain.push(' '),
            letter => plain.push(letter),
        }
    }
    plain
}
