//! `schema.json`: a JSON Schema of `data.json` that says what each field is.

use serde_json::{Map, Value, json};

use super::table::{Field, Table};
use super::{Scope, value};
use crate::map::taxonomy;

pub(super) fn schema(tables: &[Table], scope: Scope) -> Value {
    let mut properties = Map::new();
    for table in tables {
        let columns = table.columns.iter().filter(|column| scope == Scope::Access || column.is_portable);
        let fields: Map<String, Value> = columns.map(|column| (column.name.clone(), field(column))).collect();
        let description = table.mapped.as_ref().and_then(|mapped| mapped.description.clone());
        let mut items = json!({"type": "object", "properties": fields, "additionalProperties": false});
        items["required"] = fields_of(table, scope);
        let mut collection = json!({"type": "array", "items": items});
        if let Some(description) = description {
            collection["description"] = description.into();
        }
        properties.insert(table.name(), collection);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "data.json: the rows of one person by dataset and collection",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

fn fields_of(table: &Table, scope: Scope) -> Value {
    table
        .columns
        .iter()
        .filter(|column| scope == Scope::Access || column.is_portable)
        .map(|column| column.name.as_str())
        .collect()
}

/// Texts are allowed everywhere: numbers that a reader could round, and what stands for something taken out, are texts.
fn field(column: &Field) -> Value {
    let mut told = Map::new();
    if let Some(kind) = value::json_type(column.kind) {
        let mut kinds = vec![kind];
        if kind != "string" {
            kinds.push("string");
        }
        if column.nullable {
            kinds.push("null");
        }
        told.insert("type".to_owned(), json!(kinds));
    }
    if !column.categories.is_empty() {
        let names: Vec<&str> = column.categories.iter().map(|key| taxonomy::name(key)).collect();
        told.insert("title".to_owned(), json!(names.join(", ")));
        told.insert("x-data-categories".to_owned(), json!(column.categories));
    }
    if let Some(comment) = &column.comment {
        told.insert("description".to_owned(), json!(comment));
    }
    if let Some(identity) = &column.identity {
        told.insert("x-identity".to_owned(), json!(identity));
    }
    told.insert("x-store-type".to_owned(), json!(column.type_name));
    Value::Object(told)
}
