//! What the names of tables and columns say about what is in them.

use std::borrow::Cow;
use std::sync::OnceLock;

/// The words of a name: `firstName`, `first_name`, `FIRST-NAME` → `first`, `name`.
pub(super) fn split(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let letters: Vec<char> = name.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let after_lower = at > 0 && (letters[at - 1].is_lowercase() || letters[at - 1].is_ascii_digit());
        let before_lower = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        let begins = letter.is_uppercase() && (after_lower || at > 0 && before_lower);
        if !letter.is_alphanumeric() || begins {
            words.push(String::new());
        }
        if letter.is_alphanumeric() {
            // One word at least is there.
            words.last_mut().into_iter().for_each(|word| word.extend(letter.to_lowercase()));
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

struct Phrase {
    words: Vec<String>,
    category: &'static str,
    only_people: bool,
}

fn phrases() -> &'static [Phrase] {
    static PHRASES: OnceLock<Vec<Phrase>> = OnceLock::new();
    PHRASES.get_or_init(|| {
        let mut phrases = Vec::new();
        let table = include_str!("../../../data/words.tsv");
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let mut cells = line.split('\t');
            let (Some(category), Some(place), Some(words)) = (cells.next(), cells.next(), cells.next()) else {
                continue;
            };
            for phrase in words.split(';') {
                let words = phrase.split(' ').map(str::to_owned).collect();
                phrases.push(Phrase { words, category, only_people: place == "person" });
            }
        }
        // The longest first: "email address" before "address".
        phrases.sort_by_key(|phrase| std::cmp::Reverse((phrase.words.len(), phrase.words.concat().len())));
        phrases
    })
}

/// The category that the name of a column speaks for.
pub(super) fn category(column: &str, about_people: bool) -> Option<&'static str> {
    let words = split(column);
    // Names of references and flags tell what they are about, and do not hold it.
    let tail = words.last().map(String::as_str);
    let is_reference = matches!(
        tail,
        Some("id" | "ids" | "fk" | "count" | "type" | "status" | "at" | "on" | "verified" | "confirmed")
    );
    let is_flag = matches!(
        words.first().map(String::as_str),
        Some("is" | "has" | "can" | "num" | "count" | "allow" | "allows" | "wants")
    );
    let joined = words.concat();
    // Parts of an address are somebody's, also on an invoice.
    const WHOSE: &[&str] =
        &["billing", "shipping", "delivery", "home", "postal", "mailing", "private", "invoice", "rechnungs", "liefer"];
    let about_people = about_people || words.len() > 1 && WHOSE.contains(&words[0].as_str());
    let found = phrases().iter().filter(|phrase| about_people || !phrase.only_people).find(|phrase| {
        let whole = phrase.words.concat() == joined;
        whole || words.windows(phrase.words.len()).any(|window| *window == *phrase.words)
    })?;
    let ends_with_it = words.ends_with(&found.words) || found.words.concat() == joined;
    ((!is_reference || ends_with_it) && !is_flag).then_some(found.category)
}

/// Whether a table of that name is about people, by its name alone.
pub(super) fn is_people(table: &str) -> bool {
    const PEOPLE: &[&str] = &[
        "user",
        "person",
        "people",
        "customer",
        "client",
        "employee",
        "member",
        "patient",
        "contact",
        "subscriber",
        "student",
        "teacher",
        "staff",
        "actor",
        "author",
        "guest",
        "applicant",
        "candidate",
        "donor",
        "visitor",
        "owner",
        "tenant",
        "player",
        "driver",
        "passenger",
        "citizen",
        "resident",
        "profile",
        "lead",
        "kunde",
        "kunden",
        "nutzer",
        "benutzer",
        "mitarbeiter",
        "mitglied",
        "mitglieder",
        "patienten",
        "personen",
        "klant",
        "cliente",
        "utilisateur",
        "personne",
        "usuario",
        "persona",
        "child",
        "children",
        "colleague",
        "doctor",
        "nurse",
        "account",
        "respondent",
        "participant",
    ];
    // What files and patterns of keys add to their names: `users_jsonl`, `user_part2`.
    const FORMS: &[&str] = &["csv", "json", "jsonl", "ndjson", "parquet", "part", "tsv"];
    let words = split(table.rsplit('.').next().unwrap_or(table));
    let is_form = |word: &&String| FORMS.contains(&word.trim_end_matches(|sign: char| sign.is_ascii_digit()));
    words
        .iter()
        .rev()
        .find(|word| !is_form(word))
        .is_some_and(|word| PEOPLE.contains(&&*singular(word)) || PEOPLE.contains(&word.as_str()))
}

