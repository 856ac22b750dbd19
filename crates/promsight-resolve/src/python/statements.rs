//! Running statements: binding, branching, loops, and the two branches of what is not decided.

use promsight_model::python::{Expr, ExprKind, Stmt, StmtKind};

use super::heap::{Changes, ContainerKind};
use super::machine::Machine;
use super::value::{Atom, Reason, Symbol, Value};

/// Turns of a `while` loop that are taken one by one.
const MOST_TURNS: usize = 32;

/// How a block ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// At its last statement.
    Ends,
    /// With `return` or `raise`, whatever happens.
    Leaves,
    /// With `continue`.
    Continues,
    /// With `break`.
    Breaks,
}

/// What is known of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    True,
    False,
    /// Not known.
    Open,
    /// `False`, `0` or `TYPE_CHECKING` as such: what it guards never runs.
    Never(&'static str),
    /// `True` as such: what stands in the other branch never runs.
    Always,
}

impl Truth {
    pub(super) fn known(value: Option<bool>) -> Self {
        match value {
            Some(true) => Self::True,
            Some(false) => Self::False,
            None => Self::Open,
        }
    }

    pub(super) fn as_bool(self) -> Option<bool> {
        match self {
            Self::True | Self::Always => Some(true),
            Self::False | Self::Never(_) => Some(false),
            Self::Open => None,
        }
    }
}

impl<'a> Machine<'a> {
    /// Runs statements in order.
    pub(super) fn run_block(&mut self, body: &'a [Stmt]) -> Flow {
        for statement in body {
            let flow = self.run_statement(statement);
            if flow != Flow::Ends {
                return flow;
            }
        }
        Flow::Ends
    }

