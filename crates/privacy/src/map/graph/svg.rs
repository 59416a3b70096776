//! The drawing as SVG 1.1: text stays text, every box has its words as a title.

use std::fmt::Write as _;

use super::layout::{HEAD, LINE};
use super::{Drawing, Kind, LINES_MAX, Node};

/// How wide a text in a box may be.
const ROOM: f32 = (super::layout::WIDTH - 20) as f32;

/// Fill and border of a kind. Text on each fill is #111: at least 13:1.
pub(super) const COLOURS: [(Kind, &str, &str, &str); 4] = [
    (Kind::Identity, "#d6e6ff", "#0b3d91", "identity: names a person"),
    (Kind::Sensitive, "#ffdfe3", "#8a0f24", "sensitive: special categories, secrets"),
    (Kind::Personal, "#fff0c2", "#6b4a00", "personal data"),
    (Kind::Other, "#f3f4f6", "#4a5058", "nothing personal by the map"),
];

/// The whole file.
pub fn svg(drawing: &Drawing) -> String {
    let (width, height) = (drawing.size.0.max(1100), drawing.size.1 + 64);
    let mut text = String::new();
    // Writing into a String does not fail.
    let _ = write!(
        text,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" aria-labelledby=\"t d\" font-family=\"system-ui,'Segoe UI',Roboto,'Noto Sans',sans-serif\">\n\
         <title id=\"t\">Data map</title>\n<desc id=\"d\">{}</desc>\n\
         <defs><marker id=\"a\" viewBox=\"0 0 9 9\" refX=\"9\" refY=\"4.5\" markerWidth=\"9\" markerHeight=\"9\" markerUnits=\"userSpaceOnUse\" \
         orient=\"auto\"><path d=\"M0 0L9 4.5L0 9Z\" fill=\"#4a5058\"/></marker></defs>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
        escape(&summary(drawing))
    );
    for edge in &drawing.edges {
        let dash = if edge.is_declared { "" } else { " stroke-dasharray=\"6 4\"" };
        let names = (&drawing.nodes[edge.from].name, &drawing.nodes[edge.to].name);
        let _ = writeln!(
            text,
            "<path d=\"{}\" fill=\"none\" stroke=\"#4a5058\" stroke-width=\"1.4\"{dash} marker-end=\"url(#a)\"><title>{} → {}: {}</title></path>",
            curve(drawing, edge.from, edge.to),
            escape(names.0),
            escape(names.1),
            escape(&edge.label)
        );
    }
    for (heading, x, y) in &drawing.headings {
        let _ = writeln!(
            text,
            "<text x=\"{x}\" y=\"{y}\" font-size=\"17\" font-weight=\"600\" fill=\"#111\">{}</text>",
            escape(heading)
        );
    }
    for node in &drawing.nodes {
        put_node(&mut text, node);
    }
    legend(&mut text, drawing.size.1 + 20);
    text.push_str("</svg>\n");
    text
}

pub(super) fn summary(drawing: &Drawing) -> String {
    let of = |kind: Kind| drawing.nodes.iter().filter(|node| node.kind == kind).count() as u64;
    let unreached = drawing.nodes.iter().filter(|node| node.is_unreached && node.kind != Kind::Other).count() as u64;
    let reached = match unreached {
        0 => "an identity leads to everything personal".to_owned(),
        _ => format!("no identity leads to {unreached} with personal data"),
    };
    format!(
        "{}: {} with an identity, {} sensitive, {} personal, {} other; {}; {reached}",
        model::counted(drawing.nodes.len() as u64, "collection", "collections"),
        model::grouped(of(Kind::Identity)),
        model::grouped(of(Kind::Sensitive)),
        model::grouped(of(Kind::Personal)),
        model::grouped(of(Kind::Other)),
        model::counted(drawing.edges.len() as u64, "reference", "references"),
    )
}

