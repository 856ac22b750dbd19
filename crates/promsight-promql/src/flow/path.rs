//! What stands between a selector and the result: one climb from each selector to the root of the tree.

use super::{Grouping, Operand, Operator, SelectorPath, Side, Step, StepKind};
use crate::functions::ValueType;
use crate::node::{Node, NodeId, NodeKind};

/// Steps that are kept of a path, the innermost ones.
const MAX_STEPS: usize = 64;

/// The path of each of `count` selectors. `numbers` holds the value of each expression where the text gives it.
pub(super) fn of_selectors(nodes: &[Node], count: usize, numbers: &[Option<f64>]) -> Vec<SelectorPath> {
    Climb { nodes, numbers }.paths(count)
}

struct Climb<'tree> {
    nodes: &'tree [Node],
    numbers: &'tree [Option<f64>],
}

impl Climb<'_> {
    fn paths(&self, selectors: usize) -> Vec<SelectorPath> {
        let mut parents: Vec<Option<NodeId>> = vec![None; self.nodes.len()];
        for (id, node) in self.nodes.iter().enumerate() {
            for operand in operands(&node.kind) {
                parents[operand] = Some(id);
            }
        }
        let mut paths = vec![SelectorPath::default(); selectors];
        for (id, node) in self.nodes.iter().enumerate() {
            let NodeKind::Selector(number) = node.kind else {
                continue;
            };
            let mut path = SelectorPath::default();
            let mut below = id;
            while let Some(parent) = parents[below] {
                if path.steps.len() == MAX_STEPS {
                    path.is_cut = true;
                    break;
                }
                path.steps.extend(self.step(parent, below));
                below = parent;
            }
            path.steps.reverse();
            if let Some(slot) = paths.get_mut(number) {
                *slot = path;
            }
        }
        paths
    }

    /// The step from an operand to what is made of it.
    fn step(&self, id: NodeId, below: NodeId) -> Option<Step> {
        let node = &self.nodes[id];
        let (kind, range) = match &node.kind {
            NodeKind::Number(_) | NodeKind::Text(_) | NodeKind::Hole | NodeKind::Selector(_) => return None,
            NodeKind::Negation { word, .. } => (StepKind::Negation, word),
            NodeKind::Range { seconds, word, .. } => (StepKind::Range(*seconds), word),
            NodeKind::Subquery { word, .. } => (StepKind::Subquery, word),
            NodeKind::Modified { word, .. } => {
                let kind = StepKind::Operator {
                    operator: Operator::Unknown,
                    side: Side::Left,
                    other: Operand::Unknown(word.clone()),
                    gives_bool: false,
                };
                (kind, word)
            }
            NodeKind::Call {
                name,
                word,
                arguments,
            } => {
                let kind = StepKind::Function {
                    name: name.clone().unwrap_or_default(),
                    argument: arguments.iter().position(|id| *id == below)?,
                    numbers: arguments.iter().map(|id| self.numbers[*id]).collect(),
                };
                (kind, word)
            }
            NodeKind::Aggregation {
                name,
                word,
                grouping,
                arguments,
            } => {
                let has_parameter = arguments.len() > 1;
                let kind = StepKind::Aggregation {
                    name: name.clone().unwrap_or_default(),
                    grouping: match grouping {
                        None => Grouping::All,
                        Some(list) if list.is_without => Grouping::Without,
                        Some(_) => Grouping::By,
                    },
                    parameter: arguments.first().and_then(|id| self.numbers[*id]),
                    in_parameter: has_parameter && arguments.first() == Some(&below),
                };
                (kind, word)
            }
            NodeKind::Binary(binary) => {
                let (side, other) = if binary.left == below {
                    (Side::Left, binary.right)
                } else {
                    (Side::Right, binary.left)
                };
                let kind = StepKind::Operator {
                    operator: binary.operator,
                    side,
                    other: self.operand(other),
                    gives_bool: binary.matching.bool_modifier,
                };
                (kind, &binary.word)
            }
        };
        Some(Step {
            kind,
            range: range.clone(),
            whole: node.range.clone(),
        })
    }

    fn operand(&self, id: NodeId) -> Operand {
        let range = self.nodes[id].range.clone();
        if let NodeKind::Call { name, arguments, .. } = &self.nodes[id].kind
            && name.as_deref() == Some("vector")
            && let Some(value) = arguments.first().and_then(|id| self.numbers[*id])
        {
            return Operand::Constant { value, range };
        }
        match (self.numbers[id], self.nodes[id].value) {
            (Some(value), _) => Operand::Number { value, range },
            (None, ValueType::Unknown) => Operand::Unknown(range),
            (None, ValueType::Scalar) if matches!(self.nodes[id].kind, NodeKind::Hole) => {
                Operand::Unknown(range)
            }
            (None, ValueType::Scalar | ValueType::Text) => Operand::Scalar(range),
            (None, ValueType::Instant | ValueType::Range) => Operand::Vector(range),
        }
    }
}

fn operands(kind: &NodeKind) -> Vec<NodeId> {
    match kind {
        NodeKind::Number(_) | NodeKind::Text(_) | NodeKind::Hole | NodeKind::Selector(_) => Vec::new(),
        NodeKind::Negation { operand, .. }
        | NodeKind::Range { operand, .. }
        | NodeKind::Subquery { operand, .. }
        | NodeKind::Modified { operand, .. } => vec![*operand],
        NodeKind::Call { arguments, .. } | NodeKind::Aggregation { arguments, .. } => arguments.clone(),
        NodeKind::Binary(binary) => vec![binary.left, binary.right],
    }
}
