//! Predicates: texts are bound as arrays and cast by the server to the type of the column, so that its indexes serve.

use privacy::catalog::Collection;
use privacy::row::Key;
use privacy::store::Fold;

use super::types::{Class, Type, column};
use crate::sql::{self, Bind, Change, Field, Statement, quoted};

/// Blanks that are taken off around a text.
const BLANKS: &str = "E' \\t\\n\\r\\v\\f'";

/// A field, and its type.
pub(super) struct Typed {
    name: String,
    path: Vec<String>,
    kind: Type,
    /// A list that the map alone knows of: looked at again on the other side.
    is_text_list: bool,
}

impl Typed {
    pub(super) fn new(field: &Field<'_>, kind: Type) -> Self {
        Typed {
            name: field.column.name.clone(),
            path: field.path.to_vec(),
            is_text_list: field.is_text_list() && !matches!(kind.class, Class::List(_)),
            kind,
        }
    }

    fn column(&self) -> String {
        column(&self.name)
    }

    /// Whether `text` can be found in it: other texts would make the cast fail.
    fn admits(&self, fold: Fold, text: &str) -> bool {
        match fold {
            Fold::Exact if self.path.is_empty() => self.kind.admits(text),
            _ => !text.contains('\0'),
        }
    }

    /// `text` as it is bound where it is compared in the column's type.
    fn wanted(&self, fold: Fold, text: &str) -> String {
        match self.kind.class {
            Class::Bytes if fold == Fold::Exact && self.path.is_empty() => self.kind.literal(text),
            _ => text.to_owned(),
        }
    }

    /// One cell of a key.
    fn key(&self, key: &Key, at: usize) -> Option<String> {
        key.0[at].as_ref().map(|text| self.wanted(Fold::Exact, text))
    }

    /// The predicate "it holds `wanted`", a text expression: `is_list` when that is an array of texts.
    fn holds(&self, fold: Fold, wanted: &str, is_list: bool, binds: &mut Vec<Bind>) -> String {
        let any = |left: String, operator: &str, wanted: &str| match is_list {
            true => format!("{left} {operator} ANY({wanted})"),
            false => format!("{left} {operator} {wanted}"),
        };
        let (column, kind) = (self.column(), &self.kind);
        // Within a document, and within a list that is one.
        match (&kind.class, self.path.is_empty() && !self.is_text_list) {
            (Class::Jsonb | Class::Json | Class::Record, false) => {
                binds.push(Bind::Text(json_path(&self.path)));
                let (path, leaf) =
                    (format!("${}::text::jsonpath", binds.len()), any(folded(fold, "e.v #>> '{}'"), "=", wanted));
                let inside = |document: &str| {
                    format!(
                        "EXISTS (SELECT 1 FROM pg_catalog.jsonb_path_query({document}, {path}) AS e(v) WHERE {leaf})"
                    )
                };
                match kind.class {
                    Class::Jsonb => inside(&column),
                    Class::Record => inside(&format!("pg_catalog.to_jsonb({column})")),
                    // What `jsonb` cannot hold is looked at on the other side.
                    _ => format!(
                        "CASE WHEN pg_catalog.strpos({column}::text, '\\u0000') > 0 THEN true ELSE {} END",
                        inside(&format!("{column}::jsonb"))
                    ),
                }
            }
            (_, false) => format!("{column} IS NOT NULL"),
            (Class::Json | Class::Jsonb, true) => any(folded(fold, &format!("({column} #>> '{{}}')")), "=", wanted),
            (Class::List(element), true) => match (fold, is_list, element.is_comparable()) {
                (Fold::Exact, true, true) => format!("{column} OPERATOR(pg_catalog.&&) {}", list_of(element, wanted)),
                _ => {
                    let leaf = any(folded(fold, "e.v::text"), "=", wanted);
                    format!("EXISTS (SELECT 1 FROM pg_catalog.unnest({column}) AS e(v) WHERE {leaf})")
                }
            },
            (_, true) if fold == Fold::Exact && kind.is_comparable() => match is_list {
                true => format!("{column} {} ANY({})", kind.equal(), list_of(kind, wanted)),
                false => format!("{column} {} {}", kind.equal(), kind.value(wanted)),
            },
            (_, true) => any(folded(fold, &kind.shown(&self.name)), "=", wanted),
        }
    }
}

