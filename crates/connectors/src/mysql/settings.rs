//! What a MariaDB or MySQL server says of its settings, accounts and replication.

use model::Fault;
use sqlx::Row as _;
use sqlx::mysql::MySqlRow;

use super::session::{Session, text};
use crate::Access;
use crate::server::{Question, Rows, Server};
use crate::sql::Statement;

const VARIABLES: &str = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('require_secure_transport', 'have_ssl', \
    'tls_version', 'bind_address', 'server_audit_logging', 'general_log', 'innodb_encrypt_tables', 'innodb_encrypt_log', \
    'encrypt_binlog', 'default_table_encryption', 'log_bin', 'read_only')";

const STATUS: &str = "SHOW SESSION STATUS WHERE Variable_name IN ('Ssl_cipher', 'Ssl_version', 'Current_tls_cert')";

const AUDIT: &str = "SELECT PLUGIN_NAME, PLUGIN_STATUS FROM information_schema.PLUGINS \
    WHERE PLUGIN_NAME IN ('SERVER_AUDIT', 'audit_log')";

/// User, host, ways to log in (`plugin:secret`, where secret is `none`, `set` or `invalid`), locked, expired, superuser.
/// Which kind of hash, never the hash. Privileges are bits: 1 << 15 is SUPER.
const MARIA: Question = Question {
    name: "accounts",
    sql: "SELECT User, Host, CONCAT_WS(' ', CONCAT(COALESCE(NULLIF(JSON_VALUE(Priv, '$.plugin'), ''), 'mysql_native_password'), ':',
            CASE COALESCE(JSON_VALUE(Priv, '$.authentication_string'), '') WHEN '' THEN 'none' WHEN 'invalid' THEN 'invalid'
            ELSE 'set' END),
            REPLACE(REPLACE(REPLACE(JSON_EXTRACT(Priv, '$.auth_or[*].plugin'), '[', ''), ']', ''), ',', '')),
        IF(JSON_VALUE(Priv, '$.account_locked') = 1, 'true', 'false'),
        IF(JSON_VALUE(Priv, '$.password_last_changed') = 0, 'true', 'false'),
        IF(COALESCE(JSON_VALUE(Priv, '$.access'), 0) & 32768, 'true', 'false')
        FROM mysql.global_priv WHERE COALESCE(JSON_VALUE(Priv, '$.is_role'), 0) = 0 AND NOT (User = 'PUBLIC' AND Host = '')
        ORDER BY 1, 2 LIMIT 10001",
    width: 6,
    grant: "GRANT SELECT ON mysql.global_priv TO {user}",
};

const MYSQL: Question = Question {
    name: "accounts",
    sql: "SELECT User, Host, CONCAT(plugin, ':', IF(authentication_string = '', 'none', 'set')),
        IF(account_locked = 'Y', 'true', 'false'), IF(password_expired = 'Y', 'true', 'false'),
        IF(Super_priv = 'Y', 'true', 'false') FROM mysql.user ORDER BY 1, 2 LIMIT 10001",
    width: 6,
    grant: "GRANT SELECT ON mysql.user TO {user}",
};

pub(crate) fn settings(url: &str, access: &Access) -> Result<Server, Fault> {
    let mut session = Session::open(url, access)?;
    let is_maria = session.is_maria();
    let user = session.one("SELECT CURRENT_USER()")?.unwrap_or_default();
    let user = user.rsplit_once('@').map_or(String::new(), |(name, host)| format!("'{name}'@'{host}'"));
    let accounts = if is_maria { &MARIA } else { &MYSQL };
    let mut server = Server::default();
    server.put("server", "", Ok(vec![vec![Some(session.version().to_owned())]]))?;
    for (name, sql, grant) in [
        ("variables", VARIABLES, ""),
        ("status", STATUS, ""),
        ("plugins", AUDIT, ""),
        (accounts.name, accounts.sql, accounts.grant),
    ] {
        let rows = session.texts(sql, &[]);
        server.put(name, &grant.replace("{user}", &user), rows)?;
    }
    let monitor = if is_maria { "REPLICA MONITOR" } else { "REPLICATION CLIENT" };
    server.put("replica", &format!("GRANT {monitor} ON *.* TO {user}"), replica(&mut session))?;
    Ok(server)
}

/// Where the server follows another: how many seconds it is behind, and whether both its threads run.
fn replica(session: &mut Session) -> Result<Rows, Fault> {
    let mut rows = Vec::new();
    session.each(&Statement::plain("SHOW REPLICA STATUS"), |row| {
        rows.push(vec![
            seconds(row).map(|seconds| seconds.to_string()),
            word(row, &["Replica_IO_Running", "Slave_IO_Running"]),
            word(row, &["Replica_SQL_Running", "Slave_SQL_Running"]),
        ]);
        Ok(())
    })?;
    Ok(rows)
}

fn seconds(row: &MySqlRow) -> Option<i64> {
    let read = |name: &&str| row.try_get_unchecked::<Option<i64>, _>(*name).ok().flatten();
    ["Seconds_Behind_Source", "Seconds_Behind_Master"].iter().find_map(read)
}

fn word(row: &MySqlRow, names: &[&str]) -> Option<String> {
    let columns = row.columns();
    let at = columns.iter().position(|column| names.contains(&sqlx::Column::name(column)))?;
    text(row, at)
}
