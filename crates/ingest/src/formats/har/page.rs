//! The timings of one page.

use model::{Body, Sample, SampleType};

use super::{Reader, milliseconds};
use crate::json::Token;
use crate::node::{Fields, Node};
use crate::number;
use crate::output::{Bad, Stop};
use crate::series;

/// Longest name of a timing.
const NAME_MAX: usize = 64;

impl<'t> Reader<'_, 't, '_> {
    /// A sample for each timing: those of the spec, and what recorders add behind an underscore where it is a number.
    pub(super) fn page(&mut self, node: Node<'t>) -> Result<(), Stop> {
        let fields = Fields::read(node, self.depth())?;
        let reading = self.start(&fields)?;
        let id = fields.text("id")?.unwrap_or_default();
        let timings = self.object(&fields, "pageTimings")?;
        let mut labels = vec![("page", id.as_str())];
        series::normalise(&mut labels);
        let mut found: Vec<(String, &str)> = Vec::new();
        for (key, node) in timings.iter().filter(|(key, _)| *key != "comment") {
            let added = key.strip_prefix('_');
            if added.is_some() && !matches!(node.token()?, Token::Number(_)) {
                continue;
            }
            if key.len() > NAME_MAX || !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                return Err(
                    Bad::new("bad-field", node.at, "A timing's name has letters, digits and underscores").into()
                );
            }
            let name = format!("har.page.{}", added.unwrap_or(key));
            if found.iter().any(|(known, _)| *known == name) {
                return Err(Bad::new("duplicate-field", node.at, "A timing stands twice").into());
            }
            found.extend(milliseconds(node, "a timing of a page")?.map(|digits| (name, digits)));
        }
        let mut text = String::new();
        for (name, digits) in found {
            series::write(&mut text, &name, &labels);
            let body = Body::Sample(Sample {
                name: &name,
                series: &text,
                sample_type: SampleType::Gauge,
                unit: Some("ms"),
                value: number::scaled(digits.as_bytes(), 0).unwrap_or_default(),
                value_int: number::integer(digits.as_bytes()),
                start: None,
            });
            self.hand_on(&fields, reading.instant, &labels, body)?;
        }
        Ok(())
    }
}
