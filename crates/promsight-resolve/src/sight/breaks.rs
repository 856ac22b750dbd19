//! Which workloads and metrics are left in the dark.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{Confidence, Emitter, ExposureKind, Name, Origin, Reason, Registry, Span};
use promsight_scrape::ScrapeModel;
use promsight_scrape::process::{Entry, Process, Workload};

use super::arrivals::{Scrape, arrivals};
use super::{Collection, Hidden, Miss, NotExposed, NotScraped, Outlet, Program, Sights, serves};
use crate::python::Inventory;

/// Everything that is surely broken.
pub(super) fn breaks(programs: Vec<Program>, inventory: &Inventory, scrape: &ScrapeModel) -> Sights {
    let view = View {
        programs: &programs,
        inventory,
        scrape,
        unknown: scrape
            .processes
            .iter()
            .any(|process| matches!(process.entry, Entry::Unknown(_))),
        served_elsewhere: served_elsewhere(&programs, inventory),
    };
    let unexposed = view.unexposed();
    let not_exposed = view.not_exposed(&unexposed);
    let not_scraped = view.not_scraped();
    let hidden = view.hidden(&unexposed, &not_exposed);
    let arrivals = arrivals(view.scrapes(), inventory, scrape);
    let mut emitters_at: BTreeMap<Span, Vec<usize>> = BTreeMap::new();
    for (at, emitter) in inventory.emitters.iter().enumerate() {
        emitters_at.entry(emitter.span).or_default().push(at);
    }
    Sights {
        not_exposed,
        not_scraped,
        hidden,
        arrivals,
        is_pushed: inventory
            .exposures
            .iter()
            .any(|exposure| matches!(exposure.kind, ExposureKind::Push | ExposureKind::Textfile)),
        emitters_at,
        programs,
    }
}

/// Registries that some place lets out which no known program comes by: a program that is not known may.
fn served_elsewhere(programs: &[Program], inventory: &Inventory) -> Vec<Registry> {
    let known: BTreeSet<Span> = programs
        .iter()
        .flat_map(|program| &program.outlets)
        .map(|outlet| outlet.span)
        .collect();
    let exposures = inventory.exposures.iter();
    let elsewhere = exposures.filter(|exposure| exposure.is_reached && !known.contains(&exposure.span));
    elsewhere.map(|exposure| exposure.registry).collect()
}

struct View<'a> {
    programs: &'a [Program],
    inventory: &'a Inventory,
    scrape: &'a ScrapeModel,
    /// Whether some workload runs what is not known.
    unknown: bool,
    served_elsewhere: Vec<Registry>,
}

