//! `map graph`: the map as a drawing.

use std::path::Path;

use model::{Fault, counted};
use privacy::catalog::Catalog;
use privacy::map::DataMap;
use privacy::map::graph::{self, Drawing};
use serde_json::{Value, json};

use super::GraphArgs;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::files::{self, Existing};
use crate::cli::journal::Wanted;
use crate::cli::output::{Page, Show};
use crate::cli::survey::{self, Look};
use crate::cli::{data_map, stores};
use crate::commands::Done;

pub(super) fn run(context: &mut Context, args: &GraphArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "map.drawn");
    let form = Form::of(&args.output)?;
    let map = data_map::load(context)?.map;
    let catalogs = catalogs(context, &map, &args.store)?;
    let catalogs: Vec<(&str, &Catalog)> = catalogs.iter().map(|(key, catalog)| (key.as_str(), catalog)).collect();
    let drawing = Drawing::new(&map, &catalogs);
    let text = match form {
        Form::Svg => graph::svg(&drawing),
        Form::Html => graph::html(&drawing, "Data map"),
    };
    files::write(&args.output, text.as_bytes(), Existing::from_flag(args.overwrite))?;
    context.trace.digest("drawing", seal::sha256(text.as_bytes()));
    let drawn = Drawn {
        file: args.output.display().to_string(),
        collections: drawing.nodes.len() as u64,
        references: drawing.edges.len() as u64,
        bytes: text.len() as u64,
    };
    Ok(Done::showing(Exit::Done, drawn))
}

/// The catalogs of the stores that were asked for, by dataset.
fn catalogs(context: &Context, map: &DataMap, names: &[String]) -> Result<Vec<(String, Catalog)>, Fault> {
    if names.is_empty() {
        return Ok(vec![]);
    }
    let names = if names.iter().any(|name| name == "all") { &[] } else { names };
    let members = stores::open(context, map, names)?.whole()?;
    let surveys = survey::take(context, members, Look::Catalogs)?;
    Ok(surveys.into_iter().map(|survey| (survey.dataset, survey.catalog)).collect())
}

enum Form {
    Svg,
    Html,
}

impl Form {
    fn of(path: &Path) -> Result<Self, Fault> {
        match path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase).as_deref() {
            Some("svg") => Ok(Form::Svg),
            Some("html" | "htm") => Ok(Form::Html),
            _ => {
                Err(Fault::usage("unknown-drawing", format!("{} is neither SVG nor HTML by its name", path.display()))
                    .advise("Give it a name that ends with .svg or .html."))
            }
        }
    }
}

struct Drawn {
    file: String,
    collections: u64,
    references: u64,
    bytes: u64,
}

impl Show for Drawn {
    fn json(&self) -> Value {
        json!({
            "schema": "map-graph/1",
            "file": self.file,
            "collections": self.collections,
            "references": self.references,
            "bytes": self.bytes,
        })
    }

    fn human(&self, page: &mut Page) {
        let collections = counted(self.collections, "collection", "collections");
        page.line(format!(
            "Drew {collections} and {} into {}.",
            counted(self.references, "reference", "references"),
            self.file
        ));
    }
}
