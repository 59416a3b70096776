//! The stores that `[stores.NAME]` names: their settings, their secrets, and the fleet of those that are open.

use std::path::{Path, PathBuf};
use std::time::Duration;

use connectors::guard::{self, Rate, Route};
use connectors::{Access, Tls};
use model::{Fault, Span};
use privacy::discover::Member;
use privacy::map::{DataMap, Dataset};
use privacy::plan::Backups;
use zeroize::Zeroizing;

use super::config::Origin;
use super::context::Context;
use super::passphrase;
use super::store_keys;
use super::toml_file::Value;

const RETRIES_MAX: u32 = 20;

/// What came of opening several stores.
pub(crate) struct Fleet {
    /// In the order of their names.
    pub(crate) members: Vec<Member>,
    /// Those that could not be asked: name and reason.
    pub(crate) unreachable: Vec<(String, Fault)>,
}

impl Fleet {
    /// Every store, or none: for what must not be done by halves.
    ///
    /// # Errors
    /// `store-unreachable`, naming each store that could not be opened, with the code and words of the first.
    pub(crate) fn whole(self) -> Result<Vec<Member>, Fault> {
        let Some((_, first)) = self.unreachable.first() else { return Ok(self.members) };
        let message = self.unreachable.iter().map(|(_, fault)| fault.message()).collect::<Vec<_>>().join("\n");
        let fault = Fault::new(first.kind(), first.code(), message);
        Err(match first.advice() {
            Some(advice) => fault.advise(advice),
            None => fault,
        })
    }
}

/// Opens the stores of these names side by side and reads their catalogs; no names: every store of the configuration.
///
/// A store that cannot be opened does not keep the others from being opened.
///
/// # Errors
/// What is wrong with names and settings, before anything is opened: `unknown-store`, `no-stores`, `store-without-url`,
/// `store-mapped-twice`, `several-passwords`, `no-password`, `bad-rate`, `bad-span`, `bad-number`, `unknown-word`; I/O faults of files of
/// secrets.
pub(crate) fn open(context: &Context, map: &DataMap, names: &[String]) -> Result<Fleet, Fault> {
    let mut berths = Vec::new();
    for name in wanted(context, names)? {
        let dataset = dataset_of(map, &name)?;
        for (name, route) in routes(context, &name)? {
            berths.push((name, route, dataset.clone()));
        }
    }
    let opened = std::thread::scope(|scope| {
        let threads: Vec<_> =
            berths.iter().map(|(name, route, dataset)| scope.spawn(|| board(name, route, dataset))).collect();
        threads.into_iter().map(|thread| thread.join()).collect::<Vec<_>>()
    });
    let mut fleet = Fleet { members: Vec::new(), unreachable: Vec::new() };
    for (outcome, (name, ..)) in opened.into_iter().zip(berths) {
        match outcome {
            Ok(Ok(member)) => fleet.members.push(member),
            Ok(Err(fault)) => fleet.unreachable.push((name.clone(), named(&name, &fault))),
            Err(_) => return Err(Fault::internal("thread-lost", format!("Opening the store {name} ended in a panic"))),
        }
    }
    Ok(fleet)
}

fn board(name: &str, route: &Route, dataset: &Dataset) -> Result<Member, Fault> {
    let mut store = guard::open(route, dataset)?;
    let catalog = store.describe()?;
    Ok(Member { name: name.to_owned(), dataset: dataset.key.clone(), store, catalog })
}

/// The same fault, saying which store.
fn named(name: &str, fault: &Fault) -> Fault {
    let named = Fault::new(fault.kind(), fault.code(), format!("The store {name}: {}", fault.message()));
    let named = match fault.advice() {
        Some(advice) => named.advise(advice),
        None => named,
    };
    match fault.place() {
        Some(place) => named.at(place.clone()),
        None => named,
    }
}

