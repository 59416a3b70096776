//! What people are called on the net: addresses of e-mail, names of accounts, machines.

use super::net;

/// An address of e-mail by RFC 5321 §4.5.3.1 and §4.1.2, in a domain that the net can have.
pub(super) fn email(bytes: &[u8]) -> bool {
    let Some(at) = bytes.iter().rposition(|byte| *byte == b'@') else {
        // `%40` is the at sign of a URL (RFC 3986 §2.1).
        return bytes
            .windows(3)
            .rposition(|three| three == b"%40")
            .is_some_and(|at| address(&bytes[..at], &bytes[at + 3..]));
    };
    address(&bytes[..at], &bytes[at + 1..])
}

fn address(local: &[u8], domain: &[u8]) -> bool {
    is_local(local) && is_domain(domain)
}

/// At most 64 bytes; dots only between other signs, unless it stands in quotes.
fn is_local(local: &[u8]) -> bool {
    let quoted = local.first() == Some(&b'"');
    (1..=64).contains(&local.len())
        // `git@host:path` is how a repository is called.
        && local != b"git"
        && (quoted
            || !local.starts_with(b".") && !local.ends_with(b".") && !local.windows(2).any(|two| two == b".."))
}

/// At most 255 bytes, labels of at most 63, the last one letters and not the ending of a file.
fn is_domain(domain: &[u8]) -> bool {
    let Some(dot) = domain.iter().rposition(|byte| *byte == b'.') else { return false };
    let last = &domain[dot + 1..];
    domain.len() <= 255
        && last.len() >= 2
        && (last.iter().all(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80) || last.starts_with(b"xn--"))
        && !FILE_ENDINGS.iter().any(|ending| last.eq_ignore_ascii_case(ending.as_bytes()))
        && domain.split(|byte| *byte == b'.').all(is_label)
}

fn is_label(label: &[u8]) -> bool {
    (1..=63).contains(&label.len()) && !label.starts_with(b"-") && !label.ends_with(b"-")
}

/// `icon@2x.png`, `lib@1.js`, `unit@.service`: none of these is a domain of the highest level.
const FILE_ENDINGS: &[&str] = &[
    "bmp",
    "c",
    "cfg",
    "class",
    "conf",
    "cpp",
    "css",
    "csv",
    "deb",
    "dll",
    "doc",
    "docx",
    "exe",
    "gif",
    "go",
    "gz",
    "h",
    "hpp",
    "htm",
    "html",
    "ico",
    "jar",
    "java",
    "jpeg",
    "jpg",
    "js",
    "json",
    "jsx",
    "local",
    "localdomain",
    "localhost",
    "lock",
    "log",
    "md5",
    "mjs",
    "mount",
    "o",
    "pdf",
    "php",
    "png",
    "py",
    "pyc",
    "rb",
    "rst",
    "rpm",
    "scss",
    "service",
    "slice",
    "socket",
    "so",
    "sock",
    "sql",
    "svg",
    "swift",
    "tar",
    "target",
    "tgz",
    "timer",
    "toml",
    "ts",
    "tsx",
    "ttf",
    "txt",
    "wasm",
    "webp",
    "whl",
    "woff",
    "xml",
    "yaml",
    "yml",
];

/// An IPv4 address that is no version: four numbers below 32 are `2.3.3.4-1` rather than a machine, but for the private
/// network 10.0.0.0/8 and the resolvers that everybody knows.
pub(super) fn ipv4_likely(bytes: &[u8]) -> bool {
    const KNOWN: &[&[u8]] = &[b"1.1.1.1", b"1.0.0.1", b"8.8.8.8", b"8.8.4.4", b"9.9.9.9"];
    net::ipv4(bytes)
        && (net::octets(bytes).is_some_and(|octets| octets[0] == 10 || octets.iter().any(|octet| *octet >= 32))
            || KNOWN.contains(&bytes))
}

/// The name of an account that belongs to somebody: no service, no placeholder, no word of a programming language.
pub(super) fn username(bytes: &[u8]) -> bool {
    let Ok(name) = std::str::from_utf8(bytes) else { return false };
    let folded = name.to_ascii_lowercase();
    let is_word = |word: &&str| folded == **word;
    (2..=64).contains(&bytes.len())
        && name.chars().any(char::is_alphabetic)
        && !name.starts_with(['-', '.', '$', '%', '<', '{', '*', '['])
        && !name.ends_with(['-', '.', '('])
        && !NOBODY.iter().any(is_word)
        && !ENDINGS.iter().any(|ending| folded.ends_with(ending))
        && !BEGINNINGS.iter().any(|beginning| folded.starts_with(beginning))
}

const BEGINNINGS: &[&str] = &[
    "systemd-",
    "_apt",
    "self.",
    "this.",
    "your",
    "test",
    "example",
    "nt service",
    "nt authority",
    "my-",
    "my_",
    "get_",
    "is_",
    "xxx",
];
const ENDINGS: &[&str] = &[
    "-user", "_user", "user", "-data", "-admin", "_name", "-svc", "_svc", "-service", ".service", "-agent", "-bot",
    "[bot]", "_t", ".py", ".rs", ".js", ".c", ".h", "name",
];

