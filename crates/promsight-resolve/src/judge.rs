//! The verdict of every selector, and recording rules chained to their roots.
//!
//! Owns the order in which sources of a series are tried and what their absence means. Looks names up in the
//! index, asks the territory for evidence; words nothing.
//!
//! This file is long because all ways in which a selector gets its verdict stand side by side in it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use promsight_model::{
    Confidence, Consumer, Facts, FileSet, Guard, MetricType, Name, Origin, Query, QueryState, Reason,
    ResolvedBy, Selector, SelectorName, Server, Span, Verdict,
};

use crate::confidence::{lowered, raised};
use crate::index::{Index, RuleId};
use crate::similarity;
use crate::territory::Territory;
use crate::{BlindRoot, Blindness, Closest, Declared, Evidence, Reference, mentions};
use promsight_scrape::re2::anchored;

/// What exists under one series name.
pub(crate) enum Sight<'a> {
    /// Exact emitters in code.
    Emitted(Vec<usize>),
    /// Recording rules of which at least one sees.
    Recorded(Vec<RuleId>),
    /// Snapshots and inventories.
    Witnessed(Vec<usize>),
    /// Something outside, in words.
    Outside(String),
    /// Another language's source in the tree.
    OtherSource(Span),
    /// Emitters with partly unknown names.
    Possible(Vec<usize>),
    /// A live server: what it stored may come from an older version of this tree, or from another program.
    Stored(&'a Server),
    /// Only recording rules that are blind themselves.
    BlindRecord(BlindRoot),
    /// Nothing.
    Nothing,
}

/// A verdict with what it rests on.
pub(crate) struct Judgement {
    pub(crate) verdict: Verdict,
    pub(crate) resolved_by: Vec<ResolvedBy>,
    pub(crate) blindness: Option<Blindness>,
}

impl Judgement {
    fn of(verdict: Verdict) -> Self {
        Self {
            verdict,
            resolved_by: Vec::new(),
            blindness: None,
        }
    }
}

/// Judges selectors against the index.
pub(crate) struct Judge<'a, 'i> {
    index: &'i Index<'a>,
    facts: &'a [Facts],
    territory: Territory,
    blind_records: BTreeMap<RuleId, BlindRoot>,
}

impl<'a, 'i> Judge<'a, 'i> {
    /// Gathers the evidence of territory, then follows recording rules to their roots.
    pub(crate) fn new(index: &'i Index<'a>, facts: &'a [Facts], files: &FileSet) -> Self {
        let territory = Territory::of(index, facts, files);
        let mut judge = Self {
            index,
            facts,
            territory,
            blind_records: BTreeMap::new(),
        };
        judge.chain_records();
        judge
    }

    /// Every selector of every query, judged.
    pub(crate) fn all_references(&self) -> Vec<Reference> {
        let mut references = Vec::new();
        for facts in self.facts {
            for (query_at, query) in facts.queries.iter().enumerate() {
                let Some(consumer) = facts.consumers.get(query.consumer) else {
                    continue;
                };
                for selector in &query.selectors {
                    let judgement = self.judge(selector, query, consumer);
                    let reference = Reference {
                        consumer: consumer.clone(),
                        selector: selector.clone(),
                        query: Some(query_at),
                        verdict: judgement.verdict,
                        resolved_by: judgement.resolved_by,
                        blindness: judgement.blindness,
                    };
                    let outlook = facts.outlooks.get(&query.consumer).copied();
                    references.push(mentions::with_outlook(reference, outlook));
                }
            }
        }
        references
    }

    /// Why a recording rule is blind, where it is.
    pub(crate) fn record_blindness(&self, id: RuleId) -> Option<BlindRoot> {
        self.blind_records.get(&id).cloned()
    }

