//! Declarative configuration of Kong Gateway, as decK and `kong config` read it.
//!
//! Source: Kong Gateway 3.x, «Declarative configuration», «Plugin precedence», «Proxying»; decK's `_info.defaults`.

mod plugin;

use serde_json::{Value, json};
use yaml::Node;

use self::plugin::{Plugin, Scope};
use crate::tree::{Document, at, ends, flag, integer, list, mentions, open, place, text, texts};
use crate::{File, Read};

pub(crate) fn recognise(file: File<'_>) -> bool {
    ends(file, &[".yaml", ".yml", ".json"]) && mentions(file.text, "_format_version")
}

pub(crate) fn read(files: &[File<'_>]) -> Read {
    let (mut documents, gaps) = open(files);
    documents.iter_mut().for_each(|document| document.node.merge());
    let (mut services, mut routes, mut plugins) = (Vec::new(), Vec::new(), Vec::new());
    for document in &documents {
        let gateway = Gateway::of(document);
        services.extend(gateway.services.iter().map(|one| gateway.service(one)));
        routes.extend(gateway.routes.iter().map(|one| gateway.route(one)));
        plugins.extend(gateway.plugins.iter().map(|one| one.value(document.file)));
    }
    Read { value: json!({"services": services, "routes": routes, "plugins": plugins}), gaps }
}

/// A route, and the service that it leads to.
struct Route<'n> {
    node: &'n Node,
    service: Option<&'n Node>,
}

/// One file's configuration, its nesting undone.
struct Gateway<'n> {
    file: &'n str,
    root: &'n Node,
    services: Vec<&'n Node>,
    routes: Vec<Route<'n>>,
    plugins: Vec<Plugin<'n>>,
}

/// The name that others refer to it by: `name`, or its `id`.
fn names(node: &Node) -> impl Iterator<Item = &str> {
    [text(node, &["name"]), text(node, &["id"])].into_iter().flatten()
}

/// What a reference names: `service: shop`, `service: {name: shop}`, `service: {id: …}`.
fn reference<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    let named = at(node, &[key])?;
    named.scalar().or_else(|| names(named).next())
}

impl<'n> Gateway<'n> {
    fn of(document: &'n Document<'_>) -> Self {
        let root = &document.node;
        let services: Vec<&Node> = list(root, &["services"]).iter().collect();
        let nested = services
            .iter()
            .flat_map(|service| list(service, &["routes"]).iter().map(|node| Route { node, service: Some(service) }));
        let find = |name: &str| services.iter().find(|service| names(service).any(|known| known == name)).copied();
        let own = list(root, &["routes"]).iter().map(|node| {
            let service = reference(node, "service").and_then(find);
            Route { node, service }
        });
        let routes = nested.chain(own).collect();
        let mut gateway = Gateway { file: document.file, root, services, routes, plugins: vec![] };
        gateway.plugins = gateway.all_plugins();
        gateway
    }

    fn all_plugins(&self) -> Vec<Plugin<'n>> {
        let under = |node: &'n Node, scope: Scope<'n>| {
            list(node, &["plugins"])
                .iter()
                .map(move |plugin| Plugin { node: plugin, scope: scope.and(self.scope(plugin)) })
        };
        let top = list(self.root, &["plugins"]).iter().map(|node| Plugin { node, scope: self.scope(node) });
        let services = self.services.iter().flat_map(|node| under(node, Scope::of_service(node)));
        let routes = self.routes.iter().flat_map(|route| under(route.node, Scope::of_route(route.node)));
        let people = ["consumers", "consumer_groups"].into_iter().flat_map(|key| list(self.root, &[key]));
        top.chain(services).chain(routes).chain(people.flat_map(|node| under(node, Scope::of_consumer()))).collect()
    }

    /// What a plugin says that it is for; a service or route that is not in this file is somebody else's.
    fn scope(&self, plugin: &'n Node) -> Scope<'n> {
        let is = |node: &Node, name: &str| names(node).any(|known| known == name);
        let service =
            reference(plugin, "service").map(|name| self.services.iter().find(|node| is(node, name)).copied());
        let route = reference(plugin, "route")
            .map(|name| self.routes.iter().find(|route| is(route.node, name)).map(|route| route.node));
        let consumer = at(plugin, &["consumer"]).or(at(plugin, &["consumer_group"])).is_some();
        Scope { service, route, consumer }
    }

    fn service(&self, node: &Node) -> Value {
        let url = text(node, &["url"]).and_then(split);
        let default = text(self.root, &["_info", "defaults", "service", "protocol"]).unwrap_or("http");
        let protocol = url.map(|url| url.0).or(text(node, &["protocol"])).unwrap_or(default);
        let host = url.map(|url| url.1).or(text(node, &["host"])).unwrap_or_default();
        let port = url.and_then(|url| url.2).or(integer(node, &["port"]));
        json!({
            "name": names(node).next().unwrap_or("(no name)"),
            "protocol": protocol,
            "host": host,
            "port": port,
            "tls_verify": flag(node, &["tls_verify"]),
            "admin": is_admin(host, port),
            "place": place(self.file, node),
        })
    }

    fn route(&self, route: &Route<'_>) -> Value {
        let plugins = plugin::in_force(&self.plugins, route.node, route.service);
        let protocols = match texts(route.node, &["protocols"]) {
            said if !said.is_empty() => said,
            _ => match texts(self.root, &["_info", "defaults", "route", "protocols"]) {
                // What Kong takes when nobody says.
                none if none.is_empty() => vec!["http", "https"],
                defaults => defaults,
            },
        };
        let plain = protocols.iter().any(|one| ["http", "grpc", "tcp", "udp", "ws"].contains(one));
        json!({
            "name": names(route.node).next().unwrap_or("(no name)"),
            "service": route.service.and_then(|service| names(service).next()),
            "protocols": protocols,
            "encrypted": !plain,
            "rate_limited": plugins.iter().any(|plugin| plugin.limits_rate()),
            "authenticated": plugins.iter().any(|plugin| plugin.authenticates(self.root)),
            "plugins": plugins.iter().map(|plugin| plugin.name()).collect::<Vec<_>>(),
            "place": place(self.file, route.node),
        })
    }
}