/// An array of texts as one of values.
fn list_of(kind: &Type, texts: &str) -> String {
    format!("{texts}::{}[]", kind.cast)
}

/// A text expression, folded.
fn folded(fold: Fold, text: &str) -> String {
    let lower = || format!("pg_catalog.lower(pg_catalog.btrim({text}, {BLANKS}))");
    match fold {
        Fold::Exact => text.to_owned(),
        Fold::Lower => lower(),
        Fold::Address => format!("pg_catalog.regexp_replace({}, '^(.[^+]*)\\+.*@', '\\1@')", lower()),
        Fold::Digits(count) => {
            format!("pg_catalog.right(pg_catalog.regexp_replace({text}, '[^0-9]', '', 'g'), {count})")
        }
    }
}

/// `$."contacts"."email"[*]`, in lax mode: lists on the way are gone through.
fn json_path(path: &[String]) -> String {
    let steps: Vec<String> = path.iter().map(|step| format!(".{}", sql::string(step))).collect();
    format!("lax ${}[*]", steps.concat())
}

/// See [`crate::sql::Engine::among`].
pub(super) fn among(
    collection: &Collection,
    fields: &[Typed],
    fold: Fold,
    tuples: &[&[String]],
    binds: &mut Vec<Bind>,
) -> Option<String> {
    let fits = |tuple: &&&[String]| tuple.iter().zip(fields).all(|(text, field)| field.admits(fold, text));
    let tuples: Vec<&[String]> = tuples.iter().filter(fits).copied().collect();
    if tuples.is_empty() {
        return None;
    }
    let [field] = fields else { return Some(joined(fields, fold, &tuples, binds)) };
    let mut values: Vec<String> = tuples.iter().map(|tuple| field.wanted(fold, &tuple[0])).collect();
    let path = (fold == Fold::Exact).then(|| document_index(collection, field, &values)).flatten();
    if let Some(path) = path {
        binds.push(Bind::Text(path));
        let narrowed = format!("{} OPERATOR(pg_catalog.@?) ${}::text::jsonpath", field.column(), binds.len());
        binds.push(texts(values));
        let wanted = format!("${}::text[]", binds.len());
        return Some(format!("{narrowed} AND {}", field.holds(fold, &wanted, true, binds)));
    }
    let served = (fold == Fold::Lower && field.path.is_empty()).then(|| indexed(collection, field)).flatten();
    if let Some((left, cast)) = served {
        values = values.iter().flat_map(|value| sql::with_blanks(value)).collect();
        binds.push(texts(values));
        return Some(format!("{left} ANY(${}::text[]{cast})", binds.len()));
    }
    binds.push(texts(values));
    let wanted = format!("${}::text[]", binds.len());
    Some(field.holds(fold, &wanted, true, binds))
}

/// Most values that one path expression compares with.
const PATH_VALUES: usize = 500;

/// A path expression that a GIN index over the document serves, and that holds at least where one of `values` stands: a text
/// can stand there as a string, a number or a truth value.
fn document_index(collection: &Collection, field: &Typed, values: &[String]) -> Option<String> {
    let is_served = matches!(field.kind.class, Class::Jsonb) && !field.path.is_empty() && values.len() <= PATH_VALUES;
    let has_index = || collection.indexes.iter().any(|index| index.on.first() == Some(&field.name));
    if !is_served || !has_index() {
        return None;
    }
    let mut forms = Vec::new();
    for value in values {
        forms.push(format!("@ == {}", sql::string(value)));
        if is_number(value) || matches!(value.as_str(), "true" | "false") {
            forms.push(format!("@ == {value}"));
        }
    }
    Some(format!("{} ? ({})", json_path(&field.path), forms.join(" || ")))
}

