//! What workloads run.
//!
//! Owns: the way from a workload (of Kubernetes, docker-compose, a Procfile, a systemd unit) through its image and
//! Dockerfile to the command, and from the command to the Python module that it starts.

mod built_ins;
mod compose;
mod conditions;
mod containers;
mod disk;
mod foreign;
mod globs;
mod images;
mod kubernetes;
mod linking;
mod paths;
mod python;
mod runner;
mod script_servers;
mod servers;
mod shell;
mod statements;
mod supervision;
mod tools;
mod tree;
mod units;
mod words;
mod wrappers;

use promsight_model::{FileId, Span};

use crate::Input;
use crate::objects::{ObjectId, Rendering};

/// How sure it is that a process runs that code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Certainty {
    /// By name alone: the image has no Dockerfile here, and a folder, package or script is named alike.
    Name,
    /// Followed all the way.
    Followed,
}

/// What a process starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A Python file of the tree as the program: a script, `python -m`, a console script.
    Program {
        /// The file.
        file: FileId,
    },
    /// An application object that a server imports (`uvicorn pkg.mod:app`, `gunicorn`, `celery -A`).
    Application {
        /// The file of its module.
        file: FileId,
        /// The attribute (`app`, `create_app()`), where one is named.
        attribute: Option<String>,
        /// The server (`uvicorn`).
        server: String,
    },
    /// It runs no Python code of this tree: another image, another language.
    Foreign,
    /// Not found out; why, as a clause.
    Unknown(String),
}

/// Where a workload is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Workload {
    /// An object of Kubernetes with a pod template (or a Pod), and the container's name.
    Container {
        /// The object.
        object: ObjectId,
        /// The container's name.
        container: String,
    },
    /// A service of docker-compose.
    Compose {
        /// Its name.
        service: String,
    },
    /// A line of a Procfile, a systemd unit: what it is called.
    Other(String),
    /// The image of a Dockerfile that no workload of the tree is known to run.
    Image(FileId),
}

/// A port that a workload declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its number.
    pub number: u16,
    /// The port of the machine that leads to it, where a compose file publishes it there.
    pub published: Option<u16>,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Where it stands.
    pub span: Span,
}

/// One process of a workload.
#[derive(Clone, Debug)]
pub struct Process {
    /// Where it is declared.
    pub workload: Workload,
    /// That place.
    pub span: Span,
    /// What it starts.
    pub entry: Entry,
    /// How sure that is.
    pub certainty: Certainty,
    /// The places that lead from the workload to the entry, in order: the image, the Dockerfile's instruction, the
    /// entry script's line.
    pub way: Vec<Span>,
    /// The words of the command as it is run, as far as they are known, each with its place.
    pub command: Vec<(String, Span)>,
    /// The environment: name, value, place. Of a variable whose value comes from elsewhere the value is `None`.
    pub environment: Vec<(String, Option<String>, Span)>,
    /// Whether `environment` is all that is set by the tree (no `envFrom` of what is not known, no `.env` unread).
    pub environment_is_complete: bool,
    /// The ports that the workload declares.
    pub ports: Vec<Port>,
    /// The port that the command makes a web server listen on (`uvicorn --port 8000`, `gunicorn -b :8000`), where known.
    pub web_port: Option<(u16, Span)>,
    /// Further files of the tree whose code it loads, beside what the entry imports: the command of a `manage.py`, more
    /// modules on the command line.
    pub loads: Vec<FileId>,
    /// Whether the workload runs this or another of its processes, by what is not known here (a variable in its entry
    /// script); otherwise it runs all of them.
    pub is_alternative: bool,
    /// Whether it is meant to end when its work is done (a Job, a service that others wait for): a scraper rarely meets it.
    pub is_short_lived: bool,
}

/// The processes of all workloads of the tree: of Kubernetes' objects in the order of rendering, of compose files, of
/// images that no workload runs, of process managers.
pub(crate) fn processes(input: &Input<'_>, renderings: &[Rendering]) -> Vec<Process> {
    let tree = tree::Tree::new(input);
    let links = linking::Links::new(input, &tree);
    let mut containers = containers::Containers::new(&tree, &links);
    kubernetes::collect(renderings, &mut containers);
    compose::collect(input, &tree, &links, &mut containers);
    containers.add_images();
    let mut processes = containers.processes;
    units::collect(&tree, &mut processes);
    processes
}