    /// What exists under that series name. The order decides: what this tree certainly emits comes first, what it
    /// might emit comes after what others certainly do.
    pub(crate) fn sight(&self, series: &str) -> Sight<'a> {
        let emitting = self.index.emitting(series);
        if !emitting.is_empty() {
            return Sight::Emitted(emitting.to_vec());
        }
        let recording = self.index.recording(series);
        let seeing: Vec<RuleId> = recording
            .iter()
            .copied()
            .filter(|id| !self.blind_records.contains_key(id))
            .collect();
        if !seeing.is_empty() {
            return Sight::Recorded(seeing);
        }
        let witnessed = self.index.witnessed(series);
        if !witnessed.is_empty() {
            return Sight::Witnessed(witnessed.to_vec());
        }
        if let Some(name) = self.index.outside(series) {
            return Sight::Outside(name);
        }
        if let Some(span) = self.index.other_source(series) {
            return Sight::OtherSource(span);
        }
        let possible = self.index.possibly_emitting(series);
        if !possible.is_empty() {
            return Sight::Possible(possible);
        }
        if let Some(server) = self.index.server().filter(|server| server.has(series)) {
            return Sight::Stored(server);
        }
        recording
            .iter()
            .find_map(|id| self.blind_records.get(id))
            .map_or(Sight::Nothing, |root| Sight::BlindRecord(root.clone()))
    }

    fn judge(&self, selector: &Selector, query: &Query, consumer: &Consumer) -> Judgement {
        let readable = !matches!(query.state, QueryState::Unreadable { .. });
        let judgement = self.judge_name(selector, consumer);
        if !readable
            && matches!(
                judgement.verdict,
                Verdict::Blind | Verdict::Foreign | Verdict::Possible
            )
        {
            return Judgement::of(Verdict::Unreadable);
        }
        if judgement.verdict != Verdict::Blind && judgement.verdict != Verdict::Foreign {
            return judgement;
        }
        let exempt = match selector.guard {
            Guard::None => false,
            Guard::OrVector | Guard::Unless | Guard::Absent => true,
            Guard::OrOther => query.selectors.iter().any(|other| {
                other.guard == Guard::OrOther && other.name != selector.name && self.may_exist(&other.name)
            }),
        };
        if exempt {
            Judgement {
                // `or vector(0)` hides what is missing; the other guards expect it to be.
                blindness: judgement.blindness.filter(|_| selector.guard == Guard::OrVector),
                ..Judgement::of(Verdict::Exempt)
            }
        } else {
            judgement
        }
    }

    /// Whether a selector of that name may find something.
    fn may_exist(&self, name: &SelectorName) -> bool {
        match name {
            SelectorName::Exact(series) => {
                !matches!(self.sight(series), Sight::Nothing | Sight::BlindRecord(_))
            }
            SelectorName::Pattern(_) | SelectorName::Regex(_) | SelectorName::Any => true,
        }
    }

    fn judge_name(&self, selector: &Selector, consumer: &Consumer) -> Judgement {
        match &selector.name {
            SelectorName::Exact(series) => {
                let mut judgement = self.judge_exact(series, &selector.functions, consumer);
                if let Some(blindness) = &mut judgement.blindness
                    && selector
                        .matchers
                        .iter()
                        .any(|matcher| matcher.label == "quantile")
                {
                    // No sample of the family has what is asked for.
                    blindness.closest = blindness.closest.take().filter(|closest| !closest.same_family);
                }
                judgement
            }
            SelectorName::Pattern(pattern) => {
                let known = self.index.all_series().any(|series| pattern.matches(series));
                Judgement::of(if known {
                    Verdict::Possible
                } else {
                    Verdict::Foreign
                })
            }
            SelectorName::Regex(text) => self.judge_regex(text),
            SelectorName::Any => Judgement::of(Verdict::Possible),
        }
    }

    fn judge_regex(&self, text: &str) -> Judgement {
        let Some(regex) = anchored(text) else {
            return Judgement::of(Verdict::Possible);
        };
        let own: BTreeSet<usize> = self
            .index
            .own_series()
            .filter(|(series, _)| regex.is_match(series))
            .map(|(_, at)| at)
            .collect();
        if !own.is_empty() {
            return Judgement {
                verdict: Verdict::Emitted,
                resolved_by: self.sites(&own.into_iter().collect::<Vec<_>>()),
                blindness: None,
            };
        }
        let witnessed: BTreeSet<usize> = self
            .index
            .witnesses()
            .all_series()
            .filter(|(series, _)| regex.is_match(series))
            .map(|(_, at)| at)
            .collect();
        if !witnessed.is_empty() {
            return Judgement {
                verdict: Verdict::External,
                resolved_by: self.sites(&witnessed.into_iter().collect::<Vec<_>>()),
                blindness: None,
            };
        }
        let known = self.index.all_series().any(|series| regex.is_match(series));
        Judgement::of(if known {
            Verdict::External
        } else {
            Verdict::Foreign
        })
    }

    /// The verdict on one series name. `functions` stand around it, outermost first.
    pub(crate) fn judge_exact(&self, series: &str, functions: &[String], consumer: &Consumer) -> Judgement {
        match self.sight(series) {
            Sight::Emitted(emitters) => Judgement {
                verdict: Verdict::Emitted,
                resolved_by: self.sites(&emitters),
                blindness: None,
            },
            Sight::Recorded(rules) => Judgement {
                verdict: Verdict::Recorded,
                resolved_by: rules
                    .iter()
                    .map(|id| self.index.rule(*id))
                    .map(|rule| ResolvedBy::Site {
                        name: Name::Exact(rule.name.clone()),
                        span: rule.name_span,
                    })
                    .collect(),
                blindness: None,
            },
            Sight::Witnessed(emitters) => Judgement {
                verdict: Verdict::External,
                resolved_by: self.sites(&emitters),
                blindness: None,
            },
            Sight::Stored(server) => Judgement {
                verdict: Verdict::External,
                resolved_by: vec![ResolvedBy::Outside(stored_by(server))],
                blindness: None,
            },
            Sight::Outside(name) => Judgement {
                verdict: Verdict::External,
                resolved_by: vec![ResolvedBy::Outside(name)],
                blindness: None,
            },
            Sight::OtherSource(span) => Judgement {
                verdict: Verdict::External,
                resolved_by: vec![ResolvedBy::Site {
                    name: Name::Exact(series.to_owned()),
                    span,
                }],
                blindness: None,
            },
            Sight::Possible(emitters) => Judgement {
                verdict: Verdict::Possible,
                resolved_by: self.sites(&emitters),
                blindness: None,
            },
            Sight::BlindRecord(root) => Judgement {
                verdict: Verdict::Blind,
                resolved_by: Vec::new(),
                blindness: Some(Blindness {
                    reason: Reason::BlindRecord,
                    confidence: Confidence::High,
                    evidence: vec![Evidence::BlindRecord],
                    root: Some(root),
                    declared: None,
                    closest: None,
                    gone: None,
                    gaps: Vec::new(),
                }),
            },
            Sight::Nothing => match self.blindness(series, functions, consumer) {
                Some(blindness) => Judgement {
                    verdict: Verdict::Blind,
                    resolved_by: Vec::new(),
                    blindness: Some(blindness),
                },
                None => Judgement::of(Verdict::Foreign),
            },
        }
    }

    /// Emitters as what resolves a reference.
    pub(crate) fn sites(&self, emitters: &[usize]) -> Vec<ResolvedBy> {
        emitters
            .iter()
            .map(|at| &self.index.emitters()[*at])
            .map(|emitter| match &emitter.origin {
                Origin::Inventory(site) => ResolvedBy::Outside(site.clone()),
                _ => ResolvedBy::Site {
                    name: emitter.name.clone(),
                    span: emitter.span,
                },
            })
            .collect()
    }

    /// Why nothing emits that series although this tree should; `None` where no evidence says that it should.
    pub(crate) fn blindness(
        &self,
        series: &str,
        functions: &[String],
        consumer: &Consumer,
    ) -> Option<Blindness> {
        let mut blindness = self.blindness_here(series, functions, consumer)?;
        // What the server has is never blind, so that here it lacks the series too.
        if let Some(server) = self.index.server().filter(|server| !server.is_partial) {
            blindness.confidence = raised(blindness.confidence);
            blindness.evidence.push(Evidence::NotStored {
                server: server.address.clone(),
                hours: server.hours,
            });
        }
        Some(blindness)
    }

    /// The same by what the files say.
    fn blindness_here(&self, series: &str, functions: &[String], consumer: &Consumer) -> Option<Blindness> {
        let gaps = self.index.gaps_reaching(series);
        let none = Blindness {
            reason: Reason::NotEmitted,
            confidence: Confidence::High,
            evidence: Vec::new(),
            root: None,
            declared: None,
            closest: None,
            gone: None,
            gaps: Vec::new(),
        };
        let silent = self.index.silent(series);
        let hidden = silent
            .iter()
            .find_map(|at| Some((*at, self.index.hidden(*at, series)?)));
        if let Some((at, hidden)) = hidden {
            let stored = hidden.renamed.as_ref().map(|name| Closest {
                series: name.clone(),
                span: hidden.span,
                same_family: false,
                convincing: true,
                is_only: true,
            });
            return Some(Blindness {
                reason: hidden.reason,
                evidence: vec![Evidence::Lost(hidden.span)],
                declared: Some(Declared {
                    dead: Some(hidden.clause.clone()),
                    ..self.declared(at)
                }),
                closest: stored,
                ..none
            });
        }
        if let Some(declared) = self.same_family(series) {
            let closest = right_sample(series, functions, &declared);
            let evidence = vec![Evidence::SameFamily];
            // A snapshot shows one program, and another may have the name.
            let confidence = if self.index.witnesses().is_in_snapshot(declared.span) {
                Confidence::Medium
            } else {
                Confidence::High
            };
            return Some(Blindness {
                reason: Reason::WrongSample,
                confidence,
                evidence,
                declared: Some(declared),
                closest,
                ..none
            });
        }
        if let Some(at) = silent.first() {
            let emitter = &self.index.emitters()[*at];
            return Some(Blindness {
                reason: Reason::DeadEmitter,
                evidence: vec![Evidence::SameFamily],
                declared: Some(self.declared(*at)),
                closest: similarity::likeness(series, self.index)
                    .meant
                    .filter(|closest| closest.span != emitter.span),
                ..none
            });
        }
        if let Some((exporter, gone)) = self.index.gone(series) {
            // Whoever runs an old version still sees it.
            let confidence = Confidence::Medium;
            let gone = Some((exporter.name.clone(), gone.clone()));
            return Some(Blindness {
                confidence,
                evidence: vec![Evidence::Gone],
                gone,
                ..none
            });
        }
        if self.index.is_configured_otherwise(series) {
            return None;
        }
        let likeness = similarity::likeness(series, self.index);
        let nearest = likeness.nearest.as_ref();
        let (confidence, evidence) = self.territory.evidence(series, consumer, nearest, self.index)?;
        let confidence = if gaps.is_empty() {
            confidence
        } else {
            lowered(confidence)
        };
        Some(Blindness {
            confidence,
            evidence,
            closest: likeness.meant,
            gaps,
            ..none
        })
    }

    fn declared(&self, at: usize) -> Declared {
        let emitter = &self.index.emitters()[at];
        let dead = match &emitter.liveness {
            promsight_model::Liveness::Live => None,
            promsight_model::Liveness::TestOnly => Some("it stands in test code".to_owned()),
            promsight_model::Liveness::Dead(reason) => Some(reason.clone()),
        };
        Declared {
            name: emitter.name.clone(),
            metric_type: emitter.metric_type,
            series: emitter.series.clone(),
            span: emitter.name_span.unwrap_or(emitter.span),
            dead,
        }
    }

    /// The family of which the series would be a sample, where this tree emits that family.
    fn same_family(&self, series: &str) -> Option<Declared> {
        const SUFFIXES: [&str; 7] = ["", "_total", "_bucket", "_count", "_sum", "_created", "_info"];
        SUFFIXES
            .into_iter()
            .filter_map(|suffix| series.strip_suffix(suffix))
            .find_map(|base| {
                let own = self.index.family(base).first();
                own.or_else(|| self.index.witnesses().of_family(base).first())
            })
            .map(|at| self.declared(*at))
    }

    fn chain_records(&mut self) {
        // Which recording rules read which series: a rule that turns blind makes its readers be looked at again.
        let mut readers: BTreeMap<&str, Vec<RuleId>> = BTreeMap::new();
        let ids = self.index.all_records();
        for id in &ids {
            for selector in self.selectors_of(*id) {
                if let SelectorName::Exact(series) = &selector.name {
                    readers.entry(series).or_default().push(*id);
                }
            }
        }
        let mut queue: VecDeque<RuleId> = ids.into_iter().collect();
        while let Some(id) = queue.pop_front() {
            if self.blind_records.contains_key(&id) {
                continue;
            }
            let Some(root) = self.root_of(id) else { continue };
            self.blind_records.insert(id, root);
            let name = self.index.rule(id).name.as_str();
            queue.extend(readers.get(name).into_iter().flatten().copied());
        }
    }

    fn query_of(&self, id: RuleId) -> Option<(&'a Query, &'a Consumer)> {
        let facts = &self.facts[id.0];
        let rule = &facts.rules[id.1];
        Some((
            facts.queries.get(rule.query?)?,
            facts.consumers.get(rule.consumer)?,
        ))
    }

    fn selectors_of(&self, id: RuleId) -> &'a [Selector] {
        self.query_of(id)
            .map_or(&[], |(query, _)| query.selectors.as_slice())
    }

    fn root_of(&self, id: RuleId) -> Option<BlindRoot> {
        let (query, consumer) = self.query_of(id)?;
        let rule = self.index.rule(id);
        query.selectors.iter().find_map(|selector| {
            let judgement = self.judge(selector, query, consumer);
            if judgement.verdict != Verdict::Blind {
                return None;
            }
            judgement
                .blindness
                .and_then(|blindness| blindness.root)
                .or_else(|| {
                    Some(BlindRoot {
                        record: rule.name.clone(),
                        record_span: rule.name_span,
                        series: crate::selector_text(selector),
                        series_span: selector.span,
                    })
                })
        })
    }
}

