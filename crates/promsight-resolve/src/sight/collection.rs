//! Which jobs reach what a program lets out.

use promsight_model::{ExposureKind, Span};
use promsight_scrape::ScrapeModel;
use promsight_scrape::objects::{ObjectId, Rendering};
use promsight_scrape::policies::{Blocked, Claim};
use promsight_scrape::process::{Process, Workload};
use promsight_scrape::servers::{Job, JobOrigin, Server, ServerOrigin, ServerPlace};
use promsight_scrape::targets::{Certainty, Dropped, Place as TargetPlace, Target};

use super::{Collection, Miss, Outlet, Program};

/// Keys of a job by which it shows who it is.
const CREDENTIALS: &[&str] = &[
    "basic_auth",
    "authorization",
    "bearer_token",
    "bearer_token_file",
    "oauth2",
    "sigv4",
    "http_headers",
];

/// The port on which a Prometheus scrapes itself.
const OWN_PORT: u16 = 9090;

/// Finds out who comes for each outlet.
pub(super) fn collect(programs: &mut [Program], scrape: &ScrapeModel) {
    for program in programs {
        let Some(process) = scrape.processes.get(program.process) else {
            continue;
        };
        for outlet in &mut program.outlets {
            if matches!(outlet.kind, ExposureKind::Server | ExposureKind::Route) {
                (outlet.collection, outlet.others) = collection(process, outlet, scrape);
            }
        }
    }
}

/// A workload as targets name it.
enum Place {
    Object(ObjectId),
    /// A service of docker-compose, by the place of what its file says of it.
    Compose(Span),
}

impl Place {
    fn is_of(&self, target: &Target) -> bool {
        self.is_among(target.workload, &target.siblings, &target.compose)
    }

    /// The port on which a target of the workload asks it, where known: of several workloads behind one address that of
    /// the first is.
    fn port(&self, target: &Target) -> Option<u16> {
        let is_another = matches!(self, Self::Object(id) if target.workload != Some(*id));
        target.port.filter(|_| !is_another)
    }

    /// Whether a target of which only a running cluster could tell whether it is kept is the workload, or may be.
    fn may_be(&self, undecided: &Dropped) -> bool {
        self.is_among(undecided.workload, &undecided.siblings, &undecided.compose)
            || matches!(undecided.place, TargetPlace::Unknown | TargetPlace::Local)
    }

    fn is_among(&self, first: Option<ObjectId>, others: &[ObjectId], compose: &[(String, Span)]) -> bool {
        match self {
            Self::Object(id) => first == Some(*id) || others.contains(id),
            Self::Compose(own) => compose.iter().any(|(_, place)| place == own),
        }
    }
}

/// Whom a target turns out to be that is called by no name of the workload.
enum Chance {
    /// It is the workload.
    Is,
    /// It may be.
    Perhaps,
    /// It surely is not.
    Not,
}

/// Who comes for an outlet, and why others may that are not known.
fn collection(process: &Process, outlet: &Outlet, scrape: &ScrapeModel) -> (Collection, Option<String>) {
    let place = match &process.workload {
        Workload::Container { object, .. } => Place::Object(*object),
        Workload::Compose { .. } => Place::Compose(process.span),
        Workload::Image(_) | Workload::Other(_) => {
            return (unknown("how it is reached is not in this tree"), None);
        }
    };
    if scrape.servers.is_empty() {
        return (unknown("no Prometheus and no monitor is in this tree"), None);
    }
    let mut search = Search {
        place,
        process,
        outlet,
        scraped: Vec::new(),
        misses: Vec::new(),
        unknown: None,
        for_another: None,
        knows_siblings: false,
        blocked: &scrape.blocked,
    };
    // What is rendered and not known may be a monitor, or a Prometheus.
    if scrape.renderings.iter().any(Rendering::may_hold_more) {
        search.may_be("a part of what is rendered is not known".to_owned());
    }
    for (at, server) in scrape.servers.iter().enumerate() {
        search.server(at, server);
    }
    search.finish(scrape)
}

/// How much a miss says, the most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    /// A Prometheus that is rendered with the workload has it and misses the outlet, or would have it.
    Near,
    /// One that is rendered with it finds it, and drops it by a rule that stands in its configuration.
    Dropped,
    /// Another one has it, or would have it.
    FarNear,
    /// Another one drops it.
    FarDropped,
}

