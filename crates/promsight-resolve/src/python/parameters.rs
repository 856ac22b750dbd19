//! Arguments to parameters: by position, by name, by default, and what an annotation adds to the unknown.

use promsight_model::python::{BinaryOp, Expr, ExprKind, Param, ParamKind};

use super::heap::{ClassKind, Container, ContainerKind};
use super::machine::Machine;
use super::value::{Arguments, Atom, ClassId, FunctionId, Reason, Symbol, Text, Unknown, Value};

/// Instances that stand for an argument of which only the class is known.
const MOST_RECEIVERS: usize = 6;

impl<'a> Machine<'a> {
    pub(super) fn bind_parameters(
        &mut self,
        id: FunctionId,
        params: &'a [Param],
        arguments: Arguments,
        root: Option<FunctionId>,
    ) {
        let Arguments {
            positional,
            more_positional,
            mut keywords,
            more_keywords,
        } = arguments;
        let mut positional = positional.into_iter();
        for (at, param) in params.iter().enumerate() {
            let symbol = self.symbols.intern(&param.name);
            let value = match param.kind {
                ParamKind::VarArgs => {
                    self.rest_positional(positional.by_ref().collect(), more_positional.clone(), root)
                }
                ParamKind::KwArgs => {
                    let rest = std::mem::take(&mut keywords);
                    self.rest_keywords(rest, more_keywords.clone(), root)
                }
                ParamKind::PositionalOnly | ParamKind::Normal | ParamKind::KeywordOnly => {
                    let by_position = if param.kind == ParamKind::KeywordOnly {
                        None
                    } else {
                        positional.next()
                    };
                    let by_name = keywords.iter().position(|(name, _)| *name == symbol);
                    let given = by_position.or_else(|| by_name.map(|at| keywords.remove(at).1));
                    let default = self.heap.function(id).defaults.get(at).cloned().flatten();
                    let may_follow = if param.kind == ParamKind::KeywordOnly {
                        None
                    } else {
                        more_positional.as_ref()
                    };
                    let spread = may_follow.or(more_keywords.as_ref()).cloned();
                    let value = match (given, default, spread, root) {
                        (Some(given), ..) => given,
                        (None, Some(default), _, Some(root)) => root_default(&default, root),
                        (None, Some(default), Some(spread), None) => default.join(&spread),
                        (None, Some(default), None, None) => default,
                        (None, None, _, Some(root)) => Unknown {
                            root: Some(root),
                            ..Unknown::new(Reason::Parameter)
                        }
                        .into(),
                        (None, None, Some(spread), None) => spread,
                        (None, None, None, None) => Value::unknown(Reason::Expression),
                    };
                    self.refined(value, param.annotation.as_ref())
                }
            };
            let scope = self.frame().scope;
            self.heap.set(scope, symbol, value);
        }
    }

    fn rest_positional(&mut self, rest: Vec<Value>, more: Option<Value>, root: Option<FunctionId>) -> Value {
        let more = more.or_else(|| {
            root.map(|root| {
                Unknown {
                    root: Some(root),
                    ..Unknown::new(Reason::Parameter)
                }
                .into()
            })
        });
        self.heap.insert_container(Container {
            kind: ContainerKind::Tuple,
            items: rest,
            values: Vec::new(),
            more,
        })
    }

    fn rest_keywords(
        &mut self,
        rest: Vec<(Symbol, Value)>,
        more: Option<Value>,
        root: Option<FunctionId>,
    ) -> Value {
        let items = rest
            .iter()
            .map(|(name, _)| Text::exact(&self.symbols.name(*name)).into())
            .collect();
        let values = rest.into_iter().map(|(_, value)| value).collect();
        let more = more.or_else(|| {
            root.map(|root| {
                Unknown {
                    root: Some(root),
                    ..Unknown::new(Reason::Parameter)
                }
                .into()
            })
        });
        self.heap.insert_container(Container {
            kind: ContainerKind::Dict,
            items,
            values,
            more,
        })
    }

