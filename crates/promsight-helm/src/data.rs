//! Values as Go's templates see them.
//!
//! Owns: the dynamic values, how they are printed, compared and judged true, and the names of their types. Mappings are
//! shared and changed in place, as Go's are: `set` on a value that two names hold changes it for both.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;

/// Nothing is followed deeper than this: templates can build values of any depth, also some that hold themselves.
pub(crate) const MAX_DEPTH: usize = 100;

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    /// No value at all, as a pipeline gives it.
    Nil,
    /// What a mapping has under a key that is absent or null, until a pipeline makes it [`Data::Nil`]: its fields
    /// cannot be asked for.
    Missing,
    /// A boolean.
    Bool(bool),
    /// Go's `int`.
    Int(i64),
    /// Go's `int64`: what arithmetic of Sprig gives.
    Long(i64),
    /// Go's `float64`: every number of a values file.
    Float(f64),
    /// A string.
    Text(Rc<str>),
    /// A slice.
    List(Rc<List>),
    /// A mapping from strings.
    Map(Rc<Map>),
    /// A value with fields or methods that Helm defines.
    Object(Rc<Object>),
}

/// A slice's items.
#[derive(Debug, Default)]
pub(crate) struct List(pub(crate) Vec<Data>);

/// A mapping's entries.
#[derive(Debug, Default)]
pub(crate) struct Map {
    /// By key.
    pub(crate) entries: RefCell<BTreeMap<String, Data>>,
}

/// What Helm and Sprig give beside plain values.
#[derive(Debug)]
pub(crate) enum Object {
    /// A structure: its fields are all that can be asked for.
    Struct {
        /// The type's name in Go.
        type_name: &'static str,
        /// What it prints as, where it says so itself.
        text: Option<Rc<str>>,
        /// Its fields by name.
        fields: BTreeMap<&'static str, Data>,
    },
    /// A set of API versions.
    Versions(Vec<String>),
    /// Files of a chart by their path in it.
    Files(BTreeMap<String, Rc<str>>),
    /// A moment, in seconds since 1970.
    Time(i64),
}

// Values may be nested as deep as a template has steps; the default drop would recurse as deep.
impl Drop for Map {
    fn drop(&mut self) {
        let entries = std::mem::take(self.entries.get_mut());
        drop_flat(entries.into_values().collect());
    }
}

impl Drop for List {
    fn drop(&mut self) {
        drop_flat(std::mem::take(&mut self.0));
    }
}

fn drop_flat(mut waiting: Vec<Data>) {
    while let Some(value) = waiting.pop() {
        match value {
            Data::Map(map) => {
                if let Some(mut map) = Rc::into_inner(map) {
                    waiting.extend(std::mem::take(map.entries.get_mut()).into_values());
                }
            }
            Data::List(list) => {
                if let Some(mut list) = Rc::into_inner(list) {
                    waiting.append(&mut list.0);
                }
            }
            _ => {}
        }
    }
}

impl From<&str> for Data {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Data {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<bool> for Data {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl Data {
    /// A slice.
    pub(crate) fn list(items: Vec<Data>) -> Self {
        Self::List(Rc::new(List(items)))
    }

    /// A mapping.
    pub(crate) fn map(entries: BTreeMap<String, Data>) -> Self {
        Self::Map(Rc::new(Map {
            entries: RefCell::new(entries),
        }))
    }

    /// A mapping without entries.
    pub(crate) fn empty_map() -> Self {
        Self::map(BTreeMap::new())
    }

    /// A structure.
    pub(crate) fn structure(
        type_name: &'static str,
        fields: impl IntoIterator<Item = (&'static str, Data)>,
    ) -> Self {
        Self::Object(Rc::new(Object::Struct {
            type_name,
            text: None,
            fields: fields.into_iter().collect(),
        }))
    }

    /// What a mapping has under a key; `None` where it has not, or this is none.
    pub(crate) fn get(&self, key: &str) -> Option<Data> {
        match self {
            Self::Map(map) => map.entries.borrow().get(key).cloned(),
            _ => None,
        }
    }

    /// The value as a pipeline gives it.
    pub(crate) fn settled(self) -> Self {
        match self {
            Self::Missing => Self::Nil,
            other => other,
        }
    }

    /// Whether it is no value.
    pub(crate) fn is_nil(&self) -> bool {
        matches!(self, Self::Nil | Self::Missing)
    }

    /// Whether it is a mapping.
    pub(crate) fn is_map(&self) -> bool {
        matches!(self, Self::Map(_))
    }

    /// Go's truth: everything but the empty value of each kind.
    pub(crate) fn is_true(&self) -> bool {
        match self {
            Self::Nil | Self::Missing => false,
            Self::Bool(truth) => *truth,
            Self::Int(number) | Self::Long(number) => *number != 0,
            Self::Float(number) => *number != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(list) => !list.0.is_empty(),
            Self::Map(map) => !map.entries.borrow().is_empty(),
            Self::Object(object) => match &**object {
                Object::Versions(versions) => !versions.is_empty(),
                Object::Files(files) => !files.is_empty(),
                Object::Struct { .. } | Object::Time(_) => true,
            },
        }
    }

    /// `%T`.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Nil => "<nil>",
            Self::Missing => "interface {}",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Long(_) => "int64",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
            Self::List(_) => "[]interface {}",
            Self::Map(_) => "map[string]interface {}",
            Self::Object(object) => match &**object {
                Object::Struct { type_name, .. } => type_name,
                Object::Versions(_) => "chartutil.VersionSet",
                Object::Files(_) => "engine.files",
                Object::Time(_) => "time.Time",
            },
        }
    }

