//! Names by template: `exports/{date}/users.jsonl`, `user:{id}:*`, `orders.{customer}.>`.

use model::Fault;

/// A pattern of names with variables.
///
/// `{name}` stands for one or more characters other than the separator, `{name*}` for any that follow, the separator
/// too; `*` is a variable without a name, `**` one that crosses separators. `{{` and `}}` are braces, `**` last may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    text: String,
    parts: Vec<Part>,
    separator: char,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Variable { name: Option<String>, crosses: bool },
}

impl Template {
    /// Reads `text`; `separator` is `/` for files and objects, `:` for Redis, `.` for subjects.
    pub(crate) fn parse(text: &str, separator: char) -> Result<Self, Fault> {
        let wrong = |why: &str| {
            Fault::bad_config("bad-template", format!("The key template {text:?} is wrong: {why}")).advise(
                "Write names as they are, with {variable} for each part that differs and * for a part without a name.",
            )
        };
        let mut parts: Vec<Part> = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            let (taken, part) = match letter {
                '{' | '}' if rest[1..].starts_with(letter) => (2, None),
                '{' => {
                    let end = rest.find('}').ok_or_else(|| wrong("a { has no }"))?;
                    let name = &rest[1..end];
                    let (name, crosses) = name.strip_suffix('*').map_or((name, false), |name| (name, true));
                    if name.is_empty() || name.contains(['{', '*', separator]) {
                        return Err(wrong("a variable has no good name"));
                    }
                    (end + 1, Some(Part::Variable { name: Some(name.to_owned()), crosses }))
                }
                '}' => return Err(wrong("a } has no {")),
                '*' if rest.starts_with("**") => (2, Some(Part::Variable { name: None, crosses: true })),
                '*' => (1, Some(Part::Variable { name: None, crosses: false })),
                '>' if separator == '.' && rest.len() == 1 => (1, Some(Part::Variable { name: None, crosses: true })),
                _ => (letter.len_utf8(), None),
            };
            match part {
                None => literal.push(letter),
                Some(part) => {
                    if !literal.is_empty() {
                        parts.push(Part::Literal(std::mem::take(&mut literal)));
                    } else if matches!(parts.last(), Some(Part::Variable { .. })) {
                        return Err(wrong("two variables stand side by side"));
                    }
                    parts.push(part);
                }
            }
            rest = &rest[taken..];
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        match parts.is_empty() {
            true => Err(wrong("it is empty")),
            false => Ok(Template { text: text.to_owned(), parts, separator }),
        }
    }

    /// As it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What every such name begins with.
    pub(crate) fn prefix(&self) -> &str {
        match self.parts.first() {
            Some(Part::Literal(literal)) => literal,
            _ => "",
        }
    }

