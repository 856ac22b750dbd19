//! What an expression can evaluate to.
//!
//! A [`Value`] is a set of alternatives; each [`Atom`] is one of them. Texts carry where they come from, and what
//! is unknown carries why. Mutable things (containers, instances, classes, modules) live in the heap and are
//! named by index here.

use std::hash::{Hash, Hasher};
use std::rc::Rc;

use promsight_model::Span;
use promsight_model::{Name, Pattern};
use rustc_hash::{FxHashMap, FxHasher};

/// Most alternatives of texts and numbers that one value keeps; beyond that they widen to one unknown.
const MOST_SCALARS: usize = 48;
/// Most alternatives that are objects of the program, metrics excepted.
const MOST_OBJECTS: usize = 64;
/// Most alternatives of any kind.
const MOST_ATOMS: usize = 512;
/// Up to so many alternatives are compared one by one.
const FEW: usize = 12;

/// An interned identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Symbol(pub(super) u32);

macro_rules! index {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(super) struct $name(pub(super) u32);

        impl $name {
            pub(super) fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

index!(
    /// A module of the tree.
    ModuleId
);
index!(
    /// A table of names: a scope, a module's or class's or instance's attributes.
    NamespaceId
);
index!(
    /// A list, tuple, set, dictionary or generator.
    ContainerId
);
index!(
    /// A function object.
    FunctionId
);
index!(
    /// A class object.
    ClassId
);
index!(
    /// An instance of a class of the tree.
    InstanceId
);
index!(
    /// A metric that was declared.
    RecordId
);
/// A call through which a value reached a parameter. Later bindings have greater indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct SiteId(pub(super) u32);

/// Why something is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Reason {
    /// A parameter of a function whose callers are not known.
    Parameter,
    /// What a call outside the tree gives.
    Call,
    /// A name that is bound nowhere.
    Name,
    /// An import that could not be followed.
    Import,
    /// An attribute that is set nowhere.
    Attribute,
    /// The environment, without a default.
    Environment,
    /// An element of something unknown.
    Element,
    /// An expression that is not understood.
    Expression,
    /// Decided by the program that receives it.
    Receiver,
    /// Too many possibilities or too deep.
    Limit,
}

impl Reason {
    /// A clause that ends "the name is not known because …".
    pub(super) fn clause(self) -> &'static str {
        match self {
            Self::Parameter => "it depends on a parameter whose callers are not known",
            Self::Call => "it comes from a call outside the tree",
            Self::Name => "it comes from a variable that nothing in the tree sets",
            Self::Import => "it comes from a module that was not found",
            Self::Attribute => "it comes from an attribute that nothing in the tree sets",
            Self::Environment => "it is read from the environment",
            Self::Element => "it is an element of a collection that is known only at run time",
            Self::Expression => "it is computed at run time",
            Self::Receiver => "the program that receives it decides on the rest",
            Self::Limit => "it has too many possible values",
        }
    }
}

/// Something of which nothing is known but why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Unknown {
    /// Why.
    pub(super) reason: Reason,
    /// The function of whose unknown parameter it is made.
    pub(super) root: Option<FunctionId>,
    /// The call through which it reached a parameter.
    pub(super) site: Option<SiteId>,
    /// The environment variable or option that it is read from.
    pub(super) variable: Option<Symbol>,
}

impl Unknown {
    pub(super) fn new(reason: Reason) -> Self {
        Self {
            reason,
            root: None,
            site: None,
            variable: None,
        }
    }

    /// What an environment variable or option holds.
    pub(super) fn configured(variable: Option<Symbol>) -> Self {
        Self {
            variable,
            ..Self::new(Reason::Environment)
        }
    }
}

/// A string as far as it is known, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Text {
    /// Known pieces; an unknown run lies between two neighbours. One piece is an exact text.
    pub(super) pieces: Vec<Rc<str>>,
    /// Why there are holes; `None` exactly where there are none.
    pub(super) hole: Option<Unknown>,
    /// The literal that it is, or whose text it contains.
    pub(super) literal: Option<Span>,
    /// The call that handed it to a parameter.
    pub(super) site: Option<SiteId>,
    /// Whether configuration can replace it: comparisons with it decide nothing.
    pub(super) configurable: bool,
    /// The environment variable or option that replaces it, where its name is known.
    pub(super) variable: Option<Symbol>,
    /// Whether it was read from where other code may put another text at any time.
    pub(super) is_moving: bool,
    /// The function whose parameter has it by default, in a run of which the caller is not known: where all callers are,
    /// these say what the parameter can be.
    pub(super) default_of: Option<FunctionId>,
}