/// Whether a JSON number can read so.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let are = |part: &str| !part.is_empty() && part.len() < 100 && part.bytes().all(|byte| byte.is_ascii_digit());
    are(whole) && are(fraction) && (whole == "0" || !whole.starts_with('0'))
}

fn texts(values: Vec<String>) -> Bind {
    Bind::Texts(values.into_iter().map(Some).collect())
}

/// `EXISTS` over unnested arrays: a join for the planner, whole tuples for us.
fn joined(fields: &[Typed], fold: Fold, tuples: &[&[String]], binds: &mut Vec<Bind>) -> String {
    let from = unnested(fields.len(), binds, |at| {
        tuples.iter().map(|tuple| Some(fields[at].wanted(fold, &tuple[at]))).collect()
    });
    let holds = |(at, field): (usize, &Typed)| field.holds(fold, &format!("k.k{at}"), false, binds);
    let all: Vec<String> = fields.iter().enumerate().map(holds).collect();
    format!("EXISTS (SELECT 1 FROM {from} WHERE {})", all.join(" AND "))
}

/// `unnest($1::text[], …) AS k(k0, …)`.
fn unnested(width: usize, binds: &mut Vec<Bind>, column: impl Fn(usize) -> Vec<Option<String>>) -> String {
    let mut places = Vec::new();
    for at in 0..width {
        binds.push(Bind::Texts(column(at)));
        places.push(format!("${}::text[]", binds.len()));
    }
    let names: Vec<String> = (0..width).map(|at| format!("k{at}")).collect();
    format!("unnest({}) AS k({})", places.join(", "), names.join(", "))
}

/// The left side and operator that an index over `lower(field)` serves, and the cast of the list on the right; a column that
/// ignores case (`citext`) is served by its own index.
fn indexed(collection: &Collection, field: &Typed) -> Option<(String, String)> {
    let (column, quoted) = (field.column(), quoted(&field.name, '"'));
    let spelled = [field.name.as_str(), quoted.as_str()];
    let is = |on: &str, forms: &[&str]| {
        let form = |form: &&str| {
            spelled.iter().any(|name| {
                let casts = [(*name).to_owned(), format!("({name})::text")];
                casts.iter().any(|inner| on.eq_ignore_ascii_case(&form.replace('?', inner)) && on.contains(*name))
            })
        };
        forms.iter().any(form)
    };
    let served = |on: &String| {
        if is(on, &["lower(btrim(?))", "lower(TRIM(BOTH FROM ?))"]) {
            Some((format!("pg_catalog.lower(pg_catalog.btrim({column}::text)) ="), String::new()))
        } else if is(on, &["lower(?)"]) {
            Some((format!("pg_catalog.lower({column}::text) ="), String::new()))
        } else if field.kind.cast.ends_with("citext") && *on == field.name {
            Some((format!("{column} {}", field.kind.equal()), format!("::{}[]", field.kind.cast)))
        } else {
            None
        }
    };
    collection.indexes.iter().filter_map(|index| index.on.first()).find_map(served)
}

/// The predicate "the row has one of these keys".
pub(super) fn named(key: &[Typed], keys: &[&Key], binds: &mut Vec<Bind>) -> String {
    if let [field] = key {
        binds.push(Bind::Texts(keys.iter().map(|key| field.key(key, 0)).collect()));
        return field.holds(Fold::Exact, &format!("${}::text[]", binds.len()), true, binds);
    }
    let from = unnested(key.len(), binds, |at| keys.iter().map(|cells| key[at].key(cells, at)).collect());
    let all: Vec<String> = key
        .iter()
        .enumerate()
        .map(|(at, field)| match field.kind.is_comparable() {
            true => field.holds(Fold::Exact, &format!("k.k{at}"), false, binds),
            false => same_text(field, at),
        })
        .collect();
    format!("EXISTS (SELECT 1 FROM {from} WHERE {})", all.join(" AND "))
}

fn same_text(field: &Typed, at: usize) -> String {
    let (left, right) = field.kind.same(&field.name, &format!("k.k{at}"));
    format!("{left} = {right}")
}

