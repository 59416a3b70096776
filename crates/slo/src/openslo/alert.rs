//! Alert policies, conditions and targets: read and checked; nothing is alerted from here.

use model::{Decimal, Fault, Place};
use yaml::{Fields, Node};

use super::{Metadata, Reference, comparison, described, metadata, name_format};
use crate::duration::Duration;
use crate::measure::Comparison;
use crate::notes::Notes;

pub(super) const CONDITION_KEYS: &[&str] = &["description", "severity", "condition"];
pub(super) const POLICY_KEYS: &[&str] =
    &["description", "alertWhenNoData", "alertWhenBreaching", "alertWhenResolved", "conditions", "notificationTargets"];
pub(super) const TARGET_KEYS: &[&str] = &["description", "target"];

/// When a policy fires: a burn rate over one window.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertCondition {
    /// Free text in OpenSLO: `critical`, `page`.
    pub severity: String,
    /// How the burn rate is compared, literally.
    pub op: Comparison,
    /// With what.
    pub threshold: Decimal,
    /// Over which window.
    pub lookback: Duration,
    /// For how long it must hold first.
    pub after: Option<Duration>,
    /// Where it is written, without the file.
    pub(crate) place: Place,
}

/// A policy with its condition resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertPolicy {
    /// Its name.
    pub name: String,
    /// Alert while the condition holds.
    pub when_breaching: bool,
    /// Alert when it holds no longer.
    pub when_resolved: bool,
    /// Alert when there is no data.
    pub when_no_data: bool,
    /// The conditions; OpenSLO wants exactly one.
    pub conditions: Vec<AlertCondition>,
    /// Who hears of it.
    pub targets: Vec<Addressee>,
}

/// A notification target of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressee {
    /// Its name.
    pub name: String,
    /// What kind of target it is: `email`, `webhook`.
    pub kind: String,
    /// Where the policy names it.
    pub place: Place,
}

#[derive(Clone, Debug)]
pub(crate) struct PolicySpec {
    pub(crate) when_breaching: bool,
    pub(crate) when_resolved: bool,
    pub(crate) when_no_data: bool,
    pub(crate) conditions: Vec<Reference<(Metadata, AlertCondition)>>,
    pub(crate) targets: Vec<Reference<(Metadata, NotificationTarget)>>,
    pub(crate) place: Place,
}

#[derive(Clone, Debug)]
pub(crate) struct NotificationTarget {
    pub(crate) target: String,
    place: Place,
}

impl NotificationTarget {
    /// As somebody who hears; `place` is where a reference to it stands.
    pub(crate) fn addressee(&self, name: &str, place: Option<&Place>, file: &std::path::Path) -> Addressee {
        let place = Place { file: Some(file.to_path_buf()), ..place.unwrap_or(&self.place).clone() };
        Addressee { name: name.to_owned(), kind: self.target.clone(), place }
    }
}

impl AlertCondition {
    pub(super) fn read(spec: &Fields<'_>, notes: &mut Notes) -> Result<Self, Fault> {
        described(spec, notes)?;
        let severity = spec.required_text("severity")?.to_owned();
        let condition =
            spec.required_child("condition", &["kind", "op", "threshold", "lookbackWindow", "alertAfter"])?;
        let kind = condition.required_text("kind")?;
        if kind != "burnrate" {
            return Err(Fault::bad_config("unknown-word", format!("{} is {kind:?}", condition.path_of("kind")))
                .advise("Write burnrate, the only kind there is.")
                .at(condition.required("kind")?.place.clone()));
        }
        condition.required("op")?;
        condition.required("threshold")?;
        let op = comparison(&condition, "op")?.unwrap_or(Comparison::Greater);
        if matches!(op, Comparison::Less | Comparison::LessOrEqual) {
            let message = format!("{} asks for a burn rate that is low", condition.path_of("op"));
            let fault =
                Fault::bad_config("low-burn-rate", message).advise("To alert on fast burning, write gt or gte.");
            notes.lint(fault.at(condition.required("op")?.place.clone()));
        }
        let duration = |key: &str| -> Result<Option<Duration>, Fault> {
            let Some(text) = condition.text(key)? else { return Ok(None) };
            Duration::parse(text, &condition.path_of(key), &condition.required(key)?.place).map(Some)
        };
        condition.required("lookbackWindow")?;
        Ok(AlertCondition {
            severity,
            op,
            threshold: condition.decimal("threshold")?.unwrap_or(Decimal::ZERO),
            lookback: duration("lookbackWindow")?.unwrap_or(Duration::minutes(60)),
            after: duration("alertAfter")?,
            place: condition.place.clone(),
        })
    }
}

