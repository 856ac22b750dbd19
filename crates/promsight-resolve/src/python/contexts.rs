//! Context managers: what `with … as` binds.

use super::machine::Machine;
use super::value::{Arguments, Atom, Value};

impl Machine<'_> {
    /// What `with … as` binds.
    pub(super) fn enter(&mut self, context: &Value) -> Value {
        let enter = self.symbols.intern("__enter__");
        let enter_async = self.symbols.intern("__aenter__");
        let mut entered = Value::nothing();
        for atom in context.atoms() {
            let value = match atom {
                Atom::Container(_) => self.elements(&atom.clone().into()).any(),
                Atom::Instance(instance) => {
                    let class = self.heap.instance(*instance).class;
                    let method = [enter, enter_async]
                        .into_iter()
                        .find(|method| self.heap.class_attribute(class, *method).is_some());
                    match method {
                        Some(method) => {
                            let method = self.attribute_of(atom, method);
                            self.call_value(&method, &Arguments::default(), None)
                        }
                        None => atom.clone().into(),
                    }
                }
                _ => atom.clone().into(),
            };
            entered = entered.join(&value);
        }
        entered
    }
}