fn wanted(context: &Context, names: &[String]) -> Result<Vec<String>, Fault> {
    let known = store_keys::names(&context.config);
    if known.is_empty() {
        return Err(Fault::bad_config("no-stores", "probity.toml names no store")
            .advise("Add a section such as [stores.shop] with url = \"postgres://user@host/database\"."));
    }
    if let Some(name) = names.iter().find(|name| !known.contains(name)) {
        let fault = Fault::usage("unknown-store", format!("There is no store {name:?} in probity.toml"));
        return Err(fault.advise(match model::nearest(name, known.iter().map(String::as_str)) {
            Some(nearest) => format!("Did you mean {nearest:?}?"),
            None => format!("The stores are: {}.", known.join(", ")),
        }));
    }
    Ok(known.into_iter().filter(|name| names.is_empty() || names.contains(name)).collect())
}

/// Backups of the store that this member belongs to, where the settings say how long they are kept.
///
/// # Errors
/// `bad-span`.
pub(crate) fn backups(context: &Context, member: &str) -> Result<Option<Backups>, Fault> {
    let settings = Settings { context, name: member.split('/').next().unwrap_or(member) };
    let general = |key| Some(context.config.text(key)).filter(|text| !text.is_empty());
    let kept = match settings.parsed("backups_kept", Span::parse)? {
        Some(kept) => Some(kept),
        None => general("privacy.backups.kept")
            .map(|_| context.config.parsed("privacy.backups.kept", Span::parse))
            .transpose()?,
    };
    let place = settings.text("backups_place").or_else(|| general("privacy.backups.place")).map(str::to_owned);
    Ok(kept.map(|kept| Backups { member: member.to_owned(), kept, place }))
}

/// The dataset of the map that says what is in the store.
fn dataset_of(map: &DataMap, store: &str) -> Result<Dataset, Fault> {
    let mut fitting = map.datasets.iter().filter(|dataset| dataset.store == store);
    match (fitting.next(), fitting.next()) {
        (None, _) => Ok(Dataset { key: store.to_owned(), store: store.to_owned(), ..Dataset::default() }),
        (Some(dataset), None) => Ok(dataset.clone()),
        (Some(one), Some(other)) => Err(Fault::bad_config(
            "store-mapped-twice",
            format!("The datasets {} and {} both describe the store {store}", one.key, other.key),
        )
        .at(other.place.clone())
        .advise("Make one dataset of them, or give each a store of its own with meta.probity.store.")),
    }
}

/// The names of a store's members, and the way to each.
fn routes(context: &Context, name: &str) -> Result<Vec<(String, Route)>, Fault> {
    let settings = Settings { context, name };
    let [url, urls, shards] = ["url", "urls", "shards"].map(|key| settings.list(key));
    let given = [&url, &urls, &shards].iter().filter(|list| !list.is_empty()).count();
    if given != 1 {
        let message = match given {
            0 => format!("The store {name} has no url"),
            _ => format!("The store {name} has more than one of url, urls and shards"),
        };
        return Err(Fault::bad_config("store-without-url", message)
            .advise("Give one of them: url for one server, urls for several hosts of one, shards for parts of one."));
    }
    let replica = settings.list("read_url").pop();
    if replica.is_some() && !shards.is_empty() {
        return Err(Fault::bad_config("store-without-url", format!("The store {name} has shards and a read_url"))
            .advise("Give each shard a section of its own, with the url of its replica."));
    }
    let route = settings.route([url, urls].concat(), replica)?;
    if shards.is_empty() {
        return Ok(vec![(name.to_owned(), route)]);
    }
    let shard = |(number, host)| (format!("{name}/{}", number + 1), Route { hosts: vec![host], ..route.clone() });
    Ok(shards.into_iter().enumerate().map(shard).collect())
}

/// A server that some store names.
#[cfg(feature = "rules")]
pub(crate) struct Server {
    /// The name of its store, with a number where the store has several servers.
    pub(crate) name: String,
    /// Its address.
    pub(crate) url: String,
    access: Result<Access, Fault>,
}

