//! The seven kinds of OpenSLO v1 objects, as they are written.
//!
//! What OpenSLO's text or its Go SDK 0.9 demands is checked here. Where the SDK is stricter than the text, or the
//! official examples break a rule, the deviation is a warning with a stable code; read strictly, it is a fault.

mod alert;
mod metadata;
mod sli;
mod slo;
mod versions;

pub use alert::{Addressee, AlertCondition, AlertPolicy};
pub(crate) use alert::{NotificationTarget, PolicySpec};
pub(crate) use metadata::{Metadata, described, is_dns_label, name_format};
pub(crate) use sli::{IndicatorSpec, Metric, MetricSource, RawType};
pub use slo::Method;
pub(crate) use slo::{SliceSpec, SloSpec, WindowSpec};
pub(crate) use versions::as_v1;

use model::{Fault, Place};
use yaml::{Fields, Node};

use crate::measure::Comparison;
use crate::notes::Notes;

/// One of the seven kinds of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// What is offered to users.
    Service,
    /// Where data comes from.
    DataSource,
    /// What is measured.
    Sli,
    /// What is promised.
    Slo,
    /// When somebody should hear about it.
    AlertCondition,
    /// Which conditions alert whom.
    AlertPolicy,
    /// Who hears about it.
    AlertNotificationTarget,
}

impl ObjectKind {
    /// Every kind.
    pub const ALL: [ObjectKind; 7] = [
        ObjectKind::Service,
        ObjectKind::DataSource,
        ObjectKind::Sli,
        ObjectKind::Slo,
        ObjectKind::AlertCondition,
        ObjectKind::AlertPolicy,
        ObjectKind::AlertNotificationTarget,
    ];

    /// The word of the specification.
    pub fn word(self) -> &'static str {
        match self {
            ObjectKind::Service => "Service",
            ObjectKind::DataSource => "DataSource",
            ObjectKind::Sli => "SLI",
            ObjectKind::Slo => "SLO",
            ObjectKind::AlertCondition => "AlertCondition",
            ObjectKind::AlertPolicy => "AlertPolicy",
            ObjectKind::AlertNotificationTarget => "AlertNotificationTarget",
        }
    }
}

/// One object of a file.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) metadata: Metadata,
    pub(crate) body: Body,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    Service,
    DataSource { kind: String },
    Sli(Box<IndicatorSpec>),
    Slo(Box<SloSpec>),
    AlertCondition(AlertCondition),
    AlertPolicy(PolicySpec),
    AlertNotificationTarget(NotificationTarget),
}

impl Body {
    pub(crate) fn data_source(&self) -> Option<&String> {
        if let Body::DataSource { kind } = self { Some(kind) } else { None }
    }

    pub(crate) fn indicator(&self) -> Option<&IndicatorSpec> {
        if let Body::Sli(spec) = self { Some(spec) } else { None }
    }

    pub(crate) fn condition(&self) -> Option<&AlertCondition> {
        if let Body::AlertCondition(condition) = self { Some(condition) } else { None }
    }

    pub(crate) fn policy(&self) -> Option<&PolicySpec> {
        if let Body::AlertPolicy(policy) = self { Some(policy) } else { None }
    }

    pub(crate) fn target(&self) -> Option<&NotificationTarget> {
        if let Body::AlertNotificationTarget(target) = self { Some(target) } else { None }
    }
}

impl Object {
    pub(crate) fn kind(&self) -> ObjectKind {
        match self.body {
            Body::Service => ObjectKind::Service,
            Body::DataSource { .. } => ObjectKind::DataSource,
            Body::Sli(_) => ObjectKind::Sli,
            Body::Slo(_) => ObjectKind::Slo,
            Body::AlertCondition(_) => ObjectKind::AlertCondition,
            Body::AlertPolicy(_) => ObjectKind::AlertPolicy,
            Body::AlertNotificationTarget(_) => ObjectKind::AlertNotificationTarget,
        }
    }

