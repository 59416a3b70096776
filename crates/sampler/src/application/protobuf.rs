//! `ExportMetricsServiceRequest` in protobuf, read into the JSON that OTLP has for it. Field numbers are those of
//! opentelemetry-proto's `metrics.proto`, `common.proto`, `resource.proto`; fields that are not in here are passed over.

use serde_json::{Map, Value};

/// What a field holds.
#[derive(Clone, Copy)]
enum Holds {
    Text,
    Varint,
    Bool,
    /// Eight bytes.
    Double,
    Signed,
    /// Eight bytes each, one after the other.
    Doubles,
    Counts,
    /// Another message, by its place among the messages.
    One(usize),
    Many(usize),
}

use Holds::{Bool, Counts, Double, Doubles, Many, One, Signed, Text, Varint};

const MESSAGES: [&[(u64, &str, Holds)]; 12] = [
    // 0: ExportMetricsServiceRequest
    &[(1, "resourceMetrics", Many(1))],
    // 1: ResourceMetrics
    &[(1, "resource", One(2)), (2, "scopeMetrics", Many(3))],
    // 2: Resource
    &[(1, "attributes", Many(8))],
    // 3: ScopeMetrics
    &[(2, "metrics", Many(4))],
    // 4: Metric
    &[
        (1, "name", Text),
        (5, "gauge", One(5)),
        (7, "sum", One(5)),
        (9, "histogram", One(6)),
        (10, "exponentialHistogram", One(10)),
        (11, "summary", One(10)),
    ],
    // 5: Gauge, Sum
    &[(1, "dataPoints", Many(7)), (2, "aggregationTemporality", Varint), (3, "isMonotonic", Bool)],
    // 6: Histogram
    &[(1, "dataPoints", Many(9)), (2, "aggregationTemporality", Varint)],
    // 7: NumberDataPoint
    &[(4, "asDouble", Double), (6, "asInt", Signed), (7, "attributes", Many(8)), (8, "flags", Varint)],
    // 8: KeyValue. AnyValue is read by hand, see `field`.
    &[(1, "key", Text), (2, "value", One(usize::MAX))],
    // 9: HistogramDataPoint
    &[
        (5, "sum", Double),
        (6, "bucketCounts", Counts),
        (7, "explicitBounds", Doubles),
        (9, "attributes", Many(8)),
        (10, "flags", Varint),
    ],
    // 10: of what is not kept the points are counted.
    &[(1, "dataPoints", Many(11))],
    &[],
];

/// AnyValue.
const ANY: &[(u64, &str, Holds)] =
    &[(1, "stringValue", Text), (2, "boolValue", Bool), (3, "intValue", Varint), (4, "doubleValue", Double)];

/// Reads a request.
///
/// # Errors
/// The byte at which it is none.
pub(super) fn read(bytes: &[u8]) -> Result<Value, usize> {
    let mut reader = Reader { bytes, at: 0 };
    reader.message(bytes.len(), 0).ok_or(reader.at)
}