#[cfg(feature = "rules")]
impl Server {
    /// What lets us in.
    ///
    /// # Errors
    /// Why nothing does: `no-password`, `several-passwords`, what is wrong with the settings.
    pub(crate) fn access(&self) -> Result<Access, Fault> {
        self.access.as_ref().map(Access::clone).map_err(|fault| named(&self.name, fault))
    }
}

/// Every server of every store, replicas and shards too.
#[cfg(feature = "rules")]
pub(crate) fn servers(context: &Context) -> Vec<Server> {
    let mut all = Vec::new();
    for name in store_keys::names(&context.config) {
        let settings = Settings { context, name: &name };
        let urls = ["url", "urls", "shards", "read_url"].map(|key| settings.list(key)).concat();
        let is_one = urls.len() == 1;
        let server = |(number, url)| {
            let name = if is_one { name.clone() } else { format!("{name}/{}", number + 1) };
            Server { name, url, access: settings.access() }
        };
        all.extend(urls.into_iter().enumerate().map(server));
    }
    all
}

/// Where the statements that a store is asked are to be found.
#[cfg(feature = "rules")]
pub(crate) struct QueryLog {
    /// The store.
    pub(crate) store: String,
    /// Its first address.
    pub(crate) url: String,
    /// Files and folders.
    pub(crate) paths: Vec<PathBuf>,
    /// Accounts that read everything by profession.
    pub(crate) tools: Vec<String>,
    access: Result<Access, Fault>,
}

#[cfg(feature = "rules")]
impl QueryLog {
    /// What lets us in, for questions that take no longer than `patience`.
    ///
    /// # Errors
    /// Why nothing does: `no-password`, `several-passwords`, what is wrong with the settings.
    pub(crate) fn access(&self, patience: Duration) -> Result<Access, Fault> {
        let mut access = self.access.as_ref().map(Access::clone).map_err(|fault| named(&self.store, fault))?;
        access.statement_timeout = match access.statement_timeout {
            Duration::ZERO => patience,
            time => time.min(patience),
        };
        Ok(access)
    }
}

/// One for each store.
#[cfg(feature = "rules")]
pub(crate) fn query_logs(context: &Context) -> Vec<QueryLog> {
    let one = |store: String| {
        let settings = Settings { context, name: &store };
        let url = ["url", "urls", "shards"].iter().flat_map(|key| settings.list(key)).next().unwrap_or_default();
        let paths = settings.list("query_log").iter().map(|path| context.project.root().join(path)).collect();
        let (tools, access) = (settings.list("query_log_tools"), settings.access());
        QueryLog { url, paths, tools, access, store }
    };
    store_keys::names(&context.config).into_iter().map(one).collect()
}

/// What is said of one store.
struct Settings<'a> {
    context: &'a Context,
    name: &'a str,
}

