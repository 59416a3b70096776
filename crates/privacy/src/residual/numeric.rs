//! Numbers in columns of numbers: a telephone number as a BIGINT is no text, and no search of texts finds it.

use std::collections::BTreeSet;

use model::Fault;

use super::{Form, Remain, Value};
use crate::catalog::{Catalog, ColumnKind};
use crate::row::FieldPath;
use crate::store::{Condition, DataStore, Find, Fold};

/// Shorter numbers are the number of everything.
const DIGITS: usize = 9;
/// The largest that a column of 64 bits holds has so many digits.
const DIGITS_MOST: usize = 19;
/// Places that are listed for one collection.
const PLACES: u64 = 1_000;

/// The numbers as which a value can stand in such a column: with the calling code, and without it where that is long enough
/// not to be the number of something else.
fn numbers(value: &Value) -> BTreeSet<String> {
    let mut numbers = BTreeSet::new();
    for text in &value.spellings {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let is_number = text.chars().all(|sign| sign.is_ascii_digit() || "+-./() ".contains(sign));
        if is_number {
            numbers.insert(digits.trim_start_matches('0').to_owned());
        }
    }
    if let Some(e164) = value.spellings.iter().find(|text| text.starts_with('+') && value.kind.contains("phone")) {
        let number = crate::identity::national(e164);
        numbers.extend(number.map(|number| number.trim_start_matches('0').to_owned()));
    }
    numbers.retain(|number| (DIGITS..=DIGITS_MOST).contains(&number.len()));
    numbers
}

/// Asks one store for rows that hold the value with this number in a column of numbers; what could not be asked, a sentence
/// each.
///
/// # Errors
/// What the store says.
pub fn numeric(
    store: &mut dyn DataStore,
    catalog: &Catalog,
    number: usize,
    value: &Value,
) -> Result<(Vec<Remain>, Vec<String>), Fault> {
    let wanted: Vec<Vec<String>> = numbers(value).into_iter().map(|number| vec![number]).collect();
    let (mut places, mut unread) = (Vec::new(), Vec::new());
    if wanted.is_empty() {
        return Ok((places, unread));
    }
    for collection in &catalog.collections {
        for column in collection.columns.iter().filter(|it| matches!(it.kind, ColumnKind::Integer | ColumnKind::Number))
        {
            let field = FieldPath::column(&column.name);
            let any = [Condition { fields: vec![field], fold: Fold::Exact, values: wanted.clone(), when: None }];
            let find = Find { collection: &collection.name, fields: &[], any: &any, limit: Some(PLACES) };
            let asked = store.find(&find, &mut |row| {
                places.push(Remain {
                    collection: collection.name.clone(),
                    field: Some(column.name.clone()),
                    key: row.key,
                    value: number,
                    forms: vec![Form::Digits],
                });
                Ok(())
            });
            match asked {
                Err(fault) if matches!(fault.code(), "store-permission" | "store-refused") => {
                    unread.push(format!(
                        "{}.{} was not searched for numbers: {}",
                        collection.name,
                        column.name,
                        fault.message()
                    ));
                }
                asked => asked?,
            }
        }
    }
    Ok((places, unread))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With the calling code and without it; not so short that every number is a hit.
    #[test]
    fn numbers_of_a_telephone_and_of_a_customer() {
        let of = |kind: &str, spelling: &str| {
            let value = Value { kind: kind.to_owned(), spellings: vec![spelling.to_owned()] };
            numbers(&value).into_iter().collect::<Vec<_>>()
        };
        assert_eq!(of("phone_number", "+4917112345678"), ["17112345678", "4917112345678"]);
        assert_eq!(of("phone_number", "+4930231250"), ["4930231250"]);
        assert!(of("user_id", "4711").is_empty());
        assert_eq!(of("user_id", "00471100471"), ["471100471"]);
        assert!(of("email", "123456789@example.org").is_empty());
    }
}
