//! Mappings. Sprig changes them in place, and so do these.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Arguments, Entry};
use crate::data::{Data, Map};
use crate::evaluate::{Evaluator, MAX_MERGE, Outcome, fail};

pub(super) const FUNCTIONS: &[Entry] = &[
    ("dict", "a*", |_, arguments| {
        let pairs = arguments.all().chunks(2).map(|pair| {
            let value = pair.get(1).cloned().unwrap_or_else(|| "".into());
            (pair[0].text().to_string(), value)
        });
        Ok(Data::map(pairs.collect()))
    }),
    ("get", "ms", |_, arguments| {
        let map = arguments.map(0);
        let found = map.entries.borrow().get(&*arguments.text(1)).cloned();
        Ok(found.unwrap_or_else(|| "".into()))
    }),
    ("set", "msa", |_, arguments| {
        let map = arguments.map(0);
        let key = arguments.text(1).to_string();
        map.entries.borrow_mut().insert(key, arguments.any(2).clone());
        Ok(Data::Map(map))
    }),
    ("unset", "ms", |_, arguments| {
        let map = arguments.map(0);
        map.entries.borrow_mut().remove(&*arguments.text(1));
        Ok(Data::Map(map))
    }),
    ("hasKey", "ms", |_, arguments| {
        let has = arguments
            .map(0)
            .entries
            .borrow()
            .contains_key(&*arguments.text(1));
        Ok(has.into())
    }),
    ("pluck", "sm*", |_, arguments| {
        let key = arguments.text(0);
        let found = arguments.from(1).iter().filter_map(|map| map.get(&key));
        Ok(Data::list(found.collect()))
    }),
    // Go gives keys and values in the order of chance; ours is the order of the keys.
    ("keys", "m*", |_, arguments| {
        let mut keys = Vec::new();
        for map in arguments.all() {
            if let Data::Map(map) = map {
                keys.extend(map.entries.borrow().keys().map(|key| Data::from(key.as_str())));
            }
        }
        Ok(Data::list(keys))
    }),
    ("values", "m", |_, arguments| {
        let values = arguments.map(0).entries.borrow().values().cloned().collect();
        Ok(Data::list(values))
    }),
    ("pick", "ms*", |_, arguments| {
        let map = arguments.map(0);
        let entries = map.entries.borrow();
        let keys = arguments.from(1).iter().map(Data::text);
        let picked = keys.filter_map(|key| Some((key.to_string(), entries.get(&*key)?.clone())));
        Ok(Data::map(picked.collect()))
    }),
    ("omit", "ms*", |_, arguments| {
        let map = arguments.map(0);
        let mut entries: BTreeMap<String, Data> = map.entries.borrow().clone();
        for key in arguments.from(1) {
            entries.remove(&*key.text());
        }
        Ok(Data::map(entries))
    }),
    ("merge", "mm*", |evaluator, arguments| {
        merge_all(evaluator, arguments, Precedence::Destination)
    }),
    ("mustMerge", "mm*", |evaluator, arguments| {
        merge_all(evaluator, arguments, Precedence::Destination)
    }),
    ("mergeOverwrite", "mm*", |evaluator, arguments| {
        merge_all(evaluator, arguments, Precedence::Source)
    }),
    ("mustMergeOverwrite", "mm*", |evaluator, arguments| {
        merge_all(evaluator, arguments, Precedence::Source)
    }),
    ("deepCopy", "a", deep_copy),
    ("mustDeepCopy", "a", deep_copy),
    ("dig", "a*", dig),
];

/// Whose values stay where both have one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Precedence {
    Destination,
    Source,
}

fn merge_all(evaluator: &mut Evaluator, arguments: &Arguments, precedence: Precedence) -> Outcome {
    let destination = arguments.map(0);
    for source in arguments.from(1) {
        if let Data::Map(source) = source {
            merge(evaluator, &destination, source, precedence, 0)?;
        }
    }
    Ok(Data::Map(destination))
}

/// `mergo.Merge` (1.0.1), by which what is empty in the destination counts as absent.
fn merge(
    evaluator: &mut Evaluator,
    destination: &Rc<Map>,
    source: &Rc<Map>,
    precedence: Precedence,
    depth: usize,
) -> Outcome<()> {
    if depth > MAX_MERGE {
        return fail("mappings are nested too deeply to be merged");
    }
    if Rc::ptr_eq(destination, source) {
        return Ok(());
    }
    let entries: Vec<(String, Data)> = source
        .entries
        .borrow()
        .iter()
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    evaluator.spend(entries.len())?;
    let overwrites = precedence == Precedence::Source;
    for (key, value) in entries {
        let present = destination.entries.borrow().get(&key).cloned();
        if value.is_nil() {
            if overwrites {
                destination.entries.borrow_mut().insert(key, Data::Nil);
            }
            continue;
        }
        if let (Data::Map(value), Some(Data::Map(present))) = (&value, &present) {
            merge(evaluator, present, value, precedence, depth + 1)?;
        }
        let is_filled = present.as_ref().is_some_and(Data::is_true);
        if is_filled && value.is_map() && present.as_ref().is_some_and(Data::is_map) {
            continue;
        }
        if overwrites || !is_filled {
            destination.entries.borrow_mut().insert(key, value);
        }
    }
    Ok(())
}

fn deep_copy(evaluator: &mut Evaluator, arguments: &Arguments) -> Outcome {
    let value = arguments.any(0);
    let bound = usize::try_from(evaluator.steps).unwrap_or(usize::MAX);
    evaluator.spend(value.size(bound))?;
    Ok(value.deep_copy())
}

fn dig(_: &mut Evaluator, arguments: &Arguments) -> Outcome {
    let [keys @ .., default, value] = arguments.all() else {
        return fail("dig needs at least three arguments");
    };
    if keys.is_empty() {
        return fail("dig needs at least three arguments");
    }
    let mut value = value.clone();
    for key in keys {
        if !value.is_map() {
            return fail(format!("interface conversion: {} is no map", value.type_name()));
        }
        match value.get(&key.text()) {
            Some(found) => value = found,
            None => return Ok(default.clone()),
        }
    }
    Ok(value)
}
