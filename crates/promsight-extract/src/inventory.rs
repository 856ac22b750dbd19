//! Inventories of other repositories, as `promsight metrics --format json` prints them.
//!
//! Owns the way back from the JSON report's `metrics` and `gaps` (version 1) to emitters. What the other repository never
//! runs, or runs in its tests alone, is left out: it emits nothing there.

use promsight_model::usage::{LabelValue, LabelValues};
use promsight_model::{
    Embedded, Emitter, Gap, GapKind, Liveness, MetricType, Name, Origin, Pattern, Reach, SourceFile, Span,
    Usage, Wrapping,
};

use crate::decode::json;
use crate::decode::tree::Node;

/// The version of the JSON report that is read.
const SCHEMA_VERSION: &str = "1";

/// What one inventory says.
#[derive(Debug, Default)]
pub struct Inventory {
    /// The metrics that the other repository emits; their places lie in the inventory.
    pub emitters: Vec<Emitter>,
    /// What could not be found out there, or of the inventory itself.
    pub gaps: Vec<Gap>,
}

/// Reads an inventory; errs with a clause on what is wrong and what to do where it is none.
pub fn read(file: &SourceFile) -> Result<Inventory, String> {
    let source = Embedded::whole(file.id, &file.text);
    let tree = json::parse(&source);
    if let Some(problem) = tree.problems().next() {
        return Err(format!("it is no JSON: {}", problem.message));
    }
    let root = tree.documents().next().and_then(|document| document.root());
    let root = root.ok_or_else(|| "it is empty".to_owned())?;
    let metrics = root.get("metrics").filter(|metrics| metrics.is_sequence());
    let (Some(version), Some(metrics)) = (root.get_str("schema_version"), metrics) else {
        return Err("it holds no `schema_version` and `metrics`".to_owned());
    };
    if version != SCHEMA_VERSION {
        return Err(format!(
            "its `schema_version` is {version}, and this promsight reads {SCHEMA_VERSION}; write it with the same version \
             of promsight"
        ));
    }
    let mut inventory = Inventory::default();
    let reader = Reader { file };
    for (number, metric) in metrics.items().enumerate() {
        match reader.metric(metric) {
            Some(emitter) => inventory.emitters.extend(emitter.is_live().then_some(emitter)),
            None => {
                return Err(format!(
                    "entry {} of its `metrics` lacks a `name_kind`, `type` or `series`",
                    number + 1
                ));
            }
        }
    }
    let gaps = root.get("gaps").into_iter().flat_map(Node::items);
    inventory.gaps.extend(gaps.filter_map(|gap| reader.gap(gap)));
    Ok(inventory)
}

struct Reader<'a> {
    file: &'a SourceFile,
}

impl Reader<'_> {
    fn metric(&self, metric: Node<'_>) -> Option<Emitter> {
        let name_node = metric.get("name");
        let name = match metric.get_str("name_kind")? {
            "exact" => Name::Exact(name_node?.as_str()?.to_owned()),
            "pattern" => named(name_node?.as_str()?),
            _ => Name::Unresolved,
        };
        // `null` is no text: an unresolved name has none.
        let series: Vec<Name> = texts(metric.get("series")?)
            .iter()
            .map(|text| named(text))
            .collect();
        let place = name_node.filter(|name| !name.is_null()).unwrap_or(metric).span();
        let known = |key: &str| metric.get(key).filter(|node| node.is_sequence()).map(texts);
        Some(Emitter {
            written_name: name.clone(),
            name,
            metric_type: MetricType::from_word(metric.get_str("type")?)?,
            series,
            labels: known("labels").unwrap_or_default(),
            labels_known: metric.get_str("labels_known") == Some("true"),
            unit: metric.get_str("unit").map(str::to_owned),
            help: None,
            buckets: known("buckets"),
            states: known("states"),
            origin: Origin::Inventory(self.site(metric)),
            liveness: liveness(metric),
            updated: None,
            wrapping: Wrapping::Direct,
            span: place,
            name_span: Some(place),
            unresolved_reason: metric.get_str("unresolved_reason").map(str::to_owned),
            usage: Usage {
                label_values: label_values(metric, place),
                ..Usage::default()
            },
        })
    }

    /// The inventory, and the place that it gives: `shop.json: app/metrics.py:12`.
    fn site(&self, node: Node<'_>) -> String {
        let shown = &self.file.shown_path;
        let site = node.get("site");
        let path = site.and_then(|site| site.get_str("path"));
        let line = site.and_then(|site| site.get_str("line"));
        match (path, line) {
            (Some(path), Some(line)) => format!("{shown}: {path}:{line}"),
            (Some(path), None) => format!("{shown}: {path}"),
            _ => shown.clone(),
        }
    }

    /// A name that is unknown there may be the one that is missing here.
    fn gap(&self, gap: Node<'_>) -> Option<Gap> {
        let reach = match gap.get_str("reach")? {
            "nothing" => return None,
            "anything" => Reach::Anything,
            pattern => Reach::Pattern(Pattern::parse(pattern)?),
        };
        Some(Gap {
            // Of another repository: no file of this one was left unread.
            kind: GapKind::UnresolvedName,
            message: format!("{} ({})", gap.get_str("message")?, self.site(gap)),
            span: gap.get("message")?.span(),
            reach,
        })
    }
}

fn liveness(metric: Node<'_>) -> Liveness {
    match metric.get_str("liveness") {
        Some("test-only") => Liveness::TestOnly,
        Some("dead") => Liveness::Dead(String::new()),
        _ => Liveness::Live,
    }
}

fn label_values(metric: Node<'_>, place: Span) -> Vec<LabelValues> {
    let labels = metric.get("label_values").into_iter().flat_map(Node::items);
    labels
        .filter_map(|label| {
            let values = label.get("values").into_iter().flat_map(Node::items);
            Some(LabelValues {
                label: label.get_str("label")?.to_owned(),
                values: values
                    .filter_map(|value| value.get("value"))
                    .filter_map(|value| {
                        Some(LabelValue {
                            value: value.as_str()?.to_owned(),
                            span: if value.is_null() { place } else { value.span() },
                        })
                    })
                    .collect(),
                is_complete: label.get_str("complete") == Some("true"),
            })
        })
        .collect()
}

/// A name in which `*` is an unknown run of characters.
fn named(text: &str) -> Name {
    Pattern::parse(text).map_or_else(|| Name::Exact(text.to_owned()), Name::Pattern)
}

fn texts(list: Node<'_>) -> Vec<String> {
    list.items()
        .filter_map(|item| item.as_str())
        .map(str::to_owned)
        .collect()
}
