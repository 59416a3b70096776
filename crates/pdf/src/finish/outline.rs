//! Bookmarks: one for each heading, below the one that it belongs to.

use lopdf::{Document, Object, ObjectId, dictionary};

use super::text;
use crate::page::Layout;

/// Which bookmarks stand around one.
#[derive(Default, Clone)]
struct Around {
    parent: Option<usize>,
    before: Option<usize>,
    after: Option<usize>,
    first: Option<usize>,
    last: Option<usize>,
    /// How many stand below it, at any depth.
    below: i64,
}

/// Adds the bookmarks, and returns where they begin.
pub(super) fn add(document: &mut Document, layout: &Layout, pages: &[ObjectId]) -> ObjectId {
    let outlines = document.new_object_id();
    let ids: Vec<ObjectId> = layout.bookmarks.iter().map(|_| document.new_object_id()).collect();
    let around = around(layout);
    let top = around.iter().enumerate().filter(|(_, around)| around.parent.is_none()).map(|(index, _)| index);
    let (first, last) = (top.clone().next(), top.clone().next_back());
    for (index, (bookmark, around)) in layout.bookmarks.iter().zip(&around).enumerate() {
        let place = vec![
            Object::Reference(pages[bookmark.page]),
            "XYZ".into(),
            Object::Null,
            Object::Real(bookmark.top),
            Object::Null,
        ];
        let title = format!("{}, page {}", bookmark.title, bookmark.page + 1);
        let parent = around.parent.map_or(outlines, |parent| ids[parent]);
        let mut item = dictionary! { "Title" => text(&title), "Parent" => parent, "Dest" => place };
        let near = [("Prev", around.before), ("Next", around.after), ("First", around.first), ("Last", around.last)];
        for (key, other) in near {
            if let Some(other) = other {
                item.set(key, ids[other]);
            }
        }
        if around.below > 0 {
            // The parts of a report are open, the parts of a section are not (ISO 32000-1, table 153).
            let open = bookmark.level == 1;
            item.set("Count", if open { shown(layout, &around.first, index) } else { -around.below });
        }
        document.set_object(ids[index], item);
    }
    let mut all = dictionary! { "Type" => "Outlines" };
    if let (Some(first), Some(last)) = (first, last) {
        all.set("First", ids[first]);
        all.set("Last", ids[last]);
        let visible = |index: usize| {
            1 + if layout.bookmarks[index].level == 1 { shown(layout, &around[index].first, index) } else { 0 }
        };
        all.set("Count", top.map(visible).sum::<i64>());
    }
    document.set_object(outlines, all);
    outlines
}

/// How many bookmarks right below an open one are seen: its children are closed.
fn shown(layout: &Layout, first: &Option<usize>, parent: usize) -> i64 {
    let Some(first) = *first else { return 0 };
    let level = layout.bookmarks[first].level;
    let below = layout.bookmarks[parent + 1..].iter().take_while(|other| other.level > layout.bookmarks[parent].level);
    below.filter(|other| other.level == level).count() as i64
}

fn around(layout: &Layout) -> Vec<Around> {
    let mut all = vec![Around::default(); layout.bookmarks.len()];
    let mut open: Vec<usize> = Vec::new();
    let mut last_top = None;
    for (index, bookmark) in layout.bookmarks.iter().enumerate() {
        while open.last().is_some_and(|above| layout.bookmarks[*above].level >= bookmark.level) {
            open.pop();
        }
        open.iter().for_each(|above| all[*above].below += 1);
        let parent = open.last().copied();
        let before = match parent {
            Some(parent) => {
                all[parent].first.get_or_insert(index);
                all[parent].last.replace(index)
            }
            None => last_top.replace(index),
        };
        if let Some(before) = before {
            all[before].after = Some(index);
        }
        (all[index].parent, all[index].before) = (parent, before);
        open.push(index);
    }
    all
}
