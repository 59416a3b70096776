//! YAML 1.2 (and with it JSON) to located nodes, within limits.
//!
//! The parser yields events and keeps no recursion; the tree is built on a heap stack of bounded depth. An alias is
//! replaced by a copy of what it names only after the size and depth of the result are known to fit ("billion laughs").

use std::collections::{HashMap, HashSet};

use model::{Fault, Place};
use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use crate::{Key, Node, Value, json};

/// How much is read before a file is refused whole, with the fault `yaml-too-large`.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes in one file.
    pub bytes: usize,
    /// Nodes (scalars, lists, mappings) in one file, aliases expanded: a chain of aliases cannot multiply past it.
    pub nodes: usize,
    /// How deep lists and mappings nest, aliases expanded.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { bytes: 16 << 20, nodes: 1_000_000, depth: 64 }
    }
}

/// Every document of `text`, in order; empty documents are left out.
///
/// # Errors
/// `bad-yaml`, `duplicate-key`, `yaml-too-large`, each with line and column.
pub fn read(text: &str, limits: &Limits) -> Result<Vec<Node>, Fault> {
    if text.len() > limits.bytes {
        return Err(too_large(Place::default(), format!("is larger than {} bytes", limits.bytes)));
    }
    let text = json::to_yaml(text.strip_prefix('\u{feff}').unwrap_or(text));
    let text = text.as_ref();
    let positions = Positions::of(text);
    let mut builder =
        Builder { positions: &positions, limits, nodes: 0, stack: vec![], anchors: HashMap::new(), documents: vec![] };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            Fault::bad_config("bad-yaml", format!("This is not YAML: {}", error.info()))
                .advise("Mend the line; indentation is by spaces, and text with a colon or a brace needs quotes.")
                .at(positions.place(error.marker().index()))
        })?;
        builder.take(event, span)?;
    }
    Ok(builder.documents)
}

fn too_large(place: Place, why: String) -> Fault {
    Fault::bad_config("yaml-too-large", format!("The file {why}"))
        .advise("Split it into several files, or write out what its aliases repeat.")
        .at(place)
}

/// Translates the parser's character numbers into lines and byte columns.
struct Positions {
    line_starts: Vec<usize>,
    /// Byte offset of each character; `None` when the two are the same (ASCII).
    offsets: Option<Vec<usize>>,
    len: usize,
}

impl Positions {
    fn of(text: &str) -> Self {
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let offsets = (!text.is_ascii()).then(|| text.char_indices().map(|(offset, _)| offset).collect());
        Positions { line_starts: std::iter::once(0).chain(starts).collect(), offsets, len: text.len() }
    }

    fn place(&self, character: usize) -> Place {
        let offset = match &self.offsets {
            Some(offsets) => offsets.get(character).copied().unwrap_or(self.len),
            None => character.min(self.len),
        };
        // The first line starts at 0, so at least one start lies at or before every offset.
        let line = self.line_starts.partition_point(|start| *start <= offset);
        Place::line(line as u64, (offset - self.line_starts[line - 1]) as u64 + 1)
    }
}

/// A finished node with what an alias to it would cost.
#[derive(Clone)]
struct Built {
    node: Node,
    size: usize,
    height: usize,
}

/// A list or mapping that is still open.
struct Frame {
    built: Built,
    anchor: usize,
    key: Option<Key>,
    seen: HashSet<String>,
}

struct Builder<'t> {
    positions: &'t Positions,
    limits: &'t Limits,
    nodes: usize,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Built>,
    documents: Vec<Node>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Fault> {
        let place = self.positions.place(span.start.index());
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && !tag.is_some_and(|tag| is_text(&tag));
                let value = Value::Scalar { text: text.into_owned(), plain };
                self.add(Built { node: Node { place, value }, size: 1, height: 0 }, anchor)
            }
            Event::SequenceStart(anchor, _) => self.open(place, Value::List(vec![]), anchor),
            Event::MappingStart(anchor, _) => self.open(place, Value::Map(vec![]), anchor),
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => self.repeat(anchor, place),
            Event::DocumentStart(_) => {
                self.anchors.clear();
                Ok(())
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn open(&mut self, place: Place, value: Value, anchor: usize) -> Result<(), Fault> {
        if self.stack.len() >= self.limits.depth {
            return Err(too_large(place, format!("nests deeper than {} levels", self.limits.depth)));
        }
        let built = Built { node: Node { place, value }, size: 1, height: 1 };
        self.stack.push(Frame { built, anchor, key: None, seen: HashSet::new() });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        match self.stack.pop() {
            Some(frame) => self.add(frame.built, frame.anchor),
            None => Ok(()),
        }
    }

    fn repeat(&mut self, anchor: usize, place: Place) -> Result<(), Fault> {
        let Some(known) = self.anchors.get(&anchor) else {
            return Err(Fault::bad_config("bad-yaml", "This alias names an anchor that is still open")
                .advise("Write the value out instead of referring to itself.")
                .at(place));
        };
        let (size, height) = (known.size, known.height);
        if self.nodes.saturating_add(size) > self.limits.nodes {
            return Err(too_large(
                place,
                format!("holds more than {} values once its aliases are expanded", self.limits.nodes),
            ));
        }
        if self.stack.len() + height > self.limits.depth {
            return Err(too_large(place, format!("nests deeper than {} levels", self.limits.depth)));
        }
        let copy = known.clone();
        self.nodes += size - 1;
        self.add(copy, 0)
    }

    fn add(&mut self, built: Built, anchor: usize) -> Result<(), Fault> {
        self.nodes += 1;
        if self.nodes > self.limits.nodes {
            return Err(too_large(built.node.place, format!("holds more than {} values", self.limits.nodes)));
        }
        if anchor > 0 {
            // The kept copy counts as well, or nested anchors would hold the same values many times over.
            self.nodes += built.size;
            self.anchors.insert(anchor, built.clone());
        }
        let Some(parent) = self.stack.last_mut() else {
            if !built.node.is_null() {
                self.documents.push(built.node);
            }
            return Ok(());
        };
        parent.built.size += built.size;
        parent.built.height = parent.built.height.max(built.height + 1);
        parent.take(built.node)
    }
}

