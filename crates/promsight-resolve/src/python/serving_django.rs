//! Django's lists of URLs: a module's own, those that it includes, and those of packages.

use promsight_model::{Registry, Span};

use super::machine::Machine;
use super::serving::{Guards, ObjectId, Prefix, Thing};
use super::serving_tables::URL_MODULES;
use super::value::{Arguments, Atom, ModuleId, Text, Value};

impl Machine<'_> {
    pub(super) fn call_django(&mut self, path: &str, arguments: &Arguments, span: Span) -> Option<Value> {
        match path {
            "django.urls.include" | "django.urls.conf.include" | "django.conf.urls.include" => {
                let target = self.argument(arguments, 0, "arg")?;
                let target = match target.exact_text() {
                    Some(_) => self.import_by_name(Some(&target))?,
                    None => target,
                };
                let path = Text::exact("").into();
                let id = self.new_object(Thing::Below { path, target }, "include", span);
                Some(Self::object_value(id))
            }
            "django.urls.path"
            | "django.urls.conf.path"
            | "django.urls.re_path"
            | "django.urls.conf.re_path"
            | "django.conf.urls.url"
            | "django.urls.url" => {
                let route = self
                    .argument(arguments, 0, "route")
                    .or_else(|| self.argument(arguments, usize::MAX, "regex"))?;
                let view = self.argument(arguments, 1, "view")?;
                self.take(arguments);
                let home = self.urls_of(self.module());
                if let Some(included) = self.included(&view) {
                    self.include(home, &route, &included, span);
                    return None;
                }
                let thing = Thing::Entry {
                    path: route,
                    handler: view,
                    home: Some(home),
                };
                let id = self.new_object(thing, "entry", span);
                Some(Self::object_value(id))
            }
            _ => None,
        }
    }

    /// The list of URLs of a module.
    pub(super) fn urls_of(&mut self, module: ModuleId) -> ObjectId {
        if let Some(known) = self.serving.of_modules.get(&module.0) {
            return *known;
        }
        let file = self.sources[module.index()].file;
        let id = self.new_object(Thing::Urls, "urls", Span::new(file, 0..0));
        self.serving.of_modules.insert(module.0, id);
        id
    }

    pub(super) fn included(&mut self, view: &Value) -> Option<Value> {
        let [id] = self.objects_of(view)[..] else {
            return None;
        };
        match &self.serving.objects[id].thing {
            Thing::Below { target, .. } => Some(target.clone()),
            _ => None,
        }
    }

    pub(super) fn include(&mut self, home: ObjectId, route: &Value, target: &Value, span: Span) {
        for atom in target.atoms().to_vec() {
            match &atom {
                Atom::Module(module) => {
                    let inner = self.urls_of(*module);
                    self.note_mount(
                        home,
                        Prefix::Before(route.clone()),
                        inner,
                        Guards::default(),
                        Some(span),
                    );
                }
                Atom::External(path) => {
                    let Some((_, below)) = URL_MODULES.iter().find(|(module, _)| *module == &**path) else {
                        continue;
                    };
                    let handler = self.endpoint(Registry::Default, span);
                    let routes = self.new_object(Thing::Router, "included", span);
                    self.note_mount(
                        home,
                        Prefix::Before(route.clone()),
                        routes,
                        Guards::default(),
                        Some(span),
                    );
                    self.note_route(
                        Some(routes),
                        Text::exact(below).into(),
                        handler,
                        Guards::default(),
                        Some(span),
                    );
                }
                Atom::Container(id) => {
                    let inner = self.new_object(Thing::Router, "included", span);
                    self.note_mount(
                        home,
                        Prefix::Before(route.clone()),
                        inner,
                        Guards::default(),
                        Some(span),
                    );
                    let items = self.heap.container(*id).items.clone();
                    for item in items {
                        self.take_routes(inner, &item, Some(span), 0);
                    }
                }
                _ => {}
            }
        }
    }
}