/// Accounts of machines, and what stands in documentation where a name would.
const NOBODY: &[&str] = &[
    "accept",
    "account",
    "adm",
    "admin",
    "administrator",
    "agent",
    "all",
    "amandabackup",
    "and",
    "anonymous",
    "any",
    "apache",
    "api",
    "app",
    "application",
    "apt",
    "args",
    "as",
    "at",
    "auth",
    "author",
    "backup",
    "bin",
    "bind",
    "bool",
    "boolean",
    "bot",
    "build",
    "builder",
    "by",
    "cassandra",
    "char",
    "ci",
    "circleci",
    "client",
    "cloud",
    "colord",
    "config",
    "const",
    "consul",
    "couchdb",
    "cron",
    "current",
    "daemon",
    "data",
    "database",
    "dbus",
    "debian",
    "default",
    "demo",
    "deploy",
    "dev",
    "developer",
    "dhcpcd",
    "dirsrv",
    "disabled",
    "dnsmasq",
    "docker",
    "dovecot",
    "elastic",
    "elasticsearch",
    "email",
    "empty",
    "enabled",
    "error",
    "etcd",
    "exim",
    "false",
    "field",
    "foo",
    "bar",
    "baz",
    "for",
    "from",
    "ftp",
    "games",
    "gdm",
    "git",
    "gitlab",
    "gnats",
    "grafana",
    "group",
    "groups",
    "guest",
    "haproxy",
    "has",
    "hdfs",
    "hello",
    "host",
    "hostname",
    "http",
    "httpd",
    "identity",
    "if",
    "in",
    "info",
    "input",
    "int",
    "integer",
    "invalid",
    "irc",
    "is",
    "jenkins",
    "jovyan",
    "kafka",
    "key",
    "label",
    "ldap",
    "level",
    "lib",
    "lightdm",
    "linux",
    "linuxbrew",
    "list",
    "local",
    "localhost",
    "login",
    "logname",
    "lp",
    "mail",
    "mailnull",
    "main",
    "man",
    "manager",
    "me",
    "memcache",
    "memcached",
    "messagebus",
    "minio",
    "mode",
    "mongo",
    "mongodb",
    "mosquitto",
    "mssql",
    "my",
    "mysql",
    "nagios",
    "name",
    "named",
    "neo4j",
    "network",
    "news",
    "nginx",
    "nil",
    "no",
    "nobody",
    "nogroup",
    "node",
    "none",
    "not",
    "ntp",
    "null",
    "number",
    "object",
    "of",
    "off",
    "on",
    "operator",
    "optional",
    "or",
    "oracle",
    "other",
    "owner",
    "param",
    "params",
    "pass",
    "passwd",
    "password",
    "path",
    "pi",
    "pollinate",
    "polkitd",
    "postfix",
    "postgres",
    "postgresql",
    "private",
    "profile",
    "prometheus",
    "proxy",
    "public",
    "puppet",
    "rabbitmq",
    "random",
    "read",
    "redis",
    "remote",
    "request",
    "required",
    "role",
    "root",
    "rpc",
    "rtkit",
    "run",
    "runner",
    "sa",
    "salt",
    "self",
    "server",
    "service",
    "services",
    "session",
    "set",
    "shared",
    "shell",
    "solr",
    "splunk",
    "sshd",
    "staff",
    "state",
    "static",
    "statd",
    "std",
    "stdin",
    "str",
    "string",
    "struct",
    "sudo",
    "super",
    "superuser",
    "support",
    "svc",
    "svn",
    "sync",
    "sys",
    "syslog",
    "system",
    "tcpdump",
    "temp",
    "text",
    "that",
    "the",
    "this",
    "to",
    "token",
    "tomcat",
    "travis",
    "true",
    "tss",
    "type",
    "ubuntu",
    "undefined",
    "uint",
    "unknown",
    "unset",
    "unscd",
    "usbmux",
    "user",
    "user1",
    "user2",
    "users",
    "uucp",
    "uuid",
    "vagrant",
    "value",
    "var",
    "vault",
    "vcap",
    "void",
    "vscode",
    "was",
    "web",
    "webmaster",
    "whoami",
    "with",
    "work",
    "workspace",
    "write",
    "www",
    "www-data",
    "xfs",
    "yarn",
    "you",
    "zabbix",
    "zookeeper",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn addresses() {
        known(
            email,
            &[
                "jan@example.org",
                "j.a.n+tag@mail.example.co.uk",
                "jan%40example.org",
                "o'neil@example.ie",
                "a@b.museum",
            ],
            &[
                "jan@localhost",
                "icon@2x.png",
                "a..b@example.org",
                ".a@example.org",
                "a@-b.org",
                "x@b.c",
                "@b.org",
                "a@b..org",
                "unit@x.service",
                "jan",
            ],
        );
        let long = format!("{}@example.org", "a".repeat(65));
        assert!(!email(long.as_bytes()), "RFC 5321 §4.5.3.1.1");
    }

    #[test]
    fn machines_and_versions() {
        known(ipv4_likely, &["192.0.2.1", "10.1.2.3", "8.8.8.8", "2.3.4.50"], &["2.3.3.4", "7.4.7.1", "300.1.1.1"]);
    }

    #[test]
    fn names_of_people_and_of_services() {
        known(
            username,
            &["jmeier", "jan.muster", "a_smith", "x9", "müller"],
            &["root", "www-data", "USER", "systemd-resolve", "$USER", "1001", "", "x", "ec2-user"],
        );
    }
}
