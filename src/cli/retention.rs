//! Retention as the project has it: the rules file, the term of each collection, and whose rows holds keep.

use std::collections::BTreeSet;
use std::path::PathBuf;

use model::{ByteSize, Digest, Fault};
use privacy::discover::Member;
use privacy::graph::Graph;
use privacy::hold::{Hold, On};
use privacy::identity;
use privacy::plan::{self, Gap};
use privacy::retention::{self, Ages, Date, Ending, HeldRows, Rules, Selected, Term, Wanted};
use privacy::row::Key;
use privacy::tombstone::Secret;

use super::context::Context;
use super::progress::Count;
use super::requests::holds;
use super::{data_map, files, own_store, subject};

const FILE_MAX: ByteSize = ByteSize(4 << 20);

/// What holds for every collection, and as of which day.
pub(crate) struct Retention {
    pub(crate) terms: Vec<Option<Term>>,
    pub(crate) today: Date,
    /// Of the rules file, where there is one.
    pub(crate) rules: Option<Digest>,
    held: HeldRows,
    /// Holds on people that were looked up: of others nobody knows which rows they keep.
    known: BTreeSet<String>,
}

impl Retention {
    /// Reads the rules and finds the term of each collection; the graph learns which dates matter.
    ///
    /// # Errors
    /// `bad-retention`; `bad-date`; I/O faults.
    pub(crate) fn open(context: &Context, graph: &mut Graph, day: Option<&str>) -> Result<Self, Fault> {
        let (mut rules, digest) = rules(context)?;
        let own = graph.nodes.iter().position(|node| node.member_name == own_store::NAME);
        if own.is_none() {
            rules = rules.without(own_store::NAME);
        }
        let terms = retention::terms(graph, &rules)?;
        for term in terms.iter().flatten() {
            graph.need(term.node, term.starts().cloned());
            if graph.nodes[term.node].member_name == own_store::NAME && term.ending != Ending::Delete {
                return Err(Fault::bad_config(
                    "bad-retention",
                    "Records in probity's own store are deleted, never changed",
                )
                .at(term.place.clone().unwrap_or_default())
                .advise("Let the rule say `action: delete`."));
            }
        }
        let today = context.now().date();
        let today = day.unwrap_or(&today);
        let today = today
            .parse()
            .map_err(|_| Fault::usage("bad-date", format!("{today:?} is no day")).advise("Write it as 2026-11-22."))?;
        Ok(Retention { terms, today, rules: digest, held: HeldRows::new(), known: BTreeSet::new() })
    }

    /// Finds the rows of people on whom holds lie.
    ///
    /// # Errors
    /// `bad-hold`, `hold-undecided`; what the stores say.
    pub(crate) fn learn_holds(
        &mut self,
        context: &Context,
        graph: &Graph,
        members: &mut [Member],
        secret: &Secret,
    ) -> Result<(), Fault> {
        let of_person = |hold: Hold| match hold.on {
            On::Subject(pseudonyms) if hold.released.is_none() => Some((hold.id, pseudonyms)),
            _ => None,
        };
        let all: Vec<(String, Vec<Digest>)> = holds::list(context)?.into_iter().filter_map(of_person).collect();
        let rules = identity::Rules { region: subject::region(context, None)?, fold_plus: false };
        let progress = context.progress(Count::Items);
        self.held = retention::people(graph, members, &all, secret, &rules, &*progress)?;
        self.known = all.into_iter().map(|(id, _)| id).collect();
        Ok(())
    }

    /// Who says which rows must stay.
    pub(crate) fn holds(&self, context: &Context) -> AgeHolds {
        AgeHolds {
            path: holds::path(context),
            own: (context.project.state("cases"), context.project.state("store")),
            now: context.now(),
            held: self.held.clone(),
            known: self.known.clone(),
        }
    }

