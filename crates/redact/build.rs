//! Collects the detectors and the profiles into tables of the room: one file each, sorted by name.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    table("data/detectors", "DETECTORS", "detectors.rs")?;
    table("data/requested", "REQUESTED", "requested.rs")?;
    table("data/profiles", "PROFILES", "profiles.rs")
}

fn table(folder: &str, name: &str, output: &str) -> io::Result<()> {
    println!("cargo::rerun-if-changed={folder}");
    let mut files: Vec<_> = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    files.sort_by_key(|file| file.file_name());
    let mut text = format!("/// Name and text of every file.\npub(crate) static {name}: &[(&str, &str)] = &[\n");
    for file in files {
        let path = file.path();
        let full = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(stem) = full.strip_suffix(".toml") {
            // Not as an absolute path: a build folder may serve several checkouts.
            let inner = format!("/{folder}/{full}");
            writeln!(text, "    ({stem:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {inner:?}))),")
                .map_err(io::Error::other)?;
        }
    }
    text.push_str("];\n");
    fs::write(Path::new(&env::var("OUT_DIR").map_err(io::Error::other)?).join(output), text)
}