impl Frame {
    fn take(&mut self, node: Node) -> Result<(), Fault> {
        match &mut self.built.node.value {
            Value::List(items) => items.push(node),
            Value::Map(entries) => match self.key.take() {
                Some(key) => entries.push((key, node)),
                None => self.key = Some(self.seen.fresh(node)?),
            },
            Value::Scalar { .. } => {}
        }
        Ok(())
    }
}

/// Takes a key once.
trait Fresh {
    fn fresh(&mut self, node: Node) -> Result<Key, Fault>;
}

impl Fresh for HashSet<String> {
    fn fresh(&mut self, node: Node) -> Result<Key, Fault> {
        let Value::Scalar { text, .. } = node.value else {
            return Err(Fault::bad_config("bad-yaml", "A list or mapping cannot be a key here")
                .advise("Write the key as text.")
                .at(node.place));
        };
        if !self.insert(text.clone()) {
            return Err(Fault::bad_config("duplicate-key", format!("The key {text:?} stands here a second time"))
                .advise("Keep one of the two; the meaning must not depend on which one wins.")
                .at(node.place));
        }
        Ok(Key { text, place: node.place })
    }
}

fn is_text(tag: &Tag) -> bool {
    tag.is_yaml_core_schema() && tag.suffix == "str"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(node: &Node) -> String {
        let at = format!("{}:{}", node.place.line, node.place.column);
        match &node.value {
            Value::Scalar { text, plain } => format!("{at}{}{text}", if *plain { "=" } else { "~" }),
            Value::List(items) => format!("{at}[{}]", items.iter().map(show).collect::<Vec<_>>().join(" ")),
            Value::Map(entries) => {
                let entry = |(key, node): &(Key, Node)| format!("{}@{} {}", key.text, key.place.column, show(node));
                format!("{at}{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(" "))
            }
        }
    }

    fn check(text: &str, expect: &str) {
        let limits = Limits { bytes: 2000, nodes: 200, depth: 6 };
        let shown = match read(text, &limits) {
            Ok(documents) => documents.iter().map(show).collect::<Vec<_>>().join(" --- "),
            Err(fault) => {
                let place = fault.place().cloned().unwrap_or_default();
                format!("{} {}:{}", fault.code(), place.line, place.column)
            }
        };
        assert_eq!(shown, expect, "{text}");
    }

    #[test]
    fn every_node_knows_its_line_and_byte_column() {
        check("a: 1\nb:\n  - x\n  - 'y'\n", "1:1{a@1 1:4=1 b@1 3:3[3:5=x 4:5~y]}");
        check("ä: 1\n\"ä\": {k: ü, z: 2}", "duplicate-key 2:1");
        check("{ö: ü, z: 2}", "1:1{ö@2 1:6=ü z@10 1:13=2}");
        check("{\n\t\"a\": [1,\n\t\t2]\n}", "1:1{a@2 2:7[2:8=1 3:3=2]}");
        check("a: 1\n---\n---\nb: !!str 2\n", "1:1{a@1 1:4=1} --- 4:1{b@1 4:4~2}");
        check("", "");
        check("# nothing\n", "");
    }

    #[test]
    fn what_is_not_yaml_is_refused_where_it_stands() {
        check("a: 1\na: 2\n", "duplicate-key 2:1");
        check("[a]: 1\n", "bad-yaml 1:1");
        check("a: [1\nb: 2", "bad-yaml 2:2");
        check("a: *nobody", "bad-yaml 1:4");
        check("a: &x [*x]", "bad-yaml 1:8");
    }

    #[test]
    fn limits_hold_also_for_aliases() {
        let laughs = "a: &a [x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b]\n";
        check(laughs, "yaml-too-large 3:17");
        check("a: &a [[[x]]]\nb: [[[*a]]]\n", "yaml-too-large 2:7");
        check("[[[[[[[x]]]]]]]", "yaml-too-large 1:7");
        check(&"- x\n".repeat(210), "yaml-too-large 201:3");
        check(&"#".repeat(3000), "yaml-too-large 0:0");
        check("a: &a [1]\nb: *a", "1:1{a@1 1:4[1:8=1] b@1 1:4[1:8=1]}");
    }

    #[test]
    fn ten_thousand_levels_are_refused_without_recursion() {
        for open in ["[", "{a: ", "- ", "? "] {
            let fault = read(&open.repeat(10_000), &Limits::default()).unwrap_err();
            assert!(["yaml-too-large", "bad-yaml"].contains(&fault.code()), "{open} {fault:?}");
        }
    }
}