impl Settings<'_> {
    fn value(&self, key: &str) -> Option<&Value> {
        let given = self.context.config.given(&store_keys::key(self.name, key)).map(|setting| &setting.value);
        given.or_else(|| store_keys::defaults().get(key))
    }

    /// A text or a number; `None` for the empty text.
    fn text(&self, key: &str) -> Option<&str> {
        match self.value(key)? {
            Value::Text(text) | Value::Number(text) => Some(text.as_str()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    /// The texts of a list; one or none for a text.
    fn list(&self, key: &str) -> Vec<String> {
        match self.value(key) {
            Some(Value::List(items)) => items.iter().map(|item| item.item.plain().to_owned()).collect(),
            _ => self.text(key).into_iter().map(str::to_owned).collect(),
        }
    }

    fn parsed<T>(&self, key: &str, parse: impl Fn(&str) -> Result<T, Fault>) -> Result<Option<T>, Fault> {
        let Some(text) = self.text(key) else { return Ok(None) };
        let setting = self.context.config.given(&store_keys::key(self.name, key));
        parse(text).map(Some).map_err(|fault| {
            let message = format!("stores.{}.{key}: {}", self.name, fault.message());
            let fault = Fault::bad_config(fault.code(), message).advise(fault.advice().unwrap_or_default());
            match setting.map(|setting| &setting.origin) {
                Some(Origin::File(place)) => fault.at(place.clone()),
                _ => fault,
            }
        })
    }

    fn file(&self, key: &str) -> Option<PathBuf> {
        self.text(key).map(|path| self.context.project.root().join(path))
    }

    fn route(&self, hosts: Vec<String>, replica: Option<String>) -> Result<Route, Fault> {
        Ok(Route {
            hosts,
            replica,
            access: self.access()?,
            rate: self.parsed("rate", Rate::parse)?,
            retries: self.parsed("retries", small_number)?.unwrap_or_default(),
            seed: getrandom::u64().map_err(|error| {
                Fault::unavailable("no-randomness", format!("The system gave no random bytes: {error}"))
                    .advise("Run the command again.")
            })?,
        })
    }

    fn access(&self) -> Result<Access, Fault> {
        let owned = |key| self.text(key).map(str::to_owned);
        let usual = Access::default();
        Ok(Access {
            folder: self.context.project.root().to_path_buf(),
            user: owned("access_key"),
            password: self.secret("password")?,
            session_token: self.secret("session_token")?,
            credentials: self.file("credentials"),
            ca: self.file("ca"),
            tls: self.parsed("tls", Tls::parse)?.unwrap_or_default(),
            connect_timeout: self.span("connect_timeout")?.unwrap_or(usual.connect_timeout),
            statement_timeout: self.span("timeout")?.unwrap_or(usual.statement_timeout),
            lock_timeout: self.span("lock_timeout")?.unwrap_or(usual.lock_timeout),
            endpoint: owned("endpoint"),
            region: owned("region"),
            api: self.file("api"),
            rebuild: self.flag("rebuild"),
            ..usual
        })
    }

    fn flag(&self, key: &str) -> bool {
        self.value(key).is_some_and(|value| matches!(value, Value::Flag(true)))
    }

    fn span(&self, key: &str) -> Result<Option<Duration>, Fault> {
        let span = self.parsed(key, Span::parse)?;
        Ok(span.map(|span| Duration::from_nanos(u64::try_from(span.nanos()).unwrap_or(u64::MAX))))
    }

    /// A secret, from the one place that is named: `password_file`, `password_env`, `password_fd`.
    fn secret(&self, what: &str) -> Result<Option<Zeroizing<String>>, Fault> {
        let [file, variable, descriptor] = ["file", "env", "fd"].map(|place| format!("{what}_{place}"));
        let path = self.file(&file);
        let variable = self.text(&variable);
        let descriptor = self.text(&descriptor).filter(|number| !number.starts_with('-'));
        let name = what.replace('_', " ");
        match (path, variable, descriptor) {
            (None, None, None) => Ok(None),
            (Some(path), None, None) => passphrase::first_line(&path).map(Some),
            (None, None, Some(number)) => passphrase::first_line(Path::new(&format!("/dev/fd/{number}"))).map(Some),
            (None, Some(variable), None) => match std::env::var(variable) {
                Ok(secret) if !secret.is_empty() => Ok(Some(secret.into())),
                _ => Err(Fault::refused(
                    "no-password",
                    format!("The variable {variable}, which holds the {name} of the store {}, is not set", self.name),
                )
                .advise(format!("Set it for this run, or name a file with {file}."))),
            },
            _ => Err(Fault::bad_config("several-passwords", format!("The store {} has several {name}s", self.name))
                .advise(format!("Keep one of the keys that begin with {what}_."))),
        }
    }
}

fn small_number(text: &str) -> Result<u32, Fault> {
    text.parse().ok().filter(|number| *number <= RETRIES_MAX).ok_or_else(|| {
        Fault::bad_config("bad-number", format!("{text} is not a number from 0 to {RETRIES_MAX}"))
            .advise("Write a whole number.")
    })
}
