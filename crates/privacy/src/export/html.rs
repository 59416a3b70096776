//! `index.html`: the package for people. One page, no script, nothing from the network, everything escaped.
//!
//! WCAG 2.1: landmarks and headings in order (1.3.1), a language (3.1.1), a skip link (2.4.1), tables with captions and
//! headers, regions that scroll and take the keyboard (2.1.1), contrast above 7:1 (1.4.6), reflow at 320 px (1.4.10).

use model::{Fault, counted, grouped};
use serde_json::Value;

use super::archive::{FileOut, WrittenFile};
use super::information::{COMPLAINT, POINTS, RIGHTS};
use super::others::{Listed, Shown};
use super::prose::LIMITS;
use super::spool::Shelf;
use super::table::{Content, Table};
use super::{Archive, Cover, Scope};
use crate::map::taxonomy;

/// Rows of a collection on the page; the others are in the files.
const ROWS_SHOWN: usize = 500;
/// Longest text of a cell on the page, in characters.
const CHARS_SHOWN: usize = 2000;
/// More columns than this are shown one under the other.
const COLUMNS_WIDE: usize = 8;

/// What the page says besides the rows.
pub(super) struct Page<'a> {
    pub(super) cover: &'a Cover<'a>,
    pub(super) scope: Scope,
    pub(super) gaps: &'a [String],
    pub(super) information: &'a Value,
    pub(super) listed: &'a Listed,
    /// Free text was searched for other people.
    pub(super) searched: bool,
    pub(super) stems: &'a [String],
}

pub(super) fn write(
    page: &Page<'_>,
    tables: &[Table],
    shelf: &mut Shelf<'_>,
    archive: &mut dyn Archive,
) -> Result<WrittenFile, Fault> {
    let mut out = FileOut::begin(archive, "index.html")?;
    out.text(&head(page, tables))?;
    for (number, table) in tables.iter().enumerate() {
        section(page, number, table, shelf, &mut out)?;
    }
    out.text(&tail(page))?;
    out.end(None)
}

fn head(page: &Page<'_>, tables: &[Table]) -> String {
    let title = match page.scope {
        Scope::Access => "Your personal data",
        Scope::Portability => "The data that you provided",
    };
    let controller = text(&page.information["controller"]["name"]);
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>{title}</title>\n<style>\n{}{}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the content</a>\n<header>\n<h1>{title}</h1>\n",
        model::PAGE_STYLE,
        include_str!("page.css")
    );
    html.push_str("<dl class=\"facts\">\n");
    let identities: Vec<String> = page
        .cover
        .subject
        .iter()
        .map(|one| format!("{} ({})", escape(one.given()), escape(&one.kind().replace('_', " "))))
        .collect();
    fact(&mut html, "About", &identities.join(", "));
    if !controller.is_empty() {
        fact(&mut html, "From", &escape(controller));
    }
    let day = page.cover.created.date();
    fact(&mut html, "Read on", &format!("<time datetime=\"{}\">{day}</time>", page.cover.created));
    if !page.cover.request.is_empty() {
        fact(&mut html, "Request", &escape(page.cover.request));
    }
    if let Some(since) = page.cover.restricted {
        let text =
            format!("since <time datetime=\"{since}\">{since}</time>: your data are kept and not used (Art. 18 GDPR)");
        fact(&mut html, "Restricted", &text);
    }
    let rows: u64 = tables.iter().map(|table| table.rows.len() as u64).sum();
    fact(
        &mut html,
        "Records",
        &format!("{} in {}", grouped(rows), counted(tables.len() as u64, "collection", "collections")),
    );
    html.push_str("</dl>\n</header>\n");
    html.push_str("<nav aria-labelledby=\"contents\">\n<h2 id=\"contents\">Contents</h2>\n<ul>\n");
    for (number, table) in tables.iter().enumerate() {
        let records = counted(table.rows.len() as u64, "record", "records");
        html.push_str(&format!(
            "<li><a href=\"#c{number}\">{}</a> <span class=\"note\">{records}</span></li>\n",
            escape(&title_of(table))
        ));
    }
    html.push_str(
        "<li><a href=\"#use\">How your data are used</a></li>\n<li><a href=\"#rights\">Your rights</a></li>\n",
    );
    if page.searched || !page.listed.by_field.is_empty() {
        html.push_str("<li><a href=\"#taken\">What was taken out</a></li>\n");
    }
    html.push_str(
        "<li><a href=\"#files\">The same for programs</a></li>\n</ul>\n</nav>\n<main id=\"main\" tabindex=\"-1\">\n",
    );
    if !page.gaps.is_empty() {
        html.push_str(
            "<section class=\"warning\" aria-labelledby=\"gaps\">\n<h2 id=\"gaps\">This is not everything</h2>\n<ul>\n",
        );
        page.gaps.iter().for_each(|gap| html.push_str(&format!("<li>{}</li>\n", escape(gap))));
        html.push_str("</ul>\n</section>\n");
    }
    html
}