impl View<'_> {
    fn process(&self, program: &Program) -> Option<&Process> {
        self.scrape.processes.get(program.process)
    }

    fn emitter(&self, at: usize) -> Option<&Emitter> {
        self.inventory.emitters.get(at)
    }

    /// The programs that bring an emitter along, by emitter.
    fn programs_by_emitter(&self) -> BTreeMap<usize, Vec<&Program>> {
        let mut by_emitter: BTreeMap<usize, Vec<&Program>> = BTreeMap::new();
        for program in self.programs {
            for at in &program.emitters {
                by_emitter.entry(*at).or_default().push(program);
            }
        }
        by_emitter
    }

    /// Emitters that every program which brings them along keeps to itself.
    fn unexposed(&self) -> BTreeSet<usize> {
        let mut unexposed = BTreeSet::new();
        for (at, programs) in self.programs_by_emitter() {
            let Some(emitter) = self.emitter(at) else {
                continue;
            };
            let registry = emitter.usage.registry;
            let is_instrument = matches!(emitter.origin, Origin::Instrument(_));
            let is_let_out = |program: &&Program| {
                !program.is_known || program.outlets.iter().any(|outlet| outlet.serves(registry))
            };
            let may_be_served_elsewhere = || {
                self.served_elsewhere
                    .iter()
                    .any(|served| serves(*served, registry))
            };
            if is_instrument && !programs.iter().any(is_let_out) && !may_be_served_elsewhere() {
                unexposed.insert(at);
            }
        }
        unexposed
    }

    /// Workloads of lasting programs that update such emitters.
    fn not_exposed(&self, unexposed: &BTreeSet<usize>) -> Vec<NotExposed> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        for program in self.programs {
            let Some(process) = self.process(program) else {
                continue;
            };
            let own = program.emitters.iter().filter(|at| unexposed.contains(at));
            let own = own.filter_map(|at| self.emitter(*at));
            let mut lost: Vec<(Name, Span)> = own
                .filter(|emitter| Self::moves(emitter, program) || self.is_unread_text(emitter, program))
                .map(|emitter| (emitter.name.clone(), emitter.name_span.unwrap_or(emitter.span)))
                .collect();
            lost.sort_by_key(|(_, span)| *span);
            // An image is run by whom it may; and one declaration can be rendered more than once.
            let is_image = matches!(process.workload, Workload::Image(_));
            if lost.is_empty() || is_image || process.is_short_lived || !seen.insert(process.span) {
                continue;
            }
            let outlets = program.outlets.iter().map(|outlet| outlet.span);
            // Text that is written by hand may be handed to something that is not followed.
            let own = program.emitters.iter().filter(|at| unexposed.contains(at));
            let mut own = own.filter_map(|at| self.emitter(*at));
            let is_updated = own.any(|emitter| Self::moves(emitter, program));
            // Where it serves something, what nothing comes by may be meant to be the rest of that.
            let is_whole = program.unreached.is_empty() || program.outlets.is_empty();
            found.push(NotExposed {
                process: program.process,
                metrics: lost,
                outlets: outlets.collect(),
                unreached: program.unreached.clone(),
                confidence: if is_updated && is_whole && !self.unknown {
                    Confidence::High
                } else {
                    Confidence::Medium
                },
            });
        }
        found
    }

    /// Whether code that the program brings along gives the metric values.
    fn moves(emitter: &Emitter, program: &Program) -> bool {
        emitter
            .usage
            .updates
            .iter()
            .any(|update| program.files.contains(&update.span.file))
    }

    /// Whether it is text in the exposition format beside a route that would answer with it, and nothing comes by any
    /// way out of that file.
    fn is_unread_text(&self, emitter: &Emitter, program: &Program) -> bool {
        let file = emitter.span.file;
        let is_text = matches!(&emitter.origin, Origin::Instrument(library) if library == "exposition-text");
        let mut exposures = self.inventory.exposures.iter();
        is_text
            && program.outlets.is_empty()
            && program.unreached.iter().any(|span| span.file == file)
            && !exposures.any(|exposure| exposure.is_reached && exposure.reached_from.contains(&file))
    }

    /// Workloads of which everything that they let out is missed.
    ///
    /// One declaration can be rendered more than once, for a stage of trial and for production: where none of these is
    /// scraped it is reported once; where one is, another is reported if some job finds it there and misses it.
    fn not_scraped(&self) -> Vec<NotScraped> {
        let mut scraped: BTreeSet<Span> = BTreeSet::new();
        for program in self.programs {
            let is_seen = |outlet: &Outlet| !matches!(outlet.collection, Collection::Missed(_));
            if let Some(process) = self.process(program)
                && program.outlets.iter().any(is_seen)
            {
                scraped.insert(process.span);
            }
        }
        let mut found: Vec<NotScraped> = Vec::new();
        let mut whole: BTreeMap<Span, usize> = BTreeMap::new();
        for program in self.programs {
            let Some(process) = self.process(program) else {
                continue;
            };
            let Some((outlet, misses)) = missed(program) else {
                continue;
            };
            if process.is_short_lived {
                continue;
            }
            if !self.carries(program, outlet) {
                continue;
            }
            let is_scraped_elsewhere = scraped.contains(&process.span);
            if is_scraped_elsewhere && misses.iter().all(|miss| miss.span.is_none()) {
                continue;
            }
            if !is_scraped_elsewhere {
                if let Some(first) = whole.get(&process.span).and_then(|at| found.get_mut(*at)) {
                    let new = misses.iter().filter(|miss| !first.misses.contains(miss));
                    let new: Vec<Miss> = new.cloned().collect();
                    first.misses.extend(new);
                    continue;
                }
                whole.insert(process.span, found.len());
            }
            let is_sure = program.is_known && outlet.authentication.is_none();
            found.push(NotScraped {
                process: program.process,
                outlet: outlet.span,
                port: outlet.port,
                misses: misses.to_vec(),
                confidence: if self.is_default(process) {
                    Confidence::Low
                } else if is_sure {
                    Confidence::High
                } else {
                    Confidence::Medium
                },
            });
        }
        found
    }

    /// Whether nothing says that anybody applies the workload as it is: it is one of a chart's default values.
    fn is_default(&self, process: &Process) -> bool {
        let Workload::Container { object, .. } = &process.workload else {
            return false;
        };
        let rendering = self.scrape.renderings.get(object.rendering);
        rendering.is_some_and(|rendering| rendering.is_default)
    }

    /// Whether the outlet lets out anything that this tree's code declares.
    fn carries(&self, program: &Program, outlet: &Outlet) -> bool {
        let mut own = program.emitters.iter().filter_map(|at| self.emitter(*at));
        own.any(|emitter| outlet.serves(emitter.usage.registry))
    }

    /// Emitters of which surely nothing arrives, wherever they run.
    fn hidden(&self, unexposed: &BTreeSet<usize>, not_exposed: &[NotExposed]) -> BTreeMap<usize, Hidden> {
        let mut hidden = BTreeMap::new();
        let sure = not_exposed
            .iter()
            .filter(|lost| lost.confidence == Confidence::High);
        for (lost, process) in sure.filter_map(|lost| Some((lost, self.scrape.processes.get(lost.process)?)))
        {
            let places: BTreeSet<Span> = lost.metrics.iter().map(|(_, span)| *span).collect();
            for at in unexposed {
                let is_lost = |emitter: &Emitter| places.contains(&emitter.name_span.unwrap_or(emitter.span));
                if self.emitter(*at).is_some_and(is_lost) {
                    hidden.entry(*at).or_insert_with(|| Hidden {
                        reason: Reason::Unexposed,
                        clause: format!("{} runs it and serves no metrics", self.name(process)),
                        span: self.scrape.name_span(process),
                        renamed: None,
                    });
                }
            }
        }
        if self.unknown {
            return hidden;
        }
        for (at, programs) in self.programs_by_emitter() {
            if unexposed.contains(&at) || hidden.contains_key(&at) {
                continue;
            }
            let Some(emitter) = self.emitter(at) else {
                continue;
            };
            if !matches!(emitter.origin, Origin::Instrument(_)) {
                continue;
            }
            if let Some(found) = self.unscraped(emitter, &programs) {
                hidden.insert(at, found);
            }
        }
        hidden
    }

    /// Why nothing scrapes the emitter, if every program that brings it along is missed.
    fn unscraped(&self, emitter: &Emitter, programs: &[&Program]) -> Option<Hidden> {
        let registry = emitter.usage.registry;
        let mut first: Option<(&Process, &Miss)> = None;
        if self
            .served_elsewhere
            .iter()
            .any(|served| serves(*served, registry))
        {
            return None;
        }
        for program in programs {
            if !program.is_known {
                return None;
            }
            for outlet in &program.outlets {
                if !outlet.serves(registry) {
                    continue;
                }
                let Collection::Missed(misses) = &outlet.collection else {
                    return None;
                };
                if outlet.authentication.is_some() {
                    return None;
                }
                if let (None, Some(miss)) = (&first, misses.first()) {
                    first = Some((self.process(program)?, miss));
                }
            }
        }
        let (process, miss) = first?;
        Some(Hidden {
            reason: Reason::Unscraped,
            clause: format!(
                "nothing scrapes {}, which serves it: {}",
                self.name(process),
                miss.reason
            ),
            span: miss.span.unwrap_or_else(|| self.scrape.name_span(process)),
            renamed: None,
        })
    }

    /// The targets that bring an emitter's series, of emitters of which all are known.
    fn scrapes(&self) -> BTreeMap<usize, Vec<Scrape>> {
        if self.unknown {
            return BTreeMap::new();
        }
        let by_emitter = self.programs_by_emitter().into_iter();
        by_emitter
            .filter_map(|(at, programs)| Some((at, self.all_scrapes(self.emitter(at)?, &programs)?)))
            .collect()
    }

    fn all_scrapes(&self, emitter: &Emitter, programs: &[&Program]) -> Option<Vec<Scrape>> {
        let registry = emitter.usage.registry;
        let mut elsewhere = self.served_elsewhere.iter();
        if elsewhere.any(|served| serves(*served, registry)) {
            return None;
        }
        let mut scrapes = BTreeSet::new();
        for program in programs {
            if !program.is_known {
                return None;
            }
            for outlet in program.outlets.iter().filter(|outlet| outlet.serves(registry)) {
                match &outlet.collection {
                    Collection::Scraped(found) if outlet.others.is_none() => scrapes.extend(found),
                    Collection::Missed(_) if outlet.authentication.is_none() => {}
                    // What is pushed comes by whatever labels it is pushed with.
                    _ => return None,
                }
            }
        }
        (!scrapes.is_empty()).then(|| scrapes.into_iter().collect())
    }

    /// What people call the process's workload.
    fn name(&self, process: &Process) -> String {
        match &process.workload {
            Workload::Container { object, .. } => {
                let rendering = self.scrape.renderings.get(object.rendering);
                let object = rendering.and_then(|rendering| rendering.objects.get(object.object));
                object.map_or_else(
                    || "a workload".to_owned(),
                    |object| format!("{} `{}`", object.kind(), object.name()),
                )
            }
            Workload::Compose { service } => format!("service `{service}`"),
            Workload::Image(_) => "an image of this tree".to_owned(),
            Workload::Other(name) => format!("`{name}`"),
        }
    }
}

/// The first outlet and its misses, where every outlet is missed.
fn missed(program: &Program) -> Option<(&Outlet, &[Miss])> {
    let mut first = None;
    for outlet in &program.outlets {
        match &outlet.collection {
            Collection::Missed(misses) => {
                first.get_or_insert((outlet, misses.as_slice()));
            }
            Collection::Delivered if outlet.kind == ExposureKind::Textfile => {}
            Collection::Delivered | Collection::Scraped(_) | Collection::Unknown(_) => return None,
        }
    }
    first
}
