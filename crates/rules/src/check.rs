//! Names and kinds in an expression, before it ever runs.
//!
//! CEL finds an unknown field when it meets it, which may be on the day it matters. Here every name is followed through
//! the shapes of the facts: a field that is declared nowhere, a function that does not exist and a comparison that can
//! never be true are errors of the rule file.

mod growth;
mod nesting;

use cel::Program;
use cel::common::ast::operators;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SelectExpr};

use crate::shape::Shape;

pub(crate) use nesting::too_deep;

/// Operators and fields in a row, at most: each is a call of this program in a call.
const LEVELS: usize = 100;

/// The names an expression may use, and what stands under them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope<'s> {
    names: Vec<(String, Option<&'s Shape>)>,
}

impl<'s> Scope<'s> {
    /// The scope with one more name; later ones hide earlier ones.
    pub(crate) fn with(mut self, name: &str, shape: Option<&'s Shape>) -> Self {
        self.names.push((name.to_owned(), shape));
        self
    }

    fn find(&self, name: &str) -> Option<Option<&'s Shape>> {
        self.names.iter().rev().find(|(known, _)| known == name).map(|(_, shape)| *shape)
    }
}

/// What is wrong with an expression, and at which byte of it.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) advice: Option<String>,
    pub(crate) offset: usize,
}

/// What is known of an expression before it runs.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) loops: usize,
    pub(crate) shape: Option<Shape>,
}

/// Follows every name of `program`.
pub(crate) fn check(program: &Program, scope: &Scope<'_>) -> Result<Checked, Problem> {
    let mut checker = Checker { program, level: 0, depth: 0, deepest: 0 };
    let kind = checker.kind(program.expression(), scope)?;
    Ok(Checked { loops: checker.deepest, shape: kind.shape() })
}

/// The shape of the items of the list that `program`, checked before, gives.
pub(crate) fn item<'s>(program: &Program, scope: &Scope<'s>) -> Option<&'s Shape> {
    let mut checker = Checker { program, level: 0, depth: 0, deepest: 0 };
    match checker.kind(program.expression(), scope).ok()?.item() {
        Kind::Of(shape) => Some(shape),
        _ => None,
    }
}

/// What an expression gives, as far as it is known.
#[derive(Clone, Debug)]
enum Kind<'s> {
    Of(&'s Shape),
    Scalar(Shape),
    Unknown,
}

impl<'s> Kind<'s> {
    fn shape(&self) -> Option<Shape> {
        match self {
            Kind::Of(shape) => Some((*shape).clone()),
            Kind::Scalar(shape) => Some(shape.clone()),
            Kind::Unknown => None,
        }
    }

    fn word(&self) -> Option<&'static str> {
        match self {
            Kind::Of(Shape::Place) => Some(Shape::Text.word()),
            Kind::Of(shape) => Some(shape.word()),
            Kind::Scalar(shape) => Some(shape.word()),
            Kind::Unknown => None,
        }
    }

    fn item(&self) -> Kind<'s> {
        match self {
            Kind::Of(Shape::List(item) | Shape::Map(item)) => Kind::Of(item),
            _ => Kind::Unknown,
        }
    }
}

struct Checker<'p> {
    program: &'p Program,
    level: usize,
    depth: usize,
    deepest: usize,
}

/// Functions and methods of CEL's standard library that are built in.
const FUNCTIONS: &[&str] = &[
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "duration",
    "timestamp",
    "string",
    "int",
    "uint",
    "double",
    "bytes",
    "bool",
    "type",
    "dyn",
    "max",
    "min",
    "getFullYear",
    "getMonth",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
];

