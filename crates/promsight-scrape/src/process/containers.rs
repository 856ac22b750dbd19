//! Containers and what they start: the image's configuration joined with that of the workload.
//!
//! | workload gives | what runs |
//! |---|---|
//! | nothing | `ENTRYPOINT`, then `CMD` |
//! | command (compose: entrypoint) | command alone |
//! | args (compose: command) | `ENTRYPOINT`, then args |
//! | both | command, then args |

use std::collections::BTreeSet;

use promsight_model::{FileId, Span};

use super::images::{self, BuildOptions, Configured, Image, Source};
use super::linking::{Link, Links, repository};
use super::runner::{Outcome, Runner, Started, State};
use super::tree::Tree;
use super::words::{Argument, Environment, UNKNOWN};
use super::{Certainty, Entry, Port, Process, Workload, foreign, paths};

/// A container as a workload declares it.
pub(super) struct Container {
    pub(super) workload: Workload,
    pub(super) span: Span,
    pub(super) image: Option<Argument>,
    /// What it is called besides.
    pub(super) names: Vec<String>,
    /// The Dockerfile that it says it is built from.
    pub(super) build: Option<(FileId, BuildOptions)>,
    /// What stands in for `ENTRYPOINT`, and takes `CMD` away.
    pub(super) entrypoint: Option<Vec<Argument>>,
    /// What stands in for `CMD`.
    pub(super) arguments: Option<Vec<Argument>>,
    pub(super) directory: Option<Argument>,
    pub(super) environment: Environment,
    /// Paths of the container, and those of the repository that lie there.
    pub(super) mounts: Vec<(String, String)>,
    pub(super) ports: Vec<Port>,
    pub(super) is_short_lived: bool,
}

/// All containers of the tree.
pub(super) struct Containers<'t, 'a> {
    pub(super) tree: &'t Tree<'a>,
    pub(super) links: &'t Links<'a>,
    pub(super) processes: Vec<Process>,
    /// Dockerfiles that a workload runs.
    pub(super) used: BTreeSet<FileId>,
}

impl<'t, 'a> Containers<'t, 'a> {
    pub(super) fn new(tree: &'t Tree<'a>, links: &'t Links<'a>) -> Self {
        Self {
            tree,
            links,
            processes: Vec::new(),
            used: BTreeSet::new(),
        }
    }

    /// Adds what a container starts.
    pub(super) fn add(&mut self, container: &Container) {
        let found = match self.link(container) {
            Some(link) => self.own(container, &link),
            None => self.other(container),
        };
        self.take(container, found);
    }

    fn take(&mut self, container: &Container, found: Vec<Started>) {
        for started in settled(found) {
            self.processes.push(Process {
                workload: container.workload.clone(),
                span: container.span,
                entry: started.entry,
                certainty: started.certainty,
                way: started.way,
                command: started.command,
                environment: started.environment.list(),
                environment_is_complete: container.environment.is_complete,
                ports: container.ports.clone(),
                is_short_lived: container.is_short_lived,
                web_port: started.web_port,
                loads: started.loads,
                is_alternative: started.is_alternative,
            });
        }
    }

