//! `dataset[]`.

use model::Fault;
use yaml::Node;

use super::{Reader, Shape, duplicate, fides_key};
use crate::map::settings::{self, Level};
use crate::map::{Dataset, MappedCollection};

const SHAPE: Shape = Shape {
    name: "a dataset",
    read: &["fides_key", "collections"],
    kept: &["organization_fides_key", "tags", "data_uses", "data_purposes", "data_subjects"],
    meta_read: &["after"],
    meta_kept: &["resource_id", "namespace", "redact"],
};

impl Reader {
    pub(super) fn dataset(&mut self, node: &Node, path: &str) -> Result<(), Fault> {
        let parts = self.parts(node, path, &SHAPE)?;
        let key_node = parts.fields.required("fides_key")?;
        let key = fides_key(yaml::text(key_node, "fides_key")?, key_node)?.to_owned();
        let mut dataset = Dataset {
            name: self.text_of(&parts.fields, "name"),
            description: self.text_of(&parts.fields, "description"),
            categories: self.categories(&parts.fields),
            place: self.place(node),
            store: key.clone(),
            key,
            ..Dataset::default()
        };
        if let Some(meta) = &parts.meta {
            dataset.after = self.keys(meta, "after");
        }
        if let Some(probity) = parts.probity {
            dataset.settings = settings::read(probity, Level::Dataset, &self.file, &mut self.faults);
            if let Some((store, _)) = dataset.settings.words.remove("store") {
                dataset.store = store;
            }
        }
        dataset.rest = parts.rest;
        parts.fields.required("collections")?;
        for (path, node) in parts.fields.list("collections")? {
            let collection = self.collection(node, &path);
            dataset.collections.extend(self.keep(collection));
        }
        self.sort(&mut dataset.collections);
        self.map.datasets.push(dataset);
        Ok(())
    }

    fn sort(&mut self, collections: &mut Vec<MappedCollection>) {
        collections.sort_by(|a, b| a.name.cmp(&b.name));
        collections.dedup_by(|second, first| {
            let same = first.name == second.name;
            if same {
                self.wrong(duplicate("collection", &second.name, &first.place).at(second.place.clone()));
            }
            same
        });
    }
}
