//! The drawing as one HTML page: a canvas to look at, and a list that says the same in words.
//!
//! The page asks no network for anything. The list is plain HTML and works without scripts; the canvas is drawn from it.

use std::fmt::Write as _;

use serde_json::json;

use super::svg::{COLOURS, escape, lines, short, summary, under};
use super::{Drawing, Kind, Node};

/// The whole file. `title` stands over it.
pub fn html(drawing: &Drawing, title: &str) -> String {
    let mut text = String::new();
    // Writing into a String does not fail.
    let _ = write!(
        text,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n\
         <form role=\"search\" onsubmit=\"return false\"><label for=\"q\">Search</label>\
         <input id=\"q\" type=\"search\" autocomplete=\"off\" placeholder=\"collection, field, category\"><output id=\"hits\" for=\"q\"></output></form>\n\
         <div class=\"buttons\"><button id=\"in\" type=\"button\" aria-label=\"Zoom in\">+</button><button id=\"out\" type=\"button\" aria-label=\"Zoom out\">−</button>\
         <button id=\"fit\" type=\"button\">Show all</button></div>\n<ul class=\"legend\" aria-label=\"Legend\">",
        include_str!("../../../data/graph.css"),
        title = escape(title),
    );
    for (_, fill, border, word) in COLOURS {
        let _ = write!(text, "<li><span style=\"background:{fill};border-color:{border}\"></span>{word}</li>");
    }
    let _ = write!(
        text,
        "<li><span class=\"lost\"></span>no identity leads here</li><li><span class=\"link\"></span>foreign key, not in the map</li></ul>\n\
         </header>\n<main>\n<canvas id=\"c\" tabindex=\"0\" role=\"img\" aria-label=\"Drawing of the data map. The list beside it says the same in words. \
         Arrow keys move it, plus and minus zoom, 0 shows all.\"></canvas>\n<aside aria-label=\"Collections\">\n<p id=\"sum\">{}.</p>\n<p id=\"none\" hidden>Nothing is called so.</p>\n<ul id=\"chosen\" class=\"list\" aria-live=\"polite\"></ul>\n<ul id=\"found\" class=\"list\"></ul>\n<p id=\"more\"></p>\n<div id=\"lists\">\n",
        escape(&summary(drawing))
    );
    list(&mut text, drawing);
    let _ = write!(
        text,
        "</div>\n</aside>\n</main>\n<script id=\"d\" type=\"application/json\">{}</script>\n<script>\n{}</script>\n</body>\n</html>\n",
        data(drawing),
        include_str!("../../../data/graph.js")
    );
    text
}

/// Every collection in words: what is in it, what it refers to, what refers to it.
fn list(text: &mut String, drawing: &Drawing) {
    let mut to = vec![Vec::new(); drawing.nodes.len()];
    let mut from = vec![Vec::new(); drawing.nodes.len()];
    for edge in &drawing.edges {
        to[edge.from].push((edge.to, edge));
        from[edge.to].push((edge.from, edge));
    }
    let mut dataset = None;
    for (number, node) in drawing.nodes.iter().enumerate() {
        if dataset != Some(&node.dataset) {
            text.push_str(if dataset.is_some() { "</ul>\n" } else { "" });
            let _ = write!(text, "<h2>{}</h2>\n<ul class=\"list\">\n", escape(&node.dataset));
            dataset = Some(&node.dataset);
        }
        entry(text, number, node);
        for (word, others) in [("Refers to", &to[number]), ("Referred to by", &from[number])] {
            if others.is_empty() {
                continue;
            }
            let _ = write!(text, "<p>{word} ");
            for (at, (other, edge)) in others.iter().enumerate() {
                let comma = if at > 0 { ", " } else { "" };
                let how = if edge.is_declared { "" } else { ", foreign key" };
                let name = escape(&drawing.nodes[*other].name);
                let _ = write!(
                    text,
                    "{comma}<a href=\"#n{other}\">{name}</a> <small>({}{how})</small>",
                    escape(&edge.label.replace('\n', "; "))
                );
            }
            text.push_str(".</p>");
        }
        text.push_str("</li>\n");
    }
    text.push_str(if dataset.is_some() { "</ul>\n" } else { "" });
}

fn entry(text: &mut String, number: usize, node: &Node) {
    let word = match (node.kind, node.is_unreached) {
        (Kind::Identity, _) => "names people",
        (Kind::Sensitive, false) => "sensitive data",
        (Kind::Sensitive, true) => "sensitive data, and no identity leads here",
        (Kind::Personal, false) => "personal data",
        (Kind::Personal, true) => "personal data, and no identity leads here",
        (Kind::Other, _) => "nothing personal by the map",
    };
    let fields = model::counted(node.field_count as u64, "field", "fields");
    let _ = write!(
        text,
        "<li id=\"n{number}\" tabindex=\"-1\"><h3>{} <small>{}</small></h3><p>{word}; {fields}.</p>",
        escape(&node.name),
        escape(&node.dataset)
    );
    if !node.fields.is_empty() {
        text.push_str("<dl>");
        for (name, what) in &node.fields {
            let _ = write!(text, "<dt>{}</dt><dd>{}</dd>", escape(name), escape(what));
        }
        text.push_str("</dl>");
    }
}

/// What the canvas needs: boxes as `[x, y, width, height, kind, unreached, name, under, lines]`, lines as `[from, to, declared]`.
fn data(drawing: &Drawing) -> String {
    let nodes = drawing.nodes.iter().map(|node| {
        let (x, y, width, height) = node.place;
        let lines: Vec<String> = lines(node).iter().map(|line| short(line, 60)).collect();
        json!([
            x,
            y,
            width,
            height,
            node.kind as u8,
            u8::from(node.is_unreached),
            short(&node.name, 60),
            short(&under(node), 60),
            lines
        ])
    });
    let edges = drawing.edges.iter().map(|edge| json!([edge.from, edge.to, u8::from(edge.is_declared)]));
    let colours: Vec<_> = (0..4u8)
        .filter_map(|kind| COLOURS.iter().find(|(known, ..)| *known as u8 == kind))
        .map(|(_, fill, border, _)| json!([fill, border]))
        .collect();
    let data = json!({
        "size": [drawing.size.0, drawing.size.1],
        "colours": colours,
        "headings": drawing.headings,
        "nodes": nodes.collect::<Vec<_>>(),
        "edges": edges.collect::<Vec<_>>(),
    });
    // No end tag and no comment can stand in it.
    data.to_string().replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}