fn section(
    page: &Page<'_>,
    number: usize,
    table: &Table,
    shelf: &mut Shelf<'_>,
    out: &mut FileOut<'_>,
) -> Result<(), Fault> {
    let mut html =
        format!("<section aria-labelledby=\"c{number}\">\n<h2 id=\"c{number}\">{}</h2>\n", escape(&title_of(table)));
    if let Some(text) = table.mapped.as_ref().and_then(|mapped| mapped.description.as_deref()) {
        html.push_str(&format!("<p>{}</p>\n", escape(text)));
    }
    let stem = escape(&page.stems[number]);
    let shown = table.rows.len().min(ROWS_SHOWN);
    let which = if shown < table.rows.len() {
        format!("The first {shown} of {}", grouped(table.rows.len() as u64))
    } else {
        "All".to_owned()
    };
    html.push_str(&format!(
        "<p class=\"note\">{which} records. For programs: <a href=\"{stem}.csv\">CSV</a>, <a href=\"{stem}.json\">JSON</a>.</p>\n"
    ));
    let columns: Vec<usize> =
        (0..table.columns.len()).filter(|at| page.scope == Scope::Access || table.columns[*at].is_portable).collect();
    let has_files = table.rows.iter().any(|entry| entry.content.is_some());
    let is_table = columns.len() + usize::from(has_files) <= COLUMNS_WIDE && table.rows.len() > 1;
    if is_table {
        html.push_str(&format!("<div class=\"scroll\" role=\"region\" aria-labelledby=\"c{number}\" tabindex=\"0\">\n<table>\n<caption>{}</caption>\n<thead><tr>", escape(&title_of(table))));
        columns.iter().for_each(|at| html.push_str(&format!("<th scope=\"col\">{}</th>", name_of(table, *at))));
        if has_files {
            html.push_str("<th scope=\"col\">File</th>");
        }
        html.push_str("</tr></thead>\n<tbody>\n");
    }
    out.text(&html)?;
    for (nth, entry) in table.rows.iter().take(shown).enumerate() {
        let cells: Vec<Shown> = shelf.cells(entry.place)?.into_iter().map(Shown::of_cell).collect();
        let file = entry.content.as_ref().map(link);
        let file = has_files.then(|| file.unwrap_or_else(|| NONE.to_owned()));
        out.text(&record(table, &columns, &cells, (nth, is_table), file.as_deref()))?;
    }
    out.text(if is_table { "</tbody>\n</table>\n</div>\n</section>\n" } else { "</section>\n" })
}

const NONE: &str = "<span class=\"none\">none</span>";

/// To the file that a row stands for.
fn link(content: &Content) -> String {
    format!("<a href=\"{}\"><bdi>{}</bdi></a>", escape(&content.path), escape(&content.name))
}

