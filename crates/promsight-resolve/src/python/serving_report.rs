//! From what runs noted to exposures: which routes lead to a registry, under which path, behind what, and whether
//! anything comes by.
//!
//! A function serves a registry where it, or something that it calls, writes one out. A route belongs to an application
//! through every router on the way; a function runs where its callers lead back to a module's top level.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{Description, Exposure, ExposureKind, Registry, Setting, Span, WebApplication};

use super::machine::Machine;
use super::module_graph::ModuleGraph;
use super::serving::{Dump, Listening, ObjectId, Route, Served, Thing};
use super::value::FunctionId;

use super::serving_reach::{Graph, Reach, Way};

impl Machine<'_> {
    /// What lets metrics out, and the applications that do so.
    pub(super) fn report_serving(
        &mut self,
        modules: Option<&ModuleGraph>,
    ) -> (Vec<Exposure>, Vec<WebApplication>) {
        let mut graph = self.serving_graph();
        if let Some(modules) = modules {
            let names = self.names_of_objects();
            let objects = self.serving.objects.iter().enumerate();
            graph.unnamed = objects
                .filter(|(id, object)| {
                    let none = BTreeSet::new();
                    !modules.may_take(object.span.file, names.get(id).unwrap_or(&none))
                })
                .map(|(id, _)| id)
                .collect();
        }
        let graph = graph;
        let ports = self.ports_of_applications(&graph);
        let mut linked: BTreeSet<Span> = BTreeSet::new();
        let mut exposures: Vec<Exposure> = Vec::new();
        self.note_lists_of_urls();
        for route in self.serving.routes.clone() {
            self.report_route(&route, &graph, &ports, &mut linked, &mut exposures);
        }
        for listening in self.serving.listening.clone() {
            self.report_listening(&listening, &graph, &mut linked, &mut exposures);
        }
        for leaving in self.serving.leaving.clone() {
            let reach = self.reach_of(&leaving.context, &graph);
            let path = leaving
                .path
                .as_ref()
                .map_or(Setting::Unknown, |path| self.text_setting(path));
            exposures.push(Exposure {
                kind: leaving.kind,
                registry: leaving.registry,
                port: Setting::Unknown,
                path,
                application: None,
                authentication: None,
                span: leaving.span,
                reached_from: reach.files.into_iter().collect(),
                is_reached: reach.is_reached,
                program: reach.program,
            });
        }
        self.report_loose_dumps(&graph, &linked, &mut exposures);
        for exposure in &mut exposures {
            exposure.registry = self.final_served(exposure.registry);
        }
        let exposures = tidied(exposures);
        let applications = self.applications(&exposures, &ports);
        (exposures, applications)
    }

    pub(super) fn final_served(&self, registry: Registry) -> Registry {
        match registry {
            Registry::Named(span) if Description::holds(span.file) || self.serving.shared.contains(&span) => {
                Registry::Unknown
            }
            known => known,
        }
    }

    /// Routes that nothing took stand in the lists of URLs of their modules.
    pub(super) fn note_lists_of_urls(&mut self) {
        let mut routes = Vec::new();
        for object in &self.serving.objects {
            if let Thing::Entry {
                path,
                handler,
                home: Some(home),
            } = &object.thing
            {
                routes.push(Route {
                    owner: Some(*home),
                    path: path.clone(),
                    handler: handler.clone(),
                    decorated: None,
                    guards: super::serving::Guards::default(),
                    span: object.span,
                    context: object.context.clone(),
                });
            }
        }
        self.serving.routes.extend(routes);
    }

    pub(super) fn report_route(
        &mut self,
        route: &Route,
        graph: &Graph,
        ports: &BTreeMap<ObjectId, (Setting<u16>, Span)>,
        linked: &mut BTreeSet<Span>,
        exposures: &mut Vec<Exposure>,
    ) {
        let mut handler = self.handler_of(&route.handler, 0);
        let decorated = route.decorated.filter(|id| {
            let key = self.function_key(*id);
            handler.functions.is_empty()
                || handler
                    .functions
                    .iter()
                    .any(|known| self.function_key(*known) != key)
        });
        handler.functions.extend(decorated);
        let (registries, places) = self.served_by(&handler, graph);
        if registries.is_empty() {
            return;
        }
        linked.extend(places);
        let of_route = self.reach_of(&route.context, graph);
        let ways = match route.owner {
            Some(owner) => self.ways_of(owner, graph, &mut Vec::new()),
            None => vec![Way {
                reach: Reach {
                    is_reached: true,
                    ..Reach::default()
                },
                ..Way::default()
            }],
        };
        let of_handler = handler
            .guard
            .or_else(|| self.demanded_by_handler(&handler, graph));
        for way in ways {
            let mut pieces = way.prefix.clone();
            pieces.push(route.path.clone());
            let path = self.joined_path(&pieces);
            let mut guards = route.guards.own.clone();
            if !route.guards.is_separate {
                guards.extend(way.guards.iter().cloned());
            }
            let is_behind = !route.guards.is_separate
                || route
                    .owner
                    .is_some_and(|owner| self.covers_what_is_separate(owner));
            let mut middlewares = way.middlewares.iter().filter(|_| is_behind);
            let authentication = of_handler
                .or_else(|| guards.iter().find_map(|guard| self.demanded_by(guard, 0)))
                .or_else(|| middlewares.find_map(|own| self.demanded_of_all(own)));
            let application = way.application.and_then(|id| self.serving.objects.get(id));
            let port = way.application.and_then(|id| ports.get(&id));
            let mut files = of_route.files.clone();
            files.extend(&way.reach.files);
            for registry in &registries {
                exposures.push(Exposure {
                    kind: ExposureKind::Route,
                    registry: *registry,
                    port: port.map_or(Setting::Unknown, |(port, _)| port.clone()),
                    path: path.clone(),
                    application: application.map(|object| object.span),
                    authentication,
                    span: route.span,
                    reached_from: files.iter().copied().collect(),
                    is_reached: of_route.is_reached && way.reach.is_reached,
                    program: of_route.program.or(way.reach.program),
                });
            }
        }
    }

    pub(super) fn report_listening(
        &mut self,
        listening: &Listening,
        graph: &Graph,
        linked: &mut BTreeSet<Span>,
        exposures: &mut Vec<Exposure>,
    ) {
        let port = listening
            .port
            .as_ref()
            .map_or(Setting::Unknown, |port| self.port_setting(port));
        let reach = self.reach_of(&listening.context, graph);
        let (registries, path, authentication) = match &listening.served {
            Served::Registry(registry) => {
                let path = Setting::Literal("/metrics".to_owned());
                (BTreeSet::from([*registry]), path, None)
            }
            Served::Value(value) => {
                let handler = self.handler_of(value, 0);
                let (registries, places) = self.served_by(&handler, graph);
                linked.extend(places);
                let path = self.compared_path(&handler, graph);
                let demanded = self.demanded_by_handler(&handler, graph);
                (registries, path, handler.guard.or(demanded))
            }
            Served::Named(..) => return,
        };
        for registry in registries {
            exposures.push(Exposure {
                kind: ExposureKind::Server,
                registry,
                port: port.clone(),
                path: path.clone(),
                application: None,
                authentication,
                span: listening.span,
                reached_from: reach.files.iter().copied().collect(),
                is_reached: reach.is_reached,
                program: reach.program,
            });
        }
    }

    /// Functions that write a registry out, of which it was not found out what they answer.
    pub(super) fn report_loose_dumps(
        &mut self,
        graph: &Graph,
        linked: &BTreeSet<Span>,
        exposures: &mut Vec<Exposure>,
    ) {
        let mut seen: BTreeSet<(Registry, Option<FunctionId>, bool)> = BTreeSet::new();
        let answering = linked_functions(&self.serving.dumps, linked, graph);
        let listed = self.listed_paths();
        for dump in self.serving.dumps.clone() {
            let function = dump.context.functions.last().map(|id| graph.node(*id));
            if linked.contains(&dump.span) || function.is_some_and(|function| answering.contains(&function)) {
                continue;
            }
            let reach = self.reach_of(&dump.context, graph);
            // Each line that is written by hand is one.
            if !seen.insert((dump.registry, function, reach.is_reached)) && function.is_some() {
                continue;
            }
            let owner = dump
                .context
                .functions
                .last()
                .and_then(|id| self.heap.function(*id).owner);
            let is_handler = owner.is_some_and(|class| {
                self.outside_bases(class)
                    .iter()
                    .any(|path| path.starts_with("http.server."))
            });
            let mut guarded = dump.context.functions.iter();
            let guarded = guarded.find_map(|id| self.serving.guarded.get(id).copied());
            let names = function.map(|id| self.function_key(id));
            let names = names
                .into_iter()
                .chain(owner.map(|class| self.heap.class(class).name_span));
            let path = names.filter_map(|name| listed.get(&name)).next();
            exposures.push(Exposure {
                kind: if is_handler {
                    ExposureKind::Server
                } else {
                    ExposureKind::Route
                },
                registry: dump.registry,
                port: Setting::Unknown,
                path: path.cloned().unwrap_or(Setting::Unknown),
                application: None,
                authentication: guarded,
                span: dump.span,
                reached_from: reach.files.iter().copied().collect(),
                is_reached: reach.is_reached,
                program: reach.program,
            });
        }
    }
}

