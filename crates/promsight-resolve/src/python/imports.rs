//! Import statements: what they bind.

use promsight_model::Span;
use promsight_model::python::{Expr, ExprKind, Stmt, StmtKind};

use super::index::Target;
use super::machine::{Machine, Progress};
use super::value::{Atom, ModuleId, Reason, Symbol, Unknown, Value};

/// Top-level modules of the standard library that code imports most: never worth looking for in the tree.
const STANDARD: &[&str] = &[
    "abc",
    "argparse",
    "ast",
    "asyncio",
    "base64",
    "collections",
    "concurrent",
    "contextlib",
    "contextvars",
    "copy",
    "csv",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "errno",
    "functools",
    "gc",
    "glob",
    "gzip",
    "hashlib",
    "hmac",
    "http",
    "importlib",
    "inspect",
    "io",
    "ipaddress",
    "itertools",
    "json",
    "logging",
    "math",
    "multiprocessing",
    "operator",
    "os",
    "pathlib",
    "pickle",
    "platform",
    "queue",
    "random",
    "re",
    "secrets",
    "select",
    "shutil",
    "signal",
    "socket",
    "sqlite3",
    "ssl",
    "statistics",
    "string",
    "struct",
    "subprocess",
    "sys",
    "tempfile",
    "textwrap",
    "threading",
    "time",
    "traceback",
    "types",
    "typing",
    "typing_extensions",
    "unittest",
    "urllib",
    "uuid",
    "warnings",
    "weakref",
    "xml",
    "zlib",
    "__future__",
];

/// `TYPE_CHECKING`: what it guards is not imported when the module runs, and would make cycles that are none.
fn is_type_checking(test: &Expr) -> bool {
    matches!(&test.kind, ExprKind::Name(name) | ExprKind::Attribute(_, name) if name == "TYPE_CHECKING")
}

impl<'a> Machine<'a> {
    /// Modules of the tree that a module's statements import, in order.
    pub(super) fn collect_imported(
        &self,
        importer: ModuleId,
        body: &[Stmt],
        into: &mut Vec<usize>,
        depth: usize,
    ) {
        if depth > 6 {
            return;
        }
        for statement in body {
            match &statement.kind {
                StmtKind::Import { module, .. } => {
                    for end in 1..=module.len() {
                        if let Target::Module(id) = self.index.absolute(importer, &module[..end]) {
                            into.push(id.index());
                        }
                    }
                }
                StmtKind::ImportFrom { level, module, names } => {
                    let target = self.target_of(importer, *level, module);
                    if let Target::Module(id) = target {
                        into.push(id.index());
                    }
                    let Some(folder) = self.folder_of(&target) else {
                        continue;
                    };
                    for (name, _) in names {
                        if let Target::Module(id) = self.index.below(&folder, name) {
                            into.push(id.index());
                        }
                    }
                }
                StmtKind::If { test, orelse, .. } if is_type_checking(test) => {
                    self.collect_imported(importer, orelse, into, depth + 1);
                }
                StmtKind::If { body, orelse, .. } | StmtKind::While { body, orelse, .. } => {
                    self.collect_imported(importer, body, into, depth + 1);
                    self.collect_imported(importer, orelse, into, depth + 1);
                }
                StmtKind::Try {
                    body,
                    handlers,
                    orelse,
                    finally,
                } => {
                    self.collect_imported(importer, body, into, depth + 1);
                    for (_, handler) in handlers {
                        self.collect_imported(importer, handler, into, depth + 1);
                    }
                    self.collect_imported(importer, orelse, into, depth + 1);
                    self.collect_imported(importer, finally, into, depth + 1);
                }
                _ => {}
            }
        }
    }

    fn target_of(&self, importer: ModuleId, level: usize, module: &[String]) -> Target {
        if level == 0 {
            return self.index.absolute(importer, module);
        }
        self.index.at(&self.index.relative(importer, level, module))
    }

    /// The folder whose modules are attributes of the target.
    fn folder_of(&self, target: &Target) -> Option<String> {
        match target {
            Target::Module(id) => {
                let folder = self.index.package_folder(*id);
                (self.index.at(folder) == Target::Module(*id)).then(|| folder.to_owned())
            }
            Target::Folder(folder) => Some(folder.clone()),
            Target::Outside => None,
        }
    }

    fn note_missing(&mut self, path: &str) {
        if self.missing.len() < 10_000 {
            self.missing.insert(path.to_owned());
        }
    }

    fn note_outside(&mut self, module: &[String]) {
        let Some(first) = module.first() else { return };
        if STANDARD.contains(&first.as_str()) || self.table.is_package(first) {
            return;
        }
        self.note_missing(&module.join("/"));
    }

