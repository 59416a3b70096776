//! Packages: build and verify beside bagit-python and zip, on the same files.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::cases::succeed;
use super::contest::{Runner, hold};
use super::peers;
use super::place::Place;
use super::table::Table;
use crate::generate::dice::Dice;

/// Files of one run.
const FILES: u64 = 2_000;
const USUAL: u64 = 2_000_000_000;

/// `zip -0` stores, as probity does; its default deflates, which takes many times as long: both are measured.
const BAG: &str = "rm -rf bag out.zip && cp -al files bag && \"$PYTHON\" -m bagit --quiet --sha512 bag && ";
const STORE: &str = "zip -q -0 -r out.zip bag && echo packed";
const DEFLATE: &str = "zip -q -r out.zip bag && echo packed";
const VALIDATE: &str = "\"$PYTHON\" -m bagit --quiet --validate bag && echo packed";

/// Both contests in one table.
pub(super) fn table(place: &Place) -> Result<Table, String> {
    let size = place.size.unwrap_or(USUAL);
    let folder = project(place, size)?;
    let python = peers::python();
    let probity = |arguments: &'static [&'static str]| {
        let folder = folder.clone();
        move || {
            let mut command = place.probity(arguments);
            command.current_dir(&folder);
            Ok(command)
        }
    };
    let shell = |script: String| {
        let (folder, python) = (folder.clone(), python.clone().unwrap_or_default());
        move || {
            let mut command = Command::new("sh");
            command.args(["-c", &script]).current_dir(&folder).env("PYTHON", &python);
            Ok(command)
        }
    };
    let build = probity(&["package", "build", "c1", "--output", "c1.asice", "--overwrite", "--quiet"]);
    let mut packing = vec![runner("probity package build", build)];
    let mut checking = vec![runner("probity verify", probity(&["verify", "c1.asice", "--quiet"]))];
    if python.is_some() {
        packing.push(runner("bagit.py --sha512, zip", shell(format!("{BAG}{DEFLATE}"))));
        packing.push(runner("bagit.py --sha512, zip -0", shell(format!("{BAG}{STORE}"))));
        checking.push(runner("bagit.py --validate", shell(VALIDATE.to_owned())));
    }
    let mut text = String::new();
    for (title, runners) in [("Build", packing), ("Verify", checking)] {
        let costs = hold(&runners, place.rounds)?;
        let rows: Vec<_> = runners.iter().map(|one| one.name.clone()).zip(costs.iter().map(Vec::as_slice)).collect();
        let title = format!("{title} a package of {FILES} files, {:.1} GB", size as f64 / 1e9);
        text.push_str(&Table::throughput(&title, size, &rows).to_string());
        text.push('\n');
    }
    // Nine gigabytes of a run should not stay.
    ["c1.asice", "out.zip"].iter().for_each(|file| drop(std::fs::remove_file(folder.join(file))));
    let note = if python.is_some() { "" } else { "\nbagit.py is not installed: tests/setup." };
    Ok(Table::prose("Packages", &format!("{}{note}", text.trim_end())))
}

fn runner<'a>(name: &str, command: impl Fn() -> Result<Command, String> + 'a) -> Runner<'a> {
    let answer = |_: &str| Ok("done".to_owned());
    Runner { name: name.to_owned(), command: Box::new(command), stdin: None, codes: &[0], answer }
}

/// A project with a case of all files, which also lie in `files`. Made once and kept.
fn project(place: &Place, size: u64) -> Result<PathBuf, String> {
    let folder = place.folder.join(format!("package-{size}"));
    if folder.join("done").exists() {
        return Ok(folder);
    }
    let folder = place.fresh(&format!("package-{size}"))?;
    let files = folder.join("files");
    std::fs::create_dir(&files).map_err(|error| format!("{}: {error}", files.display()))?;
    eprintln!("xtask: generating {}", files.display());
    let names = (0..FILES).map(|number| write(&files, number, size / FILES)).collect::<Result<Vec<_>, _>>()?;
    succeed(place, &["init", "."], &folder)?;
    succeed(place, &["case", "new", "c1", "--title", "Benchmark"], &folder)?;
    let arguments: Vec<&str> = ["case", "add", "c1"].into_iter().chain(names.iter().map(String::as_str)).collect();
    succeed(place, &arguments, &folder)?;
    std::fs::write(folder.join("done"), "").map_err(|error| error.to_string())?;
    Ok(folder)
}

/// Bytes that do not compress.
fn write(folder: &Path, number: u64, size: u64) -> Result<String, String> {
    let mut dice = Dice::new(number + 1);
    let mut bytes = Vec::with_capacity(size as usize + 8);
    while (bytes.len() as u64) < size {
        bytes.extend(dice.next().to_le_bytes());
    }
    bytes.truncate(size as usize);
    let name = format!("file-{number:04}.bin");
    std::fs::write(folder.join(&name), bytes).map_err(|error| format!("{name}: {error}"))?;
    Ok(format!("files/{name}"))
}
