//! Reviews of who may get into a store (GDPR Art. 32(1)(b), (4); SOC 2 CC6.2, CC6.3): probity's own record, read strictly.
//!
//! ```yaml
//! access_review: 1                        # the version of this form
//! store: shop                             # as probity.toml names it
//! reviewed: 2026-10-01T09:00:00Z
//! by: Head of operations
//! accounts:                               # who may stay; of MariaDB `app@10.0.0.%`
//! - {name: app}
//! - {name: ops, superuser: true, reason: on call}
//! ```

use std::collections::BTreeMap;

use model::{Fault, Instant};
use serde_json::{Value, json};
use yaml::{Fields, Node};

use crate::tree::{begins, ends, open, place};
use crate::{File, Gap, Read};

const KEYS: &[&str] = &["access_review", "store", "reviewed", "by", "accounts"];
const OF_ACCOUNT: &[&str] = &["name", "superuser", "reason"];

pub(crate) fn recognise(file: File<'_>) -> bool {
    ends(file, &[".yaml", ".yml"]) && begins(file.text, "access_review")
}

/// A review: of each store the newest one counts.
struct Review {
    store: String,
    reviewed: Instant,
    by: String,
    accounts: Vec<Value>,
    place: String,
}

pub(crate) fn read(files: &[File<'_>]) -> Read {
    let (documents, mut gaps) = open(files);
    let mut newest: BTreeMap<String, Review> = BTreeMap::new();
    for document in &documents {
        match one(document.file, &document.node) {
            Err(fault) => gaps.push(Gap::of(File { name: document.file, text: "" }, &fault)),
            Ok(review) => match newest.get(&review.store) {
                Some(known) if known.reviewed >= review.reviewed => {}
                _ => _ = newest.insert(review.store.clone(), review),
            },
        }
    }
    let shown = |review: &Review| {
        json!({
            "store": review.store, "reviewed": review.reviewed.to_string(), "by": review.by,
            "count": review.accounts.len(), "place": review.place,
        })
    };
    let reviews: Vec<Value> = newest.values().map(shown).collect();
    let accounts: Vec<Value> = newest.into_values().flat_map(|review| review.accounts).collect();
    Read { value: json!({"reviews": reviews, "accounts": accounts, "unread": gaps.len()}), gaps }
}

fn one(file: &str, node: &Node) -> Result<Review, Fault> {
    let fields = Fields::of(node, "", KEYS)?;
    let bad = |key: &str, why: &str, advice: &str| {
        let place = fields.node(key).map_or_else(|| fields.place.clone(), |node| node.place.clone());
        Fault::bad_input("bad-access-review", why).advise(advice).at(place)
    };
    if fields.required_text("access_review")? != "1" {
        let why = "The review is of a version that is not known";
        return Err(bad("access_review", why, "Write access_review: 1."));
    }
    let reviewed = Instant::parse(fields.required_text("reviewed")?).map_err(|_| {
        bad("reviewed", "reviewed is no time", "Write it as RFC 3339, for example 2026-01-31T09:00:00Z.")
    })?;
    let store = fields.required_text("store")?.to_owned();
    // Whoever reviewed says so where nobody may stay: `accounts: []`.
    fields.required("accounts")?;
    let accounts = fields.list("accounts")?;
    let account = |(path, node): &(String, &Node)| {
        let fields = Fields::of(node, path, OF_ACCOUNT)?;
        Ok(json!({
            "store": store, "name": fields.required_text("name")?, "superuser": fields.flag("superuser")?.unwrap_or(false),
            "reason": fields.text("reason")?, "place": place(file, node),
        }))
    };
    let accounts = accounts.iter().map(account).collect::<Result<Vec<_>, Fault>>()?;
    Ok(Review { reviewed, by: fields.required_text("by")?.to_owned(), accounts, place: place(file, node), store })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "access_review: 1\nstore: shop\nreviewed: 2026-10-01T09:00:00Z\nby: Ops\naccounts:\n- {name: app}\n";

    fn told(texts: &[&str]) -> Read {
        let files: Vec<File<'_>> = texts.iter().map(|text| File { name: "review.yaml", text }).collect();
        assert!(files.iter().all(|file| recognise(*file)));
        read(&files)
    }

    #[test]
    fn of_each_store_the_newest_review_counts() {
        let newer = GOOD.replace("-10-01", "-11-01").replace("app", "reporting");
        let other = GOOD.replace("shop", "books").replace("{name: app}", "{name: root, superuser: true}");
        for order in [[GOOD, &newer, &other], [&newer, &other, GOOD]] {
            let read = told(&order);
            assert_eq!(read.gaps, []);
            let names = read.value["accounts"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap());
            assert_eq!(names.collect::<Vec<_>>(), ["root", "reporting"]);
            assert_eq!(read.value["accounts"][0]["superuser"], true);
            assert_eq!(read.value["reviews"].as_array().unwrap().len(), 2);
        }
    }

    #[test]
    fn what_is_not_written_as_it_should_be_is_a_gap() {
        let check = |text: &str, why: &str| {
            let read = told(&[text]);
            assert!(read.gaps.len() == 1 && read.gaps[0].why.contains(why), "{text}: {:?}", read.gaps);
            assert_eq!((&read.value["accounts"], &read.value["unread"]), (&json!([]), &json!(1)));
        };
        check(&GOOD.replace(": 1\n", ": 2\n"), "version");
        check(&GOOD.replace("2026-10-01T09:00:00Z", "lately"), "no time");
        check(&GOOD.replace("\n- {name: app}", " all"), "accounts");
        check(&GOOD.replace("name: app", "user: app"), "user");
        check(&format!("{GOOD}extra: 1\n"), "extra");
    }
}
