//! Functions and classes that nothing can reach: private by their name or hidden in a function, and named nowhere.
//!
//! What is public may be called by anybody: a framework, a user of the library, a command line. So only that is said to
//! be dead which the language's own convention keeps inside, and of which no code of the tree, tests included, has as
//! much as the name.

use promsight_model::python::{Class, Stmt, StmtKind};
use promsight_model::{Description, Span};
use rustc_hash::FxHashSet;

use super::heap::Code;
use super::machine::Machine;
use super::mentions::Mentions;
use super::value::{ClassId, FunctionId, ModuleId};

const FUNCTION: &str = "nothing in the tree calls the function it stands in";
const CLASS: &str = "nothing in the tree makes an object of the class it stands in";

impl Machine<'_> {
    /// Why a function that nothing calls can never run, where that is sure.
    pub(super) fn unreachable_function(&mut self, id: FunctionId) -> Option<&'static str> {
        let function = self.heap.function(id);
        if let Some(owner) = function.owner {
            return self.unreachable_class(owner);
        }
        let Code::Function(code) = function.code else {
            return None;
        };
        let is_hidden = is_private(&code.name) || self.heap.namespace(function.closure).local;
        let is_candidate =
            is_hidden && code.decorators.is_empty() && !Description::holds(code.name_span.file);
        (is_candidate && self.is_unnamed(&code.name)).then_some(FUNCTION)
    }

    /// The same for a class of which nothing makes an object.
    pub(super) fn unreachable_class(&mut self, id: ClassId) -> Option<&'static str> {
        let class = self.heap.class(id);
        let (name, place) = (class.name.clone(), class.name_span);
        let is_plain = is_private(&name) && class.outside.is_empty() && !Description::holds(place.file);
        (is_plain && self.is_plain_class(place) && self.is_unnamed(&name)).then_some(CLASS)
    }

    /// Whether a class has no decorator or metaclass, in a module that has to do with metrics.
    fn is_plain_class(&mut self, name: Span) -> bool {
        let Some(at) = self.sources.iter().position(|source| source.file == name.file) else {
            return false;
        };
        let class = class_at(&self.sources[at].module.body, name);
        class.is_some_and(|class| class.decorators.is_empty() && class.keywords.is_empty())
            && self.touches_metrics(ModuleId(u32::try_from(at).unwrap_or(u32::MAX)))
    }

    /// Whether no code of the tree reads, imports or spells out the name.
    fn is_unnamed(&mut self, name: &str) -> bool {
        let sources = self.sources;
        let names = self.named.get_or_insert_with(|| {
            let mut names = FxHashSet::default();
            let mut mentions = Mentions::default();
            for source in sources.iter().filter(|source| !Description::holds(source.file)) {
                mentions.block(&source.module.body);
                imported(&source.module.body, 0, &mut names);
            }
            names.extend(mentions.into_names());
            names
        });
        !names.contains(name)
    }
}

fn is_private(name: &str) -> bool {
    name.starts_with('_') && !name.starts_with("__")
}

fn class_at(body: &[Stmt], name: Span) -> Option<&Class> {
    body.iter().find_map(|statement| match &statement.kind {
        StmtKind::Class(class) if class.name_span == name => Some(&**class),
        _ => None,
    })
}

/// Names that import statements ask for, wherever they stand.
pub(super) fn imported<'a>(body: &'a [Stmt], depth: usize, names: &mut FxHashSet<&'a str>) {
    if depth > 64 {
        return;
    }
    for statement in body {
        match &statement.kind {
            StmtKind::ImportFrom { names: asked, .. } => {
                names.extend(asked.iter().map(|(name, _)| name.as_str()));
            }
            StmtKind::Class(class) => imported(&class.body, depth + 1, names),
            StmtKind::Function(function) => imported(&function.body, depth + 1, names),
            compound => {
                for block in compound.blocks() {
                    imported(block, depth + 1, names);
                }
            }
        }
    }
}