impl<'p> Checker<'p> {
    fn kind<'s>(&mut self, node: &IdedExpr, scope: &Scope<'s>) -> Result<Kind<'s>, Problem> {
        if self.level == LEVELS {
            let message = format!("More than {LEVELS} operators, fields or brackets stand in one another");
            let advice = "Split the rule in two, or let a fact carry what is computed here.".to_owned();
            return Err(self.problem(node, "bad-expression", message, Some(advice)));
        }
        self.level += 1;
        let kind = self.kind_within(node, scope);
        self.level -= 1;
        kind
    }

    fn kind_within<'s>(&mut self, node: &IdedExpr, scope: &Scope<'s>) -> Result<Kind<'s>, Problem> {
        match &node.expr {
            Expr::Ident(name) => match scope.find(name) {
                Some(shape) => Ok(shape.map_or(Kind::Unknown, Kind::Of)),
                None => Err(self.unknown_name(node, name, scope)),
            },
            Expr::Literal(literal) => Ok(of_literal(literal)),
            Expr::Select(select) => self.select(node, select, scope),
            Expr::Call(call) => self.call(node, call, scope),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension, scope),
            Expr::List(list) => {
                list.elements.iter().try_for_each(|element| self.kind(element, scope).map(drop))?;
                Ok(Kind::Unknown)
            }
            Expr::Map(map) => {
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        self.kind(&entry.key, scope)?;
                        self.kind(&entry.value, scope)?;
                    }
                }
                Ok(Kind::Unknown)
            }
            Expr::Struct(structure) => {
                let message = format!("{:?} is no type", structure.type_name);
                Err(self.problem(node, "bad-expression", message, Some("Facts are read, never built.".to_owned())))
            }
            Expr::Unspecified => Ok(Kind::Unknown),
        }
    }

    fn select<'s>(&mut self, node: &IdedExpr, select: &SelectExpr, scope: &Scope<'s>) -> Result<Kind<'s>, Problem> {
        let operand = self.kind(&select.operand, scope)?;
        let found = match &operand {
            Kind::Of(Shape::Record(fields)) => match fields.iter().find(|field| field.name == select.field) {
                Some(field) => Kind::Of(&field.shape),
                None => {
                    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
                    let advice = match model::nearest(&select.field, names.iter().copied()) {
                        Some(near) => format!("Did you mean {near:?}?"),
                        None => format!("The fields here are {}.", names.join(", ")),
                    };
                    let message = format!("{:?} is not a field here", select.field);
                    return Err(self.problem(node, "unknown-name", message, Some(advice)));
                }
            },
            Kind::Of(Shape::Map(value)) => Kind::Of(value),
            Kind::Unknown => Kind::Unknown,
            other => {
                let word = other.word().unwrap_or("value");
                let message = format!("A {word} has no fields, so there is no {:?} in it", select.field);
                return Err(self.problem(node, "unknown-name", message, None));
            }
        };
        Ok(if select.test { Kind::Scalar(Shape::Flag) } else { found })
    }

    fn call<'s>(&mut self, node: &IdedExpr, call: &CallExpr, scope: &Scope<'s>) -> Result<Kind<'s>, Problem> {
        let target = call.target.as_ref().map(|target| self.kind(target, scope)).transpose()?;
        let arguments = call.args.iter().map(|argument| self.kind(argument, scope)).collect::<Result<Vec<_>, _>>()?;
        let name = call.func_name.as_str();
        self.joined(node, call, &arguments)?;
        match (name, target, arguments.as_slice()) {
            (operators::EQUALS | operators::NOT_EQUALS, _, [left, right]) => {
                self.comparable(node, left, right)?;
                Ok(Kind::Scalar(Shape::Flag))
            }
            (operators::INDEX, _, [of, _]) => Ok(of.item()),
            (operators::CONDITIONAL, _, [_, yes, _]) => Ok(yes.clone()),
            (
                operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS,
                _,
                [left, right],
            ) => {
                self.comparable(node, left, right)?;
                Ok(Kind::Scalar(Shape::Flag))
            }
            (operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT, ..) => {
                self.flags(node, &arguments)?;
                Ok(Kind::Scalar(Shape::Flag))
            }
            (operators::IN, ..) => Ok(Kind::Scalar(Shape::Flag)),
            ("contains" | "startsWith" | "endsWith" | "matches", ..) => Ok(Kind::Scalar(Shape::Flag)),
            ("size", ..) => Ok(Kind::Scalar(Shape::Integer)),
            ("timestamp", ..) => Ok(Kind::Scalar(Shape::Time)),
            ("duration", ..) => Ok(Kind::Scalar(Shape::Duration)),
            ("string", ..) => Ok(Kind::Scalar(Shape::Text)),
            _ if is_operator(name) || FUNCTIONS.contains(&name) => Ok(Kind::Unknown),
            _ => {
                let advice = model::nearest(name, FUNCTIONS.iter().copied());
                let advice = advice.map(|near| format!("Did you mean {near:?}?"));
                Err(self.problem(node, "unknown-name", format!("There is no function {name:?}"), advice))
            }
        }
    }

    /// Text is never a number, and a flag never text: such a comparison would be false for ever.
    fn comparable(&self, node: &IdedExpr, left: &Kind<'_>, right: &Kind<'_>) -> Result<(), Problem> {
        let is_number = |word: &str| matches!(word, "integer" | "number");
        match (left.word(), right.word()) {
            (Some(left), Some(right)) if left != right && !(is_number(left) && is_number(right)) => {
                let message = format!("A {left} is compared with a {right}, which can never be equal");
                Err(self.problem(node, "bad-expression", message, Some("Write a value of the same kind.".to_owned())))
            }
            _ => Ok(()),
        }
    }

    fn flags(&self, node: &IdedExpr, arguments: &[Kind<'_>]) -> Result<(), Problem> {
        match arguments.iter().filter_map(Kind::word).find(|word| *word != "flag") {
            None => Ok(()),
            Some(word) => {
                let message = format!("A {word} stands where only true or false can");
                Err(self.problem(node, "bad-expression", message, Some("Compare it with something.".to_owned())))
            }
        }
    }

    fn comprehension<'s>(&mut self, loop_: &ComprehensionExpr, scope: &Scope<'s>) -> Result<Kind<'s>, Problem> {
        let range = self.kind(&loop_.iter_range, scope)?;
        let item = match range.item() {
            Kind::Of(shape) => Some(shape),
            _ => None,
        };
        let item = if matches!(range, Kind::Of(Shape::Map(_))) { None } else { item };
        let accumulated = scope.clone().with(&loop_.accu_var, None);
        let mut inner = accumulated.clone().with(&loop_.iter_var, item);
        if let Some(second) = &loop_.iter_var2 {
            inner = inner.with(second, None);
        }
        self.kind(&loop_.accu_init, scope)?;
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        self.kind(&loop_.loop_cond, &inner)?;
        self.kind(&loop_.loop_step, &inner)?;
        self.built(loop_, &inner)?;
        self.depth -= 1;
        let result = self.kind(&loop_.result, &accumulated)?;
        // What a filter leaves is of the kind it was.
        Ok(if growth::is_filter(loop_) && !matches!(range, Kind::Of(Shape::Map(_))) { range } else { result })
    }

    fn unknown_name(&self, node: &IdedExpr, name: &str, scope: &Scope<'_>) -> Problem {
        let names: Vec<&str> = scope.names.iter().map(|(name, _)| name.as_str()).collect();
        let advice = match model::nearest(name, names.iter().copied()) {
            Some(near) => format!("Did you mean {near:?}?"),
            None => format!("The names here are {}; a fact must be listed under `needs`.", names.join(", ")),
        };
        self.problem(node, "unknown-name", format!("{name:?} is not a name here"), Some(advice))
    }

    fn problem(&self, node: &IdedExpr, code: &'static str, message: String, advice: Option<String>) -> Problem {
        let offset = self.program.source_info().offset_for(node.id).map_or(0, |(start, _)| start as usize);
        Problem { code, message, advice, offset }
    }
}

/// CEL's operators go by names that no function can have: `_==_`, `!_`, `@in`.
fn is_operator(name: &str) -> bool {
    name.starts_with(['_', '!', '-', '@'])
}

fn of_literal(literal: &LiteralValue) -> Kind<'static> {
    match literal {
        LiteralValue::Boolean(_) => Kind::Scalar(Shape::Flag),
        LiteralValue::Double(_) => Kind::Scalar(Shape::Number),
        LiteralValue::Int(_) | LiteralValue::UInt(_) => Kind::Scalar(Shape::Integer),
        LiteralValue::String(_) => Kind::Scalar(Shape::Text),
        LiteralValue::Bytes(_) | LiteralValue::Null => Kind::Unknown,
    }
}
