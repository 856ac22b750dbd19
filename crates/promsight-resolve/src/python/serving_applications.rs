//! Web applications: by which names servers are told of them, and on which ports code makes them listen.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use promsight_model::{Exposure, FileId, Setting, Span, WebApplication};

use super::heap::Code;
use super::index::Target;
use super::machine::Machine;
use super::serving::{ObjectId, Served, Thing};
use super::value::{Atom, FunctionId, ModuleId, Value};

use super::serving_reach::Graph;

impl Machine<'_> {
    /// The ports on which code makes applications listen.
    pub(super) fn ports_of_applications(
        &mut self,
        graph: &Graph,
    ) -> BTreeMap<ObjectId, (Setting<u16>, Span)> {
        let mut ports: BTreeMap<ObjectId, (Setting<u16>, Span)> = BTreeMap::new();
        for listening in self.serving.listening.clone() {
            let value = match &listening.served {
                Served::Registry(_) => continue,
                Served::Value(value) => value.clone(),
                Served::Named(name, module) => self.named_object(name, *module),
            };
            if !self.reach_of(&listening.context, graph).is_reached {
                continue;
            }
            let port = listening
                .port
                .as_ref()
                .map_or(Setting::Unknown, |port| self.port_setting(port));
            let mut ids = self.objects_of(&value);
            // `uvicorn.run("pkg.main:create_app", factory=True)`.
            let given: BTreeSet<FunctionId> = value
                .atoms()
                .iter()
                .filter_map(|atom| match atom {
                    Atom::Function(id) => Some(graph.node(*id)),
                    _ => None,
                })
                .collect();
            if !given.is_empty() {
                let made = self.serving.factories.iter();
                let mut made: Vec<ObjectId> = made
                    .filter(|(_, function)| given.contains(&graph.node(*function)))
                    .map(|(id, _)| *id)
                    .collect();
                made.sort_unstable();
                ids.extend(made);
            }
            for id in ids {
                ports
                    .entry(id)
                    .and_modify(|(known, _)| {
                        if *known != port {
                            *known = Setting::Unknown;
                        }
                    })
                    .or_insert((port.clone(), listening.span));
            }
        }
        ports
    }

    /// What `"pkg.module:app"` means.
    pub(super) fn named_object(&mut self, name: &str, from: ModuleId) -> Value {
        let Some((module, attribute)) = name.split_once(':') else {
            return Value::nothing();
        };
        let parts: Vec<String> = module.split('.').map(str::to_owned).collect();
        let Target::Module(id) = self.index.absolute(from, &parts) else {
            return Value::nothing();
        };
        let symbol = self.symbols.intern(attribute.trim_end_matches("()"));
        let namespace = self.modules[id.index()].namespace;
        self.heap
            .get(namespace, symbol)
            .cloned()
            .unwrap_or_else(Value::nothing)
    }

    pub(super) fn applications(
        &mut self,
        exposures: &[Exposure],
        ports: &BTreeMap<ObjectId, (Setting<u16>, Span)>,
    ) -> Vec<WebApplication> {
        let used: BTreeSet<Span> = exposures
            .iter()
            .filter_map(|exposure| exposure.application)
            .collect();
        let ids: BTreeMap<ObjectId, Span> = self
            .serving
            .objects
            .iter()
            .enumerate()
            .filter(|(_, object)| {
                matches!(object.thing, Thing::Application | Thing::Router) && used.contains(&object.span)
            })
            .map(|(id, object)| (id, object.span))
            .collect();
        let mut names: BTreeMap<Span, BTreeSet<(FileId, String)>> = BTreeMap::new();
        for at in 0..self.tree {
            if self.sources[at].module.test_code {
                continue;
            }
            let file = self.sources[at].file;
            let entries: Vec<(Rc<str>, Value)> = self
                .heap
                .namespace(self.modules[at].namespace)
                .entries()
                .filter(|(_, value)| {
                    value
                        .atoms()
                        .iter()
                        .any(|atom| matches!(atom, Atom::External(_) | Atom::Instance(_)))
                })
                .map(|(name, value)| (self.symbols.name(*name), value.clone()))
                .collect();
            for (name, value) in entries {
                for id in self.objects_of(&value) {
                    if let Some(span) = ids.get(&id) {
                        names.entry(*span).or_default().insert((file, name.to_string()));
                    }
                }
            }
        }
        let mut factories: Vec<(ObjectId, FunctionId)> = self.serving.factories.iter().copied().collect();
        factories.sort_unstable();
        for (id, function) in factories {
            let file = self.sources[self.heap.function(function).module.index()].file;
            if let (Some(span), Code::Function(code)) = (ids.get(&id), self.heap.function(function).code) {
                names
                    .entry(*span)
                    .or_default()
                    .insert((file, format!("{}()", code.name)));
            }
        }
        let mut applications: BTreeMap<Span, WebApplication> = BTreeMap::new();
        for (id, span) in ids {
            let application = applications.entry(span).or_insert_with(|| WebApplication {
                span,
                names: names.get(&span).into_iter().flatten().cloned().collect(),
                port: None,
            });
            if let Some((port, place)) = ports.get(&id) {
                application.port = Some((port.clone(), *place));
            }
        }
        applications.into_values().collect()
    }
}
