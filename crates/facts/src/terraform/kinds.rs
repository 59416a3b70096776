//! Kinds of resources that keep or carry data: which attribute says what, and what holds when nobody writes it.
//!
//! Source: the documentation of the providers hashicorp/aws 6, hashicorp/google 7 and hashicorp/azurerm 4.

use super::body::{Body, Found, Value};

/// How one demand is told for one kind of resource.
pub(super) enum Told {
    /// The demand is not about such a resource, or this attribute cannot tell.
    Not,
    /// The provider has no other way.
    Always,
    /// A flag, what it is when it is not written (`None`: that depends), and what it must be.
    Flag(&'static [&'static str], Option<bool>, bool),
    /// A word, and those that are good; not written is not good.
    Word(&'static [&'static str], &'static [&'static str]),
}

/// How many days backups are kept.
pub(super) enum Days {
    Not,
    Number(&'static [&'static str], i64),
    /// A flag that keeps them for so many days.
    Switch(&'static [&'static str], i64),
}

/// A kind of resource.
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// database, cache, broker, volume, bucket or listener.
    pub(super) what: &'static str,
    pub(super) at_rest: Told,
    pub(super) in_transit: Told,
    pub(super) private: Told,
    pub(super) backups: Days,
    pub(super) zones: Told,
}

use Days::{Number, Switch};
use Told::{Always, Flag, Not, Word};

/// A kind that says nothing yet.
const fn kind(name: &'static str, what: &'static str) -> Kind {
    Kind { name, what, at_rest: Not, in_transit: Not, private: Not, backups: Days::Not, zones: Not }
}

