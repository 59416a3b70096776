//! The JSON of an entry, version 1.

use std::borrow::Cow;
use std::fmt;

use model::{Digest, Instant};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use crate::{Entry, Fact};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryV1<'j> {
    #[serde(borrow)]
    act: Cow<'j, str>,
    #[serde(borrow)]
    actor: Cow<'j, str>,
    code: i32,
    #[serde(borrow)]
    command: Cow<'j, str>,
    digests: Members<String>,
    facts: Members<FactV1>,
    #[serde(borrow)]
    outcome: Cow<'j, str>,
    #[serde(borrow)]
    time: Cow<'j, str>,
    v: u8,
}

/// The members of an object in the order they stand.
struct Members<T>(Vec<(String, T)>);

struct FactV1(Fact);

pub(crate) fn parse_entry(bytes: &[u8]) -> Result<Entry, String> {
    let wire: EntryV1<'_> = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if wire.v != 1 {
        return Err(format!("its version is {}, this program knows 1", wire.v));
    }
    let digest = |(name, hex): (String, String)| Digest::parse(&hex).map(|digest| (name, digest));
    let digests: Result<Vec<_>, _> = wire.digests.0.into_iter().map(digest).collect();
    Ok(Entry {
        time: Instant::parse(&wire.time).map_err(|fault| fault.message().to_owned())?,
        actor: wire.actor.into_owned(),
        command: wire.command.into_owned(),
        act: wire.act.into_owned(),
        outcome: wire.outcome.into_owned(),
        code: wire.code,
        digests: digests.map_err(|fault| fault.message().to_owned())?,
        facts: wire.facts.0.into_iter().map(|(name, fact)| (name, fact.0)).collect(),
    })
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Collect<T> {
            type Value = Members<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect(std::marker::PhantomData))
    }
}

impl<'de> Deserialize<'de> for FactV1 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = FactV1;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an integer")
            }

            fn visit_i64<E: Error>(self, integer: i64) -> Result<FactV1, E> {
                Ok(FactV1(Fact::Integer(integer)))
            }

            fn visit_u64<E: Error>(self, integer: u64) -> Result<FactV1, E> {
                i64::try_from(integer).map(|integer| FactV1(Fact::Integer(integer))).map_err(E::custom)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<FactV1, E> {
                Ok(FactV1(Fact::Text(text.to_owned())))
            }
        }
        deserializer.deserialize_any(Either)
    }
}
