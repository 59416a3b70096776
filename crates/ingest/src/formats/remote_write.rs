//! A request of Prometheus' remote write 1.0, as it is posted: `WriteRequest` in protobuf, packed with Snappy's block format.
//!
//! Each sample is a record; what kind of metric it belongs to is not said. A stale marker, like any other value that is no finite
//! number, is counted and not stored. Native histograms are rejected; exemplars and metadata are passed over. The line of a
//! record is the number of its series.

use std::io::Read;

use model::{Body, Fault, Instant, Place, Record, Sample, SampleType};

use crate::decode::read_failed;
use crate::output::{Bad, Output, Stop};
use crate::protobuf::{Fields, Wire, varint};
use crate::{Request, series};

const CODE: &str = "bad-remote-write";
const NAME: &str = "__name__";

/// Whether a text begins as a packed request does: its length, a literal, and in it a series that begins with its name.
pub(crate) fn begins(text: &[u8]) -> bool {
    let begins = || {
        let (_, size) = varint(text)?;
        let tag = *text.get(size)?;
        // A literal of up to 60 bytes has its length in the tag, a longer one in up to four bytes behind it.
        let long = usize::from(tag >> 2).saturating_sub(59);
        let literal = text.get(size + 1 + long..).filter(|_| tag & 3 == 0)?;
        let (_, taken) = varint(literal.strip_prefix(b"\x0a")?)?;
        let label = literal[1 + taken..].strip_prefix(b"\x0a")?;
        let (_, taken) = varint(label)?;
        Some(label[taken..].starts_with(b"\x0a\x08__name__"))
    };
    begins() == Some(true)
}

pub(crate) fn read(input: &mut dyn Read, request: &Request, output: &mut Output<'_>) -> Result<(), Fault> {
    let limit = request.limits.document_bytes_max;
    let mut packed = Vec::new();
    input.take(limit as u64 + 1).read_to_end(&mut packed).map_err(read_failed)?;
    if packed.is_empty() {
        return Ok(());
    }
    let size = snap::raw::decompress_len(&packed).map_err(|error| broken(&format!("It is not Snappy: {error}")))?;
    if packed.len() > limit || size > limit {
        return Err(Fault::bad_input("document-too-large", format!("The request is larger than {limit} bytes"))
            .advise("Let the sender send fewer samples at once (max_samples_per_send)."));
    }
    let bytes = snap::raw::Decoder::new().decompress_vec(&packed);
    let bytes = bytes.map_err(|error| broken(&format!("It is not Snappy: {error}")))?;
    let mut fields = Fields::new(&bytes, CODE);
    let mut number = 0;
    while let Some((field, value)) = fields.next().map_err(|bad| broken(&bad.reason))? {
        let (1, Wire::Bytes(bytes)) = (field, value) else { continue };
        number += 1;
        match one(bytes, number, request, output) {
            Err(Stop::Bad(bad)) => output.reject_at(number, Bad { at: None, ..bad }, bytes)?,
            Err(Stop::Fault(fault)) => return Err(fault),
            Ok(()) => {}
        }
    }
    output.count_input(number, packed.len() as u64);
    Ok(())
}

fn broken(reason: &str) -> Fault {
    Fault::bad_input(CODE, format!("This is no request of remote write. {reason}"))
        .advise("Give the body of one request, as Prometheus posts it, packed with Snappy.")
        .at(Place::line(1, 0))
}

/// One series with its samples.
fn one(bytes: &[u8], number: u64, request: &Request, output: &mut Output<'_>) -> Result<(), Stop> {
    let (mut labels, mut samples, mut histograms) = (Vec::new(), Vec::new(), 0);
    let mut fields = Fields::new(bytes, CODE);
    while let Some((field, value)) = fields.next()? {
        match (field, value) {
            (1, Wire::Bytes(label)) => labels.push(pair(label)?),
            (2, Wire::Bytes(bytes)) => samples.push(sample(bytes)?),
            (4, _) => histograms += 1,
            (1 | 2, _) => return Err(Bad::line(CODE, "A series holds labels and samples").into()),
            _ => {}
        }
    }
    if labels.len() > request.limits.fields_max {
        let reason = format!("A series has at most {} labels", request.limits.fields_max);
        return Err(Bad::line("too-many-fields", reason).into());
    }
    let name = labels.iter().find(|(name, _)| *name == NAME).map(|(_, value)| *value).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Bad::line("missing-field", "The series has no name"))?;
    labels.retain(|(label, _)| *label != NAME);
    series::normalise(&mut labels);
    if let Some(pair) = labels.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(Bad::line("duplicate-label", format!("The label {:?} stands twice", pair[0].0)).into());
    }
    let mut canonical = String::new();
    series::write(&mut canonical, name, &labels);
    for (value, time) in samples {
        if !value.is_finite() {
            output.absent();
            continue;
        }
        let sample = Sample {
            name,
            series: &canonical,
            sample_type: SampleType::Unknown,
            unit: None,
            value,
            // Below 2^53 a float that is whole is exact.
            value_int: (value.fract() == 0.0 && value.abs() < 9e15).then_some(value as i64),
            start: None,
        };
        let body = Body::Sample(sample);
        let record = Record { time, line: number, service: None, host: None, attributes: &labels, body };
        output.record(canonical.as_bytes(), 0, record)?;
    }
    if histograms > 0 {
        return Err(Bad::line(CODE, "Native histograms are not read").into());
    }
    Ok(())
}

fn pair(bytes: &[u8]) -> Result<(&str, &str), Bad> {
    let (mut name, mut value) = ("", "");
    let mut fields = Fields::new(bytes, CODE);
    while let Some((field, wire)) = fields.next()? {
        let (1 | 2, Wire::Bytes(bytes)) = (field, wire) else { continue };
        let text = std::str::from_utf8(bytes).map_err(|_| Bad::line("invalid-utf8", "A label is not UTF-8"))?;
        *(if field == 1 { &mut name } else { &mut value }) = text;
    }
    Ok((name, value))
}

fn sample(bytes: &[u8]) -> Result<(f64, Instant), Bad> {
    let (mut value, mut millis) = (0.0, 0);
    let mut fields = Fields::new(bytes, CODE);
    while let Some((field, wire)) = fields.next()? {
        match (field, wire) {
            (1, Wire::Fixed64(bytes)) => value = f64::from_le_bytes(bytes),
            (2, Wire::Varint(number)) => millis = number as i64,
            (1 | 2, _) => return Err(Bad::line(CODE, "A sample is a double and a time in milliseconds")),
            _ => {}
        }
    }
    let time = Instant::from_millis(millis).ok_or_else(|| Bad::line(CODE, "A time lies beyond what can be told"))?;
    Ok((value, time))
}