/// The way through all jobs for one outlet.
struct Search<'a> {
    place: Place,
    process: &'a Process,
    outlet: &'a Outlet,
    scraped: Vec<(usize, usize, usize)>,
    misses: Vec<(Nearness, Miss)>,
    unknown: Option<String>,
    /// Why a job for it is not loaded, where the job may be meant for a Prometheus that is not in this tree.
    for_another: Option<String>,
    /// Whether something beside it is scraped: a Prometheus of this tree is there for both.
    knows_siblings: bool,
    /// What network policies keep from being asked.
    blocked: &'a [Blocked],
}

impl Search<'_> {
    fn server(&mut self, at: usize, server: &Server) {
        if server.origin == ServerOrigin::Elsewhere {
            self.may_be("the Prometheus that would scrape it is not in this tree".to_owned());
        } else if !server.is_complete {
            self.may_be("a part of Prometheus' configuration is not in this tree".to_owned());
        }
        let is_beside = match (&self.place, &server.place) {
            (Place::Object(id), ServerPlace::Cluster { rendering, .. }) => id.rendering == *rendering,
            (Place::Object(_), _) => false,
            (Place::Compose(_), _) => true,
        };
        let (near, dropped) = if is_beside {
            (Nearness::Near, Nearness::Dropped)
        } else {
            (Nearness::FarNear, Nearness::FarDropped)
        };
        for (job_at, job) in server.jobs.iter().enumerate() {
            if let Some(reason) = job.unlisted.first() {
                self.may_be(format!("job {} may find it: {reason}", job.name));
            }
            if let Some(undecided) = job.undecided.iter().find(|target| self.place.may_be(target)) {
                self.may_be(format!("job {} may find it: {}", job.name, undecided.reason));
            }
            for (target_at, target) in job.targets.iter().enumerate() {
                if !self.place.is_of(target) {
                    match self.chance(server, target) {
                        Chance::Is => self.scraped.push((at, job_at, target_at)),
                        Chance::Perhaps => {
                            self.may_be(format!("job {} may ask it as {}", job.name, target.address));
                        }
                        Chance::Not => self.knows_siblings |= is_sibling(&self.place, target),
                    }
                    continue;
                }
                let claim = Claim::Target {
                    server: at,
                    job: job_at,
                    target: target_at,
                };
                let missed = miss(job, target, self.place.port(target), self.outlet);
                match missed.or_else(|| self.blocked(job, claim)) {
                    None => self.scraped.push((at, job_at, target_at)),
                    Some(miss) => self.misses.push((near, miss)),
                }
            }
            // A monitor finds every Service of its namespace and drops those that it does not select: no news.
            if job.origin == JobOrigin::Configuration {
                self.drops(job, dropped);
            }
        }
        for idle in &server.idle {
            let mut targets = idle.job.targets.iter().filter(|target| self.place.is_of(target));
            let is_reached = |target| miss(&idle.job, target, self.place.port(target), self.outlet).is_none();
            if targets.any(is_reached) {
                if !idle.is_sure {
                    self.for_another.get_or_insert_with(|| idle.reason.clone());
                }
                let miss = Miss {
                    span: Some(idle.place),
                    reason: idle.reason.clone(),
                };
                self.misses.push((near, miss));
            }
        }
    }

    /// What a target without a name of the workload is to it: something that is filled in elsewhere, or a port of the
    /// machine.
    fn chance(&self, server: &Server, target: &Target) -> Chance {
        let is_inside = matches!(server.place, ServerPlace::Cluster { .. });
        match target.place {
            TargetPlace::Unknown => Chance::Perhaps,
            TargetPlace::Local if !is_inside => self.on_this_machine(server, target),
            _ => Chance::Not,
        }
    }

    fn on_this_machine(&self, server: &Server, target: &Target) -> Chance {
        let Some(asked) = target.port else {
            return Chance::Perhaps;
        };
        let mut ports = self.process.ports.iter();
        if let Some(own) = ports.find(|port| port.published == Some(asked)) {
            let is_served = self.outlet.port.is_none_or(|served| served == own.number);
            // In a container `localhost` is that container, unless it is on the machine's own network.
            let is_container = matches!(server.place, ServerPlace::Compose { .. });
            let names_itself = target.address.starts_with("localhost") || target.address.starts_with("127.");
            return match (is_served, is_container && names_itself) {
                (true, false) => Chance::Is,
                (true, true) => Chance::Perhaps,
                (false, _) => Chance::Not,
            };
        }
        match self.outlet.port {
            Some(served) if served == asked => Chance::Perhaps,
            None if asked != OWN_PORT => Chance::Perhaps,
            _ => Chance::Not,
        }
    }

    /// Why network policies keep a target from being asked, where they surely do.
    fn blocked(&self, job: &Job, claim: Claim) -> Option<Miss> {
        let blocked = self.blocked.iter().find(|own| own.claim == claim)?;
        (blocked.certainty == Certainty::Sure).then(|| Miss {
            span: Some(blocked.policy),
            reason: format!("job {} does not get through: {}", job.name, blocked.reason),
        })
    }

    fn drops(&mut self, job: &Job, nearness: Nearness) {
        let Place::Object(id) = self.place else {
            return;
        };
        let dropped = job.dropped.iter().filter(|dropped| dropped.workload == Some(id));
        self.misses.extend(dropped.map(|dropped| {
            let miss = Miss {
                span: Some(dropped.rule),
                reason: format!("job {} drops it: {}", job.name, dropped.reason),
            };
            (nearness, miss)
        }));
    }

    fn may_be(&mut self, reason: String) {
        self.unknown.get_or_insert(reason);
    }

    fn finish(mut self, scrape: &ScrapeModel) -> (Collection, Option<String>) {
        if !self.scraped.is_empty() {
            let others = self.unknown.or(self.for_another);
            return (Collection::Scraped(self.scraped), others);
        }
        if let Some(reason) = self.unknown.take() {
            return (Collection::Unknown(reason), None);
        }
        (self.missed(scrape), None)
    }

    fn missed(mut self, scrape: &ScrapeModel) -> Collection {
        if let (Some(reason), false) = (self.for_another, self.knows_siblings) {
            return Collection::Unknown(format!("a Prometheus outside of this tree may have it: {reason}"));
        }
        self.misses.sort();
        let mut misses: Vec<Miss> = Vec::new();
        for (_, miss) in self.misses {
            if !misses.contains(&miss) {
                misses.push(miss);
            }
        }
        if misses.is_empty() {
            if !self.knows_siblings {
                return unknown("no job of this tree scrapes anything beside it");
            }
            misses.push(Miss {
                span: None,
                reason: absence(&self.place, scrape).to_owned(),
            });
        }
        Collection::Missed(misses)
    }
}

