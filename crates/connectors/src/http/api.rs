//! The description of an API: what to ask for which collection.

use std::path::Path;

use model::{Fault, Place};
use privacy::row::FieldPath;
use yaml::{Fields, Limits, Node};

use super::token::Asked;

/// An API, as its YAML file describes it.
#[derive(Debug)]
pub(super) struct Api {
    /// Sent with every question, `{user}` and `{password}` filled in.
    pub(super) headers: Vec<(String, String)>,
    /// Tokens are fetched; without it `headers` say who asks.
    pub(super) oauth2: Option<Asked>,
    pub(super) collections: Vec<Described>,
}

/// One collection.
#[derive(Clone, Debug)]
pub(super) struct Described {
    pub(super) name: String,
    pub(super) key: Vec<FieldPath>,
    pub(super) list: List,
    pub(super) get: Option<Act>,
    pub(super) delete: Option<Act>,
    pub(super) set: Option<Act>,
}

/// How rows are listed.
#[derive(Clone, Debug)]
pub(super) struct List {
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    /// Where the rows are in an answer; empty: it is them.
    pub(super) rows: Vec<String>,
    pub(super) pages: Pages,
    /// How many rows a page has: parameter and number.
    pub(super) size: Option<(String, u64)>,
    /// Fields that the server can look for, and the parameter of each.
    pub(super) search: Vec<(FieldPath, String)>,
}

/// How the next page is asked for.
#[derive(Clone, Debug)]
pub(super) enum Pages {
    /// There is but one.
    One,
    /// By number.
    Number { parameter: String, first: u64 },
    /// By the number of rows before it.
    Offset { parameter: String },
    /// By what the answer says under `next`.
    Cursor { parameter: String, next: Vec<String> },
    /// By the `Link` header, `rel="next"` (RFC 8288).
    Link,
}

/// A question about one row.
#[derive(Clone, Debug)]
pub(super) struct Act {
    pub(super) method: String,
    /// With `{field}` for each cell of the key.
    pub(super) path: String,
    /// Where the row is in an answer, or in what is sent.
    pub(super) row: Vec<String>,
}

impl Api {
    /// # Errors
    /// `bad-api` and those of the YAML reader, each with its place.
    pub(super) fn read(path: &Path, user: &str, password: &str) -> Result<Self, Fault> {
        let text = std::fs::read_to_string(path).map_err(|error| Fault::io("read", path, error))?;
        Api::of(&text, user, password).map_err(|fault| fault.in_file(path))
    }

    pub(super) fn of(text: &str, user: &str, password: &str) -> Result<Self, Fault> {
        let documents = yaml::read(text, &Limits::default())?;
        let [root] = documents.as_slice() else { return Err(wrong("the file has one document", Place::line(1, 1))) };
        let fields = Fields::of(root, "", &["version", "headers", "oauth2", "collections"])?;
        if fields.required_text("version")? != "1" {
            return Err(wrong("the version of the description is 1", root.place.clone()));
        }
        let filled = |text: &str| text.replace("{user}", user).replace("{password}", password);
        let mut headers = Vec::new();
        if let Some(node) = fields.node("headers") {
            for (name, value) in Fields::open(node, "headers")?.entries() {
                headers.push((name.text.clone(), filled(yaml::text(value, &format!("headers.{}", name.text))?)));
            }
        }
        let oauth2 = fields.child("oauth2", &["token", "client", "secret", "login", "parameters"])?;
        let oauth2 = oauth2.map(|node| asked(&node, &filled)).transpose()?;
        let node = fields.required("collections")?;
        let collections = Fields::open(node, "collections")?
            .entries()
            .iter()
            .map(|(name, node)| Described::of(&name.text, node))
            .collect::<Result<_, Fault>>()?;
        Ok(Api { headers, oauth2, collections })
    }
}

/// How a token is asked for.
fn asked(fields: &Fields<'_>, filled: &dyn Fn(&str) -> String) -> Result<Asked, Fault> {
    let address = fields.required_text("token")?.to_owned();
    if !address.starts_with('/') && !address.starts_with("https://") && !address.starts_with("http://") {
        return Err(wrong("`token` is a path that begins with /, or a whole address", fields.place.clone()));
    }
    let in_body = match fields.text("login")?.unwrap_or("header") {
        "header" => false,
        "body" => true,
        _ => return Err(wrong("`login` is header or body", fields.place.clone())),
    };
    let mut parameters = Vec::new();
    if let Some(node) = fields.node("parameters") {
        for (name, value) in Fields::open(node, "oauth2.parameters")?.entries() {
            let text = yaml::text(value, &format!("oauth2.parameters.{}", name.text))?;
            parameters.push((name.text.clone(), filled(text)));
        }
    }
    Ok(Asked {
        address,
        client: filled(fields.text("client")?.unwrap_or("{user}")),
        secret: filled(fields.text("secret")?.unwrap_or("{password}")).into(),
        in_body,
        parameters,
    })
}

