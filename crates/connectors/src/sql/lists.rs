//! Lists that a store keeps as JSON, in a column of texts or of JSON: the catalog cannot tell, the data map does (`data_type: string[]`).

use privacy::catalog::{Catalog, Column, ColumnKind};
use privacy::map::Dataset;

/// The columns of a dataset that hold lists, as the map names them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lists(Dataset);

impl Lists {
    pub(crate) fn of(dataset: &Dataset) -> Self {
        Lists(dataset.clone())
    }

    /// Calls columns of texts and of JSON lists where the map does.
    pub(crate) fn mark(&self, catalog: &mut Catalog) {
        for collection in &mut catalog.collections {
            let Some(mapped) = self.0.of_catalog(&collection.name) else { continue };
            let is_open = |column: &&mut Column| matches!(column.kind, ColumnKind::Text | ColumnKind::Json);
            for column in collection.columns.iter_mut().filter(is_open) {
                let said = mapped.column(&column.name).and_then(|field| field.data_type.as_deref());
                // A list of objects is a document, whose fields have paths.
                if said.is_some_and(|said| said.ends_with("[]") && said != "object[]") {
                    column.kind = ColumnKind::List;
                }
            }
        }
    }
}
