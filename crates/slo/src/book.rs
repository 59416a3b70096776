//! Rule files, read and joined: every reference resolved, every rule ready to be asked.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{Decimal, Fault, Place, Severity};
use yaml::{Node, Value};

use crate::files::documents;
use crate::maintenance::{self, Maintenance};
use crate::measure::Comparison;
use crate::notes::{Faults, Notes, Warning};
use crate::openslo::{
    AlertCondition, AlertPolicy, Body, IndicatorSpec, Metadata, Method, Metric, Object, ObjectKind, PolicySpec,
    Reference, SliceSpec, SloSpec, WindowSpec, as_v1,
};
use crate::source::Role;
use crate::{Limits, lint};

/// How rule files are read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading {
    /// What OpenSLO's own validator refuses is a fault and no warning.
    pub strict: bool,
    /// How much is read.
    pub limits: Limits,
}

/// Rules that hold together.
#[derive(Clone, Debug, Default)]
pub struct Book {
    rules: Vec<Rule>,
    objects: Vec<(ObjectKind, String)>,
    maintenance: Vec<Maintenance>,
    warnings: Vec<Warning>,
}

/// One SLO.
#[derive(Clone, Debug)]
pub struct Rule {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.displayName`, or the name.
    pub title: String,
    /// `spec.service`.
    pub service: String,
    /// The pack it comes from.
    pub pack: Option<String>,
    /// Annotation `probity/severity`.
    pub severity: Option<Severity>,
    /// Where it is written: file, line and column of its name.
    pub place: Place,
    /// How its budget is counted.
    pub method: Method,
    /// Whom it alerts, and when.
    pub alerts: Vec<AlertPolicy>,
    pub(crate) burn_tiers: bool,
    pub(crate) min_events: u64,
    /// What it is not held to.
    pub(crate) maintenance: Vec<Maintenance>,
    pub(crate) described: bool,
    pub(crate) method_place: Place,
    pub(crate) windows: Vec<WindowSpec>,
    pub(crate) objectives: Vec<Objective>,
}

/// One promise of an SLO.
#[derive(Clone, Debug)]
pub(crate) struct Objective {
    pub(crate) name: String,
    pub(crate) condition: Option<(Comparison, Decimal)>,
    pub(crate) target: Decimal,
    pub(crate) slice: Option<SliceSpec>,
    pub(crate) weight: Decimal,
    pub(crate) indicator: Arc<Indicator>,
    /// Has it an indicator of its own, as a member of a composite SLO?
    pub(crate) composite: bool,
    pub(crate) path: String,
    pub(crate) place: Place,
}

/// What is measured, with its sources resolved.
#[derive(Clone, Debug)]
pub(crate) struct Indicator {
    pub(crate) metric: Metric,
    pub(crate) unit: Option<String>,
    pub(crate) file: PathBuf,
    pub(crate) place: Place,
}

impl Rule {
    /// Do its objectives have indicators of their own, and one budget together?
    pub(crate) fn is_composite(&self) -> bool {
        self.objectives.iter().any(|objective| objective.composite)
    }

    /// What all members of a composite are called together, apart from each of them.
    pub(crate) fn name_of_all(&self) -> String {
        let is_free = |name: &String| self.objectives.iter().all(|objective| objective.name != *name);
        let numbered = (2..).map(|number| format!("composite-{number}"));
        std::iter::once("composite".to_owned()).chain(numbered).find(is_free).unwrap_or_default()
    }
}

impl Book {
    /// Reads rule files: one object, a list, or several documents each; YAML or JSON.
    ///
    /// # Errors
    /// Every fault found, each with file, line and column; nothing is half-read.
    pub fn load(files: Vec<(PathBuf, String)>, reading: &Reading) -> Result<Book, Faults> {
        let mut shelf = Shelf::new(reading);
        for (path, text) in &files {
            shelf.file(path, documents(text, &reading.limits));
        }
        shelf.bind(None)
    }

    /// The same from nodes: packs substitute their parameters in between.
    pub(crate) fn bind(
        files: Vec<(PathBuf, Vec<Node>)>,
        reading: &Reading,
        pack: Option<&str>,
    ) -> Result<Book, Faults> {
        let mut shelf = Shelf::new(reading);
        for (path, documents) in files {
            shelf.file(&path, Ok(documents));
        }
        shelf.bind(pack)
    }

    /// Both books in one: rules of files and rules of packs.
    ///
    /// # Errors
    /// `duplicate-name` when the same pack, or a rule of the same name outside packs, is in both.
    pub fn and(mut self, other: Book) -> Result<Book, Faults> {
        let same = |rule: &Rule| self.rules.iter().find(|mine| (&mine.name, &mine.pack) == (&rule.name, &rule.pack));
        let faults = other.rules.iter().filter_map(|rule| same(rule).map(|mine| twice(ObjectKind::Slo, rule, mine)));
        Faults::check(faults.collect())?;
        self.rules.extend(other.rules);
        self.objects.extend(other.objects);
        self.maintenance.extend(other.maintenance);
        self.warnings.extend(other.warnings);
        Ok(self)
    }

    /// The SLOs, in the order of the files.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Every object, SLO or not, by kind and name.
    pub fn objects(&self) -> &[(ObjectKind, String)] {
        &self.objects
    }

    /// What rules are not held to.
    pub fn maintenance(&self) -> &[Maintenance] {
        &self.maintenance
    }

    /// What deserves a look.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

fn twice(kind: ObjectKind, second: &Rule, first: &Rule) -> Fault {
    duplicate(kind, &second.name, &second.place, &first.place)
}

fn duplicate(kind: ObjectKind, name: &str, second: &Place, first: &Place) -> Fault {
    let message = format!("{} {name:?} is defined twice, first at {first}", kind.word());
    Fault::bad_config("duplicate-name", message).advise("Rename or remove one of the two.").at(second.clone())
}

/// An object and the file it stands in.
struct Found {
    object: Object,
    file: PathBuf,
}

impl Found {
    fn place(&self) -> Place {
        self.object.metadata.place.clone().in_file(&self.file)
    }

    /// How a message names it.
    fn name(&self) -> String {
        format!("{} {:?}", self.object.kind().word(), self.object.metadata.name)
    }
}

/// Objects as they come in, then bound into a book.
struct Shelf<'r> {
    reading: &'r Reading,
    found: Vec<Found>,
    maintenance: Vec<Maintenance>,
    notes: Notes,
    faults: Vec<Fault>,
}

impl<'r> Shelf<'r> {
    fn new(reading: &'r Reading) -> Self {
        let notes = Notes { strict: reading.strict, warnings: vec![] };
        Shelf { reading, found: vec![], maintenance: vec![], notes, faults: vec![] }
    }

    fn file(&mut self, path: &Path, documents: Result<Vec<Node>, Fault>) {
        let documents = match documents {
            Ok(documents) => documents,
            Err(fault) => return self.faults.push(fault.in_file(path)),
        };
        if documents.is_empty() {
            let fault = Fault::bad_config("no-objects", "The rule file holds no OpenSLO object")
                .advise("Write at least one object, or leave the file out.");
            self.faults.push(fault.at(Place::file(path)));
        }
        let warned = self.notes.warnings.len();
        for document in documents {
            match document.value {
                Value::List(items) => items.iter().for_each(|item| self.object(item, path)),
                _ => self.object(&document, path),
            }
        }
        self.notes.in_file(warned, path);
    }

    fn object(&mut self, node: &Node, path: &Path) {
        if self.faults.len() >= self.reading.limits.faults {
            return;
        }
        if self.found.len() + self.maintenance.len() >= self.reading.limits.objects {
            let message = format!("There are more than {} objects", self.reading.limits.objects);
            let fault = Fault::bad_config("rules-too-large", message).advise("Evaluate them in several runs.");
            return self.faults.push(fault.at(node.place.clone()).in_file(path));
        }
        let mut read = || -> Result<(), Fault> {
            if node.entry("apiVersion").and_then(Node::scalar) == Some(maintenance::VERSION) {
                let mut read = Maintenance::read(node, &mut self.notes)?;
                read.place = read.place.in_file(path);
                self.maintenance.push(read);
                return Ok(());
            }
            for node in as_v1(node)? {
                let object = Object::read(&node, &mut self.notes)?;
                self.found.push(Found { object, file: path.to_owned() });
            }
            Ok(())
        };
        if let Err(fault) = read() {
            self.faults.push(fault.in_file(path));
        }
    }

    fn bind(mut self, pack: Option<&str>) -> Result<Book, Faults> {
        let index = self.index();
        // References are judged only when every object was read: else each misspelt key would leave dangling ones.
        Faults::check(std::mem::take(&mut self.faults))?;
        let has_services = self.found.iter().any(|found| found.object.kind() == ObjectKind::Service);
        let (found, notes) = (&self.found, &mut self.notes);
        let maintenance = self.maintenance.as_slice();
        let mut binder = Binder { found, maintenance, index: &index, has_services, notes, faults: vec![] };
        let rules: Vec<Rule> = self.found.iter().filter_map(|found| binder.object(found, pack)).collect();
        let faults = std::mem::take(&mut binder.faults);
        Faults::check(faults)?;
        if pack.is_none() {
            rules.iter().for_each(|rule| lint::rule(rule, &mut self.notes));
        }
        let objects = self.found.iter().map(|found| (found.object.kind(), found.object.metadata.name.clone()));
        Ok(Book { rules, objects: objects.collect(), maintenance: self.maintenance, warnings: self.notes.warnings })
    }

    fn index(&mut self) -> HashMap<(ObjectKind, String), usize> {
        let mut index: HashMap<(ObjectKind, String), usize> = HashMap::new();
        for (number, found) in self.found.iter().enumerate() {
            let key = (found.object.kind(), found.object.metadata.name.clone());
            match index.get(&key) {
                Some(first) => {
                    self.faults.push(duplicate(key.0, &key.1, &found.place(), &self.found[*first].place()));
                }
                None => {
                    index.insert(key, number);
                }
            }
        }
        index
    }
}

/// Resolves references.
struct Binder<'s> {
    found: &'s [Found],
    maintenance: &'s [Maintenance],
    index: &'s HashMap<(ObjectKind, String), usize>,
    has_services: bool,
    notes: &'s mut Notes,
    faults: Vec<Fault>,
}

impl<'s> Binder<'s> {
    /// The rule, when the object is an SLO whose references all hold.
    fn object(&mut self, from: &'s Found, pack: Option<&str>) -> Option<Rule> {
        let bound = match &from.object.body {
            Body::Slo(spec) => self.rule(from, spec, pack).map(Some),
            Body::Sli(spec) => self.indicator(from, spec, None).map(|_| None),
            Body::AlertPolicy(spec) => self.policy(from, &from.object.metadata, spec).map(|_| None),
            _ => Ok(None),
        };
        bound.unwrap_or_else(|fault| {
            self.faults.push(fault.in_file(&from.file));
            None
        })
    }

    fn rule(&mut self, from: &'s Found, spec: &'s SloSpec, pack: Option<&str>) -> Result<Rule, Fault> {
        self.service(from, spec);
        let shared = spec.indicator.as_ref().map(|indicator| self.named_indicator(from, indicator)).transpose()?;
        let mut objectives = vec![];
        for (number, objective) in spec.objectives.iter().enumerate() {
            let own =
                objective.indicator.as_ref().map(|indicator| self.named_indicator(from, indicator)).transpose()?;
            let composite = own.is_some();
            let Some(indicator) = own.or_else(|| shared.clone()) else { continue };
            objectives.push(Objective {
                name: objective.title.clone().unwrap_or_else(|| format!("objective-{}", number + 1)),
                condition: objective.condition,
                target: objective.target,
                slice: objective.slice,
                weight: objective.weight,
                indicator,
                composite,
                path: objective.path.clone(),
                place: objective.place.clone().in_file(&from.file),
            });
        }
        self.conditions(&objectives)?;
        let mut alerts = vec![];
        for policy in &spec.policies {
            let (at, metadata, policy) = match policy {
                Reference::Inline((metadata, policy)) => (from, metadata, policy),
                Reference::Named { name, path, place } => {
                    let (at, policy) = self.find(from, ObjectKind::AlertPolicy, Body::policy, name, path, place)?;
                    (at, &at.object.metadata, policy)
                }
            };
            alerts.push(self.policy(at, metadata, policy)?);
        }
        let metadata = &from.object.metadata;
        Ok(Rule {
            name: metadata.name.clone(),
            title: metadata.title.clone().unwrap_or_else(|| metadata.name.clone()),
            service: spec.service.clone(),
            pack: pack.map(str::to_owned),
            severity: metadata.severity,
            burn_tiers: metadata.burn_tiers,
            min_events: metadata.min_events,
            maintenance: self.maintenance.iter().filter(|one| one.is_for(&spec.service)).cloned().collect(),
            place: from.place(),
            method: spec.method,
            alerts,
            described: spec.described,
            method_place: spec.method_place.clone().in_file(&from.file),
            windows: spec.windows.iter().map(|window| window.clone().in_file(&from.file)).collect(),
            objectives,
        })
    }

    /// A threshold needs `op` and `value`, also when the indicator is only referred to.
    fn conditions(&self, objectives: &[Objective]) -> Result<(), Fault> {
        let lacks = |objective: &&Objective| {
            objective.condition.is_none() && matches!(objective.indicator.metric, Metric::Threshold(_))
        };
        match objectives.iter().find(lacks) {
            None => Ok(()),
            Some(objective) => {
                let message = format!("{} lacks op or value, and its indicator is a threshold", objective.path);
                Err(Fault::bad_config("missing-key", message)
                    .advise("Write op (lt, lte, gt, gte) and value.")
                    .at(objective.place.clone()))
            }
        }
    }

    /// Services are often defined elsewhere: worth a word only where some are defined here.
    fn service(&mut self, from: &Found, spec: &SloSpec) {
        let key = (ObjectKind::Service, spec.service.clone());
        if !self.has_services || self.index.contains_key(&key) {
            return;
        }
        let advice = match model::nearest(&spec.service, self.names(ObjectKind::Service)) {
            Some(near) => format!("Did you mean {near:?}?"),
            None => "Define it, or correct the name.".to_owned(),
        };
        let message = format!("{} names the service {:?}, which no file defines", from.name(), spec.service);
        let place = spec.service_place.clone().in_file(&from.file);
        self.notes.lint(Fault::bad_config("unknown-service", message).advise(advice).at(place));
    }

    fn named_indicator(
        &mut self,
        from: &'s Found,
        indicator: &'s Reference<(Metadata, IndicatorSpec)>,
    ) -> Result<Arc<Indicator>, Fault> {
        match indicator {
            Reference::Inline((metadata, spec)) => {
                let unit = metadata.unit.clone().or_else(|| from.object.metadata.unit.clone());
                self.indicator(from, spec, unit).map(Arc::new)
            }
            Reference::Named { name, path, place } => {
                let (at, spec) = self.find(from, ObjectKind::Sli, Body::indicator, name, path, place)?;
                let unit = at.object.metadata.unit.clone().or_else(|| from.object.metadata.unit.clone());
                // Faults inside the SLI are reported with the SLI itself.
                self.resolve_sources(at, spec).map(|metric| Arc::new(Indicator::of(metric, spec, unit, at)))
            }
        }
    }

    /// An indicator with its sources resolved and, as far as they are ours, checked.
    fn indicator(&mut self, at: &Found, spec: &IndicatorSpec, unit: Option<String>) -> Result<Indicator, Fault> {
        let metric = self.resolve_sources(at, spec)?;
        let role = match metric {
            Metric::Ratio(ref ratio) => Role::Events { counter: ratio.counter },
            Metric::Threshold(_) | Metric::Raw { .. } => Role::Values,
        };
        for source in metric.sources() {
            match source.check(role) {
                Err(fault) if source.is_ours() => return Err(fault),
                // A file made for another system is right as it is; only a verdict cannot be had from it.
                Err(fault) => self.notes.lint(fault.in_file(&at.file)),
                Ok(()) => lint::counter_by_name(source, role, &at.file, self.notes),
            }
            lint::ignored(source, &at.file, self.notes);
        }
        lint::fallback(&metric, &spec.place, &at.file, self.notes);
        Ok(Indicator::of(metric, spec, unit, at))
    }

    fn resolve_sources(&mut self, at: &Found, spec: &IndicatorSpec) -> Result<Metric, Fault> {
        let mut metric = spec.metric.clone();
        for source in metric.sources_mut() {
            let Some((name, place)) = &source.reference else { continue };
            let path = format!("{}.metricSourceRef", source.path);
            match self.find(at, ObjectKind::DataSource, Body::data_source, name, &path, place) {
                Ok((_, kind)) => {
                    source.kind.get_or_insert_with(|| kind.clone());
                }
                // Nothing else is taken from a data source, and OpenSLO's own files leave it undefined.
                Err(fault) if source.kind.is_some() => self.notes.lint_once(fault),
                Err(fault) => return Err(fault),
            }
        }
        Ok(metric)
    }

    fn policy(&mut self, at: &'s Found, metadata: &Metadata, spec: &'s PolicySpec) -> Result<AlertPolicy, Fault> {
        if !metadata.has_labels {
            let message = format!("The alert policy {:?} has no labels to route by", metadata.name);
            let fault = Fault::bad_config("no-alert-labels", message).advise("Add metadata.labels, such as a team.");
            self.notes.lint_once(fault.at(spec.place.clone()).in_file(&at.file));
        }
        let mut conditions = vec![];
        for condition in &spec.conditions {
            conditions.push(self.condition(at, condition)?);
        }
        let mut targets = vec![];
        for target in &spec.targets {
            match target {
                Reference::Inline((metadata, target)) => {
                    targets.push(target.addressee(&metadata.name, None, &at.file));
                }
                Reference::Named { name, path, place } => {
                    let kind = ObjectKind::AlertNotificationTarget;
                    let (_, target) = self.find(at, kind, Body::target, name, path, place)?;
                    targets.push(target.addressee(name, Some(place), &at.file));
                }
            }
        }
        Ok(AlertPolicy {
            name: metadata.name.clone(),
            when_breaching: spec.when_breaching,
            when_resolved: spec.when_resolved,
            when_no_data: spec.when_no_data,
            conditions,
            targets,
        })
    }

    fn condition(
        &mut self,
        at: &'s Found,
        condition: &'s Reference<(Metadata, AlertCondition)>,
    ) -> Result<AlertCondition, Fault> {
        match condition {
            Reference::Inline((_, condition)) => Ok(condition.clone().in_file(&at.file)),
            Reference::Named { name, path, place } => {
                let kind = ObjectKind::AlertCondition;
                let (found, condition) = self.find(at, kind, Body::condition, name, path, place)?;
                Ok(condition.clone().in_file(&found.file))
            }
        }
    }

    /// The object that a reference names, and what `pick` takes from it.
    fn find<T>(
        &self,
        from: &Found,
        kind: ObjectKind,
        pick: fn(&Body) -> Option<&T>,
        name: &str,
        path: &str,
        place: &Place,
    ) -> Result<(&'s Found, &'s T), Fault> {
        let found = self.index.get(&(kind, name.to_owned())).map(|number| &self.found[*number]);
        if let Some(found) = found.and_then(|found| Some((found, pick(&found.object.body)?))) {
            return Ok(found);
        }
        let advice = match model::nearest(name, self.names(kind)) {
            Some(near) => format!("Did you mean {near:?}?"),
            None => format!("Add the {} to the rule files, or correct the name.", kind.word()),
        };
        let message = format!("{} refers at {path} to {} {name:?}, which no file defines", from.name(), kind.word());
        Err(Fault::bad_config("dangling-reference", message).advise(advice).at(place.clone()).in_file(&from.file))
    }

    fn names(&self, kind: ObjectKind) -> impl Iterator<Item = &'s str> + use<'s> {
        let objects = self.found.iter().map(|found| &found.object);
        objects.filter(move |object| object.kind() == kind).map(|object| object.metadata.name.as_str())
    }
}

impl Indicator {
    fn of(metric: Metric, spec: &IndicatorSpec, unit: Option<String>, at: &Found) -> Self {
        Indicator { metric, unit, file: at.file.clone(), place: spec.place.clone() }
    }

    /// A fault about it, with its place where that is known no better.
    pub(crate) fn locate(&self, fault: Fault) -> Fault {
        match fault.place() {
            Some(_) => fault.in_file(&self.file),
            None => fault.at(self.place.clone()).in_file(&self.file),
        }
    }
}

impl WindowSpec {
    fn in_file(mut self, file: &Path) -> Self {
        self.place = self.place.in_file(file);
        self
    }
}

impl AlertCondition {
    fn in_file(mut self, file: &Path) -> Self {
        self.place = self.place.in_file(file);
        self
    }
}