fn record(
    table: &Table,
    columns: &[usize],
    cells: &[Shown],
    (nth, is_row): (usize, bool),
    file: Option<&str>,
) -> String {
    let mut html = String::new();
    if is_row {
        html.push_str("<tr>");
        columns.iter().for_each(|at| html.push_str(&format!("<td>{}</td>", cell(&cells[*at]))));
        html.push_str(&file.map(|file| format!("<td>{file}</td>")).unwrap_or_default());
        html.push_str("</tr>\n");
        return html;
    }
    html.push_str(&format!("<h3>Record {}</h3>\n<dl class=\"record\">\n", nth + 1));
    for at in columns {
        html.push_str(&format!("<div><dt>{}</dt><dd>{}</dd></div>\n", name_of(table, *at), cell(&cells[*at])));
    }
    if let Some(file) = file {
        html.push_str(&format!("<div><dt>File</dt><dd>{file}</dd></div>\n"));
    }
    html.push_str("</dl>\n");
    html
}

fn cell(shown: &Shown) -> String {
    let text = match shown {
        Shown::Whole(Some(text)) | Shown::Partly(text) => text,
        Shown::Whole(None) => return NONE.to_owned(),
        Shown::Gone(taken) => return format!("<em class=\"taken\">{}</em>", escape(taken.placeholder())),
        Shown::Absent => return String::new(),
    };
    match text.char_indices().nth(CHARS_SHOWN) {
        Some((end, _)) => {
            format!("<bdi>{}</bdi>… <span class=\"note\">(the rest is in the files)</span>", escape(&text[..end]))
        }
        None if text.is_empty() => "<span class=\"none\">empty</span>".to_owned(),
        None => format!("<bdi>{}</bdi>", escape(text)),
    }
}

/// A column's name, and what the map says that it is.
fn name_of(table: &Table, at: usize) -> String {
    let column = &table.columns[at];
    let what = column
        .categories
        .first()
        .map(|category| taxonomy::name(category))
        .filter(|name| !name.eq_ignore_ascii_case(&column.name));
    let what = what.map(|name| format!(" <span class=\"note\">{}</span>", escape(name))).unwrap_or_default();
    format!("<bdi>{}</bdi>{what}", escape(&column.name))
}

fn title_of(table: &Table) -> String {
    format!("{} – {}", table.collection, table.dataset)
}

