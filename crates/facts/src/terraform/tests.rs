//! What is told of plans and configuration.

use super::*;

fn told(name: &str, text: &str) -> Read {
    let file = File { name, text };
    assert!(recognise(file), "{text}");
    read(&[file])
}

/// One demand of the first store.
fn one(text: &str, demand: &str) -> Value {
    let read = told("main.tf", text);
    assert_eq!(read.gaps, []);
    read.value["stores"][0][demand].clone()
}

#[test]
fn what_is_written_out_is_known() {
    let database = |rest: &str| format!("resource \"aws_db_instance\" \"orders\" {{\n  {rest}\n}}\n");
    assert_eq!(one(&database(""), "encrypted_at_rest"), json!(false), "the provider's default");
    assert_eq!(one(&database("storage_encrypted = true"), "encrypted_at_rest"), json!(true));
    assert_eq!(one(&database("storage_encrypted = var.x"), "encrypted_at_rest"), json!(null));
    assert_eq!(one(&database("publicly_accessible = true"), "private"), json!(false));
    assert_eq!(one(&database("backup_retention_period = 14"), "backup_days"), json!(14));
    assert_eq!(one(&database("backup_retention_period = local.days"), "backup_days"), json!(null));
    let sql = |rest: &str| format!("resource \"google_sql_database_instance\" \"a\" {{\n  {rest}\n}}\n");
    assert_eq!(one(&sql("settings {\n availability_type = \"REGIONAL\"\n }"), "several_zones"), json!(true));
    assert_eq!(one(&sql("dynamic \"settings\" {\n for_each = []\n }"), "several_zones"), json!(null));
    let table = "resource \"aws_dynamodb_table\" \"a\" {\n  point_in_time_recovery {\n    enabled = true\n  }\n}\n";
    assert_eq!(one(table, "backup_days"), json!(35));
}

#[test]
fn buckets_are_closed_by_what_belongs_to_them() {
    let bucket = "resource \"aws_s3_bucket\" \"data\" {\n  bucket = \"data\"\n}\n";
    let block = |to: &str, last: &str| {
        format!(
            "{bucket}resource \"aws_s3_bucket_public_access_block\" \"x\" {{\n  bucket = {to}\n  block_public_acls = true\n  \
                 block_public_policy = true\n  ignore_public_acls = true\n  restrict_public_buckets = {last}\n}}\n"
        )
    };
    let check = |text: &str, expect: Value| assert_eq!(one(text, "private"), expect, "{text}");
    check(bucket, json!(false));
    check(&block("aws_s3_bucket.data.id", "true"), json!(true));
    check(&block("\"data\"", "true"), json!(true));
    check(&block("aws_s3_bucket.data.id", "false"), json!(false));
    check(&block("aws_s3_bucket.data.id", "var.x"), json!(null));
    check(&block("aws_s3_bucket.database.id", "true"), json!(false));
    let policy = |written: &str, rest: &str| {
        format!(
            "{bucket}resource \"aws_s3_bucket_policy\" \"x\" {{\n  bucket = aws_s3_bucket.data.id\n  policy = {written}\n}}\n{rest}"
        )
    };
    let check = |text: &str, expect: Value| assert_eq!(one(text, "encrypted_in_transit"), expect, "{text}");
    check(bucket, json!(false));
    check(&policy("jsonencode({ Condition = { Bool = { \"aws:SecureTransport\" = \"false\" } } })", ""), json!(true));
    check(&policy("jsonencode({ Statement = [] })", ""), json!(false));
    check(&policy("var.policy", ""), json!(null));
    let document = "data \"aws_iam_policy_document\" \"d\" {\n  statement {\n    condition {\n      variable = \"aws:SecureTransport\"\n    }\n  }\n}\n";
    check(&policy("data.aws_iam_policy_document.d.json", document), json!(true));
}

#[test]
fn a_plan_knows_what_configuration_does_not() {
    let plan = json!({
        "format_version": "1.2", "terraform_version": "1.13.0",
        "planned_values": {"root_module": {
            "resources": [
                {"address": "aws_s3_bucket.data", "mode": "managed", "type": "aws_s3_bucket", "name": "data", "values": {"bucket_prefix": "data"}},
                {"address": "aws_s3_bucket_public_access_block.x", "mode": "managed", "type": "aws_s3_bucket_public_access_block", "name": "x",
                 "values": {"block_public_acls": true, "block_public_policy": true, "ignore_public_acls": true, "restrict_public_buckets": true}}],
            "child_modules": [{"address": "module.db", "resources": [
                {"address": "module.db.aws_db_instance.this[0]", "mode": "managed", "type": "aws_db_instance", "name": "this",
                 "values": {"storage_encrypted": true, "multi_az": null, "backup_retention_period": 7}}]}]}},
        "resource_changes": [
            {"address": "aws_s3_bucket_public_access_block.x", "change": {"after_unknown": {"bucket": true}}},
            {"address": "module.db.aws_db_instance.this[0]", "change": {"after_unknown": {"publicly_accessible": true}}}],
        "configuration": {"root_module": {"resources": [
            {"address": "aws_s3_bucket_public_access_block.x", "expressions": {"bucket": {"references": ["aws_s3_bucket.data.id", "aws_s3_bucket.data"]}}}]}},
    });
    let read = told("plan.json", &plan.to_string());
    assert_eq!(read.gaps, []);
    let stores = &read.value["stores"];
    assert_eq!((&stores[0]["address"], &stores[0]["private"]), (&json!("aws_s3_bucket.data"), &json!(true)));
    let database = &stores[1];
    assert_eq!((&database["encrypted_at_rest"], &database["private"]), (&json!(true), &json!(null)));
    assert_eq!((&database["several_zones"], &database["backup_days"]), (&json!(false), &json!(7)));
}

