//! Series in canonical form: `name{a="1",b="2"}`, labels sorted, values escaped as in the Prometheus text format.

/// Appends a label value with `\`, `"` and newline escaped.
pub(crate) fn push_escaped(out: &mut String, value: &str) {
    let mut rest = value;
    while let Some(at) = memchr::memchr3(b'\\', b'"', b'\n', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'\\' => "\\\\",
            b'"' => "\\\"",
            _ => "\\n",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

/// Writes the series of `name` with `labels`, which are sorted by name and carry no empty values, into `out`.
pub(crate) fn write(out: &mut String, name: &str, labels: &[(&str, &str)]) {
    out.clear();
    out.push_str(name);
    for (index, (label, value)) in labels.iter().enumerate() {
        out.push(if index == 0 { '{' } else { ',' });
        out.push_str(label);
        out.push_str("=\"");
        push_escaped(out, value);
        out.push('"');
    }
    if !labels.is_empty() {
        out.push('}');
    }
}

/// Sorts labels by name and drops those with an empty value, which mean the same as no label at all.
pub(crate) fn normalise(labels: &mut Vec<(&str, &str)>) {
    labels.retain(|(_, value)| !value.is_empty());
    if !labels.is_sorted_by(|a, b| a.0 < b.0) {
        labels.sort_unstable_by(|a, b| a.0.cmp(b.0));
    }
}

/// An emptied vector for borrowings of another lifetime: the allocation is kept (the collect runs in place).
pub(crate) fn recycle<'b>(mut used: Vec<(&str, &str)>) -> Vec<(&'b str, &'b str)> {
    used.clear();
    used.into_iter().map(|_| ("", "")).collect()
}