/// Whether a column names who did something to the row, as `created_by` and `last_editor_id` do, not whom the row is about.
pub(super) fn is_actor(column: &str) -> bool {
    const DEEDS: &str = "created updated modified changed edited deleted removed approved rejected reviewed verified \
        checked assigned entered inserted added imported uploaded processed handled closed opened \
        cancelled canceled locked unlocked published archived recorded registered signed issued granted \
        revoked authorized authorised confirmed resolved completed blocked banned erstellt geändert \
        geaendert angelegt freigegeben";
    const DOERS: &str = "creator editor modifier updater approver reviewer assignee handler moderator operator processor \
        bearbeiter ersteller sachbearbeiter";
    let words = split(column);
    let end =
        words.iter().rposition(|word| !matches!(word.as_str(), "id" | "user" | "uid" | "uuid" | "employee" | "staff"));
    let words = end.map_or(&[][..], |end| &words[..=end]);
    match words {
        [.., deed, by] if matches!(by.as_str(), "by" | "von") => DEEDS.split(' ').any(|word| word == deed),
        [.., doer] => DOERS.split(' ').any(|word| word == doer),
        [] => false,
    }
}

/// `customers` → `customer`, `addresses` → `address`, `companies` → `company`: good enough to compare names.
pub(super) fn singular(word: &str) -> Cow<'_, str> {
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 2) {
        return format!("{stem}y").into();
    }
    let hisses = |stem: &&str| ["ss", "x", "ch", "sh"].iter().any(|end| stem.ends_with(end));
    match (word.strip_suffix("es").filter(hisses), word.strip_suffix('s')) {
        (Some(stem), _) => stem.into(),
        (_, Some(stem)) if stem.len() > 2 && !stem.ends_with('s') => stem.into(),
        _ => word.into(),
    }
}

/// Whether the column is made for what people write freely.
pub(super) fn is_prose(column: &str) -> bool {
    const PROSE: &[&str] = &[
        "note",
        "notes",
        "comment",
        "comments",
        "description",
        "message",
        "body",
        "text",
        "remark",
        "remarks",
        "bemerkung",
        "notiz",
        "kommentar",
        "content",
        "feedback",
        "reason",
        "details",
        "memo",
        "subject",
        "bio",
        "about",
        "summary",
    ];
    split(column).last().is_some_and(|word| PROSE.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::taxonomy;

    #[test]
    fn a_name_falls_into_its_words() {
        let check = |name: &str, expect: &[&str]| assert_eq!(split(name), expect, "{name}");
        check("firstName", &["first", "name"]);
        check("FIRST_NAME", &["first", "name"]);
        check("CustomerId", &["customer", "id"]);
        check("IPAddress", &["ip", "address"]);
        check("address2Line", &["address2", "line"]);
        check("é-mail", &["é", "mail"]);
        check("__", &[]);
    }

    #[test]
    fn names_speak_for_categories() {
        let check =
            |name: &str, people: bool, expect: Option<&str>| assert_eq!(category(name, people), expect, "{name}");
        check("Email", false, Some("user.contact.email"));
        check("email_address", false, Some("user.contact.email"));
        check("ip_address", false, Some("user.device.ip_address"));
        check("BillingPostalCode", false, Some("user.contact.address.postal_code"));
        check("BillingCountry", false, Some("user.contact.address.country"));
        check("Country", false, None);
        check("name", false, None);
        check("name", true, Some("user.name"));
        check("FirstName", false, Some("user.name.first"));
        check("address_id", false, None);
        check("device_id", false, Some("user.device.device_id"));
        check("tax_id", false, Some("user.government_id.national_identification_number"));
        check("is_email_public", false, None);
        check("email_verified", false, None);
        check("password_hash", false, Some("user.authorization.password"));
        check("Geburtsdatum", false, Some("user.demographic.date_of_birth"));
        check("UnitPrice", true, None);
        check("track_name", false, None);
        check("created_at", true, None);
    }

    #[test]
    fn who_did_something_is_not_whom_it_is_about() {
        let check = |name: &str, expect: bool| assert_eq!(is_actor(name), expect, "{name}");
        check("created_by", true);
        check("CreatedById", true);
        check("last_modified_by_user_id", true);
        check("approver_id", true);
        check("last_editor", true);
        check("geändert_von", true);
        check("user_id", false);
        check("owner_id", false);
        check("paid_by", false);
        check("author_id", false);
        check("id", false);
        check("standby", false);
    }

    #[test]
    fn every_category_of_the_table_exists() {
        for phrase in phrases() {
            assert!(taxonomy::categories().any(|(key, _)| key == phrase.category), "{}", phrase.category);
        }
    }

    #[test]
    fn tables_about_people_are_known_by_name() {
        let check = |name, expect| assert_eq!(is_people(name), expect, "{name}");
        check("Customer", true);
        check("shop.app_users", true);
        check("invoice", false);
        check("customer_order", false);
        check("people", true);
        check("status", false);
        check("users_jsonl", true);
        check("user_part2", true);
        check("exports/people_csv", true);
        check("parts", false);
    }
}
