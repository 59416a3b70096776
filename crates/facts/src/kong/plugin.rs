//! Plugins of Kong: what they are for, and which of them act on a route.

use serde_json::{Value, json};
use yaml::Node;

use super::names;
use crate::tree::{flag, list, place, text};

/// What a plugin is configured for. `Some(None)` is a service or route that this file does not have.
#[derive(Clone, Copy, Default)]
pub(super) struct Scope<'n> {
    pub(super) service: Option<Option<&'n Node>>,
    pub(super) route: Option<Option<&'n Node>>,
    pub(super) consumer: bool,
}

impl<'n> Scope<'n> {
    pub(super) fn of_service(node: &'n Node) -> Self {
        Scope { service: Some(Some(node)), ..Scope::default() }
    }

    pub(super) fn of_route(node: &'n Node) -> Self {
        Scope { route: Some(Some(node)), ..Scope::default() }
    }

    pub(super) fn of_consumer() -> Self {
        Scope { consumer: true, ..Scope::default() }
    }

    /// What stands there, and says of itself that it is for less.
    pub(super) fn and(self, own: Self) -> Self {
        Scope {
            service: self.service.or(own.service),
            route: self.route.or(own.route),
            consumer: self.consumer || own.consumer,
        }
    }

    /// How near it is to the route, if it acts on it for everybody: route and service, route, service, all.
    fn nearness(&self, route: &Node, service: Option<&Node>) -> Option<u8> {
        let same = |wanted: Option<Option<&Node>>, found: Option<&Node>| match (wanted, found) {
            (None, _) => true,
            (Some(Some(wanted)), Some(found)) => std::ptr::eq(wanted, found),
            _ => false,
        };
        let acts = !self.consumer && same(self.route, Some(route)) && same(self.service, service);
        acts.then_some(u8::from(self.route.is_some()) * 2 + u8::from(self.service.is_some()))
    }

    fn word(&self) -> &'static str {
        match self {
            Scope { consumer: true, .. } => "consumer",
            Scope { route: Some(_), .. } => "route",
            Scope { service: Some(_), .. } => "service",
            _ => "global",
        }
    }
}

/// A plugin where it stands.
pub(super) struct Plugin<'n> {
    pub(super) node: &'n Node,
    pub(super) scope: Scope<'n>,
}

const LIMITS: [&str; 4] =
    ["rate-limiting", "rate-limiting-advanced", "graphql-rate-limiting-advanced", "ai-rate-limiting-advanced"];

const AUTHENTICATION: [&str; 14] = [
    "basic-auth",
    "key-auth",
    "key-auth-enc",
    "jwt",
    "oauth2",
    "oauth2-introspection",
    "openid-connect",
    "hmac-auth",
    "ldap-auth",
    "ldap-auth-advanced",
    "mtls-auth",
    "header-cert-auth",
    "saml",
    "vault-auth",
];

impl Plugin<'_> {
    pub(super) fn name(&self) -> &str {
        text(self.node, &["name"]).unwrap_or_default()
    }

    fn is_enabled(&self) -> bool {
        flag(self.node, &["enabled"]).unwrap_or(true)
    }

    pub(super) fn limits_rate(&self) -> bool {
        LIMITS.contains(&self.name())
    }

    /// Whether nobody passes without a credential: with `anonymous` everybody does, unless that consumer is turned away.
    pub(super) fn authenticates(&self, root: &Node) -> bool {
        let turned_away = |name: &str| {
            let consumers = list(root, &["consumers"]).iter();
            let is = |node: &&Node| text(node, &["username"]) == Some(name) || names(node).any(|known| known == name);
            consumers.filter(is).flat_map(|node| list(node, &["plugins"])).any(|plugin| {
                text(plugin, &["name"]) == Some("request-termination") && flag(plugin, &["enabled"]).unwrap_or(true)
            })
        };
        let anonymous = text(self.node, &["config", "anonymous"]).filter(|name| !name.is_empty());
        AUTHENTICATION.contains(&self.name()) && anonymous.is_none_or(turned_away)
    }

    pub(super) fn value(&self, file: &str) -> Value {
        json!({
            "name": self.name(),
            "scope": self.scope.word(),
            "enabled": self.is_enabled(),
            "place": place(file, self.node),
        })
    }
}

/// The plugins that act on a route for everybody: of several with one name the nearest (Kong, «Plugin precedence»).
pub(super) fn in_force<'p, 'n>(plugins: &'p [Plugin<'n>], route: &Node, service: Option<&Node>) -> Vec<&'p Plugin<'n>> {
    let mut found: Vec<(u8, &Plugin<'n>)> = Vec::new();
    for plugin in plugins.iter().filter(|plugin| plugin.is_enabled()) {
        let Some(near) = plugin.scope.nearness(route, service) else { continue };
        match found.iter_mut().find(|(_, known)| known.name() == plugin.name()) {
            Some(known) if known.0 < near => *known = (near, plugin),
            Some(_) => {}
            None => found.push((near, plugin)),
        }
    }
    found.into_iter().map(|(_, plugin)| plugin).collect()
}