/// What a live server says of a series that it has, in words for users.
fn stored_by(server: &Server) -> String {
    format!(
        "{} has had it in the last {} hours; nothing here declares it",
        server.address, server.hours
    )
}

/// Which sample of the declared family was meant.
fn right_sample(series: &str, functions: &[String], declared: &Declared) -> Option<Closest> {
    let asks = |suffix: &str| series.ends_with(suffix);
    let wanted: &[&str] = match declared.metric_type {
        MetricType::Histogram if functions.iter().any(|function| function == "histogram_quantile") => {
            &["_bucket"]
        }
        MetricType::Histogram | MetricType::Summary if asks("_bucket") || asks("_sum") => &["_sum", "_count"],
        MetricType::Histogram | MetricType::Summary => &["_count", "_sum"],
        MetricType::Counter => &["_total", ""],
        MetricType::Info => &["_info", ""],
        MetricType::Gauge | MetricType::StateSet | MetricType::Untyped => &[""],
    };
    let exposed: Vec<&str> = declared
        .series
        .iter()
        .filter_map(Name::exact)
        .filter(|name| !name.ends_with("_created"))
        .collect();
    let family = declared.name.exact()?;
    wanted
        .iter()
        .find_map(|suffix| {
            exposed
                .iter()
                .find(|name| name.strip_prefix(family) == Some(*suffix))
        })
        .or(exposed.first())
        .map(|name| Closest {
            series: (*name).to_owned(),
            span: declared.span,
            same_family: true,
            convincing: true,
            is_only: is_only_sample(series, family, functions, declared.metric_type),
        })
}

/// Whether the sample that exists is surely what was meant: the family's own name of a counter, an info, or a histogram
/// of which quantiles are asked, and a gauge with a counter's suffix. Who writes `_sum` or `_bucket` means a histogram,
/// and another sample of what is none gives him another number.
fn is_only_sample(series: &str, family: &str, functions: &[String], metric_type: MetricType) -> bool {
    match metric_type {
        MetricType::Counter | MetricType::Info => series == family,
        MetricType::Histogram => {
            series == family && functions.iter().any(|function| function == "histogram_quantile")
        }
        MetricType::Gauge | MetricType::StateSet => series.strip_suffix("_total") == Some(family),
        MetricType::Summary | MetricType::Untyped => false,
    }
}

/// Whether an emitter is this tree's own code rather than a framework's.
pub(crate) fn is_own(origin: &Origin) -> bool {
    matches!(origin, Origin::Instrument(_))
}
