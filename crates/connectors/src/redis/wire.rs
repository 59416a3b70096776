//! The connections: commands as bytes, answers as values, errors as faults. A cluster has one to each of its masters.
//!
//! Every one of them, to Sentinels and nodes of a cluster too, is a [`Line`]: what it answers has bounds.

use std::net::{TcpStream, ToSocketAddrs};

use model::Fault;
use redis::{Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError};

use crate::Access;
use crate::bounds::{Patient, Turns, endless, harmless};
use crate::tls::encrypted;
use crate::web_address::Address;

use super::place::{self, Kind, Slots};
use super::resp::{Both, Line};

/// The most bytes of what a server says at a login.
const GREETING_BYTES_MAX: u64 = 1 << 20;
/// How often a cursor may come again: a table that shrinks during a walk is walked again in part.
const REPEATS_MAX: u32 = 100;
const EMPTY_MAX: u64 = 1_000_000;

/// A server, or the masters of a cluster.
pub(super) struct Wire {
    /// One at least.
    nodes: Vec<Node>,
    /// Where the last command went: UNWATCH and SELECT follow.
    last: usize,
}

/// One connection, and in a cluster the slots that lie behind it.
struct Node {
    line: Line,
    host: String,
    slots: Slots,
}

/// How far a walk over all keys has come.
#[derive(Clone, Copy, Default, Hash)]
pub(super) struct Cursor {
    node: usize,
    at: u64,
}

impl Wire {
    /// Connects and logs in: to the server, to the master that a Sentinel names, or to each master of a cluster.
    pub(super) fn open(address: &Address, db: i64, access: &Access) -> Result<Self, Fault> {
        let kind = Kind::of(address);
        let start = match &kind {
            Kind::Sentinel(name) => Node::master(address, name, access)?,
            _ => address.clone(),
        };
        let mut first = Node::open(&start, db, access)?;
        if kind != Kind::Cluster {
            return Ok(Wire { nodes: vec![first], last: 0 });
        }
        let told = first.ask(redis::cmd("CLUSTER").arg("SLOTS"))?;
        let masters = place::masters(&told, &start).ok_or_else(|| {
            Fault::unavailable("store-busy", format!("{}: not every slot of the cluster has a master", first.host))
                .advise("Run the command again when the cluster is whole; see `redis-cli --cluster check`.")
        })?;
        let open = |(address, slots): (Address, Slots)| Ok(Node { slots, ..Node::open(&address, 0, access)? });
        Ok(Wire { nodes: masters.into_iter().map(open).collect::<Result<_, Fault>>()?, last: 0 })
    }

    /// One command. Its first argument is the key, where it has one.
    pub(super) fn ask<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, Fault> {
        if let Some(key) = place::key(command) {
            self.last = self.node_of(key);
        }
        let node = &mut self.nodes[self.last];
        node.ask(command)
    }

    /// Several commands about one key in one go; `None` when a watched key changed.
    pub(super) fn all<T: FromRedisValue>(&mut self, commands: &Pipeline) -> Result<T, Fault> {
        if let Some(key) = commands.cmd_iter().find_map(place::key) {
            self.last = self.node_of(key);
        }
        let node = &mut self.nodes[self.last];
        node.all(commands)
    }

