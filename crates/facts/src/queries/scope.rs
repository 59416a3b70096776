//! Names of columns, and the tables they belong to.

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart};

use super::{Knows, Touch};

/// Where a name is looked up: a query, a `SELECT`, or a whole statement.
#[derive(Default)]
struct Scope {
    /// What a table is called here, and the table; none for one that the statement itself makes.
    tables: Vec<(String, Option<usize>)>,
    /// Tables that `WITH` makes.
    made: Vec<String>,
    /// What was named before it was known where from: a `SELECT` says first what and then whence.
    names: Vec<Name>,
    edge: Edge,
}

/// What passes from a scope to the one around it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Edge {
    /// Names that found no table here.
    #[default]
    Window,
    /// Tables too: a `SELECT` is a branch of its query, whose order may name them.
    Branch,
    /// Nothing.
    Wall,
}

struct Name {
    /// The table it was named with; empty for none.
    table: String,
    /// Its column; none for all of them.
    column: Option<String>,
}

/// Scopes within scopes, and what came of them.
pub(super) struct Scopes<'k> {
    open: Vec<Scope>,
    touches: Vec<Touch>,
    knows: &'k Knows<'k>,
}

impl<'k> Scopes<'k> {
    pub(super) fn new(knows: &'k Knows<'k>) -> Self {
        Scopes { open: vec![Scope::default()], touches: Vec::new(), knows }
    }

    pub(super) fn enter(&mut self, made: Vec<String>, edge: Edge) {
        self.open.push(Scope { made, edge, ..Scope::default() });
    }

    /// Ends a scope: its names find their tables, or are looked for further out.
    pub(super) fn leave(&mut self) {
        let Some(scope) = self.open.pop() else { return };
        let mut further = Vec::new();
        for name in scope.names {
            if !self.settle(&scope.tables, &name) {
                further.push(name);
            }
        }
        let Some(outer) = self.open.last_mut() else { return };
        if scope.edge != Edge::Wall {
            outer.names.extend(further);
        }
        if scope.edge == Edge::Branch {
            outer.tables.extend(scope.tables);
        }
    }

    /// Everything, in the order it came.
    pub(super) fn finish(mut self) -> Vec<Touch> {
        while !self.open.is_empty() {
            self.leave();
        }
        let mut merged: Vec<Touch> = Vec::new();
        for touch in self.touches {
            match merged.iter_mut().find(|known| known.table == touch.table) {
                Some(known) => {
                    known.read.extend(touch.read);
                    known.written.extend(touch.written);
                    known.every |= touch.every;
                    known.whole |= touch.whole;
                }
                None => merged.push(touch),
            }
        }
        merged
    }

    /// A table that is used here, called `alias` or by its own name.
    pub(super) fn table(&mut self, name: &ObjectName, alias: Option<&Ident>) -> Option<usize> {
        let parts = parts(name);
        let last = parts.last()?.clone();
        let called = alias.map_or_else(|| last.clone(), folded);
        let is_made = parts.len() == 1 && self.open.iter().any(|scope| scope.made.contains(&last));
        let index = (!is_made).then(|| {
            self.touches.push(Touch { table: parts, ..Touch::default() });
            self.touches.len() - 1
        });
        self.open.last_mut()?.tables.push((called, index));
        index
    }

    /// What is made on the spot: a query in brackets, a function's rows.
    pub(super) fn made(&mut self, alias: Option<&Ident>) {
        if let (Some(scope), Some(alias)) = (self.open.last_mut(), alias) {
            scope.tables.push((folded(alias), None));
        }
    }

    pub(super) fn touch(&mut self, index: usize) -> Option<&mut Touch> {
        self.touches.get_mut(index)
    }

    /// A column of a table; of any for the empty name.
    pub(super) fn column(&mut self, table: String, column: String) {
        self.name(table, Some(column));
    }

    /// All columns of a table; of all tables for the empty name.
    pub(super) fn every(&mut self, table: String) {
        self.name(table, None);
    }

    fn name(&mut self, table: String, column: Option<String>) {
        if let Some(scope) = self.open.last_mut() {
            scope.names.push(Name { table, column });
        }
    }

    /// Whether the name is one of these tables'.
    fn settle(&mut self, tables: &[(String, Option<usize>)], name: &Name) -> bool {
        let is_meant = |(called, _): &&(String, Option<usize>)| name.table.is_empty() || *called == name.table;
        let meant: Vec<Option<usize>> = tables.iter().filter(is_meant).map(|(_, index)| *index).collect();
        let Some(column) = &name.column else {
            for index in meant.iter().copied().flatten() {
                self.touches[index].every = true;
            }
            return !meant.is_empty();
        };
        // A table by its name alone is its whole row: `SELECT p FROM person p`.
        if name.table.is_empty()
            && let Some((_, index)) = tables.iter().find(|(called, _)| called == column)
        {
            for index in index.iter().copied() {
                self.touches[index].every = true;
            }
            return true;
        }
        let known = |index: &usize| (self.knows)(&self.touches[*index].table, column);
        let found: Vec<usize> = meant.iter().copied().flatten().filter(known).collect();
        for index in &found {
            self.touches[*index].read.insert(column.clone());
        }
        !found.is_empty() || (!name.table.is_empty() && !meant.is_empty())
    }
}

/// The parts of a name in small letters: catalogs differ in how they fold, and nobody has two tables that differ in this only.
pub(super) fn parts(name: &ObjectName) -> Vec<String> {
    let part = |part: &ObjectNamePart| match part {
        ObjectNamePart::Identifier(ident) => Some(folded(ident)),
        ObjectNamePart::Function(_) => None,
    };
    name.0.iter().filter_map(part).collect()
}

pub(super) fn folded(ident: &Ident) -> String {
    ident.value.to_lowercase()
}
