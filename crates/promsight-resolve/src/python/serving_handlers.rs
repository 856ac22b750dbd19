//! What answers requests: functions, methods of classes, applications; and which registries they write out.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::python::{Expr, ExprKind};
use promsight_model::{Registry, Setting, Span};

use super::heap::{Code, ContainerKind};
use super::machine::Machine;
use super::serving::{Thing, object_in};
use super::value::{Atom, ClassId, FunctionId, Value};

use super::serving_reach::Graph;
use super::serving_settings::plain_path;

/// Calls from a handler to what writes the registry out.
const MOST_CALLS: usize = 6;

/// What answers a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Handler {
    pub(super) functions: BTreeSet<FunctionId>,
    pub(super) registries: BTreeSet<Registry>,
    pub(super) guard: Option<Span>,
    /// Classes that answer.
    pub(super) classes: BTreeSet<ClassId>,
}

impl Machine<'_> {
    /// What a handler writes out: the dumps that were seen while it ran, else those of what it calls.
    pub(super) fn dumps_of(&self, functions: &BTreeSet<FunctionId>, graph: &Graph) -> BTreeSet<usize> {
        let nodes: BTreeSet<FunctionId> = functions.iter().map(|id| graph.node(*id)).collect();
        let direct: BTreeSet<usize> = nodes
            .iter()
            .filter_map(|id| graph.dumps.get(id))
            .flatten()
            .copied()
            .collect();
        if !direct.is_empty() || graph.innermost.is_empty() {
            return direct;
        }
        self.dumps_below(nodes, graph)
    }

    /// What the functions that some call write out.
    pub(super) fn dumps_below(&self, nodes: BTreeSet<FunctionId>, graph: &Graph) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut seen = nodes.clone();
        let mut level: Vec<FunctionId> = nodes.into_iter().collect();
        for _ in 0..MOST_CALLS {
            let mut next = Vec::new();
            for id in level {
                for callee in graph.callees.get(&id).into_iter().flatten() {
                    if seen.insert(*callee) {
                        found.extend(graph.innermost.get(callee).into_iter().flatten());
                        next.push(*callee);
                    }
                }
            }
            level = next;
        }
        found
    }

    pub(super) fn handler_of(&mut self, value: &Value, depth: usize) -> Handler {
        let mut handler = Handler::default();
        for atom in value.atoms().to_vec() {
            self.add_handler(&atom, depth, &mut handler);
        }
        handler
    }

    pub(super) fn add_handler(&mut self, atom: &Atom, depth: usize, into: &mut Handler) {
        if depth > 4 {
            return;
        }
        match atom {
            Atom::Function(id) => {
                into.functions.insert(*id);
            }
            Atom::Bound(bound) => {
                into.functions.insert(bound.function);
            }
            Atom::Partial(partial) => {
                for atom in partial.callee.clone().atoms() {
                    self.add_handler(atom, depth + 1, into);
                }
            }
            Atom::Class(id) => self.add_class(*id, into),
            Atom::Instance(id) => {
                let class = self.heap.instance(*id).class;
                self.add_class(class, into);
            }
            Atom::External(path) => match object_in(path) {
                Some((id, _)) => match self
                    .serving
                    .objects
                    .get(id)
                    .map(|object| (object.thing.clone(), object.span))
                {
                    Some((Thing::Endpoint(registry), _)) => {
                        into.registries.insert(registry);
                    }
                    Some((Thing::Guarded(inner), span)) => {
                        into.guard = Some(span);
                        for atom in inner.atoms() {
                            self.add_handler(atom, depth + 1, into);
                        }
                    }
                    _ => {}
                },
                None => {
                    let is_own = path.starts_with("prometheus_client.")
                        && (path.ends_with(".MetricsHandler") || path.ends_with(".generate_latest"));
                    if is_own {
                        into.registries.insert(Registry::Default);
                    }
                }
            },
            _ => {}
        }
    }

    pub(super) fn add_class(&mut self, class: ClassId, into: &mut Handler) {
        into.classes.insert(class);
        for base in self.heap.class(class).order.clone() {
            let namespace = self.heap.class(base).namespace;
            let values: Vec<Value> = self
                .heap
                .namespace(namespace)
                .entries()
                .map(|(_, value)| value.clone())
                .collect();
            for value in values {
                for atom in value.atoms() {
                    match atom {
                        Atom::Function(id) => {
                            into.functions.insert(*id);
                        }
                        Atom::External(path) if object_in(path).is_some() => self.add_handler(atom, 3, into),
                        _ => {}
                    }
                }
            }
        }
        for path in self.outside_bases(class) {
            if path.starts_with("prometheus_client.") && path.ends_with(".MetricsHandler") {
                into.registries.insert(Registry::Default);
            }
            if &*path == "django.contrib.auth.mixins.LoginRequiredMixin" {
                into.guard = Some(self.heap.class(class).name_span);
            }
        }
        let symbol = self.symbols.intern("permission_classes");
        if let Some((_, value)) = self.heap.class_attribute(class, symbol) {
            let value = value.clone();
            let demands = |value: &Value| {
                matches!(value.single(), Some(Atom::External(path))
                if matches!(&**path, "rest_framework.permissions.IsAuthenticated" | "rest_framework.permissions.IsAdminUser"))
            };
            if self.elements(&value).items.iter().any(demands) {
                into.guard = Some(self.heap.class(class).name_span);
            }
        }
    }

    /// The registries that a handler serves, and the places that write them out.
    pub(super) fn served_by(&self, handler: &Handler, graph: &Graph) -> (BTreeSet<Registry>, BTreeSet<Span>) {
        let mut registries = handler.registries.clone();
        let mut places = BTreeSet::new();
        for at in self.dumps_of(&handler.functions, graph) {
            let dump = &self.serving.dumps[at];
            registries.insert(dump.registry);
            places.insert(dump.span);
        }
        if !registries.is_empty() {
            // What the same code writes when it is run on its own is no other exposure.
            let nodes = handler.functions.iter().map(|id| graph.node(*id)).collect();
            let below = self.dumps_below(nodes, graph).into_iter();
            let below = below.map(|at| &self.serving.dumps[at]);
            places.extend(
                below
                    .filter(|dump| registries.contains(&dump.registry))
                    .map(|dump| dump.span),
            );
        }
        (registries, places)
    }

    /// What the functions that write the registry out demand, of all that a handler has.
    pub(super) fn demanded_by_handler(&self, handler: &Handler, graph: &Graph) -> Option<Span> {
        let functions = handler.functions.iter();
        let mut writing = functions.filter(|id| !self.dumps_of(&BTreeSet::from([**id]), graph).is_empty());
        let by_function = writing.find_map(|id| {
            let guarded = self.serving.guarded.get(id).copied();
            guarded.or_else(|| self.demanded_by_function(*id, 0))
        });
        by_function.or_else(|| {
            handler
                .classes
                .iter()
                .find_map(|class| self.demanded_by_class(*class))
        })
    }

    /// The path that a handler of its own compares the request's with.
    pub(super) fn compared_path(&self, handler: &Handler, graph: &Graph) -> Setting<String> {
        let mut paths: BTreeSet<&str> = BTreeSet::new();
        let mut is_answering = false;
        for id in &handler.functions {
            let is_dumping = !self.dumps_of(&BTreeSet::from([*id]), graph).is_empty();
            let Code::Function(function) = self.heap.function(*id).code else {
                continue;
            };
            if !is_dumping {
                continue;
            }
            is_answering = true;
            let mut compared = Vec::new();
            super::authentication::comparisons(&function.body, 0, &mut compared);
            for (operands, operators) in compared {
                paths.extend(compared_with_path(operands, operators));
            }
        }
        if paths.contains("/metrics")
            || (paths.is_empty() && (is_answering || !handler.registries.is_empty()))
        {
            return Setting::Literal("/metrics".to_owned());
        }
        let mut paths = paths.into_iter();
        match (paths.next(), paths.next()) {
            (Some(only), None) => Setting::Literal(only.to_owned()),
            _ => Setting::Unknown,
        }
    }

    /// The paths beside which handlers stand in any list: `("/metrics", Handler)`, `{"/metrics": handler}`; by the place
    /// of the handler's name.
    pub(super) fn listed_paths(&self) -> BTreeMap<Span, Setting<String>> {
        let mut found: BTreeMap<Span, Setting<String>> = BTreeMap::new();
        for container in &self.heap.containers {
            let pairs: Vec<(&Value, &Value)> = match container.kind {
                ContainerKind::Dict => container.items.iter().zip(&container.values).collect(),
                ContainerKind::Tuple => container
                    .items
                    .first()
                    .zip(container.items.get(1))
                    .into_iter()
                    .collect(),
                _ => continue,
            };
            for (path, handler) in pairs {
                let place = match handler.single() {
                    Some(Atom::Class(id)) => self.heap.class(*id).name_span,
                    Some(Atom::Function(id)) => self.function_key(*id),
                    Some(Atom::Bound(bound)) => self.function_key(bound.function),
                    _ => continue,
                };
                let Some(text) = path.exact_text().filter(|text| text.starts_with(['/', '^'])) else {
                    continue;
                };
                let path = plain_path(text).map_or(Setting::Unknown, Setting::Literal);
                found
                    .entry(place)
                    .and_modify(|known| {
                        if *known != path {
                            *known = Setting::Unknown;
                        }
                    })
                    .or_insert(path);
            }
        }
        found
    }
}

/// The texts with which a comparison compares the path of a request.
fn compared_with_path<'a>(operands: &'a [Expr], operators: &[String]) -> Vec<&'a str> {
    let is_path = |operand: &Expr| match &operand.kind {
        ExprKind::Attribute(_, name) => name == "path",
        ExprKind::Name(name) => matches!(name.as_str(), "path" | "url" | "path_info"),
        ExprKind::Subscript(_, key) => {
            matches!(&key.kind, ExprKind::Str(text) if matches!(&*text.text, "PATH_INFO" | "path"))
        }
        _ => false,
    };
    let is_equal = operators
        .iter()
        .all(|operator| matches!(operator.as_str(), "==" | "!=" | "in" | "not in"));
    if !is_equal || !operands.iter().any(is_path) {
        return Vec::new();
    }
    let texts = |operand: &'a Expr| -> Vec<&'a str> {
        match &operand.kind {
            ExprKind::Str(text) => vec![&*text.text],
            ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => items
                .iter()
                .filter_map(|item| match &item.kind {
                    ExprKind::Str(text) => Some(&*text.text),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    };
    operands
        .iter()
        .flat_map(texts)
        .filter(|text| text.starts_with('/'))
        .collect()
}