pub(super) const KINDS: &[Kind] = &[
    Kind {
        at_rest: Flag(&["storage_encrypted"], Some(false), true),
        private: Flag(&["publicly_accessible"], Some(false), false),
        backups: Number(&["backup_retention_period"], 0),
        zones: Flag(&["multi_az"], Some(false), true),
        ..kind("aws_db_instance", "database")
    },
    Kind {
        at_rest: Flag(&["storage_encrypted"], Some(false), true),
        backups: Number(&["backup_retention_period"], 1),
        ..kind("aws_rds_cluster", "database")
    },
    Kind {
        private: Flag(&["publicly_accessible"], Some(false), false),
        ..kind("aws_rds_cluster_instance", "database")
    },
    Kind {
        at_rest: Flag(&["storage_encrypted"], Some(false), true),
        backups: Number(&["backup_retention_period"], 1),
        ..kind("aws_docdb_cluster", "database")
    },
    Kind {
        at_rest: Flag(&["storage_encrypted"], Some(false), true),
        backups: Number(&["backup_retention_period"], 1),
        ..kind("aws_neptune_cluster", "database")
    },
    Kind {
        // Both defaults were turned round by a version of the provider.
        at_rest: Flag(&["encrypted"], None, true),
        private: Flag(&["publicly_accessible"], None, false),
        backups: Number(&["automated_snapshot_retention_period"], 1),
        ..kind("aws_redshift_cluster", "database")
    },
    Kind {
        at_rest: Always,
        in_transit: Always,
        backups: Switch(&["point_in_time_recovery", "enabled"], 35),
        zones: Always,
        ..kind("aws_dynamodb_table", "database")
    },
    Kind {
        at_rest: Flag(&["encrypt_at_rest", "enabled"], Some(false), true),
        in_transit: Flag(&["domain_endpoint_options", "enforce_https"], Some(false), true),
        zones: Flag(&["cluster_config", "zone_awareness_enabled"], Some(false), true),
        ..kind("aws_opensearch_domain", "database")
    },
    Kind {
        at_rest: Flag(&["at_rest_encryption_enabled"], Some(false), true),
        in_transit: Flag(&["transit_encryption_enabled"], Some(false), true),
        zones: Flag(&["multi_az_enabled"], Some(false), true),
        ..kind("aws_elasticache_replication_group", "cache")
    },
    Kind {
        at_rest: Always,
        private: Flag(&["publicly_accessible"], Some(false), false),
        zones: Word(&["deployment_mode"], &["ACTIVE_STANDBY_MULTI_AZ", "CLUSTER_MULTI_AZ"]),
        ..kind("aws_mq_broker", "broker")
    },
    Kind { at_rest: Flag(&["encrypted"], Some(false), true), ..kind("aws_ebs_volume", "volume") },
    Kind { at_rest: Flag(&["encrypted"], Some(false), true), ..kind("aws_efs_file_system", "volume") },
    // New objects are encrypted by Amazon since January 2023, whatever is written.
    Kind { at_rest: Always, ..kind("aws_s3_bucket", "bucket") },
    Kind { in_transit: Word(&["protocol"], &["HTTPS", "TLS"]), ..kind("aws_lb_listener", "listener") },
    Kind {
        at_rest: Always,
        in_transit: Word(
            &["settings", "ip_configuration", "ssl_mode"],
            &["ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"],
        ),
        private: Flag(&["settings", "ip_configuration", "ipv4_enabled"], Some(true), false),
        backups: Switch(&["settings", "backup_configuration", "enabled"], 7),
        zones: Word(&["settings", "availability_type"], &["REGIONAL"]),
        ..kind("google_sql_database_instance", "database")
    },
    Kind {
        at_rest: Always,
        in_transit: Word(&["transit_encryption_mode"], &["SERVER_AUTHENTICATION"]),
        zones: Word(&["tier"], &["STANDARD_HA"]),
        ..kind("google_redis_instance", "cache")
    },
    Kind {
        at_rest: Always,
        private: Word(&["public_access_prevention"], &["enforced"]),
        ..kind("google_storage_bucket", "bucket")
    },
    Kind {
        at_rest: Always,
        private: Flag(&["public_network_access_enabled"], Some(true), false),
        backups: Number(&["backup_retention_days"], 7),
        zones: Word(&["high_availability", "mode"], &["ZoneRedundant"]),
        ..kind("azurerm_postgresql_flexible_server", "database")
    },
    Kind {
        at_rest: Always,
        backups: Number(&["backup_retention_days"], 7),
        zones: Word(&["high_availability", "mode"], &["ZoneRedundant"]),
        ..kind("azurerm_mysql_flexible_server", "database")
    },
    Kind {
        at_rest: Always,
        in_transit: Flag(&["https_traffic_only_enabled"], Some(true), true),
        private: Flag(&["allow_nested_items_to_be_public"], Some(true), false),
        ..kind("azurerm_storage_account", "bucket")
    },
    Kind {
        in_transit: Flag(&["non_ssl_port_enabled"], Some(false), false),
        private: Flag(&["public_network_access_enabled"], Some(true), false),
        ..kind("azurerm_redis_cache", "cache")
    },
];

impl Told {
    /// Whether the demand is about such a resource.
    pub(super) fn applies(&self) -> bool {
        !matches!(self, Told::Not)
    }

    /// Whether it is kept; `None` when only a plan tells.
    pub(super) fn kept(&self, body: &Body) -> Option<bool> {
        match self {
            Told::Not => None,
            Told::Always => Some(true),
            Told::Flag(path, default, wanted) => match body.find(path) {
                Found::Absent => default.map(|default| default == *wanted),
                found => flag(found).map(|flag| flag == *wanted),
            },
            Told::Word(path, good) => Some(body.text(path).ok()?.is_some_and(|word| good.contains(&word))),
        }
    }
}

impl Days {
    pub(super) fn applies(&self) -> bool {
        !matches!(self, Days::Not)
    }

    /// For how many days; `None` when only a plan tells.
    pub(super) fn kept(&self, body: &Body) -> Option<i64> {
        match self {
            Days::Not => None,
            Days::Number(path, default) => body.text(path).ok()?.map_or(Some(*default), |text| text.parse().ok()),
            Days::Switch(path, days) => match body.find(path) {
                Found::Absent => Some(0),
                found => flag(found).map(|on| if on { *days } else { 0 }),
            },
        }
    }
}

fn flag(found: Found<'_>) -> Option<bool> {
    match found {
        Found::Is(Value::Known(text)) => text.parse().ok(),
        _ => None,
    }
}