#[test]
fn doors_to_everywhere_are_told() {
    let read = told(
        "net.tf",
        "resource \"aws_security_group\" \"a\" {\n  ingress {\n    from_port = 5432\n    to_port = 5432\n    protocol = \"tcp\"\n    \
                               cidr_blocks = [\"0.0.0.0/0\"]\n  }\n  ingress {\n    from_port = 22\n    cidr_blocks = [\"10.0.0.0/8\"]\n  }\n}\n\
                               resource \"aws_vpc_security_group_ingress_rule\" \"b\" {\n  cidr_ipv6 = \"::/0\"\n  ip_protocol = \"-1\"\n}\n",
    );
    let openings = read.value["openings"].as_array().unwrap();
    let found: Vec<(i64, i64)> =
        openings.iter().map(|one| (one["from_port"].as_i64().unwrap(), one["to_port"].as_i64().unwrap())).collect();
    assert_eq!(found, [(5432, 5432), (0, 65_535)]);
}

/// Whoever writes it another way, or for another cloud, lets in as many.
#[test]
fn openings_are_seen_however_they_are_written() {
    let check = |text: &str, expect: serde_json::Value| {
        let openings = told("main.tf", text).value["openings"].clone();
        let one = |one: &serde_json::Value| json!([one["from_port"], one["to_port"]]);
        let found: serde_json::Value = openings.as_array().unwrap().iter().map(one).collect();
        assert_eq!(found, expect, "{text}");
    };
    let aws = |ranges: &str| {
        format!(
            "resource \"aws_security_group_rule\" \"a\" {{\n  type = \"ingress\"\n  from_port = 22\n  to_port = 22\n  \
             cidr_blocks = {ranges}\n}}\n"
        )
    };
    check(&aws("[\"0.0.0.0/1\", \"128.0.0.0/1\"]"), json!([[22, 22]]));
    check(&aws("[\"10.0.0.0/8\"]"), json!([]));
    check(&aws("var.offices"), json!([[null, null]]));
    check(&aws("[\"0.0.0.0/0\", var.offices]"), json!([[22, 22]]));
    check(
        "resource \"aws_security_group\" \"a\" {\n  dynamic \"ingress\" {\n    for_each = var.ports\n    content {\n      \
         from_port = 22\n      to_port = ingress.value\n      cidr_blocks = [\"0.0.0.0/0\"]\n    }\n  }\n}\n",
        json!([[22, null]]),
    );
    let google = |inner: &str| format!("resource \"google_compute_firewall\" \"a\" {{\n{inner}\n}}\n");
    let allow = "  allow {\n    protocol = \"tcp\"\n    ports = [\"443\", \"8000-9000\"]\n  }\n";
    check(&google(&format!("{allow}  source_ranges = [\"0.0.0.0/0\"]")), json!([[443, 443], [8000, 9000]]));
    check(&google(&format!("{allow}  source_ranges = [\"10.0.0.0/8\"]")), json!([]));
    check(&google(&format!("{allow}  source_tags = [\"web\"]")), json!([]));
    check(&google("  allow {\n    protocol = \"all\"\n  }"), json!([[0, 65_535]]));
    check(&google(&format!("{allow}  direction = \"EGRESS\"")), json!([]));
    let azure = |access: &str, from: &str, ports: &str| {
        format!(
            "resource \"azurerm_network_security_rule\" \"a\" {{\n  direction = \"Inbound\"\n  access = \"{access}\"\n  \
             source_address_prefix = \"{from}\"\n  {ports}\n}}\n"
        )
    };
    let one = "destination_port_range = \"3389\"";
    check(&azure("Allow", "Internet", one), json!([[3389, 3389]]));
    check(&azure("Allow", "*", "destination_port_ranges = [\"22\", \"*\"]"), json!([[22, 22], [0, 65_535]]));
    check(&azure("Deny", "*", one), json!([]));
    check(&azure("Allow", "VirtualNetwork", one), json!([]));
}

#[test]
fn what_is_not_seen_is_a_gap() {
    let gaps = told(
        "main.tf",
        "module \"db\" {\n  source = \"terraform-aws-modules/rds/aws\"\n}\nmodule \"own\" {\n  source = \"./own\"\n}\n",
    )
    .gaps;
    assert!(gaps.len() == 1 && gaps[0].place == "main.tf:1:1" && gaps[0].why.contains("elsewhere"), "{gaps:?}");
    let broken = told("main.tf", "resource \"a\" \"b\" {\n").gaps;
    assert_eq!(broken[0].place, "main.tf:2:1");
}
