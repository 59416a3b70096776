//! Policies in Rego, the language of Open Policy Agent: each module that begins with annotations is a rule.
//!
//! ```rego
//! # METADATA
//! # title: Containers do not run as root
//! # custom:
//! #   law: [{article: "GDPR Art. 32(1)(b)", link: "https://eur-lex.europa.eu/eli/reg/2016/679/oj#art_32"}]
//! #   severity: high
//! #   needs: [kubernetes]
//! #   fix: Set securityContext.runAsNonRoot to true.
//! #   since: 1.0.0
//! package shop.non_root
//!
//! deny contains {"msg": msg, "subject": container.name, "place": container.place} if {
//!     some container in input.kubernetes.containers
//!     container.runs_as_non_root == false
//!     msg := sprintf("%s may run as root", [container.name])
//! }
//! ```
//!
//! `input` holds the facts that `needs` names, `input.parameters` and `input.now`. What stands in `deny` or `violation` is a
//! finding; what stands in `unknown` could not be judged; where `applies` is declared and not true, there is nothing to judge.
//! Modules without annotations are libraries of the pack.
//!
//! Nothing is reached from here: the interpreter is built without its functions for the network, the environment, files and
//! chance, and `time.now_ns()` is the instant of the judgement. A policy that takes too long is not judged: that needs a
//! clock, which measures a length of time and tells none.

use std::collections::HashMap;
use std::fmt::Display;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use model::{Fault, Instant, Place, Verdict};
use regorus::utils::limits::{ExecutionTimerConfig, TimeSource, set_time_source};
use regorus::{Engine, Value};
use serde_json::{Value as Json, json};
use yaml::Fields;

use crate::answer::Finding;
use crate::facts::Facts;
use crate::rule::{self, Reading, Rule, Test};
use crate::shape::{Catalogue, Shape};

/// The rules of a policy that are asked, and what an element of theirs is.
const SETS: [(&str, Verdict); 3] =
    [("deny", Verdict::Broken), ("violation", Verdict::Broken), ("unknown", Verdict::NoData)];

/// Says whether there is anything to judge.
const APPLIES: &str = "applies";

const HEAD: &[&str] = &["title", "description", "authors", "organizations", "related_resources", "scope", "custom"];
const CUSTOM: &[&str] = &["id", "law", "severity", "needs", "fix", "since", "references", "person"];

/// What the interpreter says of a function that does not exist.
const NO_FUNCTION: &str = "could not find function";

const TOO_LONG: &str = "the policy takes too long";

/// Steps of the interpreter between two looks at the clock.
const STEPS: NonZeroU32 = NonZeroU32::new(256).unwrap();

