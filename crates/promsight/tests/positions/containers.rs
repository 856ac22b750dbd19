//! Queries written into every kind of file, with what each container may do to a text done at random: escapes,
//! folding, indentation, line ends, a byte order mark, characters of several bytes around them.

use proptest::prelude::*;
use proptest::sample::Index;

/// A file with queries in it.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) path: &'static str,
    pub(crate) text: String,
    /// The names of the selectors, in order.
    pub(crate) names: Vec<String>,
    /// The values of the matchers, in order.
    pub(crate) values: Vec<String>,
}

/// A query whose selectors are known.
#[derive(Clone, Debug)]
struct Known {
    text: String,
    names: Vec<String>,
    values: Vec<String>,
}

/// A selector, its value's characters taken from everything that containers and PromQL escape.
fn selector() -> impl Strategy<Value = Known> {
    let name = "[a-z][a-z0-9]{1,6}_(orders|trips)_total";
    let value = "[a-zé漢\"\\\\'`|&<%{} ]{0,6}";
    (name, value, any::<bool>()).prop_map(|(name, value, is_bare)| {
        if is_bare {
            return Known {
                text: name.clone(),
                names: vec![name],
                values: Vec::new(),
            };
        }
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
        Known {
            text: format!("{name}{{place=\"{escaped}\"}}"),
            names: vec![name],
            values: vec![value],
        }
    })
}

fn query() -> impl Strategy<Value = Known> {
    (prop::collection::vec(selector(), 1..4), any::<Index>()).prop_map(|(selectors, shape)| {
        let shapes = [
            "sum by (place) (rate({}[5m]))",
            "{}",
            "(max({}) > 0.5)",
            "absent({}) == 1",
        ];
        let shape = shape.get(&shapes);
        let pieces: Vec<String> = selectors
            .iter()
            .map(|selector| shape.replace("{}", &selector.text))
            .collect();
        Known {
            text: pieces.join(" / on (place) "),
            names: selectors
                .iter()
                .flat_map(|selector| selector.names.clone())
                .collect(),
            values: selectors
                .iter()
                .flat_map(|selector| selector.values.clone())
                .collect(),
        }
    })
}

/// What a container does at random, drawn beforehand.
#[derive(Clone, Debug)]
struct Dice {
    rolls: Vec<u8>,
    next: usize,
}

impl Dice {
    /// Nothing happens.
    fn never() -> Self {
        Self {
            rolls: vec![1],
            next: 0,
        }
    }

    /// Whether something that happens once in `of` times happens now.
    fn falls(&mut self, of: u8) -> bool {
        self.next += 1;
        self.rolls[self.next % self.rolls.len()].is_multiple_of(of)
    }
}

/// A file of any kind with one query.
pub(crate) fn written() -> impl Strategy<Value = Written> {
    let dice = prop::collection::vec(any::<u8>(), 97).prop_map(|rolls| Dice { rolls, next: 0 });
    (query(), 0..CONTAINERS.len(), dice, 1..9_usize, any::<[bool; 2]>()).prop_map(
        |(query, container, mut dice, indent, [has_mark, has_carriage_returns])| {
            let (path, write) = CONTAINERS[container];
            let mut text = write(&query.text, indent, &mut dice);
            if has_carriage_returns {
                text = text.replace('\n', "\r\n");
            }
            // The byte order mark is taken off where files are decoded; here a comment stands in its place.
            if has_mark && !path.ends_with(".json") && !path.ends_with(".md") {
                text = format!("# é漢\u{1f600}\n{text}");
            }
            Written {
                path,
                text,
                names: query.names,
                values: query.values,
            }
        },
    )
}

type Write = fn(&str, usize, &mut Dice) -> String;

