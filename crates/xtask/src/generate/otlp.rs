//! OTLP JSON metrics: one export of one service a line, as the OpenTelemetry file exporters write them.

use std::io::Write;

use super::Lines;
use super::clock;
use super::dice::Dice;

pub(crate) const LINE_BYTES: u64 = 3_000;

const BOUNDS: [&str; 7] = ["0.01", "0.05", "0.1", "0.25", "0.5", "1", "2.5"];

/// Twenty services; counters and histograms are cumulative from the start of the file.
pub(crate) struct Batches {
    dice: Dice,
    exports: u64,
    requests: [[u64; 4]; 20],
    buckets: [[u64; BOUNDS.len() + 1]; 20],
}

impl Batches {
    pub(crate) fn new(dice: Dice) -> Self {
        Batches { dice, exports: 0, requests: Default::default(), buckets: Default::default() }
    }

    fn count(&mut self, service: usize) {
        for route in &mut self.requests[service] {
            *route += self.dice.below(400);
        }
        for bucket in &mut self.buckets[service] {
            *bucket += self.dice.below(60);
        }
    }

    fn sums(&self, service: usize, times: &str, line: &mut Vec<u8>) {
        let _ = write!(
            line,
            r#"{{"name":"http.server.requests","unit":"1","sum":{{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":["#
        );
        for (route, count) in self.requests[service].iter().enumerate() {
            let comma = if route == 0 { "" } else { "," };
            let _ = write!(
                line,
                r#"{comma}{{"attributes":[{{"key":"http.route","value":{{"stringValue":"/api/v1/r{route}"}}}},{{"key":"http.response.status_code","value":{{"intValue":"200"}}}}],{times},"asInt":"{count}"}}"#
            );
        }
        line.extend_from_slice(b"]}}");
    }

    fn gauges(&mut self, times: &str, line: &mut Vec<u8>) {
        line.extend_from_slice(br#",{"name":"process.memory.usage","unit":"By","gauge":{"dataPoints":["#);
        for device in 0..4 {
            let comma = if device == 0 { "" } else { "," };
            let value = self.dice.below(512_000_000);
            let _ = write!(
                line,
                r#"{comma}{{"attributes":[{{"key":"pool","value":{{"stringValue":"p{device}"}}}}],{times},"asDouble":{value}.5}}"#
            );
        }
        line.extend_from_slice(b"]}}");
    }

    fn histogram(&self, service: usize, times: &str, line: &mut Vec<u8>) {
        let buckets = &self.buckets[service];
        let counts: Vec<_> = buckets.iter().map(|count| format!("\"{count}\"")).collect();
        let total: u64 = buckets.iter().sum();
        let _ = write!(
            line,
            r#",{{"name":"http.server.request.duration","unit":"s","histogram":{{"aggregationTemporality":2,"dataPoints":[{{"attributes":[],{times},"count":"{total}","sum":{}.25,"bucketCounts":[{}],"explicitBounds":[{}]}}]}}}}"#,
            total / 4,
            counts.join(","),
            BOUNDS.join(",")
        );
    }
}

impl Lines for Batches {
    fn line(&mut self, passed: f64, line: &mut Vec<u8>) {
        let service = (self.exports % 20) as usize;
        self.exports += 1;
        self.count(service);
        let at = clock::START * 1_000_000_000 + (passed * clock::DAY_US) as u64 * 1000 + self.exports % 1000;
        let times = format!(r#""startTimeUnixNano":"{}000000000","timeUnixNano":"{at}""#, clock::START);
        let _ = write!(
            line,
            r#"{{"resourceMetrics":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"svc-{service:02}"}}}},{{"key":"host.name","value":{{"stringValue":"node-{service:03}.example"}}}}]}},"scopeMetrics":[{{"scope":{{"name":"generated"}},"metrics":["#
        );
        self.sums(service, &times, line);
        self.gauges(&times, line);
        self.histogram(service, &times, line);
        line.extend_from_slice(b"]}]}]}\n");
    }
}
