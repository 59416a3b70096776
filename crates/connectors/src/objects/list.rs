//! Listings, page by page: every version and delete marker.

use std::collections::VecDeque;
use std::sync::Arc;

use model::Fault;

use crate::bodies::Entry;
use crate::bounds::Turns;
use crate::bucket::Client;
use crate::web::decoded;

/// One line of a listing; the name is without the prefix of the store.
pub(super) struct Item {
    pub(super) name: String,
    pub(super) version: Option<String>,
    size: u64,
    is_latest: bool,
    is_marker: bool,
}

/// A listing in progress.
pub(super) struct Listing {
    client: Arc<Client>,
    /// Of the store.
    root: String,
    prefix: String,
    has_versions: bool,
    page: VecDeque<Item>,
    /// Where the next page begins: marker of key and of version, or the token.
    next: Option<(String, String)>,
    is_begun: bool,
    turns: Turns,
}

/// Pages without a line: servers that hide what this key may not see have some.
const EMPTY_PAGES_MAX: u64 = 1_000;

impl Listing {
    /// Names that begin with `prefix`, which comes after `root`.
    pub(super) fn of(client: &Arc<Client>, root: &str, prefix: &str, has_versions: bool) -> Self {
        Listing {
            client: Arc::clone(client),
            root: root.to_owned(),
            prefix: format!("{root}{prefix}"),
            has_versions,
            page: VecDeque::new(),
            next: None,
            is_begun: false,
            turns: Turns::of(0, EMPTY_PAGES_MAX),
        }
    }

    pub(super) fn items(self) -> impl Iterator<Item = Result<Item, Fault>> {
        self
    }

    /// The current version has the name as id, older ones their version too.
    pub(super) fn entries(self, glue: &'static str) -> impl Iterator<Item = Result<Entry, Fault>> {
        let is_wanted = |item: &Item| item.is_latest || !item.is_marker;
        let listed = self.filter(move |item| item.as_ref().map_or(true, is_wanted));
        listed.map(move |item| {
            item.map(|item| Entry {
                id: match (&item.version, item.is_latest) {
                    (Some(version), false) => format!("{}{glue}{version}", item.name),
                    _ => Entry::current_id(&item.name),
                },
                name: item.name,
                size: item.size,
                unread: None,
                is_marker: item.is_marker,
            })
        })
    }

    fn turn(&mut self) -> Result<bool, Fault> {
        if self.is_begun && self.next.is_none() {
            return Ok(false);
        }
        self.is_begun = true;
        let next = self.next.take();
        let mut query = vec![("prefix", self.prefix.as_str()), ("encoding-type", "url")];
        match (&next, self.has_versions) {
            (None, true) => query.push(("versions", "")),
            (None, false) => query.push(("list-type", "2")),
            (Some((key, version)), true) => {
                query.extend([("versions", ""), ("key-marker", key.as_str())]);
                if !version.is_empty() {
                    query.push(("version-id-marker", version));
                }
            }
            (Some((token, _)), false) => query.extend([("list-type", "2"), ("continuation-token", token.as_str())]),
        }
        let (root, found) = match self.client.listing(&query)? {
            Ok(answer) => answer,
            Err(refused) => return Err(self.client.fault(&refused, "to list its objects")),
        };
        let is_encoded = root.field("EncodingType") == Some("url");
        // As forms are encoded: some servers, the provider's own among them, write `+` for a blank; a plus is `%2B` everywhere.
        let plain = |text: &str| if is_encoded { decoded(&text.replace('+', " ")) } else { text.to_owned() };
        if root.field("IsTruncated") == Some("true") {
            let field = |name: &str| root.field(name).map(str::to_owned);
            self.next = match self.has_versions {
                true => {
                    field("NextKeyMarker").map(|key| (plain(&key), field("NextVersionIdMarker").unwrap_or_default()))
                }
                false => field("NextContinuationToken").map(|token| (token, String::new())),
            };
            // An end that is none would leave out whatever comes after it.
            if self.next.is_none() {
                let host = self.client.host();
                return Err(Fault::unavailable(
                    "store-refused",
                    format!("{host} breaks a listing off without saying where it goes on"),
                )
                .advise("Check that `endpoint` is an S3 server; see its log."));
            }
        }
        if let Some(next) = &self.next {
            self.turns.turn(self.client.host(), next, !found.is_empty())?;
        }
        for element in &found {
            let is_marker = element.name == "DeleteMarker";
            let (true, Some(key)) =
                (is_marker || ["Version", "Contents"].contains(&element.name.as_str()), element.field("Key"))
            else {
                continue;
            };
            let key = plain(key);
            let Some(name) = key.strip_prefix(&self.root).filter(|name| !name.is_empty()) else { continue };
            self.page.push_back(Item {
                name: name.to_owned(),
                version: element.field("VersionId").map(str::to_owned),
                size: element.field("Size").and_then(|size| size.parse().ok()).unwrap_or(0),
                is_latest: element.field("IsLatest").is_none_or(|word| word == "true"),
                is_marker,
            });
        }
        Ok(true)
    }
}

impl Iterator for Listing {
    type Item = Result<Item, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.page.pop_front() {
                return Some(Ok(item));
            }
            match self.turn() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(fault) => return Some(Err(fault)),
            }
        }
    }
}