impl Text {
    /// An exact text without a literal.
    pub(super) fn exact(text: &str) -> Self {
        Self {
            pieces: vec![Rc::from(text)],
            hole: None,
            literal: None,
            site: None,
            configurable: false,
            variable: None,
            is_moving: false,
            default_of: None,
        }
    }

    /// An exact text that stands in the source.
    pub(super) fn literal(text: &str, span: Span) -> Self {
        Self {
            literal: Some(span),
            ..Self::exact(text)
        }
    }

    /// A text of which nothing is known.
    pub(super) fn unknown(unknown: Unknown) -> Self {
        Self {
            pieces: vec![Rc::from(""), Rc::from("")],
            hole: Some(unknown),
            literal: None,
            site: unknown.site,
            configurable: false,
            variable: unknown.variable,
            is_moving: false,
            default_of: None,
        }
    }

    /// The text where all of it is known.
    pub(super) fn as_exact(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Number of known bytes.
    pub(super) fn known_len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.len()).sum()
    }

    /// The same as a name.
    pub(super) fn name(&self) -> Name {
        match self.as_exact() {
            Some(exact) => Name::Exact(exact.to_owned()),
            None if self.known_len() == 0 => Name::Unresolved,
            None => Name::Pattern(Pattern::new(
                self.pieces.iter().map(|piece| piece.to_string()).collect(),
            )),
        }
    }

    /// `self` followed by `other`. The literal and the call of the part that was handed over last win: they are
    /// what a reader would look for.
    pub(super) fn concat(&self, other: &Text) -> Text {
        let mut pieces = self.pieces.clone();
        let mut rest = other.pieces.iter();
        if let (Some(last), Some(first)) = (pieces.last_mut(), rest.next()) {
            if last.is_empty() {
                *last = Rc::clone(first);
            } else if !first.is_empty() {
                *last = Rc::from(format!("{last}{first}"));
            }
        }
        pieces.extend(rest.cloned());
        let literal = match (self.site, other.site) {
            (left, right) if left > right => self.literal,
            (left, right) if right > left => other.literal,
            _ if self.known_len() == 0 && self.hole.is_none() => other.literal,
            _ if other.known_len() == 0 && other.hole.is_none() => self.literal,
            _ => None,
        };
        let mut joined = Text {
            pieces,
            hole: self.hole.or(other.hole),
            literal,
            site: self.site.max(other.site),
            configurable: self.configurable || other.configurable,
            variable: self.variable.or(other.variable),
            is_moving: self.is_moving
                || other.is_moving
                || (self.default_of.is_some()
                    && other.default_of.is_some()
                    && self.default_of != other.default_of),
            default_of: self.default_of.or(other.default_of),
        };
        joined.merge_holes();
        joined
    }

    /// The text after a change of each known piece that keeps its meaning (case, replacement).
    pub(super) fn map(&self, change: impl Fn(&str) -> String) -> Text {
        Text {
            pieces: self.pieces.iter().map(|piece| Rc::from(change(piece))).collect(),
            ..self.clone()
        }
    }

    /// Two holes without anything between them are one; a text of more than 16 pieces is cut in the middle.
    fn merge_holes(&mut self) {
        let last = self.pieces.len().saturating_sub(1);
        let mut index = 0;
        self.pieces.retain(|piece| {
            let keep = index == 0 || index == last || !piece.is_empty();
            index += 1;
            keep
        });
        if self.pieces.len() > 16 {
            self.pieces.drain(8..self.pieces.len() - 8);
        }
    }
}

/// A bound method of a class of the tree.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bound {
    /// What it is bound to: an instance or a class.
    pub(super) receiver: Atom,
    /// The function.
    pub(super) function: FunctionId,
}