    fn link(&self, container: &Container) -> Option<Link<'a>> {
        if let Some((file, options)) = &container.build {
            let source = self.links.sources().find(|source| source.id() == *file)?;
            return Some(Link {
                source,
                options: options.clone(),
                certainty: Certainty::Followed,
            });
        }
        let names: Vec<&str> = container.names.iter().map(String::as_str).collect();
        self.links.of(&container.image.as_ref()?.text, &names)
    }

    /// An image that the tree builds.
    fn own(&mut self, container: &Container, link: &Link<'a>) -> Vec<Started> {
        self.used.insert(link.source.id());
        let (image, context) =
            images::build(self.tree, link.source.file, link.source.dockerfile, &link.options);
        let way = container.image.iter().map(|image| image.span).collect();
        let mut found = self.start(container, &image, &context, way);
        if link.certainty == Certainty::Name {
            found
                .iter_mut()
                .for_each(|started| started.certainty = Certainty::Name);
        }
        found
    }

    fn start(&self, container: &Container, image: &Image, context: &str, mut way: Vec<Span>) -> Vec<Started> {
        let mut disk = image.disk.clone();
        for (place, path) in &container.mounts {
            disk.put(place, path);
        }
        way.extend(
            image
                .base_span
                .filter(|_| image.entrypoint.is_none() && image.command.is_none()),
        );
        let mut argv: Vec<Argument> = Vec::new();
        let part = |configured: &Option<Configured>, way: &mut Vec<Span>| {
            let configured = configured.as_ref()?;
            way.push(configured.span);
            Some(configured.words.clone())
        };
        let given = |words: &[Argument], way: &mut Vec<Span>| {
            let all = words.iter().map(|word| word.span);
            way.extend(all.reduce(Span::cover));
            words.to_vec()
        };
        match &container.entrypoint {
            Some(words) => argv.extend(given(words, &mut way)),
            None => argv.extend(part(&image.entrypoint, &mut way).unwrap_or_default()),
        }
        match &container.arguments {
            Some(words) => argv.extend(given(words, &mut way)),
            None if container.entrypoint.is_none() => {
                argv.extend(part(&image.command, &mut way).unwrap_or_default());
            }
            None => {}
        }
        let mut environment = image.environment.clone();
        environment.is_complete = container.environment.is_complete;
        for (name, (value, span)) in &container.environment.values {
            environment.set(name, value.clone(), *span);
        }
        let directory = match &container.directory {
            Some(word) => word
                .known()
                .and_then(|path| paths::join(image.directory.as_deref().unwrap_or("/"), path)),
            None => image.directory.clone().or_else(|| default_directory(&image.base)),
        };
        let state = State {
            environment,
            directory,
            way,
            is_by_name: false,
        };
        let has_python = if image.has_python {
            Some(true)
        } else {
            foreign::has_no_python(repository(&image.base)).then_some(false)
        };
        let mut runner = Runner::new(self.tree, &disk, context, has_python);
        runner.is_unplaced = disk.sources().next().is_none();
        let is_own_start = |words: &[Argument]| {
            let [word] = words else { return false };
            foreign::self_starting(&image.base).is_some()
                && matches!(word.text.as_str(), "/start.sh" | "/start-reload.sh")
        };
        if argv.is_empty() || is_own_start(&argv) {
            let outcome = self_starting(&runner, image, &state);
            runner.report(&argv, &state, outcome);
            return runner.found;
        }
        runner.all_ways(|runner| runner.follow(&argv, &state))
    }

    /// An image that no Dockerfile of the tree makes.
    fn other(&mut self, container: &Container) -> Vec<Started> {
        let name = container
            .image
            .as_ref()
            .map(|image| repository(&image.text))
            .unwrap_or_default();
        let way: Vec<Span> = container.image.iter().map(|image| image.span).collect();
        let image = Image::published(name);
        // What is mounted from the repository runs in any image.
        if !container.mounts.is_empty()
            && (image.has_python || container.entrypoint.is_some() || container.arguments.is_some())
        {
            let found = self.start(container, &image, "", way.clone());
            if found.iter().any(|started| is_of_tree(&started.entry)) {
                return found;
            }
        }
        if foreign::is_public(name) {
            return vec![self.one(container, way, Outcome::foreign())];
        }
        let has_command = container.entrypoint.is_some() || container.arguments.is_some();
        if has_command {
            let found = self.by_command(container, &image, &way);
            let is_found = found.iter().any(|started| is_of_tree(&started.entry));
            let is_other = is_plain_python(name) || foreign::is_infrastructure(name);
            if is_found || container.entrypoint.is_some() && !is_other {
                return found;
            }
        }
        if is_plain_python(name) || foreign::is_infrastructure(name) {
            return vec![self.one(container, way, Outcome::foreign())];
        }
        let last = paths::name(name);
        let is_command =
            |words: &Vec<Argument>| words.first().is_some_and(|word| !word.text.starts_with('-'));
        let names = std::iter::once(last).chain(container.names.iter().map(String::as_str));
        let names = names.filter(|_| !container.arguments.as_ref().is_some_and(is_command));
        for name in names.filter(|name| !name.is_empty() && !name.contains(UNKNOWN)) {
            if let Some(file) = self.tree.named_program(name) {
                let outcome = Outcome::new(Entry::Program { file }, Certainty::Name);
                return vec![self.one(container, way, outcome)];
            }
        }
        let outcome = Outcome::unknown(if last.is_empty() {
            "it names no image".to_owned()
        } else {
            format!(
                "no Dockerfile of this tree is known to build `{}`",
                name.replace(UNKNOWN, "…")
            )
        });
        vec![self.one(container, way, outcome)]
    }

    /// What the workload's own command names, in an image that is not known: the folder that is named like it holds the
    /// code, if one is.
    fn by_command(&self, container: &Container, image: &Image, way: &[Span]) -> Vec<Started> {
        let last = paths::name(&image.base);
        let names = std::iter::once(last).chain(container.names.iter().map(String::as_str));
        let folder = names.filter_map(|name| self.tree.named_folder(name)).next();
        self.start(container, image, folder.unwrap_or_default(), way.to_vec())
    }

    fn one(&self, container: &Container, way: Vec<Span>, outcome: Outcome) -> Started {
        let words = [&container.entrypoint, &container.arguments]
            .into_iter()
            .flatten()
            .flatten();
        Started {
            entry: outcome.entry,
            certainty: outcome.certainty,
            way,
            command: words.map(|word| (word.shown(), word.span)).collect(),
            environment: container.environment.clone(),
            web_port: outcome.web_port,
            loads: outcome.loads,
            is_alternative: false,
        }
    }

    /// Adds what the images start that no workload of the tree runs.
    pub(super) fn add_images(&mut self) {
        let sources: Vec<Source<'a>> = self.links.sources().collect();
        for source in sources {
            if self.used.contains(&source.id()) || !self.links.is_deployed(source.id()) {
                continue;
            }
            let Some(stage) = source.dockerfile.stages.last() else {
                continue;
            };
            let (image, context) = images::build(
                self.tree,
                source.file,
                source.dockerfile,
                &BuildOptions::default(),
            );
            let container = Container {
                is_short_lived: false,
                workload: Workload::Image(source.id()),
                span: stage.span,
                image: None,
                names: Vec::new(),
                build: None,
                entrypoint: None,
                arguments: unsaid_arguments(&image),
                directory: None,
                environment: Environment::default(),
                mounts: Vec::new(),
                ports: image
                    .ports
                    .iter()
                    .map(|(number, span)| Port {
                        number: *number,
                        published: None,
                        name: None,
                        span: *span,
                    })
                    .collect(),
            };
            let found = self.start(&container, &image, &context, Vec::new());
            self.take(&container, found);
        }
    }
}