    /// Reads one object.
    pub(crate) fn read(node: &Node, notes: &mut Notes) -> Result<Self, Fault> {
        version(node)?;
        let fields = Fields::of(node, "", &["apiVersion", "kind", "metadata", "spec"])?;
        let kind = kind(&fields)?;
        let metadata = Metadata::read(&fields.required_child("metadata", metadata::KEYS)?, notes)?;
        Ok(Object { metadata, body: body(kind, &fields, notes)? })
    }
}

/// The version decides how all the rest is read, so it is looked at first.
fn version(node: &Node) -> Result<(), Fault> {
    let fields = Fields::open(node, "")?;
    let text = fields.required_text("apiVersion")?;
    if text == "openslo/v1" {
        return Ok(());
    }
    let (message, advice) = (format!("{text:?} is not a version of OpenSLO"), "Write apiVersion: openslo/v1.");
    let place = fields.node("apiVersion").map_or_else(Place::default, |node| node.place.clone());
    Err(Fault::bad_config("unknown-api-version", message).advise(advice).at(place))
}

fn kind(fields: &Fields<'_>) -> Result<ObjectKind, Fault> {
    let text = fields.required_text("kind")?;
    ObjectKind::ALL.into_iter().find(|kind| kind.word() == text).ok_or_else(|| {
        let words = ObjectKind::ALL.map(ObjectKind::word);
        let advice = match model::nearest(text, words) {
            Some(near) => format!("Did you mean {near:?}?"),
            None => format!("The kinds are {}.", words.join(", ")),
        };
        let place = fields.node("kind").map_or_else(Place::default, |node| node.place.clone());
        Fault::bad_config("unknown-object-kind", format!("{text:?} is not a kind of OpenSLO object"))
            .advise(advice)
            .at(place)
    })
}

fn body(kind: ObjectKind, fields: &Fields<'_>, notes: &mut Notes) -> Result<Body, Fault> {
    let spec = |keys| fields.required_child("spec", keys);
    Ok(match kind {
        ObjectKind::Service => {
            if let Some(spec) = fields.child("spec", &["description"])? {
                described(&spec, notes)?;
            }
            Body::Service
        }
        ObjectKind::DataSource => data_source(&spec(&["description", "type", "connectionDetails"])?, notes)?,
        ObjectKind::Sli => Body::Sli(Box::new(IndicatorSpec::read(&spec(sli::KEYS)?, notes)?)),
        ObjectKind::Slo => Body::Slo(Box::new(SloSpec::read(&spec(slo::KEYS)?, notes)?)),
        ObjectKind::AlertCondition => Body::AlertCondition(AlertCondition::read(&spec(alert::CONDITION_KEYS)?, notes)?),
        ObjectKind::AlertPolicy => Body::AlertPolicy(PolicySpec::read(&spec(alert::POLICY_KEYS)?, notes)?),
        ObjectKind::AlertNotificationTarget => {
            Body::AlertNotificationTarget(NotificationTarget::read(&spec(alert::TARGET_KEYS)?, notes)?)
        }
    })
}

fn data_source(spec: &Fields<'_>, notes: &mut Notes) -> Result<Body, Fault> {
    described(spec, notes)?;
    spec.required("connectionDetails")?;
    Ok(Body::DataSource { kind: spec.required_text("type")?.to_owned() })
}

/// A reference by name, or the thing itself.
#[derive(Clone, Debug)]
pub(crate) enum Reference<T> {
    /// A name, with the path and place where it is written.
    Named { name: String, path: String, place: Place },
    /// Written out on the spot.
    Inline(T),
}

/// `gt`, `gte`, `lt`, `lte`.
pub(crate) fn comparison(fields: &Fields<'_>, key: &str) -> Result<Option<Comparison>, Fault> {
    let Some(text) = fields.text(key)? else { return Ok(None) };
    match text {
        "lt" => Ok(Some(Comparison::Less)),
        "lte" => Ok(Some(Comparison::LessOrEqual)),
        "gt" => Ok(Some(Comparison::Greater)),
        "gte" => Ok(Some(Comparison::GreaterOrEqual)),
        _ => Err(Fault::bad_config("unknown-word", format!("{} is {text:?}", fields.path_of(key)))
            .advise("Write lt, lte, gt or gte.")
            .at(fields.node(key).map_or_else(Place::default, |node| node.place.clone()))),
    }
}
