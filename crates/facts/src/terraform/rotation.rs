//! Keys and secrets that a cloud keeps, and whether it changes them by itself.
//!
//! Source: the documentation of the providers hashicorp/aws 6, hashicorp/google 7 and hashicorp/azurerm 4.

use serde_json::{Value as Json, json};

use super::body::{Body, Found, Resource, Value};
use super::refer::belongs;

/// Every key and secret for which the provider knows rotation.
pub(super) fn all(resources: &[Resource]) -> Vec<Json> {
    resources.iter().filter_map(|one| kept(one, resources)).collect()
}

fn kept(one: &Resource, all: &[Resource]) -> Option<Json> {
    let (kind, rotates) = match one.kind.as_str() {
        // Keys that sign and those of two halves are not changed by Amazon or Google.
        "aws_kms_key" if is_usual(&one.body, &["key_usage"], "ENCRYPT_DECRYPT") && is_usual_spec(&one.body) => {
            ("key", flag(&one.body, &["enable_key_rotation"]))
        }
        "google_kms_crypto_key" if is_usual(&one.body, &["purpose"], "ENCRYPT_DECRYPT") => {
            ("key", there(&one.body, &["rotation_period"]))
        }
        "azurerm_key_vault_key" => ("key", there(&one.body, &["rotation_policy", "automatic"])),
        "aws_secretsmanager_secret" => {
            let mut rotations = all.iter().filter(|other| other.kind == "aws_secretsmanager_secret_rotation");
            ("secret", Some(rotations.any(|rotation| belongs(rotation, "secret_id", one))))
        }
        "google_secret_manager_secret" => ("secret", there(&one.body, &["rotation", "rotation_period"])),
        _ => return None,
    };
    Some(json!({"address": one.address, "kind": kind, "rotates": rotates, "place": one.place}))
}

/// Whether a word is the one that holds where none is written; one that only a plan tells counts as it.
fn is_usual(body: &Body, path: &[&str], usual: &str) -> bool {
    body.text(path).ok().flatten().is_none_or(|word| word == usual)
}

fn is_usual_spec(body: &Body) -> bool {
    ["customer_master_key_spec", "key_spec"].iter().all(|name| is_usual(body, &[name], "SYMMETRIC_DEFAULT"))
}

fn flag(body: &Body, path: &[&str]) -> Option<bool> {
    match body.find(path) {
        Found::Absent => Some(false),
        Found::Is(Value::Known(text)) => text.parse().ok(),
        Found::Open | Found::Is(_) => None,
    }
}

/// Whether an attribute or a block is there; one that an expression decides is not known.
fn there(body: &Body, path: &[&str]) -> Option<bool> {
    let (last, before) = path.split_last()?;
    let inside = before.iter().try_fold(body, |body, name| body.block(name));
    match (inside.map(|body| body.block(last).is_some()), body.find(path)) {
        (Some(true), _) | (_, Found::Is(_)) => Some(true),
        (_, Found::Open) => None,
        (_, Found::Absent) => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::{File, Kind};

    #[test]
    fn rotation_is_told_of_keys_and_secrets() {
        let check = |text: &str, expect: Value| {
            let read = crate::read(Kind::Terraform, &[File { name: "main.tf", text }]);
            assert!(read.gaps.is_empty(), "{:?}", read.gaps);
            let told: Vec<&Value> = read.value["keys"].as_array().unwrap().iter().map(|one| &one["rotates"]).collect();
            assert_eq!(json!(told), expect, "{text}");
        };
        let kms = |rest: &str| format!("resource \"aws_kms_key\" \"a\" {{\n  {rest}\n}}\n");
        check(&kms(""), json!([false]));
        check(&kms("enable_key_rotation = true"), json!([true]));
        check(&kms("enable_key_rotation = var.x"), json!([null]));
        check(&kms("customer_master_key_spec = \"RSA_4096\"\n  key_usage = \"SIGN_VERIFY\""), json!([]));
        let secret = "resource \"aws_secretsmanager_secret\" \"db\" {\n  name = \"db\"\n}\n";
        let rotation = |of: &str| {
            format!(
                "{secret}resource \"aws_secretsmanager_secret_rotation\" \"x\" {{\n  secret_id = aws_secretsmanager_secret.{of}.id\n}}\n"
            )
        };
        check(secret, json!([false]));
        check(&rotation("db"), json!([true]));
        check(&rotation("dbs"), json!([false]));
        let crypto = |rest: &str| format!("resource \"google_kms_crypto_key\" \"a\" {{\n  {rest}\n}}\n");
        check(&crypto("rotation_period = \"7776000s\""), json!([true]));
        check(&crypto("purpose = \"ASYMMETRIC_SIGN\""), json!([]));
        let vault = |rest: &str| format!("resource \"azurerm_key_vault_key\" \"a\" {{\n  {rest}\n}}\n");
        check(&vault("rotation_policy {\n automatic {\n time_before_expiry = \"P30D\"\n }\n }"), json!([true]));
        check(&vault("rotation_policy {\n expire_after = \"P90D\"\n }"), json!([false]));
    }
}