/// The predicate "the row is one of these, in all columns": arrays of texts, in which NULL equals NULL, and which are hashed.
pub(super) fn same(columns: &[Typed], keys: &[&Key], binds: &mut Vec<Bind>) -> String {
    let from = unnested(columns.len(), binds, |at| keys.iter().map(|key| key.0[at].clone()).collect());
    let (left, right) = both(columns);
    format!("{left} IN (SELECT {right} FROM {from})")
}

fn both(columns: &[Typed]) -> (String, String) {
    let pairs: Vec<(String, String)> =
        columns.iter().enumerate().map(|(at, field)| field.kind.same(&field.name, &format!("k.k{at}"))).collect();
    let side =
        |of: fn(&(String, String)) -> &str| format!("ARRAY[{}]", pairs.iter().map(of).collect::<Vec<_>>().join(", "));
    (side(|pair| &pair.0), side(|pair| &pair.1))
}

/// See [`crate::sql::Engine::update`]: keys first, then the new cells, an array each.
pub(super) fn update(table: &str, key: &[Typed], set: &[Typed], change: &Change<'_>, is_whole: bool) -> Statement {
    let mut binds = Vec::new();
    let width = key.len();
    let from = unnested(width + set.len(), &mut binds, |at| {
        let cell = |(cells_of_key, cells): &(&Key, &[Option<String>])| match at.checked_sub(width) {
            None if is_whole => cells_of_key.0[at].clone(),
            None => key[at].key(cells_of_key, at),
            Some(at) => cells[at].as_ref().map(|text| set[at].kind.literal(text)),
        };
        change.rows.iter().map(cell).collect()
    });
    let new = |(at, field): (usize, &Typed)| {
        format!("{} = {}", quoted(&field.name, '"'), field.kind.value(&format!("k.k{}", width + at)))
    };
    let sets: Vec<String> = set.iter().enumerate().map(new).collect();
    let met = match is_whole {
        true => {
            let (left, right) = both(key);
            format!("{left} = {right}")
        }
        false => {
            let same = |(at, field): (usize, &Typed)| match field.kind.is_comparable() {
                true => field.holds(Fold::Exact, &format!("k.k{at}"), false, &mut Vec::new()),
                false => same_text(field, at),
            };
            key.iter().enumerate().map(same).collect::<Vec<_>>().join(" AND ")
        }
    };
    Statement { sql: format!("UPDATE {table} SET {} FROM {from} WHERE {met}", sets.join(", ")), binds }
}

/// See [`privacy::store::DataStore::index_statement`].
pub(super) fn index_statement(table: &str, fields: &[Typed], fold: Fold) -> Option<String> {
    let on = |field: &Typed| {
        let name = quoted(&field.name, '"');
        match (fold, &field.kind.class) {
            (Fold::Exact, Class::Jsonb) if !field.path.is_empty() && fields.len() == 1 => {
                Some(format!("USING gin ({name} jsonb_path_ops)"))
            }
            _ if !field.path.is_empty() => None,
            (Fold::Exact, Class::List(_)) if fields.len() == 1 => Some(format!("USING gin ({name})")),
            (Fold::Exact, Class::Other | Class::Json | Class::Jsonb | Class::Record | Class::List(_)) => None,
            (Fold::Exact, _) => Some(name),
            (Fold::Lower, Class::Text) if fields.len() == 1 => Some(format!("lower({name})")),
            _ => None,
        }
    };
    let on = fields.iter().map(on).collect::<Option<Vec<_>>>()?;
    match on.as_slice() {
        [] => None,
        [one] if one.starts_with("USING") => Some(format!("CREATE INDEX CONCURRENTLY ON {table} {one}")),
        several => Some(format!("CREATE INDEX CONCURRENTLY ON {table} ({})", several.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_into_documents_are_quoted() {
        let path = |steps: &[&str]| json_path(&steps.iter().map(|step| (*step).to_owned()).collect::<Vec<_>>());
        assert_eq!(path(&["contacts", "e\"mail"]), r#"lax $."contacts"."e\"mail"[*]"#);
    }
}