    /// The same command for each key, in one go for each server.
    pub(super) fn each<'k, T: FromRedisValue>(
        &mut self,
        command: &str,
        keys: impl Iterator<Item = &'k [u8]>,
    ) -> Result<Vec<T>, Fault> {
        let mut parts: Vec<(Pipeline, Vec<usize>)> = self.nodes.iter().map(|_| (redis::pipe(), Vec::new())).collect();
        let mut answers: Vec<Option<T>> = Vec::new();
        for (at, key) in keys.enumerate() {
            let (commands, places) = &mut parts[self.node_of(key)];
            commands.cmd(command).arg(key);
            places.push(at);
            answers.push(None);
        }
        for (node, (commands, places)) in self.nodes.iter_mut().zip(parts).filter(|(_, (_, places))| !places.is_empty())
        {
            let told: Vec<T> = node.all(&commands)?;
            for (at, answer) in places.into_iter().zip(told) {
                answers[at] = Some(answer);
            }
        }
        answers.into_iter().collect::<Option<Vec<T>>>().ok_or_else(|| {
            Fault::unavailable("store-refused", "The server answered fewer commands than it was sent")
                .advise("Run the command again.")
        })
    }

    /// The next batch of names, and where the one after begins; `None` after the last.
    pub(super) fn scan(&mut self, cursor: Cursor, pattern: &[u8]) -> Result<(Option<Cursor>, Vec<Vec<u8>>), Fault> {
        let node = &mut self.nodes[cursor.node];
        let command = redis::cmd("SCAN").arg(cursor.at).arg("MATCH").arg(pattern).arg("COUNT").arg(1_000).clone();
        let (next, names): (u64, _) = node.ask(&command)?;
        let next = match next {
            0 => Some(Cursor { node: cursor.node + 1, at: 0 }).filter(|next| next.node < self.nodes.len()),
            at => Some(Cursor { at, ..cursor }),
        };
        Ok((next, names))
    }

    /// How many answers of a walk over the names may have nothing in them.
    pub(super) fn turns(&mut self) -> Result<Turns, Fault> {
        let mut keys: u64 = 0;
        for node in &mut self.nodes {
            let told = match node.ask(&redis::cmd("DBSIZE")) {
                Err(fault) if fault.code() == "store-permission" => u64::MAX,
                told => told?,
            };
            keys = keys.saturating_add(told);
        }
        // A table that was larger once has places without keys; no honest one has so many.
        Ok(Turns::of(REPEATS_MAX, (keys / 10).min(EMPTY_MAX) + 10_000))
    }

    /// The server that was asked last, for messages.
    pub(super) fn host(&self) -> &str {
        &self.nodes[self.last].host
    }

    /// The lines of a section of `INFO`, of every server.
    pub(super) fn info(&mut self, section: &str) -> Result<Vec<(String, String)>, Fault> {
        let mut lines = Vec::new();
        for node in &mut self.nodes {
            let text: String = node.ask(redis::cmd("INFO").arg(section))?;
            let pairs = text.lines().filter_map(|line| line.trim().split_once(':'));
            lines.extend(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
        Ok(lines)
    }

    fn node_of(&self, key: &[u8]) -> usize {
        if self.nodes.len() == 1 {
            return 0;
        }
        let slot = place::slot(key);
        self.nodes.iter().position(|node| node.slots.iter().any(|slots| slots.contains(&slot))).unwrap_or(0)
    }
}

impl Node {
    fn open(address: &Address, db: i64, access: &Access) -> Result<Self, Fault> {
        let is_encrypted = address.scheme.starts_with("rediss") || access.tls.wanted(&address.host);
        let host = address.host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let lost = |error: std::io::Error| fault(&host, &error.into());
        let mut places = (host.as_str(), address.port.unwrap_or(6379)).to_socket_addrs().map_err(lost)?;
        let place = places.next().ok_or_else(|| lost(std::io::ErrorKind::AddrNotAvailable.into()))?;
        let tcp = TcpStream::connect_timeout(&place, access.connect_timeout).map_err(lost)?;
        tcp.set_nodelay(true).map_err(lost)?;
        let tcp = Patient::of(tcp);
        tcp.expect(Some(access.connect_timeout), GREETING_BYTES_MAX);
        let stream: Box<dyn Both> = match is_encrypted {
            true => Box::new(encrypted(&host, tcp.clone(), access)?),
            false => Box::new(tcp.clone()),
        };
        let line = Line::of(stream, tcp, Some(access.connect_timeout), db);
        let mut node = Node { line, host, slots: Slots::new() };
        node.log_in(address, db, access)?;
        node.line.patience = (!access.statement_timeout.is_zero()).then_some(access.statement_timeout);
        Ok(node)
    }

    fn log_in(&mut self, address: &Address, db: i64, access: &Access) -> Result<(), Fault> {
        if let Some(password) = &access.password {
            let mut auth = redis::cmd("AUTH");
            if let Some(user) = access.user.as_deref().or(address.user.as_deref()) {
                auth.arg(user);
            }
            self.ask::<()>(auth.arg(password.as_str())).map_err(|fault| match fault.code() {
                // Whatever word a server has for it.
                "store-refused" => {
                    Fault::unavailable("store-login-refused", format!("{} does not let this user in", self.host))
                        .advise("Check user and password of the store.")
                }
                _ => fault,
            })?;
        }
        match db {
            0 => Ok(()),
            db => self.ask(redis::cmd("SELECT").arg(db)),
        }
    }

    /// Where the master is that a Sentinel calls `name`. Sentinels rarely ask for a password: it is shown to those that do.
    fn master(address: &Address, name: &str, access: &Access) -> Result<Address, Fault> {
        let open = Access { user: None, password: None, ..access.clone() };
        let nobody = Address { user: None, port: address.port.or(Some(26379)), ..address.clone() };
        let command = redis::cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(name).clone();
        let asked = |address: &Address, access: &Access| Node::open(address, 0, access)?.ask(&command);
        let found: Option<(String, u16)> = match asked(&nobody, &open) {
            Err(fault) if fault.code() == "store-login-refused" => asked(address, access)?,
            other => other?,
        };
        let (host, port) = found.ok_or_else(|| {
            Fault::unavailable("store-unreachable", format!("{} watches no master of the name {name:?}", address.host))
                .advise("Write redis+sentinel://HOST:26379/NAME/DB with the name that stands in sentinel.conf.")
        })?;
        Ok(place::beside(address, &host, port))
    }

    fn ask<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, Fault> {
        command.query(&mut self.line).map_err(|error| self.told(&error))
    }

    fn all<T: FromRedisValue>(&mut self, commands: &Pipeline) -> Result<T, Fault> {
        commands.query(&mut self.line).map_err(|error| self.told(&error))
    }

    fn told(&self, error: &RedisError) -> Fault {
        match self.line.tcp.is_exhausted() {
            true => endless(&self.host, "an answer has more bytes than any may have"),
            false => fault(&self.host, error),
        }
    }
}

fn fault(host: &str, error: &RedisError) -> Fault {
    let code = error.code().unwrap_or_default();
    // The words of a server can repeat what it was asked; its code cannot.
    let told = match code {
        "" => format!("{host}: {}", error.category()),
        code => format!("{host} answers {}", harmless(code)),
    };
    match code {
        "READONLY" => {
            Fault::unavailable("store-read-only", format!("{host} is a replica now, and refuses to be written to"))
                .advise("Name the server that was promoted, or several in `hosts`. Run the same command again.")
        }
        "MOVED" | "ASK" | "CROSSSLOT" => Fault::unavailable(
            "store-refused",
            format!("{host} is one node of a cluster, and the key lies on another"),
        )
        .advise(
            "Begin the address with redis+cluster://. Where it does, keys were being moved: run the command again.",
        ),
        // The server does not say which of several commands it refused, nor why.
        "EXECABORT" => Fault::unavailable(
            "store-refused",
            format!("{host} refused a change ({code}): its memory is full, it is a replica by now, or this user may not write"),
        )
        .advise("Nothing was changed in this key. See `maxmemory`, the role and the ACL of the server."),
        "NOAUTH" | "WRONGPASS" => {
            Fault::unavailable("store-login-refused", told).advise("Check user and password of the store.")
        }
        "NOPERM" => Fault::unavailable("store-permission", told)
            .advise("Give this user the commands SCAN, TYPE, INFO and those that read and write its keys."),
        "LOADING" | "BUSY" | "TRYAGAIN" | "CLUSTERDOWN" | "MASTERDOWN" | "OOM" | "MISCONF" | "NOREPLICAS" => {
            Fault::unavailable("store-busy", told).advise("Run the command again later; see the log of the server.")
        }
        _ if error.kind() == ErrorKind::AuthenticationFailed => {
            Fault::unavailable("store-login-refused", told).advise("Check user and password of the store.")
        }
        _ if error.is_timeout() => Fault::unavailable("store-timeout", format!("{host} did not answer in time"))
            .advise("Run the command again; a longer `timeout` in the configuration of the store may help."),
        _ if error.is_io_error() => {
            Fault::unavailable("store-unreachable", format!("{host} cannot be reached: {error}"))
                .advise("Check the address of the store and that its server runs.")
        }
        _ => Fault::unavailable("store-refused", told).advise("See the log of the server."),
    }
}