    pub(super) fn run_import(&mut self, module: &[String], alias: Option<&str>, span: Span) {
        let importer = self.module();
        if self.index.absolute(importer, module) == Target::Outside {
            self.note_built_in(&module.join("."), span);
        }
        let Some(first) = module.first() else { return };
        if let Some(alias) = alias {
            let target = self.index.absolute(importer, module);
            if target == Target::Outside {
                self.note_outside(module);
            }
            let value = self.target_value(&target, &module.join("."));
            let symbol = self.symbols.intern(alias);
            self.bind_name(symbol, value);
            return;
        }
        // Each package on the way gets the next one as an attribute.
        let target = self.index.absolute(importer, &module[..1]);
        let symbol = self.symbols.intern(first);
        let whole = if module.len() > 1 {
            self.index.absolute(importer, module)
        } else {
            target.clone()
        };
        if whole == Target::Outside {
            self.note_outside(module);
        }
        for end in 2..=module.len() {
            if let Target::Module(id) = self.index.absolute(importer, &module[..end]) {
                self.run_imported(id);
            }
        }
        let value = match (&target, &whole) {
            // A folder that is a root's part only by accident does not hide the real package.
            (Target::Folder(_), Target::Outside) => Value::external(first),
            _ => self.target_value(&target, first),
        };
        self.bind_name(symbol, value);
    }

    fn target_value(&mut self, target: &Target, dotted: &str) -> Value {
        match target {
            Target::Module(id) => {
                self.run_imported(*id);
                Atom::Module(*id).into()
            }
            Target::Folder(folder) => Value::external(&format!("/{folder}")),
            Target::Outside => self.outside(dotted),
        }
    }

    pub(super) fn run_import_from(
        &mut self,
        level: usize,
        module: &[String],
        names: &[(String, String)],
        span: Span,
    ) {
        let importer = self.module();
        let dotted = module.join(".");
        let target = self.target_of(importer, level, module);
        if target == Target::Outside && level == 0 {
            self.note_built_in(&dotted, span);
            for (name, _) in names {
                self.note_built_in(&format!("{dotted}.{name}"), span);
            }
        }
        if let Target::Module(id) = target {
            self.run_imported(id);
        }
        if let [(name, _)] = names
            && name == "*"
        {
            self.import_star(&target, level, module);
            return;
        }
        let folder = self.folder_of(&target);
        for (name, bound) in names {
            let symbol = self.symbols.intern(name);
            let value = self.imported(importer, &target, folder.as_deref(), level, module, symbol);
            let bound = self.symbols.intern(bound);
            self.bind_name(bound, value);
        }
    }

    fn imported(
        &mut self,
        importer: ModuleId,
        target: &Target,
        folder: Option<&str>,
        level: usize,
        module: &[String],
        symbol: Symbol,
    ) -> Value {
        let name = self.symbols.name(symbol);
        if let Target::Module(id) = target {
            let namespace = self.modules[id.index()].namespace;
            if let Some(value) = self.heap.get(namespace, symbol) {
                return value.clone();
            }
        }
        if let Some(folder) = folder {
            match self.index.below(folder, &name) {
                Target::Module(id) if id != importer => {
                    self.run_imported(id);
                    return Atom::Module(id).into();
                }
                Target::Folder(folder) => return Value::external(&format!("/{folder}")),
                _ => {}
            }
        }
        match target {
            Target::Module(id) if self.modules[id.index()].progress != Progress::Done => {
                Atom::Pending(*id, symbol).into()
            }
            Target::Module(id) => {
                if let Some(folder) = folder {
                    self.note_missing(&format!("{folder}/{name}"));
                }
                let id = *id;
                self.missing_from(id, symbol)
            }
            Target::Folder(folder) => {
                self.note_missing(&format!("{folder}/{name}"));
                self.unfollowed(&name)
            }
            Target::Outside if level > 0 => {
                let path = self.index.relative(importer, level, module);
                self.note_missing(&path);
                self.note_missing(&format!("{path}/{name}"));
                self.unfollowed(&name)
            }
            Target::Outside => {
                let dotted = module.join(".");
                self.note_outside(module);
                if let Some(first) = module.first()
                    && self.index.is_top_folder(first)
                    && !self.table.is_package(first)
                    && !STANDARD.contains(&first.as_str())
                {
                    self.note_missing(&format!("{}/{name}", module.join("/")));
                }
                self.outside(&format!("{dotted}.{name}"))
            }
        }
    }

