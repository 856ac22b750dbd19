//! Lists.

use std::rc::Rc;

use super::{Arguments, Entry, items};
use crate::data::{Data, Object};
use crate::evaluate::{Outcome, fail};

/// Lists that functions make have no more items.
const MAX_ITEMS: i64 = 1_000_000;

pub(super) const FUNCTIONS: &[Entry] = &[
    ("list", "a*", |_, arguments| {
        Ok(Data::list(arguments.all().to_vec()))
    }),
    ("tuple", "a*", |_, arguments| {
        Ok(Data::list(arguments.all().to_vec()))
    }),
    ("append", "aa", push),
    ("mustAppend", "aa", push),
    ("push", "aa", push),
    ("mustPush", "aa", push),
    ("prepend", "aa", prepend),
    ("mustPrepend", "aa", prepend),
    ("first", "a", first),
    ("mustFirst", "a", first),
    ("last", "a", last),
    ("mustLast", "a", last),
    ("rest", "a", rest),
    ("mustRest", "a", rest),
    ("initial", "a", initial),
    ("mustInitial", "a", initial),
    ("reverse", "a", reverse),
    ("mustReverse", "a", reverse),
    ("uniq", "a", uniq),
    ("mustUniq", "a", uniq),
    ("without", "aa*", without),
    ("mustWithout", "aa*", without),
    ("compact", "a", compact),
    ("mustCompact", "a", compact),
    ("has", "aa", has),
    ("mustHas", "aa", has),
    ("slice", "aa*", slice),
    ("mustSlice", "aa*", slice),
    ("chunk", "ia", chunk),
    ("mustChunk", "ia", chunk),
    ("concat", "a*", |_, arguments| {
        let mut all = Vec::new();
        for list in arguments.all() {
            all.extend(items(list)?.0.iter().cloned());
        }
        Ok(Data::list(all))
    }),
    ("sortAlpha", "a", |_, arguments| {
        let Ok(list) = arguments.items(0) else {
            return Ok(Data::list(vec![Data::Text(arguments.any(0).text())]));
        };
        let mut texts: Vec<_> = list
            .0
            .iter()
            .filter(|item| !item.is_nil())
            .map(Data::text)
            .collect();
        texts.sort();
        Ok(Data::list(texts.into_iter().map(Data::Text).collect()))
    }),
    ("join", "sa", |_, arguments| {
        let (separator, texts) = (arguments.text(0), texts(arguments.any(1)));
        let length: usize = texts.iter().map(|text| text.len() + separator.len()).sum();
        if length > super::MAX_LENGTH {
            return fail("a text becomes too long");
        }
        Ok(texts.join(&*separator).into())
    }),
    ("toStrings", "a", |_, arguments| {
        let texts = texts(arguments.any(0)).into_iter().map(Data::Text);
        Ok(Data::list(texts.collect()))
    }),
    ("until", "i", |_, arguments| {
        let stop = arguments.integer(0);
        Ok(integers(steps(0, stop, if stop < 0 { -1 } else { 1 })?))
    }),
    ("untilStep", "iii", |_, arguments| {
        let numbers = steps(arguments.integer(0), arguments.integer(1), arguments.integer(2))?;
        Ok(integers(numbers))
    }),
    ("seq", "i*", seq),
    ("len", "a", |_, arguments| {
        let length = match arguments.any(0) {
            Data::Text(text) => text.len(),
            Data::List(list) => list.0.len(),
            Data::Map(map) => map.entries.borrow().len(),
            Data::Object(object) => match &**object {
                Object::Versions(versions) => versions.len(),
                Object::Files(files) => files.len(),
                _ => return fail("len of a structure"),
            },
            Data::Nil | Data::Missing => return fail("len of nil pointer"),
            other => return fail(format!("len of type {}", other.type_name())),
        };
        Ok(Data::Int(i64::try_from(length).unwrap_or(i64::MAX)))
    }),
    ("index", "aa*", index),
];

fn integers(numbers: Vec<i64>) -> Data {
    Data::list(numbers.into_iter().map(Data::Int).collect())
}

/// Sprig's `toStrings`: nulls are left out, what is no list is one text.
pub(super) fn texts(value: &Data) -> Vec<Rc<str>> {
    match items(value) {
        Ok(list) => list
            .0
            .iter()
            .filter(|item| !item.is_nil())
            .map(Data::text)
            .collect(),
        Err(_) if value.is_nil() => Vec::new(),
        Err(_) => vec![value.text()],
    }
}

type Evaluator = crate::evaluate::Evaluator;

fn push(_: &mut Evaluator, arguments: &Arguments) -> Outcome {
    let mut list = arguments.items(0)?.0.clone();
    list.push(arguments.any(1).clone());
    Ok(Data::list(list))
}

fn prepend(_: &mut Evaluator, arguments: &Arguments) -> Outcome {
    let mut list = vec![arguments.any(1).clone()];
    list.extend(arguments.items(0)?.0.iter().cloned());
    Ok(Data::list(list))
}

fn first(_: &mut Evaluator, arguments: &Arguments) -> Outcome {
    Ok(arguments.items(0)?.0.first().cloned().unwrap_or(Data::Nil))
}

fn last(_: &mut Evaluator, arguments: &Arguments) -> Outcome {
    Ok(arguments.items(0)?.0.last().cloned().unwrap_or(Data::Nil))
}

fn rest(_: &mut Evaluator, arguments: &Arguments) -> Outcome {
    Ok(Data::list(
        arguments.items(0)?.0.iter().skip(1).cloned().collect(),
    ))
}

fn initial(_: &mut Evaluator, arguments: &Arguments) -> Outcome {
    let list = arguments.items(0)?;
    Ok(Data::list(list.0[..list.0.len().saturating_sub(1)].to_vec()))
}