/// What an entrypoint without a `CMD` is given is said by who runs the image.
fn unsaid_arguments(image: &Image) -> Option<Vec<Argument>> {
    let entrypoint = image.entrypoint.as_ref().filter(|_| image.command.is_none())?;
    Some(vec![Argument::new(UNKNOWN.to_string(), entrypoint.span)])
}

/// An image without a command of its own: some start what lies at a place that they define.
fn self_starting(runner: &Runner<'_, '_>, image: &Image, state: &State) -> Outcome {
    let base = image.base.as_str();
    let known = foreign::self_starting(base);
    if let Some((_, modules, server, default_port)) = known {
        let mut state = state.clone();
        state.directory.get_or_insert_with(|| "/app".to_owned());
        let named = state
            .environment
            .known("APP_MODULE")
            .or_else(|| state.environment.known("MODULE_NAME"));
        let named = named.map(|text| text.split(':').next().unwrap_or(text).to_owned());
        let modules: Vec<&str> = match &named {
            Some(module) => vec![module],
            None => modules.to_vec(),
        };
        let found = modules
            .iter()
            .find_map(|module| runner.module(module, &state, &["/app"]));
        if let Some((file, certainty)) = found {
            let entry = Entry::Application {
                file,
                attribute: Some(
                    state
                        .environment
                        .known("VARIABLE_NAME")
                        .unwrap_or("app")
                        .to_owned(),
                ),
                server: (*server).to_owned(),
            };
            let port = match state.environment.values.get("PORT") {
                Some((value, span)) => value
                    .as_ref()
                    .and_then(|value| value.parse().ok())
                    .map(|port| (port, *span)),
                None => image.base_span.map(|span| (*default_port, span)),
            };
            return Outcome::new(entry, certainty).at(port);
        }
    }
    if foreign::is_public(repository(base)) || is_plain_python(repository(base)) {
        return Outcome::foreign();
    }
    Outcome::unknown(format!(
        "its base image `{}` decides what it runs",
        image.base.replace(UNKNOWN, "…")
    ))
}

/// The interpreter's own image: without a command it waits for input.
fn is_plain_python(image: &str) -> bool {
    matches!(paths::name(image), "python" | "pypy")
}

/// Where the commands of images that set no `WORKDIR` run: images of systems and languages leave it at the top.
fn default_directory(base: &str) -> Option<String> {
    let image = repository(base);
    (foreign::is_public(image) || is_plain_python(image)).then(|| "/".to_owned())
}

fn is_of_tree(entry: &Entry) -> bool {
    matches!(entry, Entry::Program { .. } | Entry::Application { .. })
}

/// What is left when the same was found twice, and when beside code of the tree something else runs.
fn settled(found: Vec<Started>) -> Vec<Started> {
    let any_of_tree = found.iter().any(|started| is_of_tree(&started.entry));
    let any_unknown = found
        .iter()
        .any(|started| matches!(started.entry, Entry::Unknown(_)));
    let mut kept: Vec<Started> = Vec::new();
    for started in found {
        let is_idle = started.entry == Entry::Foreign && (any_of_tree || any_unknown);
        let is_known = kept.iter().any(|other| {
            let words = |started: &Started| {
                started
                    .command
                    .iter()
                    .map(|(word, _)| word.clone())
                    .collect::<Vec<_>>()
            };
            other.entry == started.entry
                && other.web_port.map(|(port, _)| port) == started.web_port.map(|(port, _)| port)
                && words(other) == words(&started)
        });
        let is_nothing_more = started.entry == Entry::Foreign && !kept.is_empty();
        if !(is_idle || is_known || is_nothing_more) {
            kept.push(started);
        }
    }
    kept
}