/// On failure it stands where that was.
struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    /// Messages hold others as the table says, which has no circle: so deep it goes, and no deeper.
    fn message(&mut self, end: usize, kind: usize) -> Option<Value> {
        let fields = MESSAGES.get(kind).copied().unwrap_or(ANY);
        let mut object = Map::new();
        while self.at < end {
            let tag = self.varint(end)?;
            match fields.iter().find(|(number, _, _)| *number == tag >> 3) {
                Some((_, name, holds)) => self.field(end, tag & 7, &mut object, name, *holds)?,
                None => self.pass(end, tag & 7)?,
            }
        }
        Some(Value::Object(object))
    }

    fn field(
        &mut self,
        end: usize,
        wire: u64,
        object: &mut Map<String, Value>,
        name: &str,
        holds: Holds,
    ) -> Option<()> {
        let value = match (holds, wire) {
            (Text, 2) => std::str::from_utf8(self.sized(end)?).ok()?.into(),
            (Varint, 0) => (self.varint(end)? as i64).into(),
            (Bool, 0) => (self.varint(end)? != 0).into(),
            (Double, 1) => f64::from_le_bytes(self.eight(end)?).into(),
            (Signed, 1) => i64::from_le_bytes(self.eight(end)?).into(),
            (One(kind) | Many(kind), 2) => {
                let length = self.length(end)?;
                self.message(self.at + length, kind)?
            }
            (Doubles | Counts, 1 | 2) => {
                // One by one, or all together behind their length.
                let length = if wire == 2 { self.length(end)? } else { 8 };
                let until = self.at + length;
                while self.at < until {
                    let eight = self.eight(until)?;
                    let doubled = matches!(holds, Doubles);
                    let value =
                        if doubled { f64::from_le_bytes(eight).into() } else { u64::from_le_bytes(eight).into() };
                    append(object, name, value);
                }
                return Some(());
            }
            _ => return None,
        };
        match holds {
            Many(_) => append(object, name, value),
            _ => drop(object.insert(name.to_owned(), value)),
        }
        Some(())
    }

    /// Passes over a field that is not in the table.
    fn pass(&mut self, end: usize, wire: u64) -> Option<()> {
        match wire {
            0 => self.varint(end).map(drop),
            1 => self.take(end, 8).map(drop),
            2 => self.sized(end).map(drop),
            5 => self.take(end, 4).map(drop),
            _ => None,
        }
    }

    fn varint(&mut self, end: usize) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(end, 1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// The length of what follows, which is there.
    fn length(&mut self, end: usize) -> Option<usize> {
        let length = usize::try_from(self.varint(end)?).ok()?;
        (length <= end - self.at).then_some(length)
    }

    fn sized(&mut self, end: usize) -> Option<&'b [u8]> {
        let length = self.length(end)?;
        self.take(end, length)
    }

    fn eight(&mut self, end: usize) -> Option<[u8; 8]> {
        self.take(end, 8)?.try_into().ok()
    }

    fn take(&mut self, end: usize, count: usize) -> Option<&'b [u8]> {
        let taken = self.bytes[self.at..end].get(..count)?;
        self.at += count;
        Some(taken)
    }
}

fn append(object: &mut Map<String, Value>, name: &str, value: Value) {
    if let Value::Array(list) = object.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
        list.push(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the exporter of OpenTelemetry for Python (1.45.2) sent: three kinds of sums and gauges, and a histogram.
    const SENT: &[u8] = include_bytes!("exporter.pb");

    #[test]
    fn what_an_exporter_sends_is_read() {
        let said = read(SENT).unwrap();
        let metrics = said["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap();
        let names: Vec<&str> = metrics.iter().map(|metric| metric["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["offload.done", "offload.rate", "active", "request.duration"]);
        let sum = &metrics[0]["sum"];
        assert_eq!((&sum["isMonotonic"], &sum["dataPoints"][0]["asInt"]), (&true.into(), &12.into()));
        assert_eq!(metrics[1]["gauge"]["dataPoints"][0]["asDouble"], 0.8);
        let point = &metrics[3]["histogram"]["dataPoints"][0];
        assert_eq!((&point["sum"], &point["bucketCounts"].as_array().unwrap().len()), (&9163.0.into(), &16));
        assert_eq!(point["attributes"][0]["value"]["stringValue"], "pay");
    }

    /// Cut anywhere, or with any byte changed: read, or refused with a place inside.
    #[test]
    fn what_was_spoilt_is_read_or_refused() {
        for end in 0..SENT.len() {
            assert!(read(&SENT[..end]).err().is_none_or(|at| at <= end), "{end}");
        }
        for at in 0..SENT.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff, SENT[at] ^ 7] {
                let mut bytes = SENT.to_vec();
                bytes[at] = value;
                assert!(read(&bytes).err().is_none_or(|at| at <= bytes.len()), "{at}");
            }
        }
    }

    #[test]
    fn hostile_bytes_are_located() {
        let check = |bytes: &[u8], expect: Result<&str, usize>| {
            let read = read(bytes);
            assert_eq!(read.map(|value| value.to_string()), expect.map(str::to_owned), "{bytes:02x?}");
        };
        check(b"", Ok("{}"));
        check(b"\x0a\x00", Ok("{\"resourceMetrics\":[{}]}"));
        // A field of another version is passed over.
        check(b"\x78\x01\x0a\x00", Ok("{\"resourceMetrics\":[{}]}"));
        check(b"\x0a\x05\x12", Err(2));
        check(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", Err(11));
        // A group, which nobody writes any more.
        check(b"\x0b", Err(1));
        // A number where a message has to be.
        check(b"\x08\x01", Err(1));
        check(b"\x0a\x04\x12\x02\x12\x09", Err(6));
    }
}