/// A module of a pack, with everything that its pack has.
#[derive(Debug)]
pub(crate) struct Policy {
    engine: Engine,
    /// `data.shop.non_root`
    package: String,
    sets: Vec<(&'static str, Verdict)>,
    applies: bool,
    needs: Vec<String>,
    title: String,
}

/// What came of a policy.
pub(crate) enum Ruled {
    /// There is nothing that it is about.
    NotApplicable,
    /// What it found; nothing when all is as it must be.
    Found(Vec<Finding>),
}

/// Reads the modules of a pack.
///
/// # Errors
/// `bad-policy`, and what annotations can be wrong about, each with file, line and column.
pub(crate) fn read(files: &[&(PathBuf, String)], reading: Reading<'_>) -> Result<Vec<Rule>, Fault> {
    let mut engine = Engine::new();
    limit(&mut engine, reading.limits.policy_time);
    let mut modules = Vec::new();
    for (path, text) in files {
        let package =
            engine.add_policy(path.display().to_string(), text.clone()).map_err(|error| fault(&error, path))?;
        if modules.iter().any(|(_, _, known)| *known == package) {
            let why = format!("Two modules are of the package {package}");
            return Err(bad(&why, "Give each policy a package of its own.", Place::line(1, 1)).in_file(path));
        }
        modules.push((path, text, package));
    }
    let rules = modules.into_iter().map(|(path, text, package)| {
        module(&engine, path, text, &package, reading).map_err(|fault| fault.in_file(path))
    });
    Ok(rules.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// The rule that a module is; none when it is a library.
fn module(
    engine: &Engine,
    path: &Path,
    text: &str,
    package: &str,
    reading: Reading<'_>,
) -> Result<Option<Rule>, Fault> {
    let name = path.display().to_string();
    let declares = |rule: &str| engine.has_declared_rule_rooted_at(&name, rule).map_err(|error| fault(&error, path));
    let mut sets = Vec::new();
    for (set, verdict) in SETS {
        sets.extend(declares(set)?.then_some((set, verdict)));
    }
    let judges = sets.iter().any(|(_, verdict)| *verdict == Verdict::Broken);
    let Some(annotations) = annotations(text) else {
        return match judges {
            false => Ok(None),
            true => Err(bad("The policy has no annotations", "Write # METADATA before `package`.", Place::line(1, 1))),
        };
    };
    if !judges {
        return Err(bad("The policy has neither `deny` nor `violation`", "Declare one of them.", Place::line(1, 1)));
    }
    let nodes = yaml::read(&annotations, &yaml::Limits::default())?;
    let [node] = nodes.as_slice() else {
        return Err(bad("The annotations hold no mapping", "Write `title` and `custom`.", Place::line(1, 1)));
    };
    let head = Fields::of(node, "", HEAD)?;
    let custom = head.required_child("custom", CUSTOM)?;
    let needs = rule::needs(&custom, reading.catalogue)?;
    let title = head.required_text("title")?.to_owned();
    let policy = Policy {
        engine: engine.clone(),
        package: package.to_owned(),
        sets,
        applies: declares(APPLIES)?,
        needs: needs.clone(),
        title: title.clone(),
    };
    policy.rehearse(path)?;
    let id = match custom.node("id") {
        Some(_) => rule::name(&custom)?.to_owned(),
        None => package.rsplit('.').next().unwrap_or_default().replace('_', "-").to_lowercase(),
    };
    Ok(Some(Rule {
        id: format!("{}.{id}", reading.pack),
        title,
        law: rule::law(&custom)?,
        severity: rule::severity(&custom)?,
        needs,
        fix: custom.required_text("fix")?.to_owned(),
        since: custom.required_text("since")?.to_owned(),
        references: rule::texts(&custom, "references")?,
        person: custom.text("person")?.map(str::to_owned),
        place: Place { file: Some(path.to_path_buf()), ..node.place.clone() },
        test: Test::Rego(Box::new(policy)),
    }))
}

/// The annotations before `package`, as YAML whose lines and columns are those of the file.
fn annotations(text: &str) -> Option<String> {
    let mut yaml = String::new();
    let mut is_open = false;
    for line in text.lines() {
        match line.strip_prefix('#') {
            _ if line.trim_end() == "# METADATA" => is_open = true,
            Some(rest) if is_open => {
                yaml.push(' ');
                yaml.push_str(rest);
            }
            None if line.starts_with("package") => return is_open.then_some(yaml),
            // A blank line ends annotations; they are then of nothing.
            None => is_open = false,
            Some(_) => {}
        }
        yaml.push('\n');
    }
    None
}

impl Policy {
    /// Prepares the modules and runs over nothing, which finds what does not exist. Other failures, and what takes long, may
    /// be those of nothing alone; the judgement will say.
    fn rehearse(&self, path: &Path) -> Result<(), Fault> {
        let mut engine = self.ready(json!({"now": Instant::from_nanos(0).to_string()}).into(), Instant::from_nanos(0));
        engine.eval_query("true".to_owned(), false).map_err(|error| fault(&error, path))?;
        let rules = self.sets.iter().map(|(set, _)| *set).chain(self.applies.then_some(APPLIES));
        for rule in rules {
            match engine.eval_rule(format!("{}.{rule}", self.package)) {
                Err(error) if sentence(&error).starts_with(NO_FUNCTION) => return Err(fault(&error, path)),
                _ => {}
            }
        }
        Ok(())
    }

    /// The interpreter with its input and its clock.
    fn ready(&self, input: Value, at: Instant) -> Engine {
        let mut engine = self.engine.clone();
        let now = Value::from(at.nanos());
        let parse = |values: Vec<Value>| {
            let text = values.first().and_then(|value| value.as_string().ok());
            let time = text.and_then(|text| Instant::parse(text).ok());
            Ok(time.map_or(Value::Undefined, |time| Value::from(time.nanos())))
        };
        // Each is added once to an interpreter that has neither.
        let _ = engine.add_extension("time.now_ns".to_owned(), 0, Box::new(move |_: Vec<Value>| Ok(now.clone())));
        let _ = engine.add_extension("time.parse_rfc3339_ns".to_owned(), 1, Box::new(parse));
        engine.set_input(input);
        engine
    }

    /// What the policy finds.
    ///
    /// # Errors
    /// Why it could not be judged, as a sentence.
    pub(crate) fn judge(&self, inputs: &Inputs, parameters: Json) -> Result<Ruled, String> {
        let mut engine = self.ready(inputs.input(&self.needs, parameters), inputs.at);
        let mut ask =
            |rule: &str| engine.eval_rule(format!("{}.{rule}", self.package)).map_err(|error| sentence(&error));
        if self.applies && ask(APPLIES)? != Value::Bool(true) {
            return Ok(Ruled::NotApplicable);
        }
        let mut findings = Vec::new();
        for (set, verdict) in &self.sets {
            let elements = match ask(set)? {
                Value::Undefined | Value::Bool(false) => vec![],
                Value::Bool(true) => vec![Value::from(self.title.as_str())],
                Value::Set(set) => set.iter().cloned().collect(),
                Value::Array(list) => list.iter().cloned().collect(),
                _ => return Err(format!("`{set}` gives neither a set nor true or false")),
            };
            findings.extend(elements.iter().map(|element| finding(element, *verdict)));
        }
        Ok(Ruled::Found(findings))
    }
}

/// A message alone, or an object with `msg`, and `subject` and `place` where it has them.
fn finding(element: &Value, verdict: Verdict) -> Finding {
    let element = serde_json::to_value(element).unwrap_or_default();
    let text = |keys: &[&str]| keys.iter().find_map(|key| element[*key].as_str()).map(str::to_owned);
    Finding {
        verdict,
        subject: text(&["subject", "resource"]).unwrap_or_else(|| "the project".to_owned()),
        message: match &element {
            Json::String(message) => message.clone(),
            other => text(&["msg", "message"]).unwrap_or_else(|| other.to_string()),
        },
        place: text(&["place"]),
    }
}

/// Facts as policies see them: JSON, with null for what is not known.
pub(crate) struct Inputs {
    at: Instant,
    facts: HashMap<String, Value>,
}

impl Inputs {
    /// The facts that policies among `rules` need, as of `at`.
    pub(crate) fn of<'n>(
        rules: impl Iterator<Item = &'n Rule>,
        facts: &Facts,
        catalogue: &Catalogue,
        at: Instant,
    ) -> Self {
        let mut inputs = Inputs { at, facts: HashMap::new() };
        let policies = rules.filter(|rule| matches!(rule.test, Test::Rego(_)));
        for name in policies.flat_map(|rule| &rule.needs) {
            if let (Some(fact), Some(declared)) = (facts.find(name), catalogue.find(name))
                && !inputs.facts.contains_key(name)
            {
                inputs.facts.insert(name.clone(), filled(&fact.value, &declared.shape).into());
            }
        }
        inputs
    }

    fn input(&self, needs: &[String], parameters: Json) -> Value {
        let mut input = Value::from(json!({"now": self.at.to_string(), "parameters": parameters}));
        if let Ok(object) = input.as_object_mut() {
            for (name, value) in needs.iter().filter_map(|name| Some((name, self.facts.get(name)?))) {
                object.insert(Value::from(name.as_str()), value.clone());
            }
        }
        input
    }
}

/// What is not known and was left out is null: in Rego a missing field makes an expression undefined, which is no answer.
fn filled(json: &Json, shape: &Shape) -> Json {
    match (shape, json) {
        (Shape::List(item), Json::Array(items)) => items.iter().map(|value| filled(value, item)).collect(),
        (Shape::Map(inner), Json::Object(map)) => {
            map.iter().map(|(key, value)| (key.clone(), filled(value, inner))).collect()
        }
        (Shape::Record(fields), Json::Object(map)) => {
            let field = |name: &str| map.get(name).unwrap_or(&Json::Null);
            fields.iter().map(|one| (one.name.clone(), filled(field(&one.name), &one.shape))).collect()
        }
        (_, other) => other.clone(),
    }
}

/// Measures how long a policy has taken.
struct Clock(OnceLock<std::time::Instant>);

static CLOCK: Clock = Clock(OnceLock::new());

impl TimeSource for Clock {
    fn now(&self) -> Option<Duration> {
        Some(self.0.get_or_init(std::time::Instant::now).elapsed())
    }
}

fn limit(engine: &mut Engine, time: Duration) {
    // One clock for the process; the second interpreter finds it set.
    let _ = set_time_source(&CLOCK);
    engine.set_execution_timer_config(ExecutionTimerConfig { limit: time, check_interval: STEPS });
}

/// An error of the interpreter, which says `--> file:line:column` and then `error: what`.
fn fault(error: &impl Display, path: &Path) -> Fault {
    let text = error.to_string();
    let mut numbers =
        text.lines().find_map(|line| line.trim().strip_prefix("--> ")).unwrap_or_default().rsplitn(3, ':');
    let column = numbers.next().and_then(|number| number.parse().ok()).unwrap_or(1);
    let line = numbers.next().and_then(|number| number.parse().ok()).unwrap_or(1);
    let file = numbers.next().map_or_else(|| path.to_path_buf(), PathBuf::from);
    let said = format!("This policy is not Rego that can be judged: {}", sentence(error));
    Fault::bad_config("bad-policy", said)
        .advise("Policies are Rego v1, without functions for network, files, chance and environment.")
        .at(Place { file: Some(file), ..Place::line(line, column) })
}

/// What is wrong, without the drawing around it.
fn sentence(error: &impl Display) -> String {
    let text = error.to_string();
    if text.contains("exceeded time limit") {
        return TOO_LONG.to_owned();
    }
    let said = text.lines().find_map(|line| line.trim().strip_prefix("error: "));
    said.unwrap_or(text.trim()).lines().next().unwrap_or_default().to_owned()
}

fn bad(why: &str, advice: &str, place: Place) -> Fault {
    Fault::bad_config("bad-policy", why).advise(advice).at(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Answer, Book, Limits, Outcome, Pack, Suppressions};

    const HEAD: &str = "# METADATA\n# title: T\n# custom:\n#   law: [{article: a, link: b}]\n#   severity: low\n#   needs: \
                        []\n#   fix: f\n#   since: 1.0.0\npackage own.p\n";

    fn pack(body: &str, limits: &Limits) -> Result<Pack, Fault> {
        let pack = ("pack.yaml", "name: own\ntitle: T\nversion: 1.0.0\n".to_owned());
        let files = [pack, ("p.rego", format!("{HEAD}{body}"))].map(|(path, text)| (PathBuf::from(path), text));
        Pack::read(&files, &Catalogue::built_in(), limits)
    }

    fn outcome(body: &str, limits: &Limits) -> Outcome {
        let book = Book::of(vec![pack(body, limits).unwrap()], &[]).unwrap();
        let at = Instant::from_nanos(0);
        let (facts, catalogue) = (Facts::default(), Catalogue::built_in());
        crate::judge(&book, &facts, &catalogue, &mut Suppressions::default(), at, limits).outcomes.remove(0)
    }

    #[test]
    fn a_policy_comes_to_an_answer() {
        let check = |body: &str, word: &str, message: &str| {
            let outcome = outcome(body, &Limits::default());
            assert_eq!(outcome.answer.word(), word, "{body}: {outcome:?}");
            let found = outcome.findings.first().map(|one| format!("{}: {}", one.subject, one.message));
            assert_eq!(found.unwrap_or_default(), message, "{body}");
        };
        check("deny contains \"x\" if false\n", "met", "");
        check("deny contains \"x\" if true\n", "broken", "the project: x");
        check("violation contains {\"msg\": \"m\", \"subject\": \"s\"} if true\n", "broken", "s: m");
        check("deny if true\n", "broken", "the project: T");
        check("deny contains \"x\" if false\nunknown contains \"u\" if true\n", "not judged", "the project: u");
        check("default applies := false\ndeny contains \"x\" if true\n", "not applicable", "");
        check("deny := {\"a\": 1}\n", "not judged", "");
        check("deny contains sprintf(\"%d\", [1 / count([])]) if true\n", "not judged", "");
        check("deny contains input.now if time.now_ns() == 0\n", "broken", "the project: 1970-01-01T00:00:00Z");
        check("deny contains \"x\" if time.parse_rfc3339_ns(input.now) != time.now_ns()\n", "met", "");
    }

    #[test]
    fn what_is_wrong_is_located() {
        let check = |body: &str, line: u64, said: &str| {
            let fault = pack(body, &Limits::default()).unwrap_err();
            assert_eq!((fault.code(), fault.place().unwrap().line), ("bad-policy", line), "{body}: {fault:?}");
            assert!(fault.message().contains(said), "{fault:?}");
            assert_eq!(fault.place().unwrap().file.as_deref(), Some(Path::new("p.rego")));
        };
        check("deny contains \"x\" if {\n", 11, "");
        check("deny contains \"x\" if nothing(1)\n", 10, "nothing");
        check("allow := true\n", 1, "neither");
        for call in [
            "http.send({})",
            "opa.runtime()",
            "rand.intn(\"a\", 9)",
            "uuid.rfc4122(\"a\")",
            "glob.match(\"a\", [], \"a\")",
        ] {
            let name = call.split('(').next().unwrap();
            check(&format!("deny contains x if x := {call}\n"), 10, name);
        }
    }

    #[test]
    fn a_policy_that_takes_too_long_is_stopped() {
        let limits = Limits { policy_time: Duration::from_millis(20), ..Limits::default() };
        let body = "deny contains \"x\" if {\n some a in numbers.range(1, 4000)\n some b in numbers.range(1, 4000)\n some c \
                    in numbers.range(1, 4000)\n a + b + c == 0\n}\n";
        assert_eq!(outcome(body, &limits).answer, Answer::NotJudged(TOO_LONG.to_owned()));
    }
}
