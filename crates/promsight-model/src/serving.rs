//! How code lets its metrics out: the endpoints that it serves, the gateways that it pushes to, and which modules a
//! program consists of.

use crate::file::FileId;
use crate::span::Span;
use crate::usage::Registry;

/// A setting of the code, such as a port: what is known of its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting<T> {
    /// Written in the code.
    Literal(T),
    /// Read from an environment variable or a command-line option at run time, with the default that the code gives.
    Configured {
        /// The variable's name (`METRICS_PORT`) or the option (`--metrics-port`).
        name: String,
        /// What holds where it is not set.
        default: Option<T>,
    },
    /// Not found out.
    Unknown,
}

/// How metrics leave the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ExposureKind {
    /// A server of its own (`start_http_server`, `start_wsgi_server`, a handler class on an `HTTPServer`).
    Server,
    /// A route or mounted application of a web application, which listens where the application does.
    Route,
    /// Pushed to a gateway (`push_to_gateway` and its kin), or exported by another protocol.
    Push,
    /// Written to a file that a collector picks up (`write_to_textfile`).
    Textfile,
}

/// One place that lets the metrics of a registry out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// How.
    pub kind: ExposureKind,
    /// Which registry.
    pub registry: Registry,
    /// The port, for [`ExposureKind::Server`]; a route listens where its application is served.
    pub port: Setting<u16>,
    /// The path; servers of their own answer on every path, which is `Literal("/metrics")`.
    pub path: Setting<String>,
    /// The web application it belongs to, by the place where that is made; `None` where that was not found out, or
    /// there is none.
    pub application: Option<Span>,
    /// What demands authentication in front of it, where something surely does.
    pub authentication: Option<Span>,
    /// The call, decorator or entry that opens it.
    pub span: Span,
    /// Files whose code must run for it: that of the call, and of the callers up to module level.
    pub reached_from: Vec<FileId>,
    /// Whether it runs when its module is imported or its program started, as far as the code says; otherwise only once
    /// something calls the function that it stands in, or includes the router that it belongs to, and nothing seen
    /// does.
    pub is_reached: bool,
    /// The file that must be the program itself: the way to it leads through its `if __name__ == "__main__":`. A server
    /// that imports the file as a module does not come by.
    pub program: Option<FileId>,
}

/// A web application that code makes, with routes or mounted applications that serve metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebApplication {
    /// The call that makes it: what [`Exposure::application`] says.
    pub span: Span,
    /// The variables of modules that hold it (`app`), and the functions that give it (`create_app()`), by file: how
    /// servers are told of it (`uvicorn pkg.mod:app`).
    pub names: Vec<(FileId, String)>,
    /// The port that code itself makes it listen on (`uvicorn.run(app, port=8000)`), with that call; `None` where
    /// only a server started from outside can.
    pub port: Option<(Setting<u16>, Span)>,
}

/// Which modules a module brings in when it is imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleImports {
    /// The module's file.
    pub file: FileId,
    /// Files of the tree that it imports, functions' own imports included; packages' `__init__` on the way too.
    pub imports: Vec<FileId>,
    /// Whether it imports by names known only at run time (`importlib`, `INSTALLED_APPS`, autodiscovery, plugins), so
    /// that `imports` may not be all.
    pub is_open: bool,
}

/// What a file's text says about its imports, before any other file is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScannedImports {
    /// Import statements in their order, but for what `if TYPE_CHECKING:` guards.
    pub statements: Vec<ImportStatement>,
    /// Modules named by texts where frameworks import what texts name.
    pub named: Vec<NamedModule>,
    /// Whether it imports by names known only at run time.
    pub is_open: bool,
    /// Whether such names are made up or found by looking through folders, so that no text spells them out.
    pub discovers: bool,
}

/// `import a.b` or `from ..a.b import x, y`; `import a, b` are two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportStatement {
    /// Number of leading dots.
    pub level: usize,
    /// `a.b`.
    pub module: String,
    /// `x`, `y`, which may be modules; `*` for all. `import a.b` has none.
    pub names: Vec<String>,
}

/// A text that names a module of the tree, if it has one of that path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedModule {
    /// Its dotted path, relative with dots in front, perhaps with the name of something in it at its end.
    pub path: String,
    /// What becomes of it.
    pub kind: NamedModuleKind,
}

/// What a framework does with a module that a text names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedModuleKind {
    /// It imports it.
    Module,
    /// It is a Django application: its `apps`, `models`, `admin` and `tasks` are imported as well.
    Application,
    /// Its `tasks` are imported (`app.autodiscover_tasks([…])`).
    Tasks,
}