    /// What decides by age.
    pub(crate) fn ages(&self) -> Ages<'_> {
        Ages { terms: &self.terms, today: self.today }
    }

    /// Collections of which nobody knows how long they are kept.
    pub(crate) fn undefined(&self, graph: &Graph) -> Vec<Gap> {
        retention::undefined(graph, &self.terms)
    }

    /// Looks which rows are over; takes `most` of them.
    ///
    /// # Errors
    /// What stores and holds say.
    pub(crate) fn select(
        &self,
        context: &Context,
        graph: &Graph,
        members: &mut [Member],
        secret: Option<&Secret>,
        most: usize,
    ) -> Result<Selected, Fault> {
        let holds = self.holds(context);
        let wanted = Wanted { today: self.today, most, holds: &holds, secret };
        retention::select(graph, members, &self.terms, &wanted, &*context.progress(Count::Items))
    }
}

/// Whether a rule names probity's own store.
///
/// # Errors
/// `bad-retention`; I/O faults.
pub(crate) fn names_own_store(context: &Context) -> Result<bool, Fault> {
    Ok(rules(context)?.0.name(own_store::NAME))
}

/// The rules file: the setting `retain.rules`, beside `probity.toml`. None is no fault: the data map may say it all.
fn rules(context: &Context) -> Result<(Rules, Option<Digest>), Fault> {
    let path: PathBuf = context.project.root().join(context.config.text("retain.rules"));
    if !path.try_exists().map_err(|error| Fault::io("read", &path, error))? {
        return Ok((Rules::default(), None));
    }
    let text = files::read_text(&path, FILE_MAX)?;
    let shown = data_map::shown(context, &path);
    let rules = Rules::read(&text).map_err(|fault| fault.in_file(shown))?.in_file(shown);
    Ok((rules, Some(seal::sha256(text.as_bytes()))))
}

/// Answers for rows of many people: holds on collections by name, holds on people by the rows that were found to be theirs.
pub(crate) struct AgeHolds {
    path: PathBuf,
    /// Where cases and the project's own store lie.
    own: (PathBuf, PathBuf),
    now: model::Instant,
    held: HeldRows,
    known: BTreeSet<String>,
}

impl plan::Holds for AgeHolds {
    fn on(
        &self,
        member: &str,
        dataset: &str,
        collection: &str,
        keys: &[Key],
    ) -> Result<Vec<Option<plan::Hold>>, Fault> {
        let in_force: Vec<Hold> = holds::read(&self.path)?.into_iter().filter(|hold| hold.holds_at(self.now)).collect();
        if member == own_store::NAME {
            return self.on_own(&in_force, dataset, collection, keys);
        }
        // A hold that has come since: whose rows it keeps was not looked up, so that it may keep any of them.
        let is_on_all = |hold: &&Hold| match &hold.on {
            On::Collection(_) => hold.covers(&[], dataset, collection),
            On::Subject(_) => !self.known.contains(&hold.id),
        };
        if let Some(hold) = in_force.iter().find(is_on_all) {
            return Ok(vec![Some(hold.in_plan()); keys.len()]);
        }
        let rows = self.held.get(&(member.to_owned(), collection.to_owned()));
        let of = |key: &Key| {
            let ids = rows?.get(key)?;
            in_force.iter().find(|hold| ids.contains(&hold.id)).map(Hold::in_plan)
        };
        Ok(keys.iter().map(of).collect())
    }
}

impl AgeHolds {
    /// What keeps data files and originals: a hold on them by name; a hold on a person, whose records among them nobody can tell
    /// from others'; an exhibit of a case.
    fn on_own(
        &self,
        in_force: &[Hold],
        dataset: &str,
        collection: &str,
        keys: &[Key],
    ) -> Result<Vec<Option<plan::Hold>>, Fault> {
        let keeps = |hold: &&Hold| matches!(hold.on, On::Subject(_)) || hold.covers(&[], dataset, collection);
        if let Some(hold) = in_force.iter().find(keeps) {
            return Ok(vec![Some(hold.in_plan()); keys.len()]);
        }
        let (cases, store) = &self.own;
        let held = own_store::exhibits(cases, store, collection, keys)?;
        let hold = |(case, exhibit): (String, String)| plan::Hold {
            law: format!("{exhibit} of the case {case} is this original"),
            id: format!("case {case}"),
            // Kept to establish, exercise or defend claims (GDPR Art. 17(3)(e)).
            code: "17-3-e".to_owned(),
            until: None,
            approver: None,
            anonymise: Vec::new(),
        };
        Ok(held.into_iter().map(|held| held.map(hold)).collect())
    }
}
