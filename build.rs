//! Collects the explanation pages, the schemas and the man pages' overview into tables of the binary.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    fold_identical_code();
    table("src/cli/explain", "md", "PAGES", "explain.rs")?;
    table("schemas", "", "SCHEMAS", "schemas.rs")
}

/// Generic code comes out the same for many types: the linker that rustc brings for this target keeps one copy. Only where the
/// binary is to be small; a debugger shows one name for all copies.
fn fold_identical_code() {
    let is = |name: &str, wanted: &str| env::var(name).is_ok_and(|value| value == wanted);
    if is("TARGET", "x86_64-unknown-linux-gnu") && is("PROFILE", "release") {
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
    }
}

/// Writes `NAME: &[(stem, text)]` over the files of `folder` that end in `ending`, sorted by name.
fn table(folder: &str, ending: &str, name: &str, output: &str) -> io::Result<()> {
    println!("cargo::rerun-if-changed={folder}");
    let mut files: Vec<_> = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    files.sort_by_key(|file| file.file_name());
    let mut text = format!("static {name}: &[(&str, &str)] = &[\n");
    for file in files {
        let path = file.path();
        let full = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let stem = if ending.is_empty() { full } else { full.strip_suffix(&format!(".{ending}")).unwrap_or_default() };
        if !stem.is_empty() && !stem.starts_with('.') {
            // Not as an absolute path: a build folder may serve several checkouts.
            let inner = format!("/{folder}/{full}");
            writeln!(text, "    ({stem:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {inner:?}))),")
                .map_err(io::Error::other)?;
        }
    }
    text.push_str("];\n");
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join(output), text)
}
