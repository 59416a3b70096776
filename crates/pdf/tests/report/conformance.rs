//! The pages on conformance name tests that exist.

use std::path::Path;

fn sources(folder: &Path, found: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.extension() {
            _ if path.is_dir() => sources(&path, found),
            Some(extension) if extension == "rs" => found.push_str(&std::fs::read_to_string(path).unwrap()),
            _ => {}
        }
    }
}

#[test]
fn every_test_that_the_pages_on_conformance_name_exists() {
    let room = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut code = String::new();
    ["src", "tests"].iter().for_each(|folder| sources(&room.join(folder), &mut code));
    for page in ["pdfa.md", "pdfua.md"] {
        let text = std::fs::read_to_string(room.join("../../docs/conformance").join(page)).unwrap();
        let lines = text
            .lines()
            .filter(|line| line.starts_with("| ") && !line.starts_with("| clause") && !line.starts_with("| check"));
        let mut count = 0;
        for line in lines {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
            assert_eq!(cells.len(), 4, "{page}: {line}");
            for name in cells[3].split('`').skip(1).step_by(2) {
                assert!(code.contains(&format!("fn {name}(")), "{page}: {name}");
                count += 1;
            }
        }
        assert!(count > 10, "{page}");
    }
}