/// Protocol, host and port of an address.
fn split(url: &str) -> Option<(&str, &str, Option<i64>)> {
    let (protocol, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some((protocol, host, port.parse().ok()))
        }
        _ => Some((protocol, authority, None)),
    }
}

/// The Admin API and the Manager listen on 8001, 8444, 8002 and 8445 (kong.conf, `admin_listen`, `admin_gui_listen`).
fn is_admin(host: &str, port: Option<i64>) -> bool {
    let own = ["localhost", "127.0.0.1", "::1", "[::1]", "0.0.0.0"].contains(&host) || host.contains("kong");
    let named = host.contains("kong") && host.contains("admin");
    named || own && matches!(port, Some(8001 | 8002 | 8444 | 8445))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(text: &str) -> Value {
        let file = File { name: "kong.yaml", text };
        assert!(recognise(file));
        let read = read(&[file]);
        assert_eq!(read.gaps, []);
        read.value
    }

    /// Rate limiting and authentication of the first route, with these plugins in these places.
    fn route(route: &str, service: &str, top: &str) -> (bool, bool) {
        let value = facts(&format!(
            "_format_version: '3.0'\nplugins: {top}\nconsumers: [{{username: nobody, id: x, plugins: [{{name: \
             rate-limiting}}]}}]\nservices:\n- name: shop\n  url: https://shop:8443/v1\n  plugins: {service}\n  \
             routes:\n  - {{name: orders, plugins: {route}}}\n"
        ));
        let one = &value["routes"][0];
        (one["rate_limited"].as_bool().unwrap(), one["authenticated"].as_bool().unwrap())
    }

    #[test]
    fn plugins_reach_the_routes_below_them() {
        let both = "[{name: rate-limiting}, {name: key-auth}]";
        assert_eq!(route("[]", "[]", "[]"), (false, false), "a consumer's limit is not everybody's");
        let of_one = "[{name: rate-limiting, consumer: nobody}, {name: key-auth}]";
        assert_eq!(route("[]", of_one, "[]"), (false, true), "wherever it stands");
        assert_eq!(route(of_one, "[]", "[]"), (false, true));
        assert_eq!(route("[]", "[{name: jwt, route: another}]", "[]"), (false, false));
        assert_eq!(route(both, "[]", "[]"), (true, true));
        assert_eq!(route("[]", both, "[]"), (true, true));
        assert_eq!(route("[]", "[]", both), (true, true));
        assert_eq!(
            route("[]", "[]", "[{name: jwt, service: shop}, {name: jwt, route: {name: orders}}]"),
            (false, true)
        );
        assert_eq!(route("[]", "[]", "[{name: jwt, service: other}]"), (false, false));
        assert_eq!(route("[]", "[]", "[{name: jwt, enabled: false}]"), (false, false));
    }

    #[test]
    fn the_plugin_that_is_nearest_counts() {
        let anonymous = "[{name: key-auth, config: {anonymous: nobody}}]";
        assert_eq!(route(anonymous, "[]", "[{name: key-auth}]"), (false, false));
        assert_eq!(route("[]", anonymous, "[{name: jwt}]"), (false, true));
        assert_eq!(route("[{name: key-auth, enabled: false}]", "[]", "[{name: key-auth}]"), (false, true));
    }

    #[test]
    fn what_is_not_said_is_what_kong_takes() {
        let value = facts(
            "_format_version: '3.0'\nservices:\n- {name: a, host: 127.0.0.1, port: 8001, routes: [{paths: [/]}]}\n",
        );
        assert_eq!(value["routes"][0]["protocols"], json!(["http", "https"]));
        assert_eq!((&value["services"][0]["protocol"], &value["services"][0]["admin"]), (&json!("http"), &json!(true)));
        let value = facts(
            "_format_version: '3.0'\n_info: {defaults: {route: {protocols: [https]}, service: {protocol: https}}}\n\
             services: [{name: a, host: a.example}]\nroutes: [{name: b, service: {name: a}}]\n",
        );
        assert_eq!(value["routes"][0]["encrypted"], true);
        assert_eq!((&value["routes"][0]["service"], &value["services"][0]["protocol"]), (&json!("a"), &json!("https")));
    }
}
