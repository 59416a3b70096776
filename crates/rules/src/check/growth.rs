//! What an expression may put together: CEL has no limit of its own and cannot be interrupted, so that nothing may grow from
//! one loop to the next. `list.map(a, list)` over 3,000 things would hold nine million, and `.map(b, b + b)` doubles each time
//! that it is written.
//!
//! A loop builds a list of single values or of the things it goes through; lists are never joined.

use cel::common::ast::operators;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr};

use super::{Checker, Kind, Problem, Scope};
use crate::shape::Shape;

impl Checker<'_> {
    /// Refuses to join lists; `@result + [item]` is how CEL itself writes a loop that builds one.
    pub(super) fn joined(&self, node: &IdedExpr, call: &CallExpr, kinds: &[Kind<'_>]) -> Result<(), Problem> {
        let is_own =
            matches!(call.args.first().map(|first| &first.expr), Some(Expr::Ident(name)) if name.starts_with('@'));
        let is_list = kinds.iter().any(|kind| kind.word() == Some("list")) || call.args.iter().any(builds_list);
        match call.func_name == operators::ADD && is_list && !is_own {
            true => Err(self.growing(node, "Lists are joined here")),
            false => Ok(()),
        }
    }

    /// Refuses a loop that builds a list of what is itself put together. `scope` has the loop's own names.
    pub(super) fn built(&mut self, of: &ComprehensionExpr, scope: &Scope<'_>) -> Result<(), Problem> {
        let Some(item) = appended(&of.loop_step, &of.accu_var) else { return Ok(()) };
        match self.is_single(item, scope, &of.iter_var)? {
            true => Ok(()),
            false => Err(self.growing(item, "This loop builds a list of lists, or of texts that grow")),
        }
    }

    /// A single value, or what the loop goes through (`own`), or a part of that.
    fn is_single(&mut self, node: &IdedExpr, scope: &Scope<'_>, own: &str) -> Result<bool, Problem> {
        match &node.expr {
            Expr::Literal(_) => return Ok(true),
            Expr::Ident(name) if name == own => return Ok(true),
            Expr::List(_) | Expr::Map(_) | Expr::Struct(_) => return Ok(false),
            Expr::Comprehension(_) => return Ok(!builds_list(node)),
            _ => {}
        }
        let kind = self.kind(node, scope)?;
        if let Expr::Call(call) = &node.expr {
            return match call.func_name.as_str() {
                operators::ADD => {
                    let known = |one: &IdedExpr, this: &mut Self| Ok(is_scalar(&this.kind(one, scope)?));
                    let mut all = true;
                    for argument in &call.args {
                        all &= known(argument, self)?;
                    }
                    Ok(all)
                }
                operators::CONDITIONAL | operators::INDEX | "dyn" => {
                    let first = usize::from(call.func_name == operators::CONDITIONAL);
                    let last = if call.func_name == operators::INDEX { 1 } else { call.args.len() };
                    let mut all = true;
                    for argument in call.args.iter().take(last).skip(first) {
                        all &= self.is_single(argument, scope, own)?;
                    }
                    Ok(all)
                }
                _ => Ok(true),
            };
        }
        match (&kind, &node.expr) {
            (Kind::Unknown, Expr::Select(select)) => self.is_single(&select.operand, scope, own),
            _ => Ok(is_scalar(&kind)),
        }
    }

    fn growing(&self, node: &IdedExpr, what: &str) -> Problem {
        let message = format!("{what}, and nothing bounds how large it gets");
        let advice = "Build lists of single values, and let `each` go through a list of a fact.";
        self.problem(node, "bad-expression", message, Some(advice.to_owned()))
    }
}

/// A loop that leaves things out of a list and changes none.
pub(super) fn is_filter(of: &ComprehensionExpr) -> bool {
    let item = appended(&of.loop_step, &of.accu_var).map(|item| &item.expr);
    matches!(item, Some(Expr::Ident(name)) if *name == of.iter_var) && matches!(of.accu_init.expr, Expr::List(_))
}

/// What a loop appends to the list that it builds: `@result + [item]`, or that where a condition holds.
fn appended<'e>(step: &'e IdedExpr, accumulated: &str) -> Option<&'e IdedExpr> {
    let Expr::Call(call) = &step.expr else { return None };
    match (call.func_name.as_str(), call.args.as_slice()) {
        (operators::CONDITIONAL, [_, yes, _]) => appended(yes, accumulated),
        (operators::ADD, [left, right]) => match (&left.expr, &right.expr) {
            (Expr::Ident(name), Expr::List(list)) if name == accumulated => list.elements.first(),
            _ => None,
        },
        _ => None,
    }
}

/// A list that is written here, or a loop that builds one.
fn builds_list(node: &IdedExpr) -> bool {
    match &node.expr {
        Expr::List(_) => true,
        Expr::Comprehension(one) => matches!(one.accu_init.expr, Expr::List(_)),
        _ => false,
    }
}

fn is_scalar(kind: &Kind<'_>) -> bool {
    match kind {
        Kind::Of(shape) => !matches!(shape, Shape::List(_) | Shape::Map(_) | Shape::Record(_)),
        Kind::Scalar(_) => true,
        Kind::Unknown => false,
    }
}