    /// A name that a module of the tree does not bind: by `__getattr__`, or by a star of something outside.
    fn missing_from(&mut self, module: ModuleId, symbol: Symbol) -> Value {
        let stars = self.symbols.intern("*");
        let namespace = self.modules[module.index()].namespace;
        let name = self.symbols.name(symbol);
        let outside: Vec<String> = match self.heap.get(namespace, stars) {
            Some(value) => value
                .atoms()
                .iter()
                .filter_map(|atom| match atom {
                    Atom::External(path) => Some(format!("{path}.{name}")),
                    _ => None,
                })
                .collect(),
            None => Vec::new(),
        };
        let library = outside.iter().find(|path| self.table.constructor(path).is_some());
        match library.or_else(|| outside.first()) {
            Some(path) => Value::external(path),
            None => Value::unknown(Reason::Import),
        }
    }

    /// Something of a module of this tree that was not given. By the name of a metric class it is taken for that
    /// class: a project re-exports the library's rather than writing its own.
    fn unfollowed(&mut self, name: &str) -> Value {
        match self.table.class_named(name) {
            Some(path) => Value::external(&path),
            None => Value::unknown(Reason::Import),
        }
    }

    fn import_star(&mut self, target: &Target, level: usize, module: &[String]) {
        let stars = self.symbols.intern("*");
        let scope = self.frame().scope;
        match target {
            Target::Module(id) => {
                let namespace = self.modules[id.index()].namespace;
                let all = self.symbols.intern("__all__");
                let listed = self.heap.get(namespace, all).cloned();
                let listed: Option<Vec<Symbol>> = listed.map(|listed| {
                    let elements = self.elements(&listed);
                    let names: Vec<String> = elements
                        .items
                        .iter()
                        .filter_map(|item| item.exact_text().map(str::to_owned))
                        .collect();
                    names.iter().map(|name| self.symbols.intern(name)).collect()
                });
                let entries: Vec<(Symbol, Value)> = self
                    .heap
                    .namespace(namespace)
                    .entries()
                    .map(|(symbol, value)| (*symbol, value.clone()))
                    .collect();
                for (symbol, value) in entries {
                    let name = self.symbols.name(symbol);
                    if &*name == "*" {
                        self.add_star(scope, stars, &value);
                        continue;
                    }
                    let wanted = match &listed {
                        Some(listed) if !listed.is_empty() => listed.contains(&symbol),
                        _ => !name.starts_with('_'),
                    };
                    if wanted {
                        self.bind_name(symbol, value);
                    }
                }
            }
            Target::Folder(_) => {}
            Target::Outside => {
                if level > 0 {
                    let path = self.index.relative(self.module(), level, module);
                    self.note_missing(&path);
                } else {
                    self.note_outside(module);
                    self.add_star(scope, stars, &Value::external(&module.join(".")));
                }
            }
        }
    }

    fn add_star(&mut self, scope: super::value::NamespaceId, stars: Symbol, value: &Value) {
        let joined = self
            .heap
            .get(scope, stars)
            .map_or_else(|| value.clone(), |known| known.join(value));
        self.heap.set(scope, stars, joined);
    }

    /// What a star import of something outside the tree may have bound.
    pub(super) fn bound_by_star(&mut self, module: ModuleId, symbol: Symbol) -> Option<Value> {
        let stars = self.symbols.find("*")?;
        let namespace = self.modules[module.index()].namespace;
        let name = self.symbols.name(symbol);
        let value = self.heap.get(namespace, stars)?;
        let path = value.atoms().iter().find_map(|atom| match atom {
            Atom::External(path) => {
                let path = format!("{path}.{name}");
                self.table.constructor(&path).map(|_| path)
            }
            _ => None,
        })?;
        Some(Value::external(&path))
    }

    /// The value of a name that was imported before its module had run.
    pub(super) fn settle(&mut self, value: Value) -> Value {
        if !value.atoms().iter().any(|atom| matches!(atom, Atom::Pending(..))) {
            return value;
        }
        let mut depth = 0;
        let mut settled = value;
        while depth < 4
            && settled
                .atoms()
                .iter()
                .any(|atom| matches!(atom, Atom::Pending(..)))
        {
            let atoms: Vec<Atom> = settled.atoms().to_vec();
            let mut all = Value::nothing();
            for atom in atoms {
                let value = match &atom {
                    Atom::Pending(module, symbol) => {
                        let namespace = self.modules[module.index()].namespace;
                        self.heap
                            .get(namespace, *symbol)
                            .cloned()
                            .unwrap_or_else(|| atom.clone().into())
                    }
                    _ => atom.into(),
                };
                all = all.join(&value);
            }
            settled = all;
            depth += 1;
        }
        let left = settled
            .atoms()
            .iter()
            .filter(|atom| !matches!(atom, Atom::Pending(..)))
            .cloned();
        let left = Value::any(left);
        if !left.is_nothing() {
            return left;
        }
        if let [frame] = self.frames.as_slice() {
            self.unsettled.insert(frame.module.0);
        }
        Unknown::new(Reason::Import).into()
    }
}