impl Described {
    fn of(name: &str, node: &Node) -> Result<Self, Fault> {
        let fields = Fields::of(node, format!("collections.{name}"), &["key", "list", "get", "delete", "set"])?;
        let key: Vec<FieldPath> = fields
            .list("key")?
            .into_iter()
            .map(|(path, node)| Ok(FieldPath::parse(yaml::text(node, &path)?)))
            .collect::<Result<_, Fault>>()?;
        if key.is_empty() {
            return Err(wrong("a collection has a `key`: the list of the fields that name a row", node.place.clone()));
        }
        let act = |word: &str, method: &str| -> Result<Option<Act>, Fault> {
            let Some(fields) = fields.child(word, &["method", "path", "row"])? else { return Ok(None) };
            let path = fields.required_text("path")?.to_owned();
            let lacks = |field: &&FieldPath| !path.contains(&format!("{{{field}}}"));
            if !path.starts_with('/') || key.iter().any(|field| lacks(&field)) {
                return Err(wrong(
                    "a path begins with / and names each field of the key: /people/{id}",
                    fields.place.clone(),
                ));
            }
            Ok(Some(Act {
                method: fields.text("method")?.unwrap_or(method).to_owned(),
                row: parts(fields.text("row")?),
                path,
            }))
        };
        let (get, delete, set) = (act("get", "GET")?, act("delete", "DELETE")?, act("set", "PATCH")?);
        let list = List::of(&fields)?;
        Ok(Described { name: name.to_owned(), key, list, get, delete, set })
    }
}

impl List {
    fn of(fields: &Fields<'_>) -> Result<Self, Fault> {
        let list = fields.required_child("list", &["path", "query", "rows", "pages", "size", "search"])?;
        let path = list.required_text("path")?.to_owned();
        if !path.starts_with('/') {
            return Err(wrong("a path begins with /", list.place.clone()));
        }
        let pairs = |word: &str| -> Result<Vec<(String, String)>, Fault> {
            let Some(node) = list.node(word) else { return Ok(Vec::new()) };
            let entries = Fields::open(node, list.path_of(word))?.entries();
            entries.iter().map(|(name, value)| Ok((name.text.clone(), yaml::text(value, word)?.to_owned()))).collect()
        };
        let search = pairs("search")?.into_iter().map(|(field, parameter)| (FieldPath::parse(&field), parameter));
        let size = match list.child("size", &["parameter", "rows"])? {
            None => None,
            Some(size) => {
                let rows = size.required_text("rows")?.parse().ok().filter(|rows| *rows > 0);
                let rows = rows.ok_or_else(|| wrong("`rows` is a number above 0", size.place.clone()))?;
                Some((size.required_text("parameter")?.to_owned(), rows))
            }
        };
        Ok(List {
            path,
            query: pairs("query")?,
            rows: parts(list.text("rows")?),
            pages: Pages::of(&list)?,
            size,
            search: search.collect(),
        })
    }
}

impl Pages {
    fn of(list: &Fields<'_>) -> Result<Self, Fault> {
        let Some(pages) = list.child("pages", &["by", "parameter", "first", "next"])? else { return Ok(Pages::One) };
        let parameter = || pages.required_text("parameter").map(str::to_owned);
        Ok(match pages.required_text("by")? {
            "number" => {
                let first = pages.text("first")?.unwrap_or("1").parse();
                let first = first.map_err(|_| wrong("`first` is a number", pages.place.clone()))?;
                Pages::Number { parameter: parameter()?, first }
            }
            "offset" => Pages::Offset { parameter: parameter()? },
            "cursor" => Pages::Cursor { parameter: parameter()?, next: parts(Some(pages.required_text("next")?)) },
            "link" => Pages::Link,
            _ => return Err(wrong("pages go by number, offset, cursor or link", pages.place.clone())),
        })
    }
}

fn parts(path: Option<&str>) -> Vec<String> {
    path.filter(|path| !path.is_empty()).map(|path| path.split('.').map(str::to_owned).collect()).unwrap_or_default()
}

fn wrong(why: &str, place: Place) -> Fault {
    Fault::bad_config("bad-api", format!("The description of the API is wrong: {why}"))
        .advise("See docs/http-api.md.")
        .at(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_descriptions_are_located() {
        let check = |text: &str, code: &str, place: &str| {
            let fault = Api::of(text, "", "").unwrap_err();
            assert_eq!((fault.code(), fault.place().unwrap().to_string().as_str()), (code, place), "{fault}");
        };
        check("version: 2\ncollections: {}\n", "bad-api", "-:1:1");
        check("version: 1\ncollections:\n  a:\n    lists: {}\n", "unknown-key", "-:4:5");
        check("version: 1\ncollections:\n  a:\n    list: {path: /a}\n", "bad-api", "-:4:5");
        check(
            "version: 1\ncollections:\n  a:\n    key: [id]\n    list: {path: /a, pages: {by: luck}}\n",
            "bad-api",
            "-:5:29",
        );
        check(
            "version: 1\ncollections:\n  a:\n    key: [id]\n    list: {path: /a}\n    delete: {path: /a/all}\n",
            "bad-api",
            "-:6:13",
        );
    }

    #[test]
    fn tokens_are_described() {
        let check = |text: &str, expect: Result<(&str, &str, bool), &str>| {
            let text = format!("version: 1\noauth2: {text}\ncollections: {{}}\n");
            let got = Api::of(&text, "u", "s3cret").map(|api| api.oauth2.unwrap());
            let got = got.as_ref().map(|asked| (asked.client.as_str(), asked.secret.as_str(), asked.in_body));
            assert_eq!(got.map_err(Fault::code), expect, "{text}");
        };
        check("{token: /token}", Ok(("u", "s3cret", false)));
        check("{token: 'https://id.example.org/t', client: 'app-{user}', login: body}", Ok(("app-u", "s3cret", true)));
        check("{token: 'ftp://id.example.org/t'}", Err("bad-api"));
        check("{token: /token, login: cookie}", Err("bad-api"));
        check("{tokens: /token}", Err("unknown-key"));
    }

    #[test]
    fn secrets_are_filled_in() {
        let api =
            Api::of("version: 1\nheaders: {Authorization: 'Bearer {password}'}\ncollections: {}\n", "u", "s3cret")
                .unwrap();
        assert_eq!(api.headers, [("Authorization".to_owned(), "Bearer s3cret".to_owned())]);
    }
}