impl PolicySpec {
    pub(super) fn read(spec: &Fields<'_>, notes: &mut Notes) -> Result<Self, Fault> {
        described(spec, notes)?;
        let flag = |key: &str| spec.flag(key).map(|flag| flag.unwrap_or(false));
        let conditions = spec.list("conditions")?;
        count(spec, "conditions", conditions.len(), conditions.len() == 1, "exactly one", notes)?;
        let targets = spec.list("notificationTargets")?;
        count(spec, "notificationTargets", targets.len(), !targets.is_empty(), "at least one", notes)?;
        let condition = Inline { key: "conditionRef", kind: "AlertCondition", keys: CONDITION_KEYS };
        let target = Inline { key: "targetRef", kind: "AlertNotificationTarget", keys: TARGET_KEYS };
        let policy = PolicySpec {
            when_breaching: flag("alertWhenBreaching")?,
            when_resolved: flag("alertWhenResolved")?,
            when_no_data: flag("alertWhenNoData")?,
            conditions: condition.read_all(&conditions, notes, AlertCondition::read)?,
            targets: target.read_all(&targets, notes, NotificationTarget::read)?,
            place: spec.place.clone(),
        };
        if !policy.when_breaching && !policy.when_resolved && !policy.when_no_data {
            let fault = Fault::bad_config("all-alerts-disabled", format!("{} alerts on nothing", spec.path))
                .advise("Set alertWhenBreaching: true.");
            notes.lint(fault.at(spec.place.clone()));
        }
        Ok(policy)
    }
}

impl NotificationTarget {
    pub(super) fn read(spec: &Fields<'_>, notes: &mut Notes) -> Result<Self, Fault> {
        described(spec, notes)?;
        Ok(NotificationTarget { target: spec.required_text("target")?.to_owned(), place: spec.place.clone() })
    }
}

fn count(
    spec: &Fields<'_>,
    key: &str,
    count: usize,
    right: bool,
    wanted: &str,
    notes: &mut Notes,
) -> Result<(), Fault> {
    if right {
        return Ok(());
    }
    let message = format!("{} has {count} entries; OpenSLO wants {wanted}", spec.path_of(key));
    let fault = Fault::bad_config("alert-parts", message).advise(format!("Write {wanted}."));
    notes.deviation(fault.at(spec.place.clone()))
}

/// The `alertPolicies` of an SLO; `null` is legal (an official example has it).
pub(super) fn policies(spec: &Fields<'_>, notes: &mut Notes) -> Result<Vec<Reference<(Metadata, PolicySpec)>>, Fault> {
    let policy = Inline { key: "alertPolicyRef", kind: "AlertPolicy", keys: POLICY_KEYS };
    policy.read_all(&spec.list("alertPolicies")?, notes, PolicySpec::read)
}

/// How an item of a list is either a reference or the object itself.
struct Inline {
    key: &'static str,
    kind: &'static str,
    keys: &'static [&'static str],
}

impl Inline {
    fn read_all<T>(
        &self,
        items: &[(String, &Node)],
        notes: &mut Notes,
        read: fn(&Fields<'_>, &mut Notes) -> Result<T, Fault>,
    ) -> Result<Vec<Reference<(Metadata, T)>>, Fault> {
        items.iter().map(|(path, node)| self.read(path, node, notes, read)).collect()
    }

    fn read<T>(
        &self,
        path: &str,
        node: &Node,
        notes: &mut Notes,
        read: fn(&Fields<'_>, &mut Notes) -> Result<T, Fault>,
    ) -> Result<Reference<(Metadata, T)>, Fault> {
        if let (Some(name), false) = (node.scalar(), node.is_null()) {
            let fault = Fault::bad_config("bare-reference", format!("{path} is a bare name"))
                .advise(format!("Write {}: {name}.", self.key));
            notes.deviation(fault.at(node.place.clone()))?;
            return Ok(Reference::Named { name: name.to_owned(), path: path.to_owned(), place: node.place.clone() });
        }
        let fields = Fields::of(node, path, &[self.key, "kind", "metadata", "spec"])?;
        let inline = ["kind", "metadata", "spec"].into_iter().any(|key| fields.node(key).is_some());
        match (fields.text(self.key)?, inline) {
            (Some(name), false) => self.named(&fields, name, notes),
            (None, true) => self.inline(&fields, notes, read),
            (name, _) => {
                let count = if name.is_some() { "both a reference and an object" } else { "neither" };
                Err(Fault::bad_config("ref-and-inline", format!("{path} has {count}"))
                    .advise(format!("Write either {}, or kind, metadata and spec.", self.key))
                    .at(node.place.clone()))
            }
        }
    }

    fn named<T>(&self, fields: &Fields<'_>, name: &str, notes: &mut Notes) -> Result<Reference<T>, Fault> {
        let (path, place) = (fields.path_of(self.key), fields.required(self.key)?.place.clone());
        name_format(name, &path, &place, notes)?;
        Ok(Reference::Named { name: name.to_owned(), path, place })
    }

    fn inline<T>(
        &self,
        fields: &Fields<'_>,
        notes: &mut Notes,
        read: fn(&Fields<'_>, &mut Notes) -> Result<T, Fault>,
    ) -> Result<Reference<(Metadata, T)>, Fault> {
        let kind = fields.required_text("kind")?;
        if kind != self.kind {
            let message = format!("{} is {kind:?} where {} is wanted", fields.path_of("kind"), self.kind);
            return Err(Fault::bad_config("unknown-object-kind", message)
                .advise(format!("Write kind: {}.", self.kind))
                .at(fields.required("kind")?.place.clone()));
        }
        let metadata = Metadata::read(&fields.required_child("metadata", metadata::KEYS)?, notes)?;
        Ok(Reference::Inline((metadata, read(&fields.required_child("spec", self.keys)?, notes)?)))
    }
}
