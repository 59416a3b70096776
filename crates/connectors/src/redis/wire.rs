//! The connection: commands as bytes, answers as values, errors as faults.

use model::Fault;
use redis::{
    Client, Cmd, Connection, ConnectionAddr, ConnectionInfo, ErrorKind, FromRedisValue, IntoConnectionInfo, Pipeline,
    RedisConnectionInfo, RedisError, TlsCertificates,
};

use crate::Access;
use crate::web_address::Address;

/// A connection to one server, and which database it stands in.
pub(super) struct Wire {
    connection: Connection,
    host: String,
}

impl Wire {
    /// Connects and logs in.
    pub(super) fn open(address: &Address, db: i64, access: &Access) -> Result<Self, Fault> {
        let is_encrypted = address.scheme == "rediss" || access.tls.wanted(&address.host);
        let host = address.host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = address.port.unwrap_or(6379);
        let addr = match is_encrypted {
            true => ConnectionAddr::TcpTls { host: host.clone(), port, insecure: false, tls_params: None },
            false => ConnectionAddr::Tcp(host.clone(), port),
        };
        let mut login = RedisConnectionInfo::default().set_db(db).set_skip_set_lib_name();
        if let Some(user) = access.user.as_deref().or(address.user.as_deref()) {
            login = login.set_username(user);
        }
        if let Some(password) = &access.password {
            login = login.set_password(password.as_str());
        }
        let told = |error: &RedisError| fault(&host, error);
        let info: ConnectionInfo = addr.into_connection_info().map_err(|error| told(&error))?.set_redis_settings(login);
        let client = match is_encrypted {
            false => Client::open(info),
            true => {
                let root_cert = access.ca.as_ref().map(|path| std::fs::read(access.folder.join(path))).transpose();
                let root_cert = root_cert.map_err(|error| Fault::io("read", std::path::Path::new("ca"), error))?;
                Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert })
            }
        };
        let connection = client.and_then(|client| client.get_connection_with_timeout(access.connect_timeout));
        let connection = connection.map_err(|error| told(&error))?;
        let patience = (!access.statement_timeout.is_zero()).then_some(access.statement_timeout);
        connection.set_read_timeout(patience).map_err(|error| told(&error))?;
        connection.set_write_timeout(patience).map_err(|error| told(&error))?;
        Ok(Wire { connection, host })
    }

    /// One command.
    pub(super) fn ask<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, Fault> {
        command.query(&mut self.connection).map_err(|error| fault(&self.host, &error))
    }

    /// Several commands in one go; `None` when a watched key changed.
    pub(super) fn all<T: FromRedisValue>(&mut self, commands: &Pipeline) -> Result<T, Fault> {
        commands.query(&mut self.connection).map_err(|error| fault(&self.host, &error))
    }

    /// The same command for each key, in one go.
    pub(super) fn each<'k, T: FromRedisValue>(
        &mut self,
        command: &str,
        keys: impl Iterator<Item = &'k [u8]>,
    ) -> Result<Vec<T>, Fault> {
        let mut commands = redis::pipe();
        for key in keys {
            commands.cmd(command).arg(key);
        }
        if commands.is_empty() { Ok(Vec::new()) } else { self.all(&commands) }
    }

    /// The next batch of names.
    pub(super) fn scan(&mut self, cursor: u64, pattern: &[u8]) -> Result<(u64, Vec<Vec<u8>>), Fault> {
        self.ask(redis::cmd("SCAN").arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(1_000))
    }

    /// A line of `INFO`.
    pub(super) fn info(&mut self, section: &str) -> Result<Vec<(String, String)>, Fault> {
        let text: String = self.ask(redis::cmd("INFO").arg(section))?;
        let pairs = text.lines().filter_map(|line| line.trim().split_once(':'));
        Ok(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

fn fault(host: &str, error: &RedisError) -> Fault {
    let code = error.code().unwrap_or_default();
    // The words of a server can repeat what it was asked; its code cannot.
    let told = match code {
        "" => format!("{host}: {}", error.category()),
        code => format!("{host} answers {code}"),
    };
    match code {
        "READONLY" => {
            Fault::unavailable("store-read-only", format!("{host} is a replica now, and refuses to be written to"))
                .advise("Name the server that was promoted, or several in `hosts`. Run the same command again.")
        }
        "MOVED" | "ASK" | "CROSSSLOT" => {
            Fault::unavailable("store-refused", format!("{host} is one node of a cluster, and the key lies on another"))
                .advise("Name each node that can be written to as a shard of the store.")
        }
        // The server does not say which of several commands it refused, nor why.
        "EXECABORT" => Fault::unavailable(
            "store-refused",
            format!("{host} refused a change ({code}): its memory is full, it is a replica by now, or this user may not write"),
        )
        .advise("Nothing was changed in this key. See `maxmemory`, the role and the ACL of the server."),
        "NOAUTH" | "WRONGPASS" => {
            Fault::unavailable("store-login-refused", told).advise("Check user and password of the store.")
        }
        "NOPERM" => Fault::unavailable("store-permission", told)
            .advise("Give this user the commands SCAN, TYPE, INFO and those that read and write its keys."),
        "LOADING" | "BUSY" | "TRYAGAIN" | "CLUSTERDOWN" | "MASTERDOWN" | "OOM" | "MISCONF" | "NOREPLICAS" => {
            Fault::unavailable("store-busy", told).advise("Run the command again later; see the log of the server.")
        }
        _ if error.kind() == ErrorKind::AuthenticationFailed => {
            Fault::unavailable("store-login-refused", told).advise("Check user and password of the store.")
        }
        _ if error.is_timeout() => Fault::unavailable("store-timeout", format!("{host} did not answer in time"))
            .advise("Run the command again; a longer `timeout` in the configuration of the store may help."),
        _ if error.is_io_error() => {
            Fault::unavailable("store-unreachable", format!("{host} cannot be reached: {error}"))
                .advise("Check the address of the store and that its server runs.")
        }
        _ => Fault::unavailable("store-refused", told).advise("See the log of the server."),
    }
}
