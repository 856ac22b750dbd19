//! What instrumentation libraries make and expose.

use crate::emitter::MetricType;
use crate::file::FileId;
use crate::name::Name;
use crate::python::Module;

/// One library of an instrumented language, keyed by its package name.
#[derive(Clone, Debug, Default)]
pub struct Library {
    /// The package's name in its registry (`prometheus-client`).
    pub package: String,
    /// The version and how the facts were gained.
    pub source: String,
    /// Dotted paths of other libraries that it imports in turn: what they expose by themselves is there too.
    pub imports: Vec<String>,
    /// Its metric constructors.
    pub constructors: Vec<Constructor>,
    /// What it exposes by itself once it is used.
    pub built_in: Vec<BuiltIn>,
    /// Its modules as far as they decide which metrics a call makes.
    pub descriptions: Vec<Description>,
}

/// One module of a library, described in Python: the callables that make metrics, with the library's own parameters,
/// defaults and conditions, and nothing else. The linker evaluates it as it evaluates the code that is scanned.
#[derive(Clone, Debug)]
pub struct Description {
    /// The dotted path under which it is imported.
    pub path: String,
    /// Stands in the spans of its tree. It is no file of any [`FileSet`](crate::FileSet): see [`Description::holds`].
    pub file: FileId,
    /// Its tree.
    pub module: Module,
}

impl Description {
    /// Ids from here on are those of descriptions; no tree has so many files.
    const FIRST_FILE: u32 = 1 << 31;

    /// The id of the description of that number.
    pub fn file_id(number: u32) -> FileId {
        FileId(Self::FIRST_FILE | number)
    }

    /// Whether a file is a description rather than one of the tree.
    pub fn holds(file: FileId) -> bool {
        file.0 >= Self::FIRST_FILE
    }
}

/// A callable that makes a metric.
#[derive(Clone, Debug)]
pub struct Constructor {
    /// Every dotted path under which it can be imported (`prometheus_client.Counter`,
    /// `prometheus_client.metrics.Counter`).
    pub paths: Vec<String>,
    /// What it makes.
    pub metric_type: MetricType,
}

/// Metrics that exist as soon as a module is imported.
#[derive(Clone, Debug, Default)]
pub struct BuiltIn {
    /// Dotted paths (module or name) of which an import in production code makes the metrics exist.
    pub when: Vec<String>,
    /// Dotted paths that do the same where a string literal names them or something below them: settings of
    /// frameworks that import by name.
    pub named: Vec<String>,
    /// The metrics.
    pub metrics: Vec<LibraryMetric>,
    /// A described function that makes further ones, by dotted path.
    pub make: Option<String>,
    /// Whether a collector makes them at each scrape: then nothing tells when they were created.
    pub collected: bool,
    /// Whether they are only assumed where no call of a described callable of the library was understood.
    pub assumed: bool,
}

/// A metric that a library exposes by itself.
#[derive(Clone, Debug)]
pub struct LibraryMetric {
    /// Family name as the library registers it (a counter's without `_total`).
    pub name: Name,
    /// Its type.
    pub metric_type: MetricType,
    /// Label names; `None` where they depend on configuration.
    pub labels: Option<Vec<String>>,
    /// A histogram's bounds as exposed; `None` where they depend on configuration.
    pub buckets: Option<Vec<String>>,
}
