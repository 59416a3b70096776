//! The names that an expression may use, borrowed from where they are.

use cel::Context;
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;

use crate::expression::environment;

/// Facts, `now`, `parameters`, and the thing that is judged.
pub(crate) struct Scene<'s> {
    names: Vec<(&'s str, &'s dyn Val)>,
    parameters: Option<Box<dyn Val>>,
    outer: Option<&'s Scene<'s>>,
}

impl<'s> Scene<'s> {
    pub(crate) fn new(names: impl Iterator<Item = (&'s str, &'s dyn Val)>, parameters: Box<dyn Val>) -> Self {
        Scene { names: names.collect(), parameters: Some(parameters), outer: None }
    }

    /// The same, and one thing more.
    pub(crate) fn within<'i>(&'i self, name: &'i str, item: &'i dyn Val) -> Scene<'i>
    where
        's: 'i,
    {
        Scene { names: vec![(name, item)], parameters: None, outer: Some(self) }
    }

    /// What expressions run in.
    pub(crate) fn context(&self) -> Context<'_, '_> {
        let mut context = Context::with_env(environment());
        context.set_variable_resolver(self);
        context
    }
}

impl VariableResolver for Scene<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let own = self.names.iter().find(|(name, _)| *name == variable).map(|(_, value)| *value);
        let own = own.or_else(|| self.parameters.as_deref().filter(|_| variable == "parameters"));
        own.map(CowVal::Borrowed).or_else(|| self.outer?.resolve(variable))
    }
}