/// `functools.partial`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Partial {
    /// What is called.
    pub(super) callee: Value,
    /// With these arguments in front.
    pub(super) arguments: Arguments,
}

/// Arguments of a call.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Arguments {
    /// Positional ones.
    pub(super) positional: Vec<Value>,
    /// `*a` of unknown length stands behind them; its elements.
    pub(super) more_positional: Option<Value>,
    /// Keyword ones.
    pub(super) keywords: Vec<(Symbol, Value)>,
    /// `**a` of unknown content is among them; its values.
    pub(super) more_keywords: Option<Value>,
}

impl Arguments {
    /// Positional ones alone.
    pub(super) fn of(positional: Vec<Value>) -> Self {
        Self {
            positional,
            ..Self::default()
        }
    }

    /// All values given.
    pub(super) fn values(&self) -> impl Iterator<Item = &Value> {
        self.positional
            .iter()
            .chain(&self.more_positional)
            .chain(self.keywords.iter().map(|(_, value)| value))
            .chain(&self.more_keywords)
    }

    /// The argument of that position or keyword.
    pub(super) fn get(&self, position: usize, keyword: Option<Symbol>) -> Option<&Value> {
        self.positional.get(position).or_else(|| {
            let keyword = keyword?;
            self.keywords
                .iter()
                .find(|(name, _)| *name == keyword)
                .map(|(_, value)| value)
        })
    }
}

/// One thing that an expression can be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Atom {
    Text(Rc<Text>),
    Number(f64, Digits),
    Bool(bool),
    None,
    Container(ContainerId),
    Function(FunctionId),
    Bound(Rc<Bound>),
    Class(ClassId),
    Instance(InstanceId),
    Module(ModuleId),
    /// Something of a package outside the tree, by dotted path.
    External(Rc<str>),
    /// A method of a value that is no instance of a class of the tree.
    Method(Rc<Atom>, Symbol),
    Metric(RecordId),
    /// A child of a metric: the metric for given values of its labels.
    Child(RecordId),
    Partial(Rc<Partial>),
    /// `super()`: attributes of the classes behind this one.
    Super(ClassId, Rc<Atom>),
    /// A name of a module that had not yet bound it when it was imported.
    Pending(ModuleId, Symbol),
    Unknown(Unknown),
}

impl Atom {
    /// Equal atoms have equal fingerprints.
    pub(super) fn fingerprint(&self) -> u64 {
        let mut hasher = FxHasher::default();
        self.hash_into(&mut hasher);
        hasher.finish()
    }

    /// Hashes what tells atoms apart, as far as that is cheap.
    pub(super) fn hash_into(&self, into: &mut FxHasher) {
        std::mem::discriminant(self).hash(into);
        match self {
            Self::Text(text) => text.hash(into),
            Self::Number(number, _) => number.to_bits().hash(into),
            Self::Bool(value) => value.hash(into),
            Self::Container(id) => id.hash(into),
            Self::Function(id) => id.hash(into),
            Self::Bound(bound) => {
                bound.function.hash(into);
                if let Self::Instance(id) = bound.receiver {
                    id.hash(into);
                }
            }
            Self::Class(id) => id.hash(into),
            Self::Instance(id) => id.hash(into),
            Self::Module(id) => id.hash(into),
            Self::External(path) => path.hash(into),
            Self::Metric(id) | Self::Child(id) => id.hash(into),
            Self::Unknown(unknown) => unknown.hash(into),
            Self::Method(_, name) => name.hash(into),
            Self::None | Self::Partial(_) | Self::Super(..) | Self::Pending(..) => {}
        }
    }
}

/// Whether a number is written without a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digits {
    Integer,
    Float,
}

/// A set of alternatives; an empty one is the value of what never returns.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Exactly one.
    One(Atom),
    /// None, or two and more.
    Many(Rc<Vec<Atom>>),
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Many(left), Self::Many(right)) if Rc::ptr_eq(left, right) => true,
            _ => self.atoms() == other.atoms(),
        }
    }
}

impl From<Atom> for Value {
    fn from(atom: Atom) -> Self {
        Self::One(atom)
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::One(Atom::Text(Rc::new(text)))
    }
}

