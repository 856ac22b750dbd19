//! From the tree to the flow: one pass over the expressions, operands first, for numbers and labels.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Flow, Join, LabelSource, LabelUse, LabelUseKind, Labels, Matching, Operator, Side, path};
use crate::functions::{self, ValueType};
use crate::node::{self, Binary, GroupingList, LabelList, Node, NodeId, NodeKind};
use crate::{MatchOp, Selector};

/// Larger queries have no flow: each join keeps the labels of its operands.
const MAX_SELECTORS: usize = 1_000;
const MAX_COPIED: usize = 200_000;

/// The flow of a query; `None` where it is too large. The last node is the whole query.
pub(crate) fn compute(nodes: &[Node], selectors: &[Selector]) -> Option<Flow> {
    if selectors.len() > MAX_SELECTORS {
        return None;
    }
    let mut walk = Walk {
        nodes,
        selectors,
        labels: vec![None; nodes.len()],
        numbers: vec![None; nodes.len()],
        uses: Vec::new(),
        joins: Vec::new(),
        copied: 0,
    };
    for id in 0..nodes.len() {
        walk.numbers[id] = walk.number(id).filter(|number| !number.is_nan());
        let labels = walk.labels_of(id);
        walk.copied += labels.size();
        if walk.copied > MAX_COPIED {
            return None;
        }
        walk.labels[id] = Some(labels);
    }
    let mut result = walk.labels.last_mut()?.take()?;
    // A name may be kept, dropped or written by any of them, and with Prometheus 3 only at the very end.
    result.set("__name__", LabelSource::unknown());
    let Walk {
        mut uses,
        joins,
        numbers,
        ..
    } = walk;
    let paths = path::of_selectors(nodes, selectors.len(), &numbers);
    uses.sort_by_key(|label| label.range.start);
    Some(Flow {
        paths,
        uses,
        joins,
        result,
    })
}

struct Walk<'tree> {
    nodes: &'tree [Node],
    selectors: &'tree [Selector],
    /// Of each expression, until what is made of it takes them.
    labels: Vec<Option<Labels>>,
    /// Of each expression, its value where the text gives it.
    numbers: Vec<Option<f64>>,
    uses: Vec<LabelUse>,
    joins: Vec<Join>,
    copied: usize,
}

