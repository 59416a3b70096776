//! Maintenance: stretches of time that objectives are not held to, each with a reason, and told in every result.
//!
//! An object of its own beside those of OpenSLO, which has no word for it: `apiVersion: probity/v1`, `kind: Maintenance`, and in its
//! `spec` `from`, `to` (RFC 3339; `to` is the first instant after it), `reason` and, where it is not for all, `services`.

use model::{Fault, Instant, Place};
use yaml::{Fields, Node};

use crate::measure::Interval;
use crate::notes::Notes;
use crate::openslo::Metadata;

/// The version that says that an object is ours.
pub(crate) const VERSION: &str = "probity/v1";

/// One stretch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maintenance {
    /// Its name.
    pub name: String,
    /// The first instant of it.
    pub from: Instant,
    /// The first instant after it.
    pub to: Instant,
    /// Why.
    pub reason: String,
    /// The services it is for; none for all.
    pub services: Vec<String>,
    /// Where it is written.
    pub place: Place,
}

impl Maintenance {
    /// Reads an object.
    ///
    /// # Errors
    /// `unknown-object-kind`, `bad-time`, `bad-maintenance`; what any mapping can be wrong in.
    pub(crate) fn read(node: &Node, notes: &mut Notes) -> Result<Self, Fault> {
        let fields = Fields::of(node, "", &["apiVersion", "kind", "metadata", "spec"])?;
        let kind = fields.required("kind")?;
        if fields.required_text("kind")? != "Maintenance" {
            return Err(Fault::bad_config("unknown-object-kind", format!("{VERSION} has no such kind"))
                .advise("Its kind is Maintenance.")
                .at(kind.place.clone()));
        }
        let metadata = Metadata::read(
            &fields.required_child("metadata", &["name", "displayName", "labels", "annotations"])?,
            notes,
        )?;
        let spec = fields.required_child("spec", &["from", "to", "reason", "services"])?;
        let time = |key: &str| -> Result<Instant, Fault> {
            let place = spec.required(key)?.place.clone();
            Instant::parse(spec.required_text(key)?).map_err(|fault| {
                Fault::bad_config("bad-time", fault.message()).advise(fault.advice().unwrap_or_default()).at(place)
            })
        };
        let services = spec.list("services")?;
        let services = services.iter().map(|(path, node)| yaml::text(node, path).map(str::to_owned));
        let found = Maintenance {
            name: metadata.name,
            from: time("from")?,
            to: time("to")?,
            reason: spec.required_text("reason")?.trim().to_owned(),
            services: services.collect::<Result<_, Fault>>()?,
            place: metadata.place,
        };
        if found.from >= found.to || found.reason.is_empty() {
            let what = if found.reason.is_empty() { "says no reason" } else { "ends before it begins" };
            return Err(Fault::bad_config("bad-maintenance", format!("The maintenance {:?} {what}", found.name))
                .advise("Write from, a later to, and why.")
                .at(spec.place.clone()));
        }
        Ok(found)
    }

    pub(crate) fn is_for(&self, service: &str) -> bool {
        self.services.is_empty() || self.services.iter().any(|one| one == service)
    }

    fn interval(&self) -> Interval {
        Interval::between(self.from, self.to)
    }

    /// Whether any of it lies in `window`.
    pub(crate) fn touches(&self, window: Interval) -> bool {
        let own = self.interval();
        own.from < window.to && window.from < own.to
    }
}

/// What is left of `window` without maintenance, in order.
pub(crate) fn without(maintenance: &[Maintenance], window: Interval) -> Vec<Interval> {
    let mut left = vec![window];
    for gap in maintenance.iter().map(Maintenance::interval) {
        let cut = |piece: Interval| {
            let before = Interval { from: piece.from, to: piece.to.min(gap.from) };
            let after = Interval { from: piece.from.max(gap.to), to: piece.to };
            [before, after].into_iter().filter(|piece| piece.from < piece.to)
        };
        left = left.into_iter().flat_map(cut).collect();
    }
    left
}

/// How much of `window` is left, in nanoseconds.
pub(crate) fn time_left(maintenance: &[Maintenance], window: Interval) -> u128 {
    let length = |piece: &Interval| {
        u128::try_from(i128::from(piece.to.nanos()) - i128::from(piece.from.nanos())).unwrap_or_default()
    };
    without(maintenance, window).iter().map(length).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(from: i64, to: i64) -> Maintenance {
        let at = Instant::from_nanos;
        Maintenance {
            name: "m".into(),
            from: at(from),
            to: at(to),
            reason: "r".into(),
            services: vec![],
            place: Place::default(),
        }
    }

    #[test]
    fn what_is_left_has_no_instant_of_it() {
        let check = |gaps: &[(i64, i64)], expect: &[(i64, i64)]| {
            let gaps: Vec<Maintenance> = gaps.iter().map(|(from, to)| stretch(*from, *to)).collect();
            let window = Interval { from: Instant::from_nanos(0), to: Instant::from_nanos(100) };
            let left: Vec<(i64, i64)> =
                without(&gaps, window).iter().map(|piece| (piece.from.nanos(), piece.to.nanos())).collect();
            assert_eq!(left, expect, "{gaps:?}");
            assert_eq!(time_left(&gaps, window), expect.iter().map(|(from, to)| (to - from) as u128).sum::<u128>());
        };
        check(&[], &[(0, 100)]);
        // From 10 to before 20: an event at 10 is left out, one at 9 and one at 20 are not.
        check(&[(10, 20)], &[(0, 9), (19, 100)]);
        check(&[(10, 20), (15, 30), (40, 50)], &[(0, 9), (29, 39), (49, 100)]);
        check(&[(-5, 20), (90, 200)], &[(19, 89)]);
        check(&[(0, 101)], &[]);
        check(&[(1, 100)], &[(99, 100)]);
        check(&[(200, 300), (-9, 1)], &[(0, 100)]);
    }
}