fn reverse(_: &mut Evaluator, arguments: &Arguments) -> Outcome {
    Ok(Data::list(arguments.items(0)?.0.iter().rev().cloned().collect()))
}

fn uniq(evaluator: &mut Evaluator, arguments: &Arguments) -> Outcome {
    let mut kept: Vec<Data> = Vec::new();
    for item in &arguments.items(0)?.0 {
        evaluator.spend(kept.len())?;
        if !kept.iter().any(|other| item.same(other)) {
            kept.push(item.clone());
        }
    }
    Ok(Data::list(kept))
}

fn without(evaluator: &mut Evaluator, arguments: &Arguments) -> Outcome {
    let list = arguments.items(0)?;
    let omitted = arguments.from(1);
    evaluator.spend(list.0.len().saturating_mul(omitted.len()))?;
    let kept = list
        .0
        .iter()
        .filter(|item| !omitted.iter().any(|other| item.same(other)));
    Ok(Data::list(kept.cloned().collect()))
}

fn compact(_: &mut Evaluator, arguments: &Arguments) -> Outcome {
    let list = arguments.items(0)?;
    Ok(Data::list(
        list.0.iter().filter(|item| item.is_true()).cloned().collect(),
    ))
}

fn has(_: &mut Evaluator, arguments: &Arguments) -> Outcome {
    if arguments.any(1).is_nil() {
        return Ok(false.into());
    }
    let list = arguments.items(1)?;
    Ok(list.0.iter().any(|item| item.same(arguments.any(0))).into())
}

fn slice(_: &mut Evaluator, arguments: &Arguments) -> Outcome {
    let list = arguments.items(0)?;
    if list.0.is_empty() {
        return Ok(Data::Nil);
    }
    let bounds = arguments.from(1);
    let start = bounds.first().map_or(0, Data::to_integer);
    let end = bounds
        .get(1)
        .map_or(i64::try_from(list.0.len()).unwrap_or(i64::MAX), Data::to_integer);
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    match range.and_then(|(start, end)| list.0.get(start..end)) {
        Some(items) => Ok(Data::list(items.to_vec())),
        None => fail("slice bounds out of range"),
    }
}

fn chunk(_: &mut Evaluator, arguments: &Arguments) -> Outcome {
    let size = arguments.count(0);
    if size == 0 {
        return fail("chunks of no size");
    }
    let list = arguments.items(1)?;
    let chunks = list.0.chunks(size).map(|chunk| Data::list(chunk.to_vec()));
    Ok(Data::list(chunks.collect()))
}

fn steps(start: i64, stop: i64, step: i64) -> Outcome<Vec<i64>> {
    let (distance, is_towards) = if stop < start {
        (start.saturating_sub(stop), step < 0)
    } else {
        (stop.saturating_sub(start), step > 0)
    };
    if !is_towards || distance == 0 {
        return Ok(Vec::new());
    }
    if distance / step.saturating_abs().max(1) > MAX_ITEMS {
        return fail("a list of too many numbers");
    }
    let mut numbers = Vec::new();
    let mut number = start;
    while if step > 0 { number < stop } else { number > stop } {
        numbers.push(number);
        number = number.saturating_add(step);
    }
    Ok(numbers)
}

fn seq(_: &mut Evaluator, arguments: &Arguments) -> Outcome {
    let (start, step, end) = match arguments.all() {
        [end] => (1, None, end.to_integer()),
        [start, end] => (start.to_integer(), None, end.to_integer()),
        [start, step, end] => (start.to_integer(), Some(step.to_integer()), end.to_integer()),
        _ => return Ok("".into()),
    };
    let direction = if end < start { -1 } else { 1 };
    if direction < 0 && step.is_some_and(|step| step > 0) {
        return Ok("".into());
    }
    let numbers = steps(start, end.saturating_add(direction), step.unwrap_or(direction))?;
    let texts: Vec<String> = numbers.iter().map(i64::to_string).collect();
    Ok(texts.join(" ").into())
}

/// `index` of Go.
fn index(_: &mut Evaluator, arguments: &Arguments) -> Outcome {
    let mut value = arguments.any(0).clone();
    if value.is_nil() {
        return fail("index of untyped nil");
    }
    for key in arguments.from(1) {
        let at = |length: usize| match key {
            Data::Int(number) | Data::Long(number) => {
                let at = usize::try_from(*number).ok().filter(|at| *at < length);
                at.map_or_else(|| fail(format!("index out of range: {number}")), Ok)
            }
            Data::Nil | Data::Missing => fail("cannot index slice/array with nil"),
            other => fail(format!(
                "cannot index slice/array with type {}",
                other.type_name()
            )),
        };
        value = match &value {
            Data::Map(_) => match key {
                Data::Text(key) => value.get(key).unwrap_or(Data::Nil),
                Data::Nil | Data::Missing => return fail("value is nil; should be of type string"),
                other => {
                    return fail(format!("value has type {}; should be string", other.type_name()));
                }
            },
            Data::List(list) => list.0[at(list.0.len())?].clone(),
            Data::Text(text) => Data::Int(i64::from(text.as_bytes()[at(text.len())?])),
            Data::Object(object) => match (&**object, key) {
                (Object::Files(files), Data::Text(path)) => match files.get(&**path) {
                    Some(text) => Data::Text(Rc::clone(text)),
                    None => "".into(),
                },
                (Object::Versions(versions), _) => versions[at(versions.len())?].as_str().into(),
                _ => return fail("can't index a structure"),
            },
            Data::Nil | Data::Missing => return fail("index of nil pointer"),
            other => return fail(format!("can't index item of type {}", other.type_name())),
        };
    }
    Ok(value)
}