    fn run_statement(&mut self, statement: &'a Stmt) -> Flow {
        if !self.step() {
            return Flow::Leaves;
        }
        match &statement.kind {
            StmtKind::Expr(_) if super::exposition_text::is_remark(statement) => {}
            StmtKind::Expr(expression) => {
                let value = self.evaluate(expression);
                self.discard(&value, expression);
            }
            StmtKind::Assign {
                targets,
                annotation,
                value,
            } => {
                self.run_assignment(targets, annotation.as_ref(), value.as_ref());
            }
            StmtKind::AugAssign { target, op, value } => self.run_augmented(target, *op, value),
            StmtKind::Return(value) => return self.run_return(value.as_ref()),
            StmtKind::Raise(_) => return Flow::Leaves,
            StmtKind::If { test, body, orelse } => return self.run_if(test, body, orelse),
            StmtKind::For {
                target,
                iter,
                body,
                orelse,
            } => return self.run_for(target, iter, body, orelse),
            StmtKind::While { test, body, orelse } => return self.run_while(test, body, orelse),
            StmtKind::With { items, body } => return self.run_with(items, body),
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finally,
            } => {
                return self.run_try(body, handlers, orelse, finally);
            }
            StmtKind::Function(function) => self.define_function(function),
            StmtKind::Class(class) => self.define_class(class),
            StmtKind::Import { module, alias } => self.run_import(module, alias.as_deref(), statement.span),
            StmtKind::ImportFrom { level, module, names } => {
                self.run_import_from(*level, module, names, statement.span);
            }
            StmtKind::Global(names) => self.declare_global(names),
            StmtKind::Delete(targets) => self.run_delete(targets),
            StmtKind::Break => return Flow::Breaks,
            StmtKind::Continue => return Flow::Continues,
            StmtKind::Other => {}
        }
        Flow::Ends
    }

    /// Nobody can update a metric that is made and not kept.
    fn discard(&mut self, value: &Value, expression: &'a Expr) {
        for atom in value.atoms() {
            match atom {
                Atom::Metric(id) => {
                    let place = self.place_of(&self.records[id.index()]);
                    self.records[id.index()].discarded |= place == expression.span;
                }
                Atom::Child(id) => self.uses.note_discarded(*id, expression.span),
                _ => {}
            }
        }
    }

    fn run_return(&mut self, value: Option<&'a Expr>) -> Flow {
        let value = value.map_or_else(Value::none, |value| self.evaluate(value));
        if let Some(frame) = self.frames.last_mut() {
            frame.returned = frame.returned.join(&value);
        }
        Flow::Leaves
    }

    fn declare_global(&mut self, names: &[String]) {
        let scope = self.frame().scope;
        for name in names {
            let symbol = self.symbols.intern(name);
            self.heap.namespace_mut(scope).declared.push(symbol);
        }
    }

    fn run_assignment(&mut self, targets: &'a [Expr], annotation: Option<&'a Expr>, value: Option<&'a Expr>) {
        let written = value;
        let value = value.map(|value| self.assigned(targets, value));
        if annotation.is_some_and(|annotation| !super::fields::is_class_variable(annotation))
            && let Some(class) = self.frame().class
            && let [
                Expr {
                    kind: ExprKind::Name(name),
                    ..
                },
            ] = targets
        {
            let symbol = self.symbols.intern(name);
            let fields = &mut self.heap.classes[class.index()].fields;
            fields.retain(|(known, _)| *known != symbol);
            fields.push((symbol, value.clone()));
            self.note_alias(class, symbol, written);
        }
        let Some(value) = value else { return };
        let is_flag = matches!(
            written,
            Some(Expr {
                kind: ExprKind::Bool(_),
                ..
            })
        );
        for target in targets {
            // Nobody else sets what a description keeps.
            let is_switch = is_flag && self.is_shared(target) && !self.is_description(self.module());
            self.bind(target, if is_switch { switch(&value) } else { value.clone() });
        }
    }

    /// Whether code other than what runs now can set the target.
    fn is_shared(&self, target: &Expr) -> bool {
        match target.kind {
            ExprKind::Name(_) => !self.heap.namespace(self.frame().scope).local,
            ExprKind::Attribute(..) => true,
            _ => false,
        }
    }

    fn run_augmented(&mut self, target: &'a Expr, op: promsight_model::python::BinaryOp, value: &'a Expr) {
        let before = self.evaluate(target);
        let operand = self.evaluate(value);
        if let (
            Some(Atom::Container(container)),
            promsight_model::python::BinaryOp::Add | promsight_model::python::BinaryOp::Or,
        ) = (before.single(), op)
            && self.heap.container(*container).kind != ContainerKind::Tuple
        {
            let container = *container;
            self.extend_container(container, &operand);
            return;
        }
        let result = self.binary(op, &before, &operand);
        self.bind(target, result);
    }

    /// Binds a name in the current scope, or where `global` and `nonlocal` say.
    pub(super) fn bind_name(&mut self, symbol: Symbol, value: Value) {
        let scope = self.frame().scope;
        let namespace = self.heap.namespace(scope);
        if !namespace.declared.contains(&symbol) {
            self.heap.set(scope, symbol, value);
            return;
        }
        let mut next = namespace.parent;
        while let Some(id) = next {
            let outer = self.heap.namespace(id);
            if outer.local && outer.get(symbol).is_some() && !outer.declared.contains(&symbol) {
                self.heap.set(id, symbol, value);
                return;
            }
            next = outer.parent;
        }
        let module = self.modules[self.module().index()].namespace;
        self.heap.set(module, symbol, value);
    }

    /// Binds a target.
    pub(super) fn bind(&mut self, target: &'a Expr, value: Value) {
        match &target.kind {
            ExprKind::Name(name) => {
                let symbol = self.symbols.intern(name);
                self.bind_name(symbol, value);
            }
            ExprKind::Tuple(targets) | ExprKind::List(targets) => self.bind_many(targets, &value),
            ExprKind::Attribute(object, name) => {
                let object = self.evaluate(object);
                let symbol = self.symbols.intern(name);
                self.set_attribute(&object, symbol, &value);
            }
            ExprKind::Subscript(object, key) => {
                let object = self.evaluate(object);
                let key = self.evaluate(key);
                self.set_item(&object, &key, &value);
            }
            ExprKind::Starred(target) => self.bind(target, value),
            _ => {}
        }
    }

    fn bind_many(&mut self, targets: &'a [Expr], value: &Value) {
        let starred = targets
            .iter()
            .position(|target| matches!(target.kind, ExprKind::Starred(_)));
        let mut parts: Vec<Value> = vec![Value::nothing(); targets.len()];
        for atom in value.atoms() {
            let elements = self.elements(&atom.clone().into());
            let count = elements.items.len();
            let fits = match starred {
                Some(_) => count + 1 >= targets.len(),
                None => count == targets.len(),
            };
            if elements.more.is_some() || !fits {
                let rest = elements.any();
                for part in &mut parts {
                    *part = part.join(&rest);
                }
                continue;
            }
            match starred {
                None => {
                    for (part, item) in parts.iter_mut().zip(&elements.items) {
                        *part = part.join(item);
                    }
                }
                Some(at) => {
                    let behind = targets.len() - at - 1;
                    let middle = elements.items[at..count - behind].to_vec();
                    for (part, item) in parts.iter_mut().zip(&elements.items[..at]) {
                        *part = part.join(item);
                    }
                    parts[at] = parts[at].join(&self.heap.new_container(ContainerKind::List, middle));
                    for (part, item) in parts[at + 1..].iter_mut().zip(&elements.items[count - behind..]) {
                        *part = part.join(item);
                    }
                }
            }
        }
        for (target, part) in targets.iter().zip(parts) {
            let part = if part.is_nothing() {
                Value::unknown(Reason::Element)
            } else {
                part
            };
            self.bind(target, part);
        }
    }

    fn in_branch(&mut self, run: impl FnOnce(&mut Self) -> Flow) -> (Changes, Flow) {
        let mark = self.heap.begin_branch();
        let doubt = self.begin_doubt();
        let flow = run(self);
        self.end_doubt(doubt);
        (self.heap.end_branch(mark), flow)
    }

    /// Joins branches; those that leave take their changes with them, except that what they did to objects stays
    /// possible for later callers.
    fn join_branches(&mut self, branches: Vec<(Changes, Flow)>) -> Flow {
        let scope = self.frame().scope;
        let first = branches.first().map_or(Flow::Ends, |(_, flow)| *flow);
        let is_same = branches.iter().all(|(_, flow)| *flow == first);
        let goes_on = branches.iter().any(|(_, flow)| *flow == Flow::Continues);
        let mut kept: Vec<Changes> = Vec::new();
        let mut left: Vec<Changes> = Vec::new();
        for (changes, flow) in branches {
            match flow {
                Flow::Ends => kept.push(changes),
                // What they bound is seen behind the loop, or in its next turn.
                Flow::Continues | Flow::Breaks => left.push(changes),
                Flow::Leaves => {
                    left.push(
                        changes
                            .into_iter()
                            .filter(|(namespace, ..)| *namespace != scope)
                            .collect(),
                    );
                }
            }
        }
        let ends = !kept.is_empty();
        if ends && !left.is_empty() {
            // What follows in this function or turn may not be run.
            self.begin_doubt();
        }
        let all_leave = kept.is_empty();
        self.heap.merge(&kept);
        // Attributes and globals set before leaving are seen by the next call.
        if all_leave {
            self.heap.merge(&left);
        } else {
            for changes in left {
                self.heap.merge(&[changes, Changes::new()]);
            }
        }
        match (ends, is_same) {
            (true, _) => Flow::Ends,
            (false, true) => first,
            (false, false) if goes_on => Flow::Continues,
            (false, false) => Flow::Breaks,
        }
    }

    fn run_dead(&mut self, body: &'a [Stmt], reason: &'static str) {
        let before = self.dead;
        self.dead = Some(before.unwrap_or(reason));
        self.run_block(body);
        self.dead = before;
    }

    fn run_if(&mut self, test: &'a Expr, body: &'a [Stmt], orelse: &'a [Stmt]) -> Flow {
        if self.enters_program(test) {
            let module = self.module();
            self.serving.guards.push(module);
            let flow = self.run_branches(test, body, orelse);
            self.serving.guards.pop();
            return flow;
        }
        self.run_branches(test, body, orelse)
    }

    fn run_branches(&mut self, test: &'a Expr, body: &'a [Stmt], orelse: &'a [Stmt]) -> Flow {
        match self.branch_truth(test) {
            Truth::True => self.run_block(body),
            Truth::False => self.run_block(orelse),
            Truth::Always => {
                if !orelse.is_empty() {
                    self.in_branch(|machine| {
                        machine.run_dead(orelse, "it stands in a branch that is never taken");
                        Flow::Ends
                    });
                }
                self.run_block(body)
            }
            Truth::Never(reason) => {
                let (changes, _) = self.in_branch(|machine| {
                    machine.run_dead(body, reason);
                    Flow::Ends
                });
                // Names for annotations stay usable where nothing else binds them.
                self.heap.merge(&[changes, Changes::new()]);
                self.run_block(orelse)
            }
            Truth::Open => {
                let taken = self.in_branch(|machine| machine.run_block(body));
                let other = self.in_branch(|machine| machine.run_block(orelse));
                self.join_branches(vec![taken, other])
            }
        }
    }

    fn run_for(&mut self, target: &'a Expr, iter: &'a Expr, body: &'a [Stmt], orelse: &'a [Stmt]) -> Flow {
        let iterated = self.evaluate(iter);
        let elements = self.elements(&iterated);
        for item in &elements.items {
            self.bind(target, item.clone());
            match self.run_block(body) {
                Flow::Ends | Flow::Continues => {}
                // The `else` of a loop is left out by `break`.
                Flow::Breaks => return Flow::Ends,
                Flow::Leaves => return Flow::Leaves,
            }
        }
        if let Some(more) = elements.more {
            let branch = self.in_branch(|machine| {
                machine.bind(target, more);
                machine.run_block(body);
                Flow::Ends
            });
            self.heap.merge(&[branch.0, Changes::new()]);
        }
        self.run_block(orelse)
    }

    fn run_while(&mut self, test: &'a Expr, body: &'a [Stmt], orelse: &'a [Stmt]) -> Flow {
        match self.truth_of(test) {
            Truth::False => return self.run_block(orelse),
            Truth::Never(reason) => {
                self.in_branch(|machine| {
                    machine.run_dead(body, reason);
                    Flow::Ends
                });
                return self.run_block(orelse);
            }
            Truth::True if matches!(test.kind, ExprKind::Compare(..)) => {
                if let Some(flow) = self.count_turns(test, body) {
                    return match flow {
                        Flow::Ends => self.run_block(orelse),
                        Flow::Breaks => Flow::Ends,
                        other => other,
                    };
                }
            }
            Truth::True | Truth::Always | Truth::Open => {}
        }
        let (changes, _) = self.in_branch(|machine| {
            machine.run_block(body);
            Flow::Ends
        });
        self.heap.merge(&[changes, Changes::new()]);
        self.run_block(orelse)
    }

    /// Takes the turns of a loop whose comparison is decided each time; `None` where it stops being so, or goes on for
    /// too long.
    fn count_turns(&mut self, test: &'a Expr, body: &'a [Stmt]) -> Option<Flow> {
        for _ in 0..MOST_TURNS {
            match self.run_block(body) {
                Flow::Ends | Flow::Continues => {}
                other => return Some(other),
            }
            match self.truth_of(test) {
                Truth::True => {}
                Truth::False => return Some(Flow::Ends),
                _ => return None,
            }
        }
        None
    }

    fn run_with(&mut self, items: &'a [(Expr, Option<Expr>)], body: &'a [Stmt]) -> Flow {
        for (context, target) in items {
            if target.is_none() {
                self.uses.unbound.insert(context.span);
            }
            let context = self.evaluate(context);
            let entered = self.enter(&context);
            if let Some(target) = target {
                self.bind(target, entered);
            }
        }
        self.run_block(body)
    }

    fn run_try(
        &mut self,
        body: &'a [Stmt],
        handlers: &'a [(Option<Expr>, Vec<Stmt>)],
        orelse: &'a [Stmt],
        finally: &'a [Stmt],
    ) -> Flow {
        let mut imported: Vec<Symbol> = Vec::new();
        self.imported_names(body, &mut imported);
        let tried = self.in_branch(|machine| {
            machine.heap.trust_branch();
            match machine.run_block(body) {
                Flow::Ends => machine.run_block(orelse),
                other => other,
            }
        });
        let scope = self.frame().scope;
        let bound: Vec<Symbol> = tried
            .0
            .iter()
            .filter(|(namespace, symbol, ..)| *namespace == scope && imported.contains(symbol))
            .map(|(_, symbol, ..)| *symbol)
            .collect();
        let mut branches = vec![tried];
        for (_, handler) in handlers {
            self.uses.handlers += 1;
            let (mut changes, flow) = self.in_branch(|machine| machine.run_block(handler));
            self.uses.handlers -= 1;
            // A stand-in for a missing package is not what runs where the package is there.
            for (namespace, symbol, _, after) in &mut changes {
                if *namespace == scope && bound.contains(symbol) && !after.atoms().iter().any(is_imported) {
                    *after = Value::nothing();
                }
            }
            branches.push((changes, flow));
        }
        self.drop_unbound_imports(&mut branches, &bound);
        let flow = self.join_branches(branches);
        match self.run_block(finally) {
            Flow::Ends => flow,
            other => other,
        }
    }

    /// Where a handler does not bind what the body imports, the name keeps what the body gives it.
    fn drop_unbound_imports(&mut self, branches: &mut [(Changes, Flow)], bound: &[Symbol]) {
        let Some((first, rest)) = branches.split_first_mut() else {
            return;
        };
        let scope = self.frame().scope;
        for (changes, _) in rest {
            for symbol in bound {
                let is_set = changes
                    .iter()
                    .any(|(namespace, name, ..)| *namespace == scope && name == symbol);
                let known = first
                    .0
                    .iter()
                    .find(|(namespace, name, ..)| *namespace == scope && name == symbol);
                if let Some((_, _, before, after)) = known
                    && !is_set
                {
                    changes.push((scope, *symbol, before.clone(), after.clone()));
                }
            }
        }
    }

    fn imported_names(&mut self, body: &[Stmt], into: &mut Vec<Symbol>) {
        for statement in body {
            match &statement.kind {
                StmtKind::Import { module, alias } => {
                    let name = alias.as_ref().or_else(|| module.first());
                    if let Some(name) = name {
                        into.push(self.symbols.intern(name));
                    }
                }
                StmtKind::ImportFrom { names, .. } => {
                    for (_, bound) in names {
                        into.push(self.symbols.intern(bound));
                    }
                }
                StmtKind::Try { body, .. } => self.imported_names(body, into),
                _ => {}
            }
        }
    }
}

/// A flag that configuration or other code can flip: it decides nothing.
pub(super) fn switch(value: &Value) -> Value {
    let is_flag = value.atoms().iter().any(|atom| matches!(atom, Atom::Bool(_)));
    if is_flag {
        value.join(&Value::any([Atom::Bool(true), Atom::Bool(false)]))
    } else {
        value.clone()
    }
}

fn is_imported(atom: &Atom) -> bool {
    matches!(atom, Atom::External(_) | Atom::Module(_) | Atom::Pending(..))
        && !matches!(atom, Atom::External(path) if path.starts_with("builtins."))
}