    /// The name of `reflect`'s kind.
    pub(crate) fn kind_name(&self) -> &'static str {
        match self {
            Self::Nil | Self::Missing => "invalid",
            Self::List(_) => "slice",
            Self::Map(_) => "map",
            Self::Object(object) => match &**object {
                Object::Struct { type_name, .. } if type_name.starts_with('*') => "ptr",
                Object::Struct { .. } | Object::Time(_) => "struct",
                Object::Versions(_) => "slice",
                Object::Files(_) => "map",
            },
            scalar => scalar.type_name(),
        }
    }

    /// Sprig's `toString`.
    pub(crate) fn text(&self) -> Rc<str> {
        match self {
            Self::Text(text) => Rc::clone(text),
            other => other.printed().into(),
        }
    }

    /// `fmt.Sprintf("%v")`.
    pub(crate) fn printed(&self) -> String {
        let mut out = String::new();
        self.print(&mut out, 0);
        out
    }

    fn print(&self, out: &mut String, depth: usize) {
        if depth > MAX_DEPTH || out.len() > MAX_PRINTED {
            return;
        }
        match self {
            Self::Nil | Self::Missing => out.push_str("<nil>"),
            Self::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
            Self::Int(number) | Self::Long(number) => {
                let _ = write!(out, "{number}");
            }
            Self::Float(number) => out.push_str(&shortest(*number)),
            Self::Text(text) => out.push_str(text),
            Self::List(list) => {
                out.push('[');
                for (index, item) in list.0.iter().enumerate() {
                    if index > 0 {
                        out.push(' ');
                    }
                    item.print(out, depth + 1);
                }
                out.push(']');
            }
            Self::Map(map) => {
                out.push_str("map[");
                for (index, (key, value)) in map.entries.borrow().iter().enumerate() {
                    if index > 0 {
                        out.push(' ');
                    }
                    out.push_str(key);
                    out.push(':');
                    value.print(out, depth + 1);
                }
                out.push(']');
            }
            Self::Object(object) => object.print(out, depth),
        }
    }

    /// Whether both are the same, as `reflect.DeepEqual` has it.
    pub(crate) fn same(&self, other: &Data) -> bool {
        let mut budget = MAX_COMPARED;
        self.same_within(other, 0, &mut budget)
    }

    fn same_within(&self, other: &Data, depth: usize, budget: &mut usize) -> bool {
        if depth > MAX_DEPTH || *budget == 0 {
            return false;
        }
        *budget -= 1;
        match (self, other) {
            (Self::Nil | Self::Missing, Self::Nil | Self::Missing) => true,
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (Self::Int(left), Self::Int(right)) | (Self::Long(left), Self::Long(right)) => left == right,
            (Self::Float(left), Self::Float(right)) => left == right,
            (Self::Text(left), Self::Text(right)) => left == right,
            (Self::List(left), Self::List(right)) => {
                Rc::ptr_eq(left, right)
                    || left.0.len() == right.0.len()
                        && left
                            .0
                            .iter()
                            .zip(&right.0)
                            .all(|(left, right)| left.same_within(right, depth + 1, budget))
            }
            (Self::Map(left), Self::Map(right)) => {
                if Rc::ptr_eq(left, right) {
                    return true;
                }
                let (left, right) = (left.entries.borrow(), right.entries.borrow());
                left.len() == right.len()
                    && left
                        .iter()
                        .zip(right.iter())
                        .all(|((key, value), (other_key, other))| {
                            key == other_key && value.same_within(other, depth + 1, budget)
                        })
            }
            (Self::Object(left), Self::Object(right)) => Rc::ptr_eq(left, right),
            _ => false,
        }
    }

    /// A copy that shares nothing that can be changed.
    pub(crate) fn deep_copy(&self) -> Data {
        self.copy_within(0)
    }

    fn copy_within(&self, depth: usize) -> Data {
        match self {
            Self::Map(map) if depth < MAX_DEPTH => {
                let entries = map.entries.borrow();
                let copied = entries
                    .iter()
                    .map(|(key, value)| (key.clone(), value.copy_within(depth + 1)));
                Self::map(copied.collect())
            }
            Self::List(list) if depth < MAX_DEPTH => {
                Self::list(list.0.iter().map(|item| item.copy_within(depth + 1)).collect())
            }
            Self::Map(_) | Self::List(_) => Self::Nil,
            other => other.clone(),
        }
    }