impl From<Unknown> for Value {
    fn from(unknown: Unknown) -> Self {
        Self::One(Atom::Unknown(unknown))
    }
}

impl Value {
    /// No alternative at all.
    pub(super) fn nothing() -> Self {
        Self::Many(Rc::new(Vec::new()))
    }

    /// `None`.
    pub(super) fn none() -> Self {
        Self::One(Atom::None)
    }

    /// An unknown one.
    pub(super) fn unknown(reason: Reason) -> Self {
        Unknown::new(reason).into()
    }

    /// A boolean.
    pub(super) fn bool(value: bool) -> Self {
        Self::One(Atom::Bool(value))
    }

    /// Something outside the tree.
    pub(super) fn external(path: &str) -> Self {
        Self::One(Atom::External(Rc::from(path)))
    }

    /// An integer.
    pub(super) fn integer(value: usize) -> Self {
        Self::One(Atom::Number(value as f64, Digits::Integer))
    }

    /// From alternatives, without repetition, bounded.
    pub(super) fn any(atoms: impl IntoIterator<Item = Atom>) -> Self {
        let mut kept: Vec<Atom> = Vec::new();
        let mut seen: FxHashMap<u64, usize> = FxHashMap::default();
        let (mut scalars, mut objects) = (0, 0);
        for atom in atoms {
            let is_known = if kept.len() < FEW {
                kept.contains(&atom)
            } else {
                if seen.is_empty() {
                    seen = kept
                        .iter()
                        .enumerate()
                        .map(|(at, atom)| (atom.fingerprint(), at))
                        .collect();
                }
                seen.get(&atom.fingerprint())
                    .is_some_and(|at| kept.get(*at) == Some(&atom))
            };
            if is_known || kept.len() >= MOST_ATOMS {
                continue;
            }
            match atom {
                Atom::Text(_) | Atom::Number(..) => {
                    scalars += 1;
                    if scalars > MOST_SCALARS {
                        kept.retain(|atom| !matches!(atom, Atom::Text(_) | Atom::Number(..)));
                        kept.push(Atom::Unknown(Unknown::new(Reason::Limit)));
                        seen.clear();
                        scalars = 0;
                        continue;
                    }
                }
                Atom::Metric(_) | Atom::Child(_) => {}
                _ => {
                    objects += 1;
                    if objects > MOST_OBJECTS {
                        continue;
                    }
                }
            }
            if !seen.is_empty() {
                seen.insert(atom.fingerprint(), kept.len());
            }
            kept.push(atom);
        }
        match kept.pop() {
            Some(only) if kept.is_empty() => Self::One(only),
            Some(last) => {
                kept.push(last);
                Self::Many(Rc::new(kept))
            }
            None => Self::nothing(),
        }
    }

    /// The alternatives.
    pub(super) fn atoms(&self) -> &[Atom] {
        match self {
            Self::One(atom) => std::slice::from_ref(atom),
            Self::Many(atoms) => atoms,
        }
    }

    /// The only alternative.
    pub(super) fn single(&self) -> Option<&Atom> {
        match self.atoms() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Whether there is no alternative.
    pub(super) fn is_nothing(&self) -> bool {
        self.atoms().is_empty()
    }

    /// Either this or that.
    pub(super) fn join(&self, other: &Value) -> Value {
        if self == other || other.is_nothing() {
            return self.clone();
        }
        if self.is_nothing() {
            return other.clone();
        }
        Self::any(self.atoms().iter().chain(other.atoms()).cloned())
    }

    /// The text where it is one exact text.
    pub(super) fn exact_text(&self) -> Option<&str> {
        match self.single()? {
            Atom::Text(text) => text.as_exact(),
            _ => None,
        }
    }

    /// Whether some alternative is unknown.
    pub(super) fn has_unknown(&self) -> bool {
        self.atoms().iter().any(|atom| matches!(atom, Atom::Unknown(_)))
    }

    /// The first unknown alternative.
    pub(super) fn first_unknown(&self) -> Option<Unknown> {
        self.atoms().iter().find_map(|atom| match atom {
            Atom::Unknown(unknown) => Some(*unknown),
            Atom::Text(text) => text.hole,
            _ => None,
        })
    }
}