fn tail(page: &Page<'_>) -> String {
    let mut html = String::from("<section aria-labelledby=\"use\">\n<h2 id=\"use\">How your data are used</h2>\n");
    for collection in list(&page.information["collections"]) {
        html.push_str(&format!("<h3>{}</h3>\n<dl class=\"record\">\n", escape(text(&collection["collection"]))));
        let names: Vec<&str> = list(&collection["categories"]).iter().map(|category| text(&category["name"])).collect();
        told(&mut html, "Categories of data", &names);
        for point in POINTS {
            let words: Vec<&str> = list(&collection[point.word]).iter().map(text).collect();
            told(&mut html, point.title, &words);
        }
        let basis: Vec<&str> = list(&collection["legal_basis"]).iter().map(text).collect();
        told(&mut html, "Legal basis", &basis);
        html.push_str("</dl>\n");
    }
    html.push_str("</section>\n<section aria-labelledby=\"rights\">\n<h2 id=\"rights\">Your rights</h2>\n<ul>\n");
    RIGHTS.iter().for_each(|(article, text)| {
        html.push_str(&format!("<li>{text} <span class=\"note\">Art. {article} GDPR</span></li>\n"))
    });
    html.push_str(&format!("</ul>\n<p>{COMPLAINT}</p>\n<dl class=\"record\">\n"));
    let controller = &page.information["controller"];
    for (key, title) in [
        ("name", "Controller"),
        ("contact", "Contact"),
        ("data_protection_officer", "Data protection officer"),
        ("supervisory_authority", "Supervisory authority"),
    ] {
        told(&mut html, title, &[text(&controller[key])]);
    }
    html.push_str("</dl>\n</section>\n");
    taken(page, &mut html);
    html.push_str(
        "<section aria-labelledby=\"files\">\n<h2 id=\"files\">The same for programs</h2>\n<ul>\n\
         <li><a href=\"data.json\">data.json</a>: every record</li>\n<li><a href=\"schema.json\">schema.json</a>: what each field is</li>\n\
         <li><a href=\"information.json\">information.json</a>: how your data are used</li>\n\
         <li><a href=\"third_party.json\">third_party.json</a>: what was taken out</li>\n\
         <li><a href=\"manifest.json\">manifest.json</a>: every file with its digest</li>\n\
         <li><a href=\"VERIFY.txt\">VERIFY.txt</a>: how to check that nothing was changed</li>\n</ul>\n",
    );
    html.push_str(&format!(
        "<p>Nothing was changed when <code>sha256sum -c SHA256SUMS</code> finds no fault in the unpacked folder, and \
         <code>ssh-keygen -Y verify -f allowed_signers -I {0} -n {0} -s SHA256SUMS.sig &lt; SHA256SUMS</code> says that the \
         signature is good. Compare the key with what the sender tells you by another way: <code>{1}</code></p>\n\
         </section>\n</main>\n",
        escape(page.cover.signer),
        escape(page.cover.fingerprint)
    ));
    html.push_str(&format!("<footer>\n<p>Written by {}.</p>\n</footer>\n</body>\n</html>\n", escape(page.cover.tool)));
    html
}

fn taken(page: &Page<'_>, html: &mut String) {
    if !page.searched && page.listed.by_field.is_empty() {
        return;
    }
    html.push_str("<section aria-labelledby=\"taken\">\n<h2 id=\"taken\">What was taken out</h2>\n");
    if page.searched {
        html.push_str(&format!("<p class=\"note\">{}</p>\n", escape(&LIMITS.join(" "))));
    }
    if page.listed.by_field.is_empty() {
        return html.push_str("<p>Nothing.</p>\n</section>\n");
    }
    html.push_str(
        "\
         <div class=\"scroll\" role=\"region\" aria-labelledby=\"taken\" tabindex=\"0\">\n<table>\n<caption>What was taken out</caption>\n\
         <thead><tr><th scope=\"col\">Collection</th><th scope=\"col\">Field</th><th scope=\"col\">Times</th><th scope=\"col\">Why</th></tr></thead>\n<tbody>\n",
    );
    for ((collection, field, why), (count, _)) in &page.listed.by_field {
        html.push_str(&format!(
            "<tr><td><bdi>{}</bdi></td><td><bdi>{}</bdi></td><td>{}</td><td>{}</td></tr>\n",
            escape(collection),
            escape(field),
            grouped(*count),
            escape(why.sentence())
        ));
    }
    html.push_str("</tbody>\n</table>\n</div>\n</section>\n");
}

fn told(html: &mut String, title: &str, words: &[&str]) {
    let words: Vec<String> = words.iter().filter(|word| !word.is_empty()).map(|word| escape(word)).collect();
    let said = if words.is_empty() { "<span class=\"none\">not stated</span>".to_owned() } else { words.join("; ") };
    html.push_str(&format!("<div><dt>{title}</dt><dd>{said}</dd></div>\n"));
}

fn fact(html: &mut String, name: &str, value: &str) {
    html.push_str(&format!("<div><dt>{name}</dt><dd>{value}</dd></div>\n"));
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Text as text: markup is escaped, signs of control and of direction are shown as `�`.
fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 16);
    for sign in text.chars() {
        match sign {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\n' | '\t' => html.push(sign),
            sign if sign.is_control() => html.push('\u{fffd}'),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => html.push('\u{fffd}'),
            sign => html.push(sign),
        }
    }
    html
}