impl Walk<'_> {
    /// The value of an expression of numbers. Operands come before it.
    fn number(&self, id: NodeId) -> Option<f64> {
        match &self.nodes[id].kind {
            NodeKind::Number(value) => Some(*value),
            NodeKind::Negation { operand, .. } => Some(-self.numbers[*operand]?),
            NodeKind::Binary(binary) => {
                let (left, right) = (self.numbers[binary.left]?, self.numbers[binary.right]?);
                let truth = |holds: bool| Some(f64::from(u8::from(holds)));
                match binary.operator {
                    Operator::Add => Some(left + right),
                    Operator::Subtract => Some(left - right),
                    Operator::Multiply => Some(left * right),
                    Operator::Divide => Some(left / right),
                    Operator::Modulo => Some(left % right),
                    Operator::Power => Some(left.powf(right)),
                    Operator::Atan2 => Some(left.atan2(right)),
                    #[expect(clippy::float_cmp, reason = "PromQL compares so")]
                    Operator::Equal => truth(left == right),
                    #[expect(clippy::float_cmp, reason = "PromQL compares so")]
                    Operator::NotEqual => truth(left != right),
                    Operator::Less => truth(left < right),
                    Operator::LessOrEqual => truth(left <= right),
                    Operator::Greater => truth(left > right),
                    Operator::GreaterOrEqual => truth(left >= right),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The labels of an operand, which nothing else needs any more.
    fn take(&mut self, id: NodeId) -> Labels {
        self.labels[id].take().unwrap_or_default()
    }

    /// The labels of an argument; of one that is missing, unknown.
    fn take_argument(&mut self, arguments: &[NodeId], index: usize) -> Labels {
        match arguments.get(index) {
            Some(id) => self.take(*id),
            None => Labels::all(LabelSource::unknown()),
        }
    }

    fn ask(&mut self, label: &str, range: &Range<usize>, kind: LabelUseKind, source: LabelSource) {
        self.ask_in(label, range, kind, source, None);
    }

    fn ask_in(
        &mut self,
        label: &str,
        range: &Range<usize>,
        kind: LabelUseKind,
        source: LabelSource,
        join: Option<usize>,
    ) {
        let source = if label == "__name__" {
            LabelSource::unknown()
        } else {
            source
        };
        self.uses.push(LabelUse {
            label: label.to_owned(),
            range: range.clone(),
            kind,
            source,
            join,
        });
    }

    fn labels_of(&mut self, id: NodeId) -> Labels {
        let nodes = self.nodes;
        match &nodes[id].kind {
            NodeKind::Number(_) | NodeKind::Text(_) => Labels::default(),
            NodeKind::Hole if nodes[id].value == ValueType::Scalar => Labels::default(),
            NodeKind::Hole | NodeKind::Modified { .. } => Labels::all(LabelSource::unknown()),
            NodeKind::Selector(number) => self.selector(*number),
            NodeKind::Negation { operand, .. }
            | NodeKind::Range { operand, .. }
            | NodeKind::Subquery { operand, .. } => self.take(*operand),
            NodeKind::Call {
                name,
                word,
                arguments,
            } => self.call(name.as_deref().unwrap_or_default(), word, arguments),
            NodeKind::Aggregation {
                name,
                word,
                grouping,
                arguments,
            } => self.aggregation(name.as_deref(), word, grouping.as_ref(), arguments),
            NodeKind::Binary(binary) => self.binary(binary),
        }
    }

    fn selector(&self, number: usize) -> Labels {
        let given = LabelSource::selector(number);
        let mut labels = Labels::all(given.clone());
        let matchers = self
            .selectors
            .get(number)
            .map_or(&[][..], |selector| &selector.matchers);
        for matcher in matchers.iter().filter(|matcher| matcher.label != "__name__") {
            let is_empty =
                matcher.op == MatchOp::Equal && matcher.value.is_empty() && !matcher.value_has_holes;
            if is_empty {
                let dropped = LabelSource::dropped(matcher.value_range.clone(), vec![number]);
                labels.set(&matcher.label, dropped);
            } else if matcher.refuses_empty {
                let certain = LabelSource {
                    is_certain: true,
                    ..given.clone()
                };
                labels.set(&matcher.label, certain);
            }
        }
        labels
    }

    fn text(&self, arguments: &[NodeId], index: usize) -> Option<(&str, Range<usize>)> {
        match &self.nodes[*arguments.get(index)?].kind {
            NodeKind::Text(Some(text)) => Some((&text.value, text.range.clone())),
            _ => None,
        }
    }

    fn call(&mut self, name: &str, word: &Range<usize>, arguments: &[NodeId]) -> Labels {
        match name {
            "absent" | "absent_over_time" => self.absent(word, arguments),
            "label_replace" => self.label_replace(word, arguments),
            "label_join" => self.label_join(arguments),
            "histogram_quantile" => self.buckets(word, arguments, 1),
            "histogram_fraction" => self.buckets(word, arguments, 2),
            "histogram_quantiles" => {
                let mut labels = self.buckets(word, arguments, 0);
                match self.text(arguments, 1) {
                    Some((label, _)) => {
                        let label = label.to_owned();
                        labels.set(&label, certainly_written());
                        labels
                    }
                    None => Labels::all(LabelSource::unknown()),
                }
            }
            "info" => self.info(arguments),
            "sort_by_label" | "sort_by_label_desc" => {
                let labels = self.take_argument(arguments, 0);
                self.ask_texts(arguments, 1, LabelUseKind::Sort, &labels);
                labels
            }
            "vector" | "scalar" => Labels::default(),
            _ => self.plain_call(name, arguments),
        }
    }

    /// A function that leaves labels as they are, or one that is not known.
    fn plain_call(&mut self, name: &str, arguments: &[NodeId]) -> Labels {
        let Some(signature) = functions::signature(name) else {
            return Labels::all(LabelSource::unknown());
        };
        let is_vector = |index: usize| {
            matches!(
                signature.argument(index),
                Some(ValueType::Instant | ValueType::Range)
            )
        };
        match (0..arguments.len()).find(|index| is_vector(*index)) {
            Some(index) => self.take(arguments[index]),
            None => Labels::default(),
        }
    }

    /// `absent` gives the labels of its selector's `=` matchers, those that stand there once.
    fn absent(&mut self, word: &Range<usize>, arguments: &[NodeId]) -> Labels {
        let inner = self.take_argument(arguments, 0);
        let mut labels = Labels::all(LabelSource::dropped(word.clone(), inner.selectors()));
        let mut id = arguments.first().copied();
        while let Some(NodeKind::Range { operand, .. }) = id.map(|id| &self.nodes[id].kind) {
            id = Some(*operand);
        }
        let selector = match id.map(|id| &self.nodes[id].kind) {
            Some(NodeKind::Selector(number)) => self.selectors.get(*number),
            Some(NodeKind::Hole | NodeKind::Modified { .. }) => return Labels::all(LabelSource::unknown()),
            _ => None,
        };
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let matchers = selector.map_or(&[][..], |selector| &selector.matchers);
        for matcher in matchers {
            *counts.entry(&matcher.label).or_default() += 1;
        }
        for matcher in matchers {
            if matcher.op == MatchOp::Equal
                && counts.get(matcher.label.as_str()) == Some(&1)
                && (!matcher.value.is_empty() || matcher.value_has_holes)
            {
                labels.set(&matcher.label, certainly_written());
            }
        }
        labels
    }

    fn label_replace(&mut self, word: &Range<usize>, arguments: &[NodeId]) -> Labels {
        let mut labels = self.take_argument(arguments, 0);
        let source = self
            .text(arguments, 3)
            .map(|(label, range)| (label.to_owned(), range));
        if let Some((label, range)) = source.as_ref().filter(|(label, _)| !label.is_empty()) {
            self.ask(
                label,
                range,
                LabelUseKind::ReplaceSource,
                labels.source(label).clone(),
            );
        }
        let Some((target, _)) = self.text(arguments, 1) else {
            return Labels::all(LabelSource::unknown());
        };
        let replacement = self.text(arguments, 2).map(|(text, _)| text);
        let before = labels.source(target).clone();
        let pattern = self.text(arguments, 4).map(|(text, _)| text);
        let always = match (pattern, &source) {
            (Some(".*" | "(.*)"), _) => true,
            (Some(""), Some((label, _))) => label.is_empty(),
            _ => false,
        };
        let after = if replacement == Some("") && always {
            LabelSource::dropped(word.clone(), before.selectors)
        } else if replacement == Some("") {
            LabelSource {
                is_certain: false,
                ..before
            }
        } else {
            let is_constant = replacement.is_some_and(|text| !text.contains('$'));
            LabelSource {
                is_written: true,
                is_certain: before.is_certain || (always && is_constant),
                dropped: None,
                ..before
            }
        };
        let target = target.to_owned();
        labels.set(&target, after);
        labels
    }

    fn label_join(&mut self, arguments: &[NodeId]) -> Labels {
        let mut labels = self.take_argument(arguments, 0);
        self.ask_texts(arguments, 3, LabelUseKind::JoinSource, &labels);
        match self.text(arguments, 1) {
            Some((target, _)) => {
                let target = target.to_owned();
                labels.set(&target, LabelSource::written());
                labels
            }
            None => Labels::all(LabelSource::unknown()),
        }
    }

    /// Asks for the labels that the arguments from `first` on name.
    fn ask_texts(&mut self, arguments: &[NodeId], first: usize, kind: LabelUseKind, labels: &Labels) {
        for index in first..arguments.len() {
            if let Some((label, range)) = self.text(arguments, index) {
                let (label, source) = (label.to_owned(), labels.source(label).clone());
                self.ask(&label, &range, kind, source);
            }
        }
    }

    /// A function that reads a histogram's buckets and drops their bounds.
    fn buckets(&mut self, word: &Range<usize>, arguments: &[NodeId], index: usize) -> Labels {
        let mut labels = self.take_argument(arguments, index);
        self.ask("le", word, LabelUseKind::Bound, labels.source("le").clone());
        let dropped = LabelSource::dropped(word.clone(), labels.selectors());
        labels.set("le", dropped);
        labels
    }

    /// `info` adds labels of info metrics: those that its second argument names, or any.
    fn info(&mut self, arguments: &[NodeId]) -> Labels {
        let mut labels = self.take_argument(arguments, 0);
        let selector = arguments.get(1).map(|id| &self.nodes[*id].kind);
        let named = match selector {
            Some(NodeKind::Selector(number)) => self.selectors.get(*number),
            _ => None,
        };
        let added: Vec<String> = named
            .map_or(&[][..], |selector| &selector.matchers)
            .iter()
            .filter(|matcher| matcher.label != "__name__")
            .map(|matcher| matcher.label.clone())
            .collect();
        let also_written = |source: &LabelSource| LabelSource {
            is_written: true,
            dropped: None,
            ..source.clone()
        };
        if added.is_empty() {
            for source in labels.named.values_mut() {
                *source = also_written(source);
            }
            labels.others = also_written(&labels.others);
        }
        for label in added {
            let source = also_written(labels.source(&label));
            labels.set(&label, source);
        }
        labels
    }

    fn aggregation(
        &mut self,
        name: Option<&str>,
        word: &Range<usize>,
        grouping: Option<&GroupingList>,
        arguments: &[NodeId],
    ) -> Labels {
        let takes_parameter = name.is_some_and(takes_parameter);
        let index = if name.is_none() {
            arguments.len().saturating_sub(1)
        } else {
            usize::from(takes_parameter)
        };
        let inner = self.take_argument(arguments, index);
        if let Some(grouping) = grouping {
            let kind = if grouping.is_without {
                LabelUseKind::Without
            } else {
                LabelUseKind::By
            };
            for (label, range) in &grouping.list.labels {
                self.ask(label, range, kind, inner.source(label).clone());
            }
        }
        // These choose among the series of a group and leave them as they are.
        if matches!(name, Some("topk" | "bottomk" | "limitk" | "limit_ratio")) {
            return inner;
        }
        let dropped = LabelSource::dropped(word.clone(), inner.selectors());
        let is_chooser_possible = name.is_none();
        let mut labels = match grouping {
            None => inner.by(&[], is_chooser_possible, dropped),
            Some(GroupingList { is_without, list }) => {
                let others = list.has_holes || is_chooser_possible;
                if *is_without && !is_chooser_possible {
                    inner.without(&list.names(), others, &dropped)
                } else if *is_without {
                    inner.by(&[], true, dropped)
                } else {
                    inner.by(&list.names(), others, dropped)
                }
            }
        };
        match name {
            Some("count_values") => match self.text(arguments, 0) {
                Some((label, _)) => {
                    let label = label.to_owned();
                    labels.set(&label, certainly_written());
                }
                None => return Labels::all(LabelSource::unknown()),
            },
            None if arguments.len() > 1 => return Labels::all(LabelSource::unknown()),
            _ => {}
        }
        labels
    }

    fn binary(&mut self, binary: &Binary) -> Labels {
        let (left, right) = (self.take(binary.left), self.take(binary.right));
        let is_scalar = |id: NodeId| self.nodes[id].value == ValueType::Scalar;
        match (is_scalar(binary.left), is_scalar(binary.right)) {
            (true, true) => return Labels::default(),
            (true, false) => return right,
            (false, true) => return left,
            (false, false) => {}
        }
        if binary.operator == Operator::Unknown {
            return Labels::all(LabelSource::unknown());
        }
        // A hole is a number, or a vector whose labels agree: nothing is added either way.
        let adds_nothing = binary.operator != Operator::Or && binary.matching.labels.labels.is_empty();
        if adds_nothing && right.is_unknown() {
            return left;
        }
        if adds_nothing && left.is_unknown() && !binary.operator.is_set() {
            return right;
        }
        self.ask_matching(binary, &left, &right);
        self.joins.push(Join {
            operator: binary.operator,
            range: binary.word.clone(),
            matching: matching(&binary.matching.labels, binary.matching.on),
            many: binary.matching.group.as_ref().map(|group| group.many),
            left: left.clone(),
            right: right.clone(),
            left_range: self.nodes[binary.left].range.clone(),
            right_range: self.nodes[binary.right].range.clone(),
        });
        self.copied += left.size() + right.size();
        joined(binary, left, right)
    }

    fn ask_matching(&mut self, binary: &Binary, left: &Labels, right: &Labels) {
        let join = Some(self.joins.len());
        for (label, range) in &binary.matching.labels.labels {
            let (of_left, of_right) = (left.source(label), right.source(label));
            if binary.matching.on {
                self.ask_in(label, range, LabelUseKind::OnLeft, of_left.clone(), join);
                self.ask_in(label, range, LabelUseKind::OnRight, of_right.clone(), join);
            } else {
                let both = Labels::all(of_left.clone()).either(&Labels::all(of_right.clone()));
                self.ask_in(label, range, LabelUseKind::Ignoring, both.others, join);
            }
        }
        if let Some(group) = &binary.matching.group {
            let one = if group.many == Side::Left { right } else { left };
            for (label, range) in &group.include.labels {
                let source = one.source(label).clone();
                self.ask_in(label, range, LabelUseKind::Include, source, join);
            }
        }
    }
}

fn certainly_written() -> LabelSource {
    LabelSource {
        is_written: true,
        is_certain: true,
        ..LabelSource::default()
    }
}

fn takes_parameter(aggregation: &str) -> bool {
    matches!(
        aggregation,
        "topk" | "bottomk" | "quantile" | "limitk" | "limit_ratio" | "count_values"
    )
}

fn matching(list: &LabelList, is_on: bool) -> Matching {
    if list.has_holes {
        return Matching::Unknown;
    }
    if is_on {
        Matching::On(list.names())
    } else {
        Matching::AllBut(list.names())
    }
}

/// The labels of the left operand, of which those that have to agree are the right one's too.
fn matched(matching: &node::Matching, left: Labels, right: &Labels) -> Labels {
    if matching.labels.has_holes {
        return left;
    }
    let names = matching.labels.names();
    if !matching.on {
        let mut agreed = left.agreed(right);
        for label in names {
            agreed.set(&label, left.source(&label).clone());
        }
        return agreed;
    }
    let mut labels = left;
    for label in names {
        let agreed = labels.source(&label).agreed(right.source(&label));
        labels.set(&label, agreed);
    }
    labels
}

/// The labels of a binary operation between vectors (`resultMetric` of the engine).
fn joined(binary: &Binary, left: Labels, right: Labels) -> Labels {
    match binary.operator {
        Operator::And => return matched(&binary.matching, left, &right),
        Operator::Unless => return left,
        Operator::Or => return left.either(&right),
        _ => {}
    }
    let list = &binary.matching.labels;
    let Some(group) = &binary.matching.group else {
        // A side that is filled in has the labels of the other.
        let agreed = if binary.matching.fill {
            left.either(&right)
        } else {
            left.agreed(&right)
        };
        let dropped = LabelSource::dropped(binary.word.clone(), agreed.selectors());
        return if binary.matching.on {
            let kept = list.names();
            agreed.by(&kept, list.has_holes, dropped)
        } else {
            agreed.without(&list.names(), list.has_holes, &dropped)
        };
    };
    let (many, one) = match group.many {
        Side::Left => (left, right),
        Side::Right => (right, left),
    };
    let mut labels = if group.include.has_holes {
        many.either(&one)
    } else if binary.matching.fill {
        // Where the side of many is filled in, what has to agree comes from the other.
        let dropped = LabelSource::dropped(binary.word.clone(), one.selectors());
        let names = list.names();
        let filled = if binary.matching.on {
            one.clone().by(&names, list.has_holes, dropped)
        } else {
            one.clone().without(&names, list.has_holes, &dropped)
        };
        many.either(&filled)
    } else {
        many
    };
    for (label, _) in &group.include.labels {
        let source = one.source(label).clone();
        labels.set(label, source);
    }
    labels
}
