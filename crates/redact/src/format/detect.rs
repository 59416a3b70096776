//! What an input is: by its content first, by its name where the content says nothing.

use model::Fault;

/// A kind of input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Plain text, logs.
    Text,
    /// Text written in sentences.
    Prose,
    /// One JSON document.
    Json,
    /// One JSON value per line.
    JsonLines,
    /// CSV, TSV, values separated by semicolons.
    Csv,
    /// XML.
    Xml,
    /// HTML.
    Html,
    /// YAML.
    Yaml,
    /// TOML.
    Toml,
    /// `NAME=value` per line.
    Env,
    /// A dump in SQL.
    Sql,
    /// A mail.
    Eml,
    /// Many mails.
    Mbox,
    /// DOCX, XLSX, PPTX, ODT, ODS, ODP.
    Office,
    /// PDF.
    Pdf,
    /// Nothing that can be cleaned; the text says what it looks like.
    Unknown(&'static str),
}

impl Kind {
    /// Every kind that can be cleaned.
    pub const ALL: [Kind; 15] = [
        Kind::Text,
        Kind::Prose,
        Kind::Json,
        Kind::JsonLines,
        Kind::Csv,
        Kind::Xml,
        Kind::Html,
        Kind::Yaml,
        Kind::Toml,
        Kind::Env,
        Kind::Sql,
        Kind::Eml,
        Kind::Mbox,
        Kind::Office,
        Kind::Pdf,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Prose => "prose",
            Kind::Json => "json",
            Kind::JsonLines => "json-lines",
            Kind::Csv => "csv",
            Kind::Xml => "xml",
            Kind::Html => "html",
            Kind::Yaml => "yaml",
            Kind::Toml => "toml",
            Kind::Env => "env",
            Kind::Sql => "sql",
            Kind::Eml => "eml",
            Kind::Mbox => "mbox",
            Kind::Office => "office",
            Kind::Pdf => "pdf",
            Kind::Unknown(what) => what,
        }
    }

    /// By name.
    ///
    /// # Errors
    /// `unknown-format`, with the nearest name.
    pub fn parse(name: &str) -> Result<Self, Fault> {
        let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
            let near = model::nearest(name, names.iter().copied()).map(|near| format!("{near:?} is near. "));
            Fault::usage("unknown-format", format!("there is no format {name:?}")).advise(format!(
                "{}Formats: {}.",
                near.unwrap_or_default(),
                names.join(", ")
            ))
        })
    }

    /// Whether it passes in blocks, whatever its size: then each block can be let out when it is clean.
    pub fn is_streamed(self) -> bool {
        matches!(self, Kind::Text | Kind::Prose | Kind::Json | Kind::JsonLines | Kind::Csv | Kind::Env | Kind::Sql)
    }
}

impl Kind {
    /// Whether people write sentences in it, and names are looked for there without being asked.
    pub fn has_prose(self) -> bool {
        !matches!(self, Kind::Text | Kind::Json | Kind::JsonLines | Kind::Csv | Kind::Unknown(_))
    }

    /// The bytes that can stand between two pieces of its text: a value that holds one may stand across them.
    pub(crate) fn seams(self) -> &'static [u8] {
        match self {
            Kind::Csv => b",;|\t\r\n\"",
            Kind::Json | Kind::JsonLines => b",:\"[]{}\r\n",
            Kind::Xml | Kind::Html => b" \t\r\n=\"'<>/",
            Kind::Yaml | Kind::Toml | Kind::Env => b",:=[]{}\"'#\r\n",
            // In bare words everything stands between pieces that no word of SQL holds.
            Kind::Sql => b",;()'\"`\r\n!#$*<=>?[\\]^{|}~",
            _ => b"",
        }
    }
}