    /// What an annotation adds to an unknown argument: it is an instance of that class of the tree.
    fn refined(&mut self, value: Value, annotation: Option<&'a Expr>) -> Value {
        let Some(annotation) = annotation else {
            return value;
        };
        if !value.has_unknown() || value.atoms().iter().any(|atom| matches!(atom, Atom::Instance(_))) {
            return value;
        }
        let Some(class) = self.annotated_class(annotation, 0) else {
            return value;
        };
        if let ClassKind::Enum { .. } = self.heap.class(class).kind {
            let members: Vec<Atom> = self
                .heap
                .class(class)
                .members
                .iter()
                .map(|(_, atom)| atom.clone())
                .collect();
            return if members.is_empty() {
                value
            } else {
                Value::any(members)
            };
        }
        self.instances_of(class)
    }

    fn annotated_class(&mut self, annotation: &'a Expr, depth: usize) -> Option<ClassId> {
        if depth > 4 {
            return None;
        }
        match &annotation.kind {
            ExprKind::Name(_) | ExprKind::Attribute(..) => {
                self.evaluate(annotation)
                    .atoms()
                    .iter()
                    .find_map(|atom| match atom {
                        Atom::Class(id) => Some(*id),
                        _ => None,
                    })
            }
            ExprKind::Str(text) => {
                let name = text
                    .text
                    .trim_start_matches("Optional[")
                    .trim_end_matches(']')
                    .trim();
                let symbol = self.symbols.find(name)?;
                let module = self.modules[self.module().index()].namespace;
                let value = self.heap.get(module, symbol)?.clone();
                self.settle(value).atoms().iter().find_map(|atom| match atom {
                    Atom::Class(id) => Some(*id),
                    _ => None,
                })
            }
            ExprKind::Subscript(outer, inner) => {
                let is_wrapper = match &outer.kind {
                    ExprKind::Name(name) | ExprKind::Attribute(_, name) => {
                        matches!(name.as_str(), "Optional" | "Annotated" | "Union" | "Final")
                    }
                    _ => false,
                };
                if !is_wrapper {
                    return None;
                }
                match &inner.kind {
                    ExprKind::Tuple(parts) => parts
                        .iter()
                        .take(4)
                        .find_map(|part| self.annotated_class(part, depth + 1)),
                    _ => self.annotated_class(inner, depth + 1),
                }
            }
            ExprKind::Binary(BinaryOp::Or, left, right) => self
                .annotated_class(left, depth + 1)
                .or_else(|| self.annotated_class(right, depth + 1)),
            _ => None,
        }
    }

    /// Some known instances of a class, or one that stands for those that code outside the tree makes. Of the
    /// other instances nothing more is claimed.
    pub(super) fn instances_of(&mut self, class: ClassId) -> Value {
        let known = self.heap.class(class).instances.clone();
        if known.is_empty() {
            // What is handed over for a base is made of a class that derives from it.
            let derived = self.heap.class(class).derived.clone();
            let made = derived
                .into_iter()
                .filter(|id| self.heap.class(*id).derived.is_empty())
                .take(MOST_RECEIVERS)
                .collect::<Vec<_>>();
            if made.is_empty() {
                return self.assumed_instance(class);
            }
            let instances: Vec<Atom> = made
                .into_iter()
                .flat_map(|id| self.assumed_instance(id).atoms().to_vec())
                .collect();
            return Value::any(instances);
        }
        for rest in known.iter().skip(MOST_RECEIVERS) {
            self.escape(&Atom::Instance(*rest).into());
        }
        Value::any(known.into_iter().take(MOST_RECEIVERS).map(Atom::Instance))
    }
}

/// A default of a function that nobody known calls. A name's default is what ships, though callers may give another
/// one; a switch can be set.
fn root_default(default: &Value, root: FunctionId) -> Value {
    let is_switch = default
        .atoms()
        .iter()
        .any(|atom| matches!(atom, Atom::Bool(_) | Atom::None | Atom::Number(..)));
    if !is_switch {
        return super::moving::by_default(default, root);
    }
    default.join(
        &Unknown {
            root: Some(root),
            ..Unknown::new(Reason::Parameter)
        }
        .into(),
    )
}