fn put_node(text: &mut String, node: &Node) {
    let (x, y, width, height) = node.place;
    let (_, fill, border, word) = COLOURS[COLOURS.iter().position(|(kind, ..)| *kind == node.kind).unwrap_or(3)];
    let lost = node.is_unreached && node.kind != Kind::Other;
    let (border, extra) = if lost {
        ("#8a0f24", " stroke-dasharray=\"7 4\" stroke-width=\"2.5\"")
    } else {
        (border, " stroke-width=\"1.5\"")
    };
    let _ = write!(
        text,
        "<g><title>{}.{}: {}{}</title><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"7\" fill=\"{fill}\" stroke=\"{border}\"{extra}/>",
        escape(&node.dataset),
        escape(&node.name),
        word,
        if lost { "; no identity leads here" } else { "" },
    );
    let _ = write!(
        text,
        "<text x=\"{}\" y=\"{}\" font-size=\"15\" font-weight=\"600\" fill=\"#111\">{}</text><text x=\"{0}\" y=\"{}\" font-size=\"12\" fill=\"#2b2f36\">{}</text>",
        x + 12,
        y + 21,
        escape(&fitted(&node.name, 16.0)),
        y + 38,
        escape(&fitted(&under(node), 12.0)),
    );
    for (number, line) in lines(node).iter().enumerate() {
        let _ = write!(
            text,
            "<text x=\"{}\" y=\"{}\" font-size=\"12.5\" fill=\"#111\">{}</text>",
            x + 12,
            y + HEAD + 8 + LINE * number as u32,
            escape(&fitted(line, 12.5)),
        );
    }
    text.push_str("</g>\n");
}

/// What stands under the name.
pub(super) fn under(node: &Node) -> String {
    format!("{} · {}", node.dataset, model::counted(node.field_count as u64, "field", "fields"))
}

/// The lines of a box.
pub(super) fn lines(node: &Node) -> Vec<String> {
    let mut lines: Vec<String> =
        node.fields.iter().take(LINES_MAX).map(|(name, what)| format!("{name} — {what}")).collect();
    if node.fields.len() > LINES_MAX {
        lines.push(format!("and {} more", node.fields.len() - LINES_MAX));
    }
    lines
}

/// From side to side, or out of the right side and back in.
fn curve(drawing: &Drawing, from: usize, to: usize) -> String {
    let (one, other) = (drawing.nodes[from].place, drawing.nodes[to].place);
    let middle = |(_, y, _, height): (u32, u32, u32, u32)| y + height / 2;
    let (from_y, to_y) = (middle(one), middle(other));
    if one.0 == other.0 {
        let (x, out) = (one.0 + one.2, one.0 + one.2 + 40);
        let (from_y, to_y) = if from == to { (from_y - 10, to_y + 10) } else { (from_y, to_y) };
        return format!("M{x} {from_y}C{out} {from_y} {out} {to_y} {x} {to_y}");
    }
    let (start, end) = if one.0 < other.0 { (one.0 + one.2, other.0) } else { (one.0, other.0 + other.2) };
    let half = start.midpoint(end);
    format!("M{start} {from_y}C{half} {from_y} {half} {to_y} {end} {to_y}")
}

fn legend(text: &mut String, y: u32) {
    let mut x = 40;
    for (_, fill, border, word) in COLOURS {
        let _ = write!(
            text,
            "<rect x=\"{x}\" y=\"{y}\" width=\"20\" height=\"20\" rx=\"4\" fill=\"{fill}\" stroke=\"{border}\" stroke-width=\"1.5\"/>\
             <text x=\"{}\" y=\"{}\" font-size=\"14\" fill=\"#111\">{word}</text>",
            x + 28,
            y + 15
        );
        x += 58 + 8 * word.len() as u32;
    }
    let _ = writeln!(
        text,
        "<path d=\"M{x} {0}h34\" stroke=\"#4a5058\" stroke-width=\"1.4\" stroke-dasharray=\"6 4\"/><text x=\"{1}\" y=\"{2}\" font-size=\"14\" fill=\"#111\">foreign key, not in the map</text>",
        y + 10,
        x + 42,
        y + 15
    );
}

/// As much of a text as has room in a box, set in letters of this size.
fn fitted(text: &str, size: f32) -> String {
    let mut wide = 0.0;
    for (at, letter) in text.chars().enumerate() {
        wide += width(letter) * size;
        if wide > ROOM {
            return short(text, at.max(1));
        }
    }
    text.to_owned()
}

/// How wide a letter is at the most in the fonts that are asked for, in parts of its size.
fn width(letter: char) -> f32 {
    match letter {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' | 'I' | '·' => 0.36,
        'f' | 't' | 'r' | '-' | '(' | ')' | '[' | ']' | '/' => 0.45,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '—' | '…' => 1.0,
        'A'..='Z' => 0.75,
        ' '..='~' => 0.62,
        _ => 1.05,
    }
}

pub(super) fn short(text: &str, chars: usize) -> String {
    match text.chars().count() > chars {
        true => text.chars().take(chars - 1).chain(['…']).collect(),
        false => text.to_owned(),
    }
}

/// Text that is no markup, without characters that XML does not take.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(' '),
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(letter),
        }
    }
    escaped
}