/// The functions whose dumps answer some route.
fn linked_functions(dumps: &[Dump], linked: &BTreeSet<Span>, graph: &Graph) -> BTreeSet<FunctionId> {
    dumps
        .iter()
        .filter(|dump| linked.contains(&dump.span))
        .filter_map(|dump| dump.context.functions.last())
        .map(|id| graph.node(*id))
        .collect()
}

/// One of each, by place: what another run of the same call knew better is left out.
fn tidied(mut exposures: Vec<Exposure>) -> Vec<Exposure> {
    let key = |exposure: &Exposure| {
        (
            exposure.span,
            exposure.kind,
            exposure.application,
            exposure.registry,
            format!("{:?} {:?}", exposure.path, exposure.port),
            exposure.reached_from.clone(),
            exposure.program,
        )
    };
    exposures.sort_by_cached_key(|exposure| (key(exposure), !exposure.is_reached));
    exposures.dedup_by(|later, first| key(later) == key(first));
    let reached: BTreeSet<Span> = exposures
        .iter()
        .filter(|exposure| exposure.is_reached)
        .map(|exposure| exposure.span)
        .collect();
    exposures.retain(|exposure| exposure.is_reached || !reached.contains(&exposure.span));
    // What ran once more with less known is no other server.
    let listening: BTreeSet<(Span, Registry)> = exposures
        .iter()
        .filter(|exposure| exposure.kind == ExposureKind::Server && exposure.port != Setting::Unknown)
        .map(|exposure| (exposure.span, exposure.registry))
        .collect();
    exposures.retain(|exposure| {
        exposure.kind != ExposureKind::Server
            || exposure.port != Setting::Unknown
            || !listening.contains(&(exposure.span, exposure.registry))
    });
    let placed: BTreeSet<Span> = exposures
        .iter()
        .filter(|exposure| exposure.application.is_some())
        .map(|exposure| exposure.span)
        .collect();
    exposures.retain(|exposure| exposure.application.is_some() || !placed.contains(&exposure.span));
    exposures
}