/// What begins like this, under this name. Text of no known kind is [`Kind::Text`]: every byte of it is looked at.
pub fn detect(name: Option<&str>, prefix: &[u8]) -> Kind {
    let told = by_magic(prefix).or_else(|| by_name(name?)).or_else(|| by_content(prefix));
    told.unwrap_or_else(|| match name {
        _ if is_binary(prefix) => Kind::Unknown("binary data"),
        Some(name) if is_of_sentences(name) => Kind::Prose,
        _ => Kind::Text,
    })
}

fn is_of_sentences(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".txt", ".md", ".rst", ".adoc", ".tex"].iter().any(|extension| name.ends_with(extension))
}

/// More than a tenth of it are control characters that no text holds. UTF-16 is text; its zeros stand in every other place.
fn is_binary(prefix: &[u8]) -> bool {
    let control = |byte: &u8| *byte < 0x20 && !b"\t\n\r\x0c\x1b".contains(byte);
    let is_wide = |at: usize| {
        prefix.len() > 8
            && prefix.iter().skip(at).step_by(2).take(2048).filter(|byte| **byte == 0).count() * 10
                > prefix.len().min(4096) / 2 * 7
    };
    let marked = prefix.starts_with(b"\xFF\xFE") || prefix.starts_with(b"\xFE\xFF");
    !marked && !is_wide(0) && !is_wide(1) && prefix.iter().filter(|byte| control(byte)).count() * 10 > prefix.len()
}

