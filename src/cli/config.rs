//! Configuration in layers: flag, environment, project file, user file, built-in defaults.
//!
//! The defaults file is the schema: a key that does not stand in it does not exist, and its value fixes the type.
//! Two exceptions: parameters of packs, `[pack.NAME]`, which the pack itself declares, and stores, `[stores.NAME]`, whose
//! keys stand in a defaults file of their own.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use model::{ByteSize, Fault, Kind, Place};

use super::store_keys;
use super::toml_file::{self, Located, Table, Value};

const DEFAULTS: &str = include_str!("defaults.toml");
const PACK_PREFIX: &str = "pack.";

/// Where a value came from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    Default,
    File(Place),
    Environment(String),
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("built-in default"),
            Origin::File(place) => write!(f, "{place}"),
            Origin::Environment(name) => write!(f, "environment {name}"),
            Origin::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// One effective value.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) value: Value,
    pub(crate) origin: Origin,
}

/// Every effective value, by dotted key.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    settings: BTreeMap<String, Setting>,
}

impl Config {
    /// Lays `files` (lowest first) and the environment over the defaults.
    ///
    /// # Errors
    /// `unknown-key`, `wrong-type`, `bad-toml`, all located.
    pub(crate) fn load(
        files: &[&Path],
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Config, Fault> {
        let mut config = Config { settings: BTreeMap::new() };
        for (key, value) in flatten(toml_file::parse(DEFAULTS, None)?) {
            config.settings.insert(key.item, Setting { value: value.item, origin: Origin::Default });
        }
        for path in files {
            for (key, value) in flatten(toml_file::read(path)?) {
                let origin = Origin::File(value.place.clone());
                config.lay(&key, value, origin)?;
            }
        }
        for (name, text) in environment {
            config.lay_environment(&name, &text)?;
        }
        Ok(config)
    }

    fn lay(&mut self, key: &Located<String>, value: Located<Value>, origin: Origin) -> Result<(), Fault> {
        let below = match self.settings.get(&key.item) {
            Some(setting) => Some(setting.value.clone()),
            None => store_keys::default_of(key)?,
        };
        if let Some(below) = below {
            if std::mem::discriminant(&below) != std::mem::discriminant(&value.item) {
                let message = format!("{} must be {}, not {}", key.item, below.type_word(), value.item.type_word());
                return Err(toml_file::complaint("wrong-type", &message, &value.place).advise(format!(
                    "Write it like the default: {} = {}.",
                    key.item,
                    below.to_toml()
                )));
            }
        } else if !key.item.starts_with(PACK_PREFIX) {
            let known: Vec<&str> = self.settings.keys().map(String::as_str).collect();
            return Err(toml_file::unknown_key(key, &known));
        }
        self.insert(&key.item, Setting { value: value.item, origin })
    }

    fn insert(&mut self, key: &str, setting: Setting) -> Result<(), Fault> {
        store_keys::check(key, &setting)?;
        self.settings.insert(key.to_owned(), setting);
        Ok(())
    }

    /// `PROBITY_INGEST_MAX_REJECTED=2%` sets `ingest.max_rejected`. Lists are separated by commas.
    fn lay_environment(&mut self, name: &str, text: &str) -> Result<(), Fault> {
        let mut known: BTreeMap<String, Value> =
            self.settings.iter().map(|(key, setting)| (key.clone(), setting.value.clone())).collect();
        for store in store_keys::names(self) {
            for (key, value) in store_keys::defaults() {
                known.entry(store_keys::key(&store, key)).or_insert_with(|| value.clone());
            }
        }
        let Some((key, below)) = known.iter().find(|(key, _)| variable(key) == name) else {
            let names: Vec<String> = known.keys().map(|key| variable(key)).collect();
            let nearest = model::nearest(name, names.iter().map(String::as_str));
            return Err(Fault::bad_config("unknown-key", format!("There is no setting for the variable {name}"))
                .advise(match nearest {
                    Some(nearest) => format!("Did you mean {nearest}? Otherwise unset it."),
                    None => "Unset it; `probity config show` lists the settings.".to_owned(),
                }));
        };
        let value = from_text(below, text).ok_or_else(|| {
            Fault::bad_config("wrong-type", format!("{name} must be {}, not {text:?}", below.type_word()))
                .advise(format!("It sets {key}; `probity config show` prints its value now."))
        })?;
        self.insert(key, Setting { value, origin: Origin::Environment(name.to_owned()) })
    }

    /// A flag outranks everything.
    pub(crate) fn lay_flag(&mut self, key: &str, flag: &str, value: Value) {
        self.settings.insert(key.to_owned(), Setting { value, origin: Origin::Flag(flag.to_owned()) });
    }

    /// Every setting, sorted by key.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.settings.iter().map(|(key, setting)| (key.as_str(), setting))
    }

