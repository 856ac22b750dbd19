//! How values of several charts become one (`chartutil` of Helm 3.22).

use crate::data::Data;

/// What becomes of nulls that hide a default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nulls {
    /// They take the key away.
    Remove,
    /// They stay.
    Keep,
}

/// The entries of a mapping.
pub(crate) fn entries(map: &Data) -> Vec<(String, Data)> {
    match map {
        Data::Map(map) => map
            .entries
            .borrow()
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
        _ => Vec::new(),
    }
}

/// Sets a key of a mapping.
pub(crate) fn insert(map: &Data, key: &str, value: Data) {
    if let Data::Map(map) = map {
        map.entries.borrow_mut().insert(key.to_owned(), value);
    }
}

/// Takes a key away from a mapping.
pub(crate) fn remove(map: &Data, key: &str) {
    if let Data::Map(map) = map {
        map.entries.borrow_mut().remove(key);
    }
}

/// What stands at a path with dots.
pub(crate) fn at(values: &Data, path: &str) -> Option<Data> {
    path.split('.')
        .try_fold(values.clone(), |value, key| value.get(key))
}

/// The mapping at a path with dots.
pub(crate) fn table(values: &Data, path: &str) -> Option<Data> {
    at(values, path).filter(Data::is_map)
}

/// `coalesceGlobals`: what a chart above says in `global` comes before what one below says.
pub(crate) fn coalesce_globals(own: &Data, above: &Data) {
    let global = |map: &Data| match map.get("global") {
        None => Some(Data::empty_map()),
        Some(found @ Data::Map(_)) => Some(found),
        Some(_) => None,
    };
    let (Some(destination), Some(source)) = (global(own), global(above)) else {
        return;
    };
    for (key, value) in entries(&source) {
        if !value.is_map() {
            match destination.get(&key) {
                Some(present) if present.is_map() => {}
                _ => insert(&destination, &key, value),
            }
            continue;
        }
        let copy = Data::map(entries(&value).into_iter().collect());
        match destination.get(&key) {
            None => insert(&destination, &key, copy),
            Some(present) if present.is_map() => {
                merge_tables(&copy, &present, Nulls::Keep);
                insert(&destination, &key, copy);
            }
            Some(_) => {}
        }
    }
    insert(own, "global", destination);
}

/// `coalesceTablesFullKey`: the destination's values come first.
pub(crate) fn merge_tables(destination: &Data, source: &Data, nulls: Nulls) {
    merge_tables_within(destination, source, nulls, 0);
}

fn merge_tables_within(destination: &Data, source: &Data, nulls: Nulls, depth: usize) {
    if depth > crate::data::MAX_DEPTH {
        return;
    }
    for (key, value) in entries(source) {
        match destination.get(&key) {
            None => insert(destination, &key, value),
            Some(present) if present.is_nil() => {
                if nulls == Nulls::Remove && !value.is_nil() {
                    remove(destination, &key);
                }
            }
            Some(present) if present.is_map() && value.is_map() => {
                merge_tables_within(&present, &value, nulls, depth + 1);
            }
            Some(_) => {}
        }
    }
}