    /// How many values it is made of, itself included, up to a bound.
    pub(crate) fn size(&self, bound: usize) -> usize {
        let mut waiting = vec![self.clone()];
        let mut size = 1;
        while let Some(value) = waiting.pop() {
            if size >= bound {
                break;
            }
            let before = waiting.len();
            match value {
                Self::Map(map) => waiting.extend(map.entries.borrow().values().cloned()),
                Self::List(list) => waiting.extend(list.0.iter().cloned()),
                Self::Text(text) => size += text.len() / 64,
                _ => {}
            }
            size += waiting.len() - before;
        }
        size
    }

    /// The number that Sprig makes of anything (`cast.ToInt64`): 0 of what is none.
    pub(crate) fn to_integer(&self) -> i64 {
        match self {
            Self::Bool(truth) => i64::from(*truth),
            Self::Int(number) | Self::Long(number) => *number,
            Self::Float(number) => truncated(*number),
            Self::Text(text) => integer_of(without_zero_decimals(text)).unwrap_or_default(),
            _ => 0,
        }
    }

    /// The number with a fraction that Sprig makes of anything (`cast.ToFloat64`).
    pub(crate) fn to_float(&self) -> f64 {
        match self {
            Self::Bool(truth) => f64::from(u8::from(*truth)),
            Self::Int(number) | Self::Long(number) => float(*number),
            Self::Float(number) => *number,
            Self::Text(text) => text.parse().unwrap_or_default(),
            _ => 0.0,
        }
    }
}

/// Values that are compared before two large ones count as different: each may hold others many times over.
const MAX_COMPARED: usize = 200_000;

/// Printed texts are no longer than this by much: a value may hold another many times over.
const MAX_PRINTED: usize = 4 << 20;

impl Object {
    fn print(&self, out: &mut String, depth: usize) {
        match self {
            Self::Struct { text: Some(text), .. } => out.push_str(text),
            Self::Struct { fields, .. } => {
                out.push('{');
                for (index, value) in fields.values().enumerate() {
                    if index > 0 {
                        out.push(' ');
                    }
                    value.print(out, depth + 1);
                }
                out.push('}');
            }
            Self::Versions(versions) => {
                let _ = write!(out, "[{}]", versions.join(" "));
            }
            Self::Files(files) => {
                out.push_str("map[");
                for (index, (path, text)) in files.iter().enumerate() {
                    let bytes: Vec<String> = text.bytes().map(|byte| byte.to_string()).collect();
                    let _ = write!(
                        out,
                        "{}{path}:[{}]",
                        if index > 0 { " " } else { "" },
                        bytes.join(" ")
                    );
                }
                out.push(']');
            }
            Self::Time(seconds) => out.push_str(&crate::functions::time::format(
                "2006-01-02 15:04:05 -0700 MST",
                *seconds,
            )),
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "Go converts integers to float64 the same way"
)]
pub(crate) fn float(number: i64) -> f64 {
    number as f64
}

/// The whole part, within 64 bits.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the cast saturates, which is what is wanted"
)]
pub(crate) fn truncated(number: f64) -> i64 {
    number as i64
}

/// `1.00` as `1`, as Sprig reads integers.
fn without_zero_decimals(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, decimals)) if !decimals.is_empty() && decimals.bytes().all(|digit| digit == b'0') => {
            whole
        }
        _ => text,
    }
}

/// `strconv.ParseInt(text, 0, 64)`: decimal, `0x`, `0o`, `0b`, a leading zero for octal, `_` between digits.
pub(crate) fn integer_of(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = if let Some(digits) = lower.strip_prefix("0x") {
        (16, digits)
    } else if let Some(digits) = lower.strip_prefix("0o") {
        (8, digits)
    } else if let Some(digits) = lower.strip_prefix("0b") {
        (2, digits)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, &lower[1..])
    } else {
        (10, lower.as_str())
    };
    let digits = digits.replace('_', "");
    if digits.is_empty() || digits.starts_with(['+', '-']) {
        return None;
    }
    let signed = if negative { format!("-{digits}") } else { digits };
    i64::from_str_radix(&signed, radix).ok()
}

/// `strconv.FormatFloat(number, 'g', -1, 64)`.
pub(crate) fn shortest(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    if number == 0.0 {
        return if number.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    let exponential = format!("{number:e}");
    let Some((mantissa, exponent)) = exponential.split_once('e') else {
        return exponential;
    };
    let power: i32 = exponent.parse().unwrap_or_default();
    // `%e` from the sixth digit on, as Go decides where the precision is the shortest possible.
    if !(-4..6).contains(&power) {
        exponential_form(mantissa, power)
    } else {
        format!("{number}")
    }
}

/// `1e+06`: at least two digits in the exponent.
pub(crate) fn exponential_form(mantissa: &str, power: i32) -> String {
    let sign = if power < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", power.unsigned_abs())
}