    /// The setting of `key`, where something was said about it.
    pub(crate) fn given(&self, key: &str) -> Option<&Setting> {
        self.settings.get(key)
    }

    fn setting(&self, key: &str) -> &Setting {
        // Keys are constants of this program, and a test asks for each of them.
        self.settings.get(key).unwrap_or_else(|| panic!("the setting {key} is not in defaults.toml"))
    }

    /// A text.
    pub(crate) fn text(&self, key: &str) -> &str {
        match &self.setting(key).value {
            Value::Text(text) => text,
            _ => "",
        }
    }

    /// A yes or no.
    pub(crate) fn flag(&self, key: &str) -> bool {
        matches!(self.setting(key).value, Value::Flag(true))
    }

    /// A list of texts.
    pub(crate) fn list(&self, key: &str) -> Vec<&str> {
        match &self.setting(key).value {
            Value::List(items) => items
                .iter()
                .filter_map(|item| match &item.item {
                    Value::Text(text) => Some(text.as_str()),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// A value read by `parse`; an error names where the value came from.
    ///
    /// # Errors
    /// What `parse` says, with the origin.
    pub(crate) fn parsed<T>(&self, key: &str, parse: impl Fn(&str) -> Result<T, Fault>) -> Result<T, Fault> {
        let setting = self.setting(key);
        let text = match &setting.value {
            Value::Text(text) | Value::Number(text) => text.as_str(),
            _ => "",
        };
        parse(text).map_err(|fault| {
            let message = format!("{key}: {} ({})", fault.message(), setting.origin);
            let kind = if matches!(setting.origin, Origin::Flag(_)) { Kind::Usage } else { Kind::BadConfig };
            let located = Fault::new(kind, fault.code(), message).advise(fault.advice().unwrap_or_default());
            match &setting.origin {
                Origin::File(place) => located.at(place.clone()),
                _ => located,
            }
        })
    }

    /// A size in bytes.
    ///
    /// # Errors
    /// `bad-size`.
    pub(crate) fn size(&self, key: &str) -> Result<ByteSize, Fault> {
        self.parsed(key, ByteSize::parse)
    }

    /// The parameters of a pack, as texts: name, value, origin.
    pub(crate) fn pack(&self, name: &str) -> Vec<(String, String, Origin)> {
        let prefix = format!("{PACK_PREFIX}{name}.");
        self.settings()
            .filter_map(|(key, setting)| {
                let parameter = key.strip_prefix(&prefix)?.to_owned();
                let value = match &setting.value {
                    Value::Text(text) | Value::Number(text) => text.clone(),
                    other => other.to_toml(),
                };
                Some((parameter, value, setting.origin.clone()))
            })
            .collect()
    }
}

/// The environment variable of a key.
pub(crate) fn variable(key: &str) -> String {
    format!("PROBITY_{}", key.replace(['.', '-'], "_").to_uppercase())
}

/// The commented defaults, as `init` writes them.
pub(crate) fn commented_defaults() -> &'static str {
    DEFAULTS
}

fn from_text(like: &Value, text: &str) -> Option<Value> {
    Some(match like {
        Value::Text(_) => Value::Text(text.to_owned()),
        Value::Number(_) => {
            model::Decimal::parse(text).ok()?;
            Value::Number(text.to_owned())
        }
        Value::Flag(_) => Value::Flag(text.parse().ok()?),
        Value::List(_) => Value::List(
            text.split(',')
                .filter(|item| !item.is_empty())
                .map(|item| Located { place: Place::default(), item: Value::Text(item.to_owned()) })
                .collect(),
        ),
        Value::Table(_) => return None,
    })
}

/// Dotted keys and their values; tables are opened, lists are not.
pub(super) fn flatten(table: Table) -> Vec<(Located<String>, Located<Value>)> {
    let mut flat = Vec::new();
    let mut open = vec![(String::new(), table)];
    while let Some((prefix, table)) = open.pop() {
        for (key, value) in table {
            let path = format!("{prefix}{}", key.item);
            match value.item {
                Value::Table(inner) if !inner.is_empty() => open.push((format!("{path}."), inner)),
                Value::Table(_) => {}
                item => flat.push((Located { place: key.place, item: path }, Located { place: value.place, item })),
            }
        }
    }
    flat
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config, Fault> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("probity.toml");
        std::fs::write(&path, text).unwrap();
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::load(&[&path], environment)
    }

    #[test]
    fn a_higher_layer_wins_and_says_so() {
        let config = load("[ingest]\nmax_rejected = \"2%\"\n", &[("PROBITY_INGEST_ANY_TIME", "true")]).unwrap();
        assert_eq!(config.text("ingest.max_rejected"), "2%");
        assert!(config.setting("ingest.max_rejected").origin.to_string().ends_with("probity.toml:2:16"));
        assert!(config.flag("ingest.any_time"));
        assert_eq!(config.setting("ingest.any_time").origin.to_string(), "environment PROBITY_INGEST_ANY_TIME");
        assert_eq!(config.setting("query.memory").origin.to_string(), "built-in default");
    }

    #[test]
    fn what_is_unknown_or_of_another_type_is_located() {
        let check = |text, code, line| {
            let fault = load(text, &[]).unwrap_err();
            assert_eq!((fault.code(), fault.place().unwrap().line), (code, line), "{text}");
        };
        check("[ingest]\nmax_rejectd = \"2%\"\n", "unknown-key", 2);
        check("[ingest]\n\nany_time = \"yes\"\n", "wrong-type", 3);
        check("[ingest\n", "bad-toml", 1);
        let fault = load("", &[("PROBITY_INGEST_ANYTIME", "true")]).unwrap_err();
        assert_eq!(fault.advice(), Some("Did you mean PROBITY_INGEST_ANY_TIME? Otherwise unset it."));
    }

    #[test]
    fn stores_have_the_keys_of_their_defaults() {
        let config =
            load("[stores.shop]\nurl = \"sqlite:shop.db\"\n", &[("PROBITY_STORES_SHOP_RETRIES", "5")]).unwrap();
        assert_eq!(config.text("stores.shop.url"), "sqlite:shop.db");
        assert_eq!(config.given("stores.shop.retries").unwrap().value.to_toml(), "5");
        let check = |text, code, line, advice: &str| {
            let fault = load(text, &[]).unwrap_err();
            assert_eq!((fault.code(), fault.place().unwrap().line), (code, line), "{text}");
            assert!(fault.advice().unwrap().contains(advice), "{:?}", fault.advice());
        };
        check("[stores.shop]\nurll = \"sqlite:shop.db\"\n", "unknown-key", 2, "\"url\"");
        check("[stores.shop]\nretries = \"5\"\n", "wrong-type", 2, "stores.shop.retries = 3");
        check("[stores]\nurl = \"sqlite:shop.db\"\n", "bad-store-name", 2, "[stores.NAME]");
        check("[stores.\"a b\"]\nurl = \"sqlite:shop.db\"\n", "bad-store-name", 2, "letters");
    }

    #[test]
    fn parameters_of_packs_are_free() {
        let config = load("[pack.production]\nlatency_ms = 300\n", &[]).unwrap();
        let parameters = config.pack("production");
        assert_eq!((parameters[0].0.as_str(), parameters[0].1.as_str()), ("latency_ms", "300"));
    }
}