/// The first bytes of kinds that are no text.
const MAGIC: [(&[u8], Kind); 16] = [
    (b"%PDF-", Kind::Pdf),
    (b"PK\x03\x04", Kind::Office),
    (b"PK\x05\x06", Kind::Office),
    (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", Kind::Unknown("an old Office document (CFB)")),
    (b"\x1F\x8B", Kind::Unknown("gzip")),
    (b"\x28\xB5\x2F\xFD", Kind::Unknown("zstd")),
    (b"BZh", Kind::Unknown("bzip2")),
    (b"\xFD7zXZ\x00", Kind::Unknown("xz")),
    (b"7z\xBC\xAF\x27\x1C", Kind::Unknown("a 7z archive")),
    (b"Rar!\x1A\x07", Kind::Unknown("a RAR archive")),
    (b"\x89PNG\r\n\x1A\n", Kind::Unknown("a picture (PNG)")),
    (b"\xFF\xD8\xFF", Kind::Unknown("a picture (JPEG)")),
    (b"GIF8", Kind::Unknown("a picture (GIF)")),
    (b"\x7FELF", Kind::Unknown("a program")),
    (b"SQLite format 3\x00", Kind::Unknown("an SQLite database")),
    (b"PAR1", Kind::Unknown("a Parquet file")),
];

fn by_magic(prefix: &[u8]) -> Option<Kind> {
    MAGIC.iter().find(|(magic, _)| prefix.starts_with(magic)).map(|(_, kind)| *kind)
}

fn by_name(name: &str) -> Option<Kind> {
    let name = name.to_ascii_lowercase();
    if name == ".env" || name.starts_with(".env.") {
        return Some(Kind::Env);
    }
    let (_, extension) = name.rsplit_once('.')?;
    Some(match extension {
        "json" | "geojson" | "ipynb" | "har" => Kind::Json,
        "jsonl" | "ndjson" => Kind::JsonLines,
        "csv" | "tsv" => Kind::Csv,
        "xml" | "svg" | "xhtml" | "rss" | "gpx" | "kml" => Kind::Xml,
        "html" | "htm" => Kind::Html,
        "yaml" | "yml" => Kind::Yaml,
        "toml" => Kind::Toml,
        "env" => Kind::Env,
        "sql" => Kind::Sql,
        "eml" => Kind::Eml,
        "mbox" => Kind::Mbox,
        _ => return None,
    })
}

fn by_content(prefix: &[u8]) -> Option<Kind> {
    let text = prefix.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(prefix).trim_ascii_start();
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    let has = |word: &[u8]| text.len() >= word.len() && text[..word.len()].eq_ignore_ascii_case(word);
    match text.first()? {
        b'{' if is_object(line) && text.len() > line.len() + 2 => Some(Kind::JsonLines),
        b'{' | b'[' if is_json_start(text) => Some(Kind::Json),
        b'<' if has(b"<!doctype html") || has(b"<html") => Some(Kind::Html),
        b'<' if has(b"<?xml") => Some(Kind::Xml),
        b'F' if text.starts_with(b"From ") && line.contains(&b'@') => Some(Kind::Mbox),
        _ if is_mail(text) => Some(Kind::Eml),
        _ => None,
    }
}

/// A line that is an object by itself.
fn is_object(line: &[u8]) -> bool {
    line.ends_with(b"}") && line.contains(&b'"')
}

/// `{"` or `{}`; `[` before a value: a log line begins with `[` as well.
fn is_json_start(text: &[u8]) -> bool {
    let next = text[1..].trim_ascii_start().first();
    match text[0] {
        b'{' => matches!(next, Some(b'"' | b'}')),
        _ => matches!(next, Some(b'"' | b'{' | b'[' | b']')),
    }
}

/// Two header fields at the beginning, one of which only mail has (RFC 5322 §3.6).
fn is_mail(text: &[u8]) -> bool {
    const FIELDS: [&[u8]; 7] = [
        b"from:",
        b"received:",
        b"return-path:",
        b"message-id:",
        b"mime-version:",
        b"delivered-to:",
        b"dkim-signature:",
    ];
    let mut lines =
        text.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b" ") && !line.starts_with(b"\t"));
    let is_field = |line: &[u8]| {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        line.contains(&b':')
            && !name.is_empty()
            && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    };
    let (Some(first), Some(second)) = (lines.next(), lines.next()) else { return false };
    let tells = |line: &[u8]| {
        FIELDS.iter().any(|field| line.len() > field.len() && line[..field.len()].eq_ignore_ascii_case(field))
    };
    is_field(first) && is_field(second) && (tells(first) || tells(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: Option<&str>, prefix: &str, expect: &str) {
        assert_eq!(detect(name, prefix.as_bytes()).name(), expect, "{name:?} {prefix:?}");
    }

    /// Content decides, then the name, and what nobody knows is text.
    #[test]
    fn kinds_are_seen() {
        check(None, "{\"a\":1}\n{\"a\":2}\n", "json-lines");
        check(None, "{\n \"a\": 1}", "json");
        check(None, "[1, 2]", "text");
        check(None, "[2026-01-01] started", "text");
        check(None, "[{\"a\":1}]", "json");
        check(None, "<?xml version=\"1.0\"?><a/>", "xml");
        check(None, "<!DOCTYPE html><p>", "html");
        check(None, "From a@b Sat Jan  1\n", "mbox");
        check(None, "Received: by x\n from y\nFrom: a@b\n\nhello", "eml");
        check(None, "Note: first\nFrom here on: nothing\n", "text");
        check(None, "%PDF-1.7", "pdf");
        check(None, "PK\u{3}\u{4}", "office");
        check(Some("a.csv"), "a,b\n", "csv");
        check(Some("letter.TXT"), "Dear Jan,\n", "prose");
        check(Some("x.log"), "{\"a\":1}\n{\"a\":1}\n", "json-lines");
        check(None, "\u{0}\u{1}\u{2}\u{3}ab", "binary data");
        check(None, "a\u{0}b\u{0}c\u{0}d\u{0}e\u{0}\n\u{0}", "text");
        check(Some(".env.local"), "A=1", "env");
        check(Some("a.pdf"), "hello", "text");
        check(None, "", "text");
    }

    /// Every name leads back to its kind.
    #[test]
    fn names_lead_back() {
        assert!(Kind::ALL.into_iter().all(|kind| Kind::parse(kind.name()).is_ok_and(|parsed| parsed == kind)));
    }
}
