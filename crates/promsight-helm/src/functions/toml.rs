//! Values as TOML (BurntSushi/toml 1.6): plain entries first, then tables, each in the order of the keys.

use std::fmt::Write as _;

use crate::data::{Data, MAX_DEPTH, shortest};

/// Writes a mapping.
pub(super) fn write(value: &Data) -> String {
    let mut out = String::new();
    table(value, &mut Vec::new(), &mut out);
    out
}

fn is_table(value: &Data) -> bool {
    value.is_map()
}

fn is_table_list(value: &Data) -> bool {
    matches!(value, Data::List(list) if !list.0.is_empty() && list.0.iter().all(is_table))
}

fn table(value: &Data, path: &mut Vec<String>, out: &mut String) {
    let Data::Map(map) = value else { return };
    if path.len() > MAX_DEPTH {
        return;
    }
    let entries = map.entries.borrow();
    let indent = "  ".repeat(path.len());
    let plain = entries
        .iter()
        .filter(|(_, value)| !is_table(value) && !is_table_list(value));
    for (key, value) in plain.filter(|(_, value)| !value.is_nil()) {
        let _ = write!(out, "{indent}{} = ", written_key(key));
        inline(value, out, 0);
        out.push('\n');
    }
    for (key, value) in entries.iter() {
        path.push(written_key(key));
        let indent = "  ".repeat(path.len() - 1);
        match value {
            Data::Map(_) => {
                if path.len() == 1 && !out.is_empty() {
                    out.push('\n');
                }
                let _ = writeln!(out, "{indent}[{}]", path.join("."));
                table(value, path, out);
            }
            Data::List(list) if is_table_list(value) => {
                for item in &list.0 {
                    if !out.is_empty() {
                        out.push('\n');
                    }
                    let _ = writeln!(out, "{indent}[[{}]]", path.join("."));
                    table(item, path, out);
                }
            }
            _ => {}
        }
        path.pop();
    }
}

fn written_key(key: &str) -> String {
    let is_bare = !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if is_bare {
        key.to_owned()
    } else {
        super::strings::quoted(key)
    }
}

fn inline(value: &Data, out: &mut String, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    match value {
        Data::Text(text) => out.push_str(&super::strings::quoted(text)),
        Data::Float(number) => {
            let text = shortest(*number);
            out.push_str(&text);
            if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
                out.push_str(".0");
            }
        }
        Data::List(list) => {
            out.push('[');
            for (index, item) in list.0.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                inline(item, out, depth + 1);
            }
            out.push(']');
        }
        Data::Map(map) => {
            out.push('{');
            for (index, (key, value)) in map.entries.borrow().iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                let _ = write!(out, "{} = ", written_key(key));
                inline(value, out, depth + 1);
            }
            out.push('}');
        }
        other => out.push_str(&other.printed()),
    }
}
