//! Where the headers of Bitcoin's blocks come from: a file of the user's, or a node that the user asks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use evidence::package::Blocks;
use model::{ByteSize, Fault, unhex};
use serde_json::{Value, json};

use super::{files, http};

const FILE_MAX: ByteSize = ByteSize(256 << 20);
const COOKIE_MAX: ByteSize = ByteSize(4096);
const ANSWER_MAX: u64 = 1 << 20;

/// Where headers come from.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct BlockArgs {
    /// Ask this Bitcoin node (JSON-RPC) for the blocks that proofs name
    #[arg(long, value_name = "URL")]
    bitcoin_node: Option<String>,
    /// File with `user:password` for the node, such as its own `.cookie`
    #[arg(long, value_name = "FILE", requires = "bitcoin_node")]
    bitcoin_cookie: Option<PathBuf>,
    /// Take block headers from this file: each line a height, a space and the 80 bytes in hex
    #[arg(long, value_name = "FILE", conflicts_with = "bitcoin_node")]
    bitcoin_headers: Option<PathBuf>,
}

/// One place to ask.
pub(crate) enum Source {
    Nobody,
    File { path: PathBuf, headers: BTreeMap<u64, [u8; 80]> },
    Node { url: String, login: Option<(String, String)> },
}

impl BlockArgs {
    /// # Errors
    /// `bad-url`, `bad-headers`; I/O faults.
    pub(crate) fn open(&self) -> Result<Source, Fault> {
        match (&self.bitcoin_node, &self.bitcoin_headers) {
            (Some(url), _) => node(url, self.bitcoin_cookie.as_deref()),
            (None, Some(path)) => Ok(Source::File { path: path.clone(), headers: read(path)? }),
            (None, None) => Ok(Source::Nobody),
        }
    }
}

/// The login is taken out of the address, so that no message shows it.
fn node(url: &str, cookie: Option<&Path>) -> Result<Source, Fault> {
    let host = http::host(url)?;
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let given =
        rest.split('/').next().and_then(|authority| authority.rsplit_once('@')).map(|(login, _)| login.to_owned());
    let path = rest.find('/').map_or("/", |at| &rest[at..]);
    let kept = cookie.map(|path| files::read_text(path, COOKIE_MAX)).transpose()?;
    let login = kept.map(|text| text.trim().to_owned()).or(given);
    let login = login.and_then(|login| login.split_once(':').map(|(user, word)| (user.to_owned(), word.to_owned())));
    Ok(Source::Node { url: format!("{scheme}://{host}{path}"), login })
}

fn read(path: &Path) -> Result<BTreeMap<u64, [u8; 80]>, Fault> {
    let text = files::read_text(path, FILE_MAX)?;
    let mut headers = BTreeMap::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let header =
            line.trim().split_once(' ').and_then(|(height, hex)| Some((height.parse().ok()?, unhex(hex.trim())?)));
        let (height, header) = header.ok_or_else(|| {
            Fault::bad_input("bad-headers", "This is not a height, a space and 160 hexadecimal digits")
                .at(model::Place::line(number as u64 + 1, 0).in_file(path))
                .advise("`bitcoin-cli getblockheader HASH false` prints the digits of a block.")
        })?;
        headers.insert(height, header);
    }
    Ok(headers)
}

impl Blocks for Source {
    fn header(&self, height: u64) -> Result<Option<[u8; 80]>, Fault> {
        match self {
            Source::Nobody => Ok(None),
            Source::File { headers, .. } => Ok(headers.get(&height).copied()),
            Source::Node { .. } => {
                let hash = self.call("getblockhash", json!([height]))?;
                let Some(hash) = hash.as_str() else { return Ok(None) };
                let header = self.call("getblockheader", json!([hash, false]))?;
                Ok(header.as_str().and_then(|digits| unhex(digits.trim())))
            }
        }
    }

    fn name(&self) -> String {
        match self {
            Source::Nobody => "nobody".to_owned(),
            Source::File { path, .. } => format!("the file {}", path.display()),
            Source::Node { url, .. } => format!("the node at {}", http::host(url).unwrap_or_default()),
        }
    }
}

impl Source {
    fn call(&self, method: &str, parameters: Value) -> Result<Value, Fault> {
        let Source::Node { url, login } = self else { return Ok(Value::Null) };
        let body = json!({ "jsonrpc": "1.0", "id": "probity", "method": method, "params": parameters }).to_string();
        let login = login.as_ref().map(|(user, word)| (user.as_str(), word.as_str()));
        let answer = http::ask(&http::Ask {
            url,
            body: Some(("application/json", body.as_bytes())),
            accept: "application/json",
            login,
            most: ANSWER_MAX,
        })?;
        let answer: Value = serde_json::from_slice(&answer.unwrap_or_default()).unwrap_or_default();
        match answer.get("result") {
            Some(result) if !result.is_null() => Ok(result.clone()),
            _ => {
                let why = answer["error"]["message"].as_str().unwrap_or("its answer is no JSON-RPC").to_owned();
                Err(Fault::unavailable("server-failed", format!("The Bitcoin node refuses {method}: {why}"))
                    .advise("Check address and login, and whether the node has this block."))
            }
        }
    }
}
