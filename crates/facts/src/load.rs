//! Locust's statistics as CSV (`locust --csv`): the file `…_stats.csv`.
//!
//! Source: Locust 2.x, «Retrieve test statistics in CSV format».

use model::{Fault, Place};
use serde_json::{Value, json};

use crate::tree::ends;
use crate::{File, Gap, Read};

pub(crate) fn recognise(file: File<'_>) -> bool {
    let first = file.text.trim_start_matches('\u{feff}').lines().next().unwrap_or_default().replace('"', "");
    ends(file, &[".csv"]) && first.starts_with("Type,Name,Request Count,Failure Count,")
}

pub(crate) fn read(files: &[File<'_>]) -> Read {
    let (mut requests, mut gaps) = (Vec::new(), Vec::new());
    for file in files {
        match rows(*file) {
            Ok(rows) => requests.extend(rows),
            Err(fault) => gaps.push(Gap::of(*file, &fault)),
        }
    }
    Read { value: json!({"requests": requests}), gaps }
}

/// The columns that are read, by their names in the first line.
struct Columns {
    kind: usize,
    name: usize,
    requests: usize,
    failures: usize,
    median: usize,
    p95: usize,
    p99: usize,
}

impl Columns {
    fn of(names: &[String]) -> Result<Self, Fault> {
        let find = |wanted: &str| {
            names.iter().position(|name| name == wanted).ok_or_else(|| {
                broken(1, format!("The first line has no column {wanted:?}")).advise("Give Locust's own …_stats.csv.")
            })
        };
        Ok(Columns {
            kind: find("Type")?,
            name: find("Name")?,
            requests: find("Request Count")?,
            failures: find("Failure Count")?,
            median: find("50%")?,
            p95: find("95%")?,
            p99: find("99%")?,
        })
    }
}

fn rows(file: File<'_>) -> Result<Vec<Value>, Fault> {
    let text = file.text.trim_start_matches('\u{feff}');
    let mut lines = records(text)?.into_iter();
    let (_, names) = lines.next().unwrap_or_default();
    let columns = Columns::of(&names)?;
    let mut rows = Vec::new();
    for (line, cells) in lines {
        if cells.len() != names.len() {
            return Err(broken(line, format!("The line has {} cells, and the first {}", cells.len(), names.len()))
                .advise("The file may have been cut off: run the test again."));
        }
        rows.push(row(file.name, line, &cells, &columns)?);
    }
    // Locust writes a last line over all requests when it ends; without it the run was broken off.
    if rows.last().is_none_or(|row| row["total"] != true) {
        return Err(broken(lines_of(text), "The last line is not «Aggregated»".to_owned())
            .advise("The test did not end: run it again."));
    }
    Ok(rows)
}

fn row(file: &str, line: usize, cells: &[String], columns: &Columns) -> Result<Value, Fault> {
    let count = |column: usize| {
        cells[column]
            .trim()
            .parse::<i64>()
            .map_err(|_| broken(line, format!("{:?} is no number of requests", cells[column])))
    };
    // `N/A` where nothing was asked.
    let milliseconds = |column: usize| cells[column].trim().parse::<f64>().ok().filter(|number| number.is_finite());
    let (requests, failures) = (count(columns.requests)?, count(columns.failures)?);
    #[allow(clippy::cast_precision_loss, reason = "a rate of failures has three digits that matter")]
    let rate = (requests > 0).then(|| failures as f64 / requests as f64);
    let total = cells[columns.kind].is_empty() && cells[columns.name] == "Aggregated";
    Ok(json!({
        "method": cells[columns.kind],
        "name": cells[columns.name],
        "total": total,
        "requests": requests,
        "failures": failures,
        "failure_rate": rate,
        "median_ms": milliseconds(columns.median),
        "p95_ms": milliseconds(columns.p95),
        "p99_ms": milliseconds(columns.p99),
        "place": format!("{file}:{line}:1"),
    }))
}

fn lines_of(text: &str) -> usize {
    text.lines().count().max(1)
}

fn broken(line: usize, why: String) -> Fault {
    Fault::bad_input("bad-report", why).at(Place::line(line as u64, 1))
}

/// Records with the lines they begin on, as RFC 4180 has them.
fn records(text: &str) -> Result<Vec<(usize, Vec<String>)>, Fault> {
    let mut reader = csv_core::Reader::new();
    let (mut input, mut buffer) = (text.as_bytes(), [0; 1024]);
    let (mut cell, mut record, mut records, mut begin) = (Vec::new(), Vec::new(), Vec::new(), 1);
    loop {
        let (result, read, wrote) = reader.read_field(input, &mut buffer);
        input = &input[read..];
        cell.extend_from_slice(&buffer[..wrote]);
        match result {
            csv_core::ReadFieldResult::Field { record_end } => {
                record.push(String::from_utf8_lossy(&cell).into_owned());
                cell.clear();
                if record_end {
                    records.push((begin, std::mem::take(&mut record)));
                    // A record ends at the `\r` of `\r\n`, one line too early.
                    let early = usize::from(text[..text.len() - input.len()].ends_with('\r'));
                    begin = usize::try_from(reader.line()).unwrap_or(usize::MAX).saturating_add(early);
                }
            }
            csv_core::ReadFieldResult::End if record.is_empty() && cell.is_empty() => return Ok(records),
            csv_core::ReadFieldResult::End => return Err(broken(begin, "The last line is not whole".to_owned())),
            csv_core::ReadFieldResult::InputEmpty | csv_core::ReadFieldResult::OutputFull => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "Type,Name,Request Count,Failure Count,Median Response Time,50%,95%,99%\n";

    fn told(rows: &str) -> Read {
        let text = format!("{HEAD}{rows}");
        let file = File { name: "shop_stats.csv", text: &text };
        assert!(recognise(file));
        read(&[file])
    }

    #[test]
    fn rows_are_read_with_their_lines() {
        let read = told(
            "GET,\"/a,\nb\",200,5,10,10,95.5,120\nGET,/idle,0,0,0,N/A,N/A,N/A\r\n,Aggregated,200,5,10,10,95,120\n",
        );
        assert_eq!(read.gaps, []);
        let rows = &read.value["requests"];
        assert_eq!(
            (&rows[0]["p95_ms"], &rows[0]["failure_rate"], &rows[0]["total"]),
            (&json!(95.5), &json!(0.025), &json!(false))
        );
        assert_eq!((&rows[1]["p95_ms"], &rows[1]["failure_rate"]), (&json!(null), &json!(null)));
        assert_eq!((&rows[1]["place"], &rows[2]["total"]), (&json!("shop_stats.csv:4:1"), &json!(true)));
        assert_eq!(rows[2]["place"], "shop_stats.csv:5:1");
    }

    #[test]
    fn a_test_that_did_not_end_is_a_gap() {
        let check = |rows: &str, place: &str, why: &str| {
            let gap = &told(rows).gaps[0];
            assert!(gap.place == format!("shop_stats.csv:{place}:1") && gap.why.contains(why), "{gap:?}");
        };
        check("GET,/a,1,0,1,1,1,1\n", "2", "Aggregated");
        check("GET,/a,1,0\n", "2", "4 cells");
        check("GET,/a,many,0,1,1,1,1\n", "2", "no number");
        check("", "1", "Aggregated");
    }
}