    /// The whole name, when there is but one.
    pub(crate) fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Literal(literal)] => Some(literal),
            _ => None,
        }
    }

    /// The names of the variables, in their order.
    pub(crate) fn variables(&self) -> Vec<&str> {
        let name = |part: &'_ Part| matches!(part, Part::Variable { name: Some(_), .. });
        self.parts.iter().filter(|part| name(part)).filter_map(Part::name).collect()
    }

    /// The template with known variables put in: the others become what `unknown` says.
    pub(crate) fn fill(&self, known: &dyn Fn(&str) -> Option<String>, unknown: &str) -> String {
        let mut name = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => name.push_str(literal),
                Part::Variable { name: variable, .. } => {
                    let value = variable.as_deref().and_then(known);
                    name.push_str(value.as_deref().unwrap_or(unknown));
                }
            }
        }
        name
    }

    /// As Redis takes patterns: `*` for what differs, everything else taken as it is.
    pub(crate) fn glob(&self) -> String {
        let mut glob = String::new();
        for part in &self.parts {
            match part {
                Part::Variable { .. } => glob.push('*'),
                Part::Literal(literal) => {
                    for letter in literal.chars() {
                        if ['*', '?', '[', ']', '\\', '^'].contains(&letter) {
                            glob.push('\\');
                        }
                        glob.push(letter);
                    }
                }
            }
        }
        glob
    }

    /// The values of the variables when `name` is such a name: the shortest ones from the left.
    pub(crate) fn matches(&self, name: &str) -> Option<Vec<(String, String)>> {
        let mut values = Vec::new();
        self.step(0, name, &mut values).then_some(values)
    }

    fn step(&self, part: usize, rest: &str, values: &mut Vec<(String, String)>) -> bool {
        match self.parts.get(part) {
            None => rest.is_empty(),
            Some(Part::Literal(literal)) => {
                rest.strip_prefix(literal.as_str()).is_some_and(|rest| self.step(part + 1, rest, values))
            }
            Some(Part::Variable { name, crosses }) => self.variable(part, name.as_deref(), *crosses, rest, values),
        }
    }

    fn variable(
        &self,
        part: usize,
        name: Option<&str>,
        crosses: bool,
        rest: &str,
        values: &mut Vec<(String, String)>,
    ) -> bool {
        let is_last = part + 1 == self.parts.len();
        let reach = match crosses {
            true => rest.len(),
            false => rest.find(self.separator).unwrap_or(rest.len()),
        };
        let least = usize::from(!(crosses && name.is_none()));
        let ends = rest[..reach].char_indices().map(|(at, _)| at).chain([reach]);
        for end in ends.filter(|end| *end >= least && (!is_last || *end == rest.len())) {
            let held = values.len();
            if let Some(name) = name {
                values.push((name.to_owned(), rest[..end].to_owned()));
            }
            if self.step(part + 1, &rest[end..], values) {
                return true;
            }
            values.truncate(held);
        }
        false
    }
}

impl Part {
    fn name(&self) -> Option<&str> {
        match self {
            Part::Variable { name, .. } => name.as_deref(),
            Part::Literal(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_give_their_variables() {
        let check = |template: &str, separator, name: &str, expect: Option<&str>| {
            let found = Template::parse(template, separator).unwrap().matches(name);
            let shown = found.map(|values| {
                values.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
            });
            assert_eq!(shown.as_deref(), expect, "{template} {name}");
        };
        check("exports/{date}/users.jsonl", '/', "exports/2026-01-02/users.jsonl", Some("date=2026-01-02"));
        check("exports/{date}/users.jsonl", '/', "exports/a/b/users.jsonl", None);
        check("exports/{date*}/users.jsonl", '/', "exports/a/b/users.jsonl", Some("date=a/b"));
        check("avatars/{id}-{size}.png", '/', "avatars/7-64.png", Some("id=7 size=64"));
        check("avatars/{id}.png", '/', "avatars/.png", None);
        check("avatars/{id}.png", '/', "avatars/ann.doe.png", Some("id=ann.doe"));
        check("user:{id}:*", ':', "user:7:cart", Some("id=7"));
        check("user:{id}:*", ':', "user:7:cart:old", None);
        check("user:{id}:**", ':', "user:7:cart:old", Some("id=7"));
        check("orders.{customer}.>", '.', "orders.ann.new.1", Some("customer=ann"));
        check("a{{b}}", '/', "a{b}", Some(""));
        check("é{x}é", '/', "éöé", Some("x=ö"));
    }

    #[test]
    fn wrong_templates_are_refused() {
        for template in ["", "a{", "a}", "{}", "{a}{b}", "{a}*", "{a/b}"] {
            assert_eq!(Template::parse(template, '/').unwrap_err().code(), "bad-template", "{template}");
        }
    }

    #[test]
    fn a_template_is_filled() {
        let template = Template::parse("user:{id}:*", ':').unwrap();
        assert_eq!(template.fill(&|name| (name == "id").then(|| "7".to_owned()), "*"), "user:7:*");
        assert_eq!(template.variables(), ["id"]);
        assert_eq!(template.prefix(), "user:");
    }
}
