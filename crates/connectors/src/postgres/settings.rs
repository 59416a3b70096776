//! What a PostgreSQL server says of its settings, roles, rules of login and replicas.

use model::Fault;

use super::address;
use super::session::Session;
use crate::Access;
use crate::server::{Question, Server};

/// Views of statistics and settings that a plain user sees in part only.
const MONITOR: &str = "GRANT pg_monitor TO {user}";

/// Those of the settings asked for that every server has.
const SETTINGS: [&str; 10] = [
    "ssl",
    "ssl_min_protocol_version",
    "password_encryption",
    "log_connections",
    "log_disconnections",
    "log_statement",
    "shared_preload_libraries",
    "archive_mode",
    "listen_addresses",
    "data_checksums",
];

/// Every column is a text.
const QUESTIONS: &[Question] = &[
    Question {
        name: "server",
        sql: "SELECT current_setting('server_version'), current_setting('server_version_num'), pg_is_in_recovery()::text",
        width: 3,
        grant: MONITOR,
    },
    Question {
        name: "connection",
        sql: "SELECT ssl::text, version, cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
        width: 3,
        grant: MONITOR,
    },
    Question {
        name: "settings",
        sql: "SELECT name, setting FROM pg_settings WHERE name IN ('ssl', 'ssl_min_protocol_version',
            'password_encryption', 'log_connections', 'log_disconnections', 'log_statement', 'shared_preload_libraries',
            'pgaudit.log', 'archive_mode', 'listen_addresses', 'data_checksums')",
        width: 2,
        grant: MONITOR,
    },
    Question {
        name: "roles",
        sql: "SELECT rolname::text, rolsuper::text, rolcanlogin::text, rolreplication::text, rolbypassrls::text,
            CASE WHEN isfinite(rolvaliduntil)
            THEN to_char(rolvaliduntil AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') END
            FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1 LIMIT 10001",
        width: 6,
        grant: "GRANT SELECT ON pg_catalog.pg_roles TO {user}",
    },
    Question {
        // Which kind of hash, never the hash.
        name: "passwords",
        sql: "SELECT rolname::text, CASE WHEN rolpassword IS NULL THEN 'none'
            WHEN rolpassword LIKE 'SCRAM-SHA-256$%' THEN 'scram-sha-256' WHEN rolpassword LIKE 'md5%' THEN 'md5'
            ELSE 'other' END FROM pg_authid WHERE rolcanlogin ORDER BY 1 LIMIT 10001",
        width: 2,
        grant: "GRANT SELECT ON pg_catalog.pg_authid TO {user}",
    },
    Question {
        name: "hba",
        sql: "SELECT line_number::text, type, array_to_string(database, ','), array_to_string(user_name, ','), address,
            netmask, auth_method, error FROM pg_hba_file_rules ORDER BY pg_hba_file_rules.line_number LIMIT 10001",
        width: 8,
        grant: "GRANT SELECT ON pg_catalog.pg_hba_file_rules TO {user}; \
            GRANT EXECUTE ON FUNCTION pg_catalog.pg_hba_file_rules() TO {user}",
    },
    Question {
        // Who has everything is not behind, whatever was measured last; who has not and was never measured is unknown. A slot
        // that nobody reads is a replica that is gone; a copy that is being taken (state `backup`) is none.
        name: "replicas",
        sql: "SELECT application_name, state, sync_state,
            CASE WHEN coalesce(replay_lsn, flush_lsn) >= CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn()
                ELSE pg_current_wal_flush_lsn() END THEN '0'
            WHEN replay_lsn IS NULL THEN extract(epoch FROM flush_lag)::text ELSE extract(epoch FROM replay_lag)::text END
            FROM pg_stat_replication WHERE state IS DISTINCT FROM 'backup'
            UNION ALL SELECT 'slot ' || slot_name, 'gone', NULL, NULL FROM pg_replication_slots WHERE NOT active AND NOT temporary
            LIMIT 10001",
        width: 4,
        grant: MONITOR,
    },
    Question {
        // A standby that has replayed all it got is not behind, as long as it gets something.
        name: "standby",
        sql: "SELECT CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()
            AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN '0'
            ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::text END
            WHERE pg_is_in_recovery()",
        width: 1,
        grant: MONITOR,
    },
    Question {
        name: "public",
        sql:
            "SELECT n.nspname || '.' || c.relname, string_agg(DISTINCT a.privilege_type, ', ' ORDER BY a.privilege_type)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, LATERAL aclexplode(c.relacl) a
            WHERE a.grantee = 0 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_'
            AND n.nspname <> 'information_schema' GROUP BY 1 ORDER BY 1 LIMIT 10001",
        width: 2,
        grant: "GRANT SELECT ON pg_catalog.pg_class TO {user}",
    },
];

pub(crate) fn settings(url: &str, access: &Access) -> Result<Server, Fault> {
    let mut session = Session::new(address::read(url, access)?, access)?;
    session.connect()?;
    let user = session.rows("SELECT quote_ident(current_user)", 1)?;
    let user = user.into_iter().flatten().flatten().next().unwrap_or_default();
    let mut server = Server::default();
    for question in QUESTIONS {
        let rows = session.rows(question.sql, question.width);
        server.put(question.name, &question.grant.replace("{user}", &user), rows)?;
    }
    hidden(&mut server, &user);
    Ok(server)
}

/// What a view leaves out or shows as nothing, instead of refusing it.
fn hidden(server: &mut Server, user: &str) {
    let is_hidden = |rows: &Vec<Vec<Option<String>>>| rows.iter().any(|row| row[1].is_none());
    if server.answers.get("replicas").is_some_and(is_hidden) {
        server.answers.remove("replicas");
        let why = "pg_stat_replication shows this user no states".to_owned();
        server.refuse("replicas", why, &MONITOR.replace("{user}", user));
    }
    let Some(rows) = server.answers.get("settings") else { return };
    let is_shown = |name: &&str| rows.iter().any(|row| row[0].as_deref() == Some(*name));
    let missing: Vec<&str> = SETTINGS.iter().copied().filter(|name| !is_shown(name)).collect();
    if !missing.is_empty() {
        let why = format!("pg_settings shows this user no {}", missing.join(", "));
        server.refuse("hidden", why, &MONITOR.replace("{user}", user));
    }
}
