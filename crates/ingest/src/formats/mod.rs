//! One file per format. Each has `read(input, request, output)`.

pub(crate) mod access_log;
pub(crate) mod csv;
pub(crate) mod focus;
pub(crate) mod har;
pub(crate) mod journald;
pub(crate) mod jsonlines;
pub(crate) mod logfmt;
pub(crate) mod openmetrics;
pub(crate) mod otlp;
pub(crate) mod prometheus;
pub(crate) mod remote_write;
pub(crate) mod segment;
pub(crate) mod statsd;
pub(crate) mod syslog;
pub(crate) mod text;