const CONTAINERS: [(&str, Write); 12] = [
    ("rules.yaml", |query, indent, dice| {
        rule(&double_quoted(query, dice), indent)
    }),
    ("rules.yml", |query, indent, _| {
        rule(&single_quoted(query), indent)
    }),
    ("rules.yaml", |query, indent, _| {
        rule(&literal(query, indent), indent)
    }),
    ("rules.yaml", |query, indent, dice| {
        rule(&folded(query, indent, dice), indent)
    }),
    ("rules.yaml", |query, indent, dice| {
        let inner = rule(&double_quoted(query, dice), 2);
        config_map("rules.yaml", &inner, indent)
    }),
    ("dashboard.json", |query, indent, dice| {
        dashboard(query, indent, dice)
    }),
    ("minified.json", |query, _, dice| dashboard(query, 0, dice)),
    ("dashboards.yaml", |query, indent, dice| {
        let inner = dashboard(query, 2, dice);
        config_map("dashboard.json", &inner, indent)
    }),
    ("dashboards.json", |query, _, dice| {
        // Keys stay as they are: what a prefilter looks for is not escaped by any program.
        let inner = json_string(&dashboard(query, 1, dice), &mut Dice::never());
        format!(
            "{{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {{\"name\": \"d\"}}, \"data\": \
             {{\"d.json\": {inner}}}}}\n"
        )
    }),
    ("runbook.md", |query, _, _| {
        format!("# Runbook é漢\n\nLook at:\n\n```promql\n{query}\n```\n")
    }),
    ("runbook.md", |query, indent, _| {
        let spaces = " ".repeat(indent.min(3));
        format!("1. First 漢\n\n{spaces}   ```promql\n{spaces}   {query}\n{spaces}   ```\n")
    }),
    ("runbook.rst", |query, indent, _| {
        let spaces = " ".repeat(indent);
        format!("Runbook\n=======\n\n.. code-block:: promql\n\n{spaces}{query}\n\nEnd.\n")
    }),
];

/// A rule file with an expression as it stands in YAML.
fn rule(expression: &str, indent: usize) -> String {
    let spaces = " ".repeat(indent);
    format!(
        "groups:\n{spaces}- name: \"é漢\"\n{spaces}  rules:\n{spaces}  - alert: Late\n{spaces}    expr: {expression}\n\
         {spaces}    labels: {{severity: page}}\n"
    )
}

fn config_map(key: &str, inner: &str, indent: usize) -> String {
    let spaces = " ".repeat(indent + 1);
    let lines: String = inner.lines().map(|line| format!("{spaces}{line}\n")).collect();
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: observed\n  labels: {{grafana_dashboard: \"1\"}}\ndata:\n \
         {key}: |\n{lines}"
    )
}

fn dashboard(query: &str, indent: usize, dice: &mut Dice) -> String {
    let query = json_string(query, dice);
    let (line, spaces) = if indent == 0 {
        ("", String::new())
    } else {
        ("\n", " ".repeat(indent))
    };
    format!(
        "{{{line}{spaces}\"title\": \"é漢\",{line}{spaces}\"schemaVersion\": 39,{line}{spaces}\"panels\": [{{\"type\": \
         \"timeseries\", \"title\": \"Trips\", \"datasource\": {{\"type\": \"prometheus\"}}, \"targets\": \
         [{{\"expr\": {query}, \"refId\": \"A\"}}]}}]{line}}}\n"
    )
}

/// A JSON string in which some characters are escaped without need.
fn json_string(text: &str, dice: &mut Dice) -> String {
    let mut out = "\"".to_owned();
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            _ if u32::from(character) < 0x1_0000 && dice.falls(13) => {
                out.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}

/// A double-quoted scalar of YAML.
fn double_quoted(text: &str, dice: &mut Dice) -> String {
    let mut out = "\"".to_owned();
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            _ if character.is_ascii() && dice.falls(17) => {
                out.push_str(&format!("\\x{:02X}", u32::from(character)));
            }
            _ if u32::from(character) < 0x1_0000 && dice.falls(17) => {
                out.push_str(&format!("\\u{:04X}", u32::from(character)));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}

fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn literal(text: &str, indent: usize) -> String {
    format!("|-\n{}{text}", " ".repeat(indent + 6))
}

/// A folded scalar with a line break in place of some spaces outside strings.
fn folded(text: &str, indent: usize, dice: &mut Dice) -> String {
    let mut out = format!(">-\n{}", " ".repeat(indent + 6));
    let mut in_string = false;
    let mut is_escaped = false;
    for character in text.chars() {
        if character == ' ' && !in_string && dice.falls(2) {
            out.push_str(&format!("\n{}", " ".repeat(indent + 6)));
            continue;
        }
        in_string ^= character == '"' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        out.push(character);
    }
    out
}
