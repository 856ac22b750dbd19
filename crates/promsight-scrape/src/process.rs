//! What workloads run.
//!
//! Owns: the way from a workload (of Kubernetes, docker-compose, a Procfile, a systemd unit) through its image and
//! Dockerfile to the command, and from the command to the Python module that it starts.

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
}

/// A port that a workload declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its number.
    pub number: u16,
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
}

/// The processes of all workloads of the tree.
pub(crate) fn processes(_input: &Input<'_>, _renderings: &[Rendering]) -> Vec<Process> {
    Vec::new()
}
