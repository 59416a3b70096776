//! Where boxes stand: a column for each number of links between a collection and people, wrapped when it gets too tall.

use super::{Drawing, Kind, LINES_MAX};

/// Width of a box, and the room around it.
pub(super) const WIDTH: u32 = 236;
pub(super) const HEAD: u32 = 48;
pub(super) const LINE: u32 = 18;
const GAP_Y: u32 = 22;
const GAP_X: u32 = 96;
/// Between columns of one layer.
const GAP_NEAR: u32 = 34;
const MARGIN: u32 = 40;
/// Room for the names over columns.
const TOP: u32 = 72;
/// Sweeps that put boxes near what they hang on.
const SWEEPS: usize = 8;

/// Puts every box in its place.
pub(super) fn place(drawing: &mut Drawing) {
    let neighbours = neighbours(drawing);
    let layers = layers(drawing, &neighbours);
    let mut columns: Vec<Vec<usize>> = vec![Vec::new(); layers.iter().flatten().max().map_or(0, |last| last + 1)];
    let mut apart = Vec::new();
    for (number, layer) in layers.iter().enumerate() {
        match layer {
            Some(layer) => columns[*layer].push(number),
            None => apart.push(number),
        }
    }
    order(&mut columns, &neighbours, drawing.nodes.len());
    for (number, node) in drawing.nodes.iter_mut().enumerate() {
        node.is_unreached = layers[number].is_none();
        node.place = (0, 0, WIDTH, HEAD + LINE * node.fields.len().min(LINES_MAX + 1) as u32);
    }
    let tall = height_max(drawing);
    let mut x = MARGIN;
    let mut bottom = TOP;
    for (distance, column) in columns.iter().enumerate() {
        let (right, low) = put(drawing, column, x, TOP, tall);
        drawing.headings.push((heading(distance), x, TOP - 26));
        (x, bottom) = (right + GAP_X, bottom.max(low));
    }
    let (mut right, mut low) = (x.saturating_sub(GAP_X), bottom);
    if !apart.is_empty() {
        let personal = |number: &usize| drawing.nodes[*number].kind == Kind::Other;
        apart.sort_by_key(|number| (personal(number), *number));
        let top = if columns.is_empty() { TOP } else { bottom + TOP };
        drawing.headings.push(("No identity leads here".to_owned(), MARGIN, top - 26));
        let (edge, end) = rows(drawing, &apart, top, right.max(6 * (WIDTH + GAP_NEAR)).max(tall * 3 / 2));
        (right, low) = (right.max(edge), low.max(end));
    }
    drawing.size = (right.max(WIDTH) + MARGIN, low + MARGIN);
}

fn heading(distance: usize) -> String {
    match distance {
        0 => "People: an identity".to_owned(),
        1 => "One link away".to_owned(),
        _ => format!("{distance} links away"),
    }
}

fn neighbours(drawing: &Drawing) -> Vec<Vec<usize>> {
    let mut neighbours = vec![Vec::new(); drawing.nodes.len()];
    for edge in drawing.edges.iter().filter(|edge| edge.from != edge.to) {
        neighbours[edge.from].push(edge.to);
        neighbours[edge.to].push(edge.from);
    }
    neighbours
}

/// How many links lie between each node and the next identity; nothing where no way leads.
fn layers(drawing: &Drawing, neighbours: &[Vec<usize>]) -> Vec<Option<usize>> {
    let mut layers: Vec<Option<usize>> =
        drawing.nodes.iter().map(|node| (node.kind == Kind::Identity).then_some(0)).collect();
    let mut front: Vec<usize> = (0..layers.len()).filter(|number| layers[*number].is_some()).collect();
    let mut distance = 0;
    while !front.is_empty() {
        distance += 1;
        let mut next = Vec::new();
        for number in front {
            for other in &neighbours[number] {
                if layers[*other].is_none() {
                    layers[*other] = Some(distance);
                    next.push(*other);
                }
            }
        }
        front = next;
    }
    layers
}

/// Each box near the middle of what it hangs on, to and fro.
fn order(columns: &mut [Vec<usize>], neighbours: &[Vec<usize>], nodes: usize) {
    let mut rank = vec![0.0; nodes];
    let number = |column: &[usize], rank: &mut Vec<f64>| {
        let last = column.len().max(2) as f64 - 1.0;
        column.iter().enumerate().for_each(|(at, node)| rank[*node] = at as f64 / last);
    };
    columns.iter().for_each(|column| number(column, &mut rank));
    for sweep in 0..SWEEPS {
        let mut turn: Vec<usize> = (0..columns.len()).collect();
        if sweep % 2 == 1 {
            turn.reverse();
        }
        for at in turn {
            let middle = |node: usize| {
                let around = &neighbours[node];
                match around.is_empty() {
                    true => rank[node],
                    false => around.iter().map(|other| rank[*other]).sum::<f64>() / around.len() as f64,
                }
            };
            let mut sorted: Vec<(f64, usize)> = columns[at].iter().map(|node| (middle(*node), *node)).collect();
            // Sums of numbers from 0 to 1 are never NaN.
            sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            columns[at] = sorted.into_iter().map(|(_, node)| node).collect();
            number(&columns[at], &mut rank);
        }
    }
}

/// As tall as a column may be, so that the whole is about as wide as a screen.
fn height_max(drawing: &Drawing) -> u32 {
    let area: f64 =
        drawing.nodes.iter().map(|node| f64::from(WIDTH + GAP_X / 2) * f64::from(node.place.3 + GAP_Y)).sum();
    ((area / 1.6).sqrt() as u32).max(900)
}

/// One layer, wrapped into columns of `tall` at most; its right edge and its lowest.
fn put(drawing: &mut Drawing, column: &[usize], left: u32, top: u32, tall: u32) -> (u32, u32) {
    let (mut x, mut y, mut low) = (left, top, top);
    for number in column {
        let height = drawing.nodes[*number].place.3;
        if y > top && y + height > top + tall {
            (x, y) = (x + WIDTH + GAP_NEAR, top);
        }
        drawing.nodes[*number].place = (x, y, WIDTH, height);
        y += height + GAP_Y;
        low = low.max(y - GAP_Y);
    }
    (x + WIDTH, low)
}

/// What hangs on nobody, row by row.
fn rows(drawing: &mut Drawing, nodes: &[usize], top: u32, wide: u32) -> (u32, u32) {
    let (mut x, mut y, mut tallest, mut right) = (MARGIN, top, 0, MARGIN);
    for number in nodes {
        let height = drawing.nodes[*number].place.3;
        if x > MARGIN && x + WIDTH > MARGIN + wide {
            (x, y, tallest) = (MARGIN, y + tallest + GAP_Y, 0);
        }
        drawing.nodes[*number].place = (x, y, WIDTH, height);
        tallest = tallest.max(height);
        right = right.max(x + WIDTH);
        x += WIDTH + GAP_NEAR;
    }
    (right, y + tallest)
}
