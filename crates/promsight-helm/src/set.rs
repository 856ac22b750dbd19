//! Assignments of values on the command line: `--set a.b[0]=c,d={e,f}` (`strvals` of Helm 3).

use std::collections::BTreeMap;

use promsight_model::launch::Setting;

use crate::data::Data;
use crate::release::json_value;
use crate::values::entries;

/// Helm's own bound of an index.
const MAX_INDEX: usize = 65_536;

/// Helm's own bound of nesting is 30.
const MAX_DEPTH: usize = 30;

/// A step of the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// The values with those of some assignments in them.
pub(crate) fn applied(values: Data, kind: Setting, text: &str) -> Result<Data, String> {
    let mut rest: Vec<char> = text.chars().collect();
    rest.reverse();
    let mut values = values;
    if kind == Setting::Json && text.trim_start().starts_with('{') {
        let read = json_value(text)?;
        return Ok(entries(&read).into_iter().fold(values, |values, (key, value)| {
            placed(Some(values), &[Step::Key(key)], value)
        }));
    }
    while !rest.is_empty() {
        let path = path(&mut rest)?;
        let value = value(&mut rest, kind)?;
        values = placed(Some(values), &path, value);
    }
    Ok(values)
}

/// The text up to one of these characters, which is taken too; a backslash takes the meaning of what follows.
fn until(rest: &mut Vec<char>, stops: &[char]) -> (String, Option<char>) {
    let mut text = String::new();
    while let Some(character) = rest.pop() {
        match character {
            '\\' => text.extend(rest.pop()),
            stop if stops.contains(&stop) => return (text, Some(stop)),
            other => text.push(other),
        }
    }
    (text, None)
}

/// The way to a value, its equals sign taken.
fn path(rest: &mut Vec<char>) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    loop {
        if steps.len() > MAX_DEPTH {
            return Err(format!(
                "value name nested level is greater than maximum supported nested level of {MAX_DEPTH}"
            ));
        }
        let (key, stop) = until(rest, &['=', '[', ',', '.']);
        if !key.is_empty() || !matches!(steps.last(), Some(Step::Index(_))) {
            steps.push(Step::Key(key.clone()));
        }
        match stop {
            Some('=') => return Ok(steps),
            Some('.') => {}
            Some('[') => {
                let (index, _) = until(rest, &[']']);
                let index: usize = index
                    .trim()
                    .parse()
                    .map_err(|_| format!("error parsing index: {index}"))?;
                if index > MAX_INDEX {
                    return Err(format!(
                        "index of {index} is greater than maximum supported index of {MAX_INDEX}"
                    ));
                }
                steps.push(Step::Index(index));
            }
            _ => return Err(format!("key `{key}` has no value")),
        }
    }
}

fn value(rest: &mut Vec<char>, kind: Setting) -> Result<Data, String> {
    if kind == Setting::Json {
        // What follows is one document: Helm reads on behind it, which nobody uses.
        let text: String = rest.drain(..).rev().collect();
        return json_value(&text);
    }
    if kind == Setting::Content {
        rest.clear();
        return Ok(Data::from(""));
    }
    if rest.last() == Some(&'{') {
        rest.pop();
        let mut items = Vec::new();
        loop {
            let (item, stop) = until(rest, &[',', '}']);
            if stop.is_none() {
                return Err("list must terminate with '}'".to_owned());
            }
            // `{}` holds one text without characters.
            items.push(typed(&item, kind));
            if stop == Some('}') {
                if rest.last() == Some(&',') {
                    rest.pop();
                }
                return Ok(Data::list(items));
            }
        }
    }
    let (text, _) = until(rest, &[',']);
    Ok(typed(&text, kind))
}

/// `typedVal`: whole numbers that do not begin with a zero, booleans and null are what they look like.
fn typed(text: &str, kind: Setting) -> Data {
    if kind == Setting::Text {
        return text.into();
    }
    if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") {
        return text.eq_ignore_ascii_case("true").into();
    }
    if text.eq_ignore_ascii_case("null") {
        return Data::Nil;
    }
    let is_number = text == "0" || !text.starts_with('0');
    match text.parse::<i64>() {
        Ok(number) if is_number => Data::Int(number),
        _ => text.into(),
    }
}

/// What a value is with another one in it.
fn placed(current: Option<Data>, path: &[Step], value: Data) -> Data {
    let Some((step, rest)) = path.split_first() else {
        return value;
    };
    match step {
        Step::Key(key) => {
            let map = current.filter(Data::is_map);
            let mut own: BTreeMap<String, Data> = map
                .map(|map| entries(&map).into_iter().collect())
                .unwrap_or_default();
            let inner = own.remove(key);
            own.insert(key.clone(), placed(inner, rest, value));
            Data::map(own)
        }
        Step::Index(index) => {
            let mut items = match current {
                Some(Data::List(list)) => list.0.clone(),
                _ => Vec::new(),
            };
            if items.len() <= *index {
                items.resize(index + 1, Data::Nil);
            }
            let inner = items.get(*index).cloned().filter(|item| !item.is_nil());
            items[*index] = placed(inner, rest, value);
            Data::list(items)
        }
    }
}
