//! Whose a row is: by the identities in it, and by the rows that it refers to.

use super::cells::{holds, texts, tuples};
use super::{Row, Search, State, learn};
use crate::graph::Tie;
use crate::identity::Identity;
use crate::row::Cell;

/// Whose a row is by the identities in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    Theirs,
    /// Theirs is in a list with others.
    Joint,
    Others,
}

impl Search<'_> {
    /// Whose a row is by its `identities` (in the order of the node's): the store was asked for more than the person's.
    pub(super) fn whose(&mut self, node: usize, identities: &[Cell]) -> Whose {
        let mut whose = Whose::Others;
        for ((field, kind), cell) in self.graph.nodes[node].identities.iter().zip(identities) {
            let texts = cell.as_deref().map(texts).unwrap_or_default();
            let name = || format!("{}.{field}", self.graph.nodes[node].name());
            let mut others = 0;
            for text in &texts {
                let meant = self.identities.iter().filter(|identity| identity.is_of(kind) && identity.matches(text));
                let found: Vec<_> = meant.collect();
                others += usize::from(found.is_empty());
                if !found.is_empty() && found.iter().all(|identity| identity.matches_folded(text)) {
                    self.folded.insert(name());
                }
            }
            match others {
                0 if !texts.is_empty() => whose = Whose::Theirs,
                count if count < texts.len() => {
                    self.alongside.insert(name());
                    whose = if whose == Whose::Others { Whose::Joint } else { whose };
                }
                _ => {}
            }
        }
        whose
    }

    /// Keeps identities of kinds that were not named: of two addresses in a row the other can be somebody else's.
    pub(super) fn learn(&mut self, node: usize, identities: &[Cell]) {
        let of = &self.graph.nodes[node];
        for ((field, kind), cell) in of.identities.iter().zip(identities) {
            let is_new = !learn::is_of_others(of, field) && !self.identities.iter().any(|one| one.is_of(kind));
            let Some(text) = cell.as_deref().filter(|_| is_new) else { continue };
            let rules = self.identities.first().map(|one| *one.rules()).unwrap_or_default();
            let new = Identity::new(kind, text, &rules).ok();
            self.learned.extend(new.filter(|new| !self.learned.contains(new)));
        }
    }

    /// Decides whose a row is by what is known now. Nobody's row can become somebody's later, never the other way round.
    pub(super) fn judge(&mut self, node: usize, at: usize) {
        let row = &self.nodes[node].rows[at];
        if row.state == State::Owned || row.still {
            return;
        }
        let state = match (row.seed, row.joint && self.keeps_shared(node)) {
            (true, false) => State::Owned,
            (true, true) => State::Shared,
            (false, _) => self.by_edges(node, row),
        };
        self.nodes[node].rows[at].state = state;
        if state != State::Owned {
            return;
        }
        for &number in &self.ports_at[node] {
            let tuples = tuples(self.graph, node, &self.ports[number].fields, &self.nodes[node].rows[at].cells);
            self.ports[number].enlist(tuples);
        }
    }

    /// Whether the map says of the node that what is another's as well stays.
    fn keeps_shared(&self, node: usize) -> bool {
        let word = self.graph.nodes[node].mapped.as_ref().and_then(|mapped| mapped.settings.word("shared"));
        matches!(word, Some("keep" | "unlink"))
    }

    /// Among the edges on which the row has values those decide that lead nearest to people; where they lead to several
    /// people, the row is theirs together.
    fn by_edges(&self, node: usize, row: &Row) -> State {
        let mut nearest = u32::MAX;
        let (mut all, mut any) = (true, false);
        for &number in &self.graph.out[node] {
            let edge = &self.graph.edges[number];
            let Tie::Owns(rank) = edge.tie else { continue };
            if rank > nearest || !holds(self.graph, edge, &row.cells) {
                continue;
            }
            let values = tuples(self.graph, node, &edge.child_fields, &row.cells);
            if values.is_empty() {
                continue;
            }
            if rank < nearest {
                (nearest, all, any) = (rank, true, false);
            }
            let owned = &self.ports[self.port_of[number]].owned;
            let is_tied = row.ties.contains(&number);
            let known = values.iter().filter(|tuple| owned.contains(*tuple)).count();
            any |= is_tied || known > 0;
            all &= known == values.len() || is_tied && values.len() == 1;
        }
        let word = self.graph.nodes[node].mapped.as_ref().and_then(|mapped| mapped.settings.word("shared"));
        match (any, all || word == Some("delete")) {
            (true, true) => State::Owned,
            (true, false) => State::Shared,
            (false, _) => State::Points,
        }
    }
}
