//! Import statements.

use promsight_model::python::{Stmt, StmtKind};
use tree_sitter::Node;

use super::kinds::{Field, Kind, kind_of};
use super::lowering::{Child, Lowering, in_field, of_kind};

impl<'tree> Lowering<'tree, '_> {
    /// One statement for each imported module.
    pub(super) fn import(&mut self, node: Node<'tree>, out: &mut Vec<Stmt>) {
        let span = self.span(node);
        for child in self.named_children(node) {
            let (name, alias) = self.imported(child);
            let module = name.split('.').map(str::to_owned).collect();
            out.push(Stmt {
                span,
                kind: StmtKind::Import { module, alias },
            });
        }
    }

    /// The dotted name of one import and its alias.
    fn imported(&mut self, child: Child<'tree>) -> (String, Option<String>) {
        if child.kind != Kind::AliasedImport {
            return (self.dotted(child.node), None);
        }
        let children = self.children(child.node);
        let name = in_field(&children, Field::Name).map(|name| self.dotted(name));
        let alias = in_field(&children, Field::Alias).map(|alias| self.source_owned(alias));
        (name.unwrap_or_default(), alias)
    }

    /// A dotted name without the spaces that may stand around its dots.
    fn dotted(&mut self, node: Node<'tree>) -> String {
        let parts: Vec<_> = self
            .named_children(node)
            .iter()
            .map(|part| self.source(part.node))
            .collect();
        if parts.is_empty() {
            self.source_owned(node)
        } else {
            parts.join(".")
        }
    }

    pub(super) fn import_from(&mut self, node: Node<'tree>) -> StmtKind {
        let children = self.children(node);
        let mut level = 0;
        let mut module = None;
        if let Some(name) = in_field(&children, Field::ModuleName) {
            if kind_of(name) == Kind::RelativeImport {
                let parts = self.children(name);
                let prefix = of_kind(&parts, Kind::ImportPrefix).map_or("", |prefix| self.source(prefix));
                level = prefix.matches('.').count();
                module = of_kind(&parts, Kind::DottedName);
            } else {
                module = Some(name);
            }
        }
        let module = module.map(|module| self.dotted(module));
        let module = module
            .map(|path| path.split('.').map(str::to_owned).collect())
            .unwrap_or_default();
        let names = if of_kind(&children, Kind::WildcardImport).is_some() {
            vec![("*".to_owned(), "*".to_owned())]
        } else {
            self.imported_names(&children)
        };
        StmtKind::ImportFrom { level, module, names }
    }

    pub(super) fn future_import(&mut self, node: Node<'tree>) -> StmtKind {
        let children = self.children(node);
        let names = self.imported_names(&children);
        StmtKind::ImportFrom {
            level: 0,
            module: vec!["__future__".to_owned()],
            names,
        }
    }

    fn imported_names(&mut self, children: &[Child<'tree>]) -> Vec<(String, String)> {
        let mut names = Vec::new();
        for child in children
            .iter()
            .filter(|child| child.field == Field::Name && child.kind != Kind::Error)
        {
            let (name, alias) = self.imported(*child);
            let bound = alias.unwrap_or_else(|| name.clone());
            names.push((name, bound));
        }
        names
    }
}
