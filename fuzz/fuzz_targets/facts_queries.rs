//! Logs of statements and the statements in them: whatever stands there, reading ends, what is told are names and no constants,
//! and lines are where the log has them.

#![no_main]

use facts::queries::{Dialect, Reach, STACK, read_log, touches};

/// Columns that the one table has, so that names find it.
fn knows(table: &[String], column: &str) -> bool {
    table.last().is_some_and(|name| name == "person") && ["id", "mail", "name"].contains(&column)
}

fn take(text: &str) {
    for dialect in [Dialect::PostgreSql, Dialect::MariaDb] {
        match touches(dialect, text, &knows) {
            Reach::Unread(why) => assert!(!why.is_empty() && why.len() < 100),
            Reach::Tables(touches) => {
                for touch in touches {
                    assert!(!touch.table.is_empty());
                    assert!(touch.read.iter().all(|column| knows(&touch.table, column)), "{touch:?}");
                }
            }
        }
    }
}

fn all(text: &str) {
    take(text);
    let lines = text.lines().count() as u64;
    let logged = read_log(text.as_bytes(), &mut |statement| {
        assert!(statement.line >= 1 && statement.line <= lines && !statement.account.is_empty());
        take(&statement.text);
    });
    let logged = logged.expect("memory can be read");
    assert!(logged.span.is_none_or(|(from, to)| from <= to));
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || all(text));
        thread.expect("a thread").join().expect("no panic");
    });
});