/// Why a workload is among nobody's targets, where no job so much as drops it.
fn absence(place: &Place, scrape: &ScrapeModel) -> &'static str {
    let Place::Object(id) = place else {
        return "no job has it among its targets";
    };
    let is_found = |target: Option<ObjectId>| target == Some(*id);
    let mut jobs = scrape.servers.iter().flat_map(|server| &server.jobs);
    let is_dropped = jobs.any(|job| job.dropped.iter().any(|dropped| is_found(dropped.workload)));
    if is_dropped {
        "no monitor selects it"
    } else {
        "no job finds it: no Service leads to it, or none that a job looks for"
    }
}

fn unknown(reason: &str) -> Collection {
    Collection::Unknown(reason.to_owned())
}

/// Whether the target is run beside the workload: rendered with it, or by the same compose file.
fn is_sibling(place: &Place, target: &Target) -> bool {
    match place {
        Place::Object(id) => target
            .workload
            .is_some_and(|other| other.rendering == id.rendering),
        Place::Compose(own) => target.compose.iter().any(|(_, place)| place.file == own.file),
    }
}

/// Why a job that scrapes the workload does not reach the outlet; `None` where it does, as far as that is known.
fn miss(job: &Job, target: &Target, asked: Option<u16>, outlet: &Outlet) -> Option<Miss> {
    let span = Some(target.span);
    if let (Some(asked), Some(served)) = (asked, outlet.port)
        && asked != served
    {
        let reason = format!(
            "job {} asks port {asked}, and the metrics are on port {served}",
            job.name
        );
        return Some(Miss { span, reason });
    }
    let same_path = |asked: &str, served: &str| asked.trim_end_matches('/') == served.trim_end_matches('/');
    if outlet.kind == ExposureKind::Route
        && let Some(served) = &outlet.path
        && !same_path(&target.path, served)
    {
        let reason = format!(
            "job {} asks {}, and the metrics are on {served}",
            job.name, target.path
        );
        return Some(Miss { span, reason });
    }
    let shows_who_it_is = || CREDENTIALS.iter().any(|key| job.config.get(key).is_some());
    if outlet.authentication.is_some() && !shows_who_it_is() {
        let reason = format!("job {} shows no credentials, and is answered 401", job.name);
        return Some(Miss { span, reason });
    }
    None
}
