//! The text formats: what they show, what they write, and what they leave alone.

mod config;
mod csv;
mod encoding;
mod json;
mod kit;
mod sql;
mod xml;
