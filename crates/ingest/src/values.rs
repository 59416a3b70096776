//! Attributes whose text is not in the input as it stands: escapes undone, values put together.

/// Names and values, each name once. The allocations are kept from record to record.
#[derive(Default)]
pub(crate) struct Values {
    all: Vec<Value>,
    used: usize,
}

#[derive(Default)]
struct Value {
    name: String,
    text: String,
    count: usize,
}

impl Values {
    pub(crate) fn clear(&mut self) {
        self.used = 0;
    }

    pub(crate) fn len(&self) -> usize {
        self.used
    }

    /// Adds a value. Of a name that stands several times the values are a JSON list.
    pub(crate) fn put(&mut self, name: &str, text: &str) {
        if let Some(known) = self.all[..self.used].iter_mut().find(|known| known.name == name) {
            known.add(text);
            return;
        }
        if self.used == self.all.len() {
            self.all.push(Value::default());
        }
        let value = &mut self.all[self.used];
        value.name.clear();
        value.name.push_str(name);
        value.text.clear();
        value.text.push_str(text);
        value.count = 1;
        self.used += 1;
    }

    /// The value of a name; it stays.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, text)| text)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all[..self.used].iter().map(|value| (value.name.as_str(), value.text.as_str()))
    }

    /// All of them behind `others`, whose names go first.
    pub(crate) fn with<'v>(&'v self, others: &[(&'v str, &'v str)]) -> Vec<(&'v str, &'v str)> {
        let mut all = others.to_vec();
        all.extend(self.iter().filter(|(name, _)| others.iter().all(|(known, _)| known != name)));
        all
    }
}

impl Value {
    fn add(&mut self, text: &str) {
        if self.count == 1 {
            let first = std::mem::take(&mut self.text);
            self.text.push('[');
            push_json(&mut self.text, &first);
        } else {
            self.text.pop();
        }
        self.text.push(',');
        push_json(&mut self.text, text);
        self.text.push(']');
        self.count += 1;
    }
}

/// Appends a string as JSON has it.
pub(crate) fn push_json(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name that stands several times is one attribute, whose value is a list that JSON reads.
    #[test]
    fn values_of_one_name_are_a_list() {
        let mut values = Values::default();
        for (name, text) in [("a", "1"), ("b", "x"), ("a", "q\"\\\n\u{1}é"), ("a", "")] {
            values.put(name, text);
        }
        assert_eq!((values.len(), values.get("b")), (2, Some("x")));
        let list: Vec<String> = serde_json::from_str(values.get("a").unwrap()).unwrap();
        assert_eq!(list, ["1", "q\"\\\n\u{1}é", ""]);
        assert_eq!(values.with(&[("b", "y")]).len(), 2);
        values.clear();
        assert_eq!(values.iter().count(), 0);
    }
}
