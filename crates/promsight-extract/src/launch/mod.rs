//! How programs are started: Dockerfiles, entry scripts, process managers, packages' commands.
//!
//! Also what says which images are built of what, and which charts are deployed: commands, pipelines, definitions.
//!
//! Owns: which files say so, by their names, and what each says with variables left symbolic. What that means for a
//! workload is found out where all files are known.

mod builds;
mod definitions;
mod dockerfile;
mod ini;
mod packages;
mod pipelines;
mod releases;
mod units;

use promsight_model::launch::{Launch, Script};
use promsight_model::{Embedded, SourceFile};

/// Longer files are data or generated.
const MAX_BYTES: usize = 1 << 20;

/// What a file says about how programs are started.
pub(crate) fn read(file: &SourceFile) -> Vec<Launch> {
    if file.text.len() > MAX_BYTES {
        return Vec::new();
    }
    match Kind::of(&file.path) {
        Some(Kind::Dockerfile) => vec![Launch::Dockerfile(dockerfile::read(file))],
        Some(Kind::Makefile) => builds::makefile(file),
        Some(Kind::Pipeline) => pipelines::read(file),
        Some(Kind::Bake) => definitions::bake(file),
        Some(Kind::Tiltfile) => definitions::tiltfile(file),
        Some(Kind::Script) => script(file),
        Some(Kind::Procfile) => units::procfile(file),
        Some(Kind::Systemd) => units::systemd(file),
        Some(Kind::Configuration) => units::configuration(file),
        Some(Kind::Variables) => vec![Launch::Variables(units::variables(file))],
        Some(Kind::Project) => packages::project(file).map(Launch::Package).into_iter().collect(),
        Some(Kind::SetupConfiguration) => vec![Launch::Package(packages::setup_configuration(file))],
        Some(Kind::Setup) => vec![Launch::Package(packages::setup(file))],
        Some(Kind::Gunicorn) => vec![Launch::Settings(units::assignments(file))],
        None => Vec::new(),
    }
}

/// Whether a path is that of a file that is read for this alone.
pub fn is_launch(path: &str) -> bool {
    !matches!(Kind::of(path), None | Some(Kind::Setup | Kind::Gunicorn))
}

/// Whether a path is that of a pipeline: hidden ones are read for what they build and deploy, and for nothing else.
pub fn is_pipeline(path: &str) -> bool {
    pipelines::is_pipeline(path)
}

/// Whether a Python file is worth reading because it says how programs are started, whatever else it holds.
pub fn is_python_launch(path: &str) -> bool {
    matches!(Kind::of(path), Some(Kind::Setup | Kind::Gunicorn))
}

/// Whether a text is a script for a shell, by its first line.
pub(crate) fn is_for_shell(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("#!").is_some_and(|interpreter| {
        interpreter.split([' ', '/']).any(|word| {
            matches!(
                word,
                "sh" | "bash" | "dash" | "ash" | "ksh" | "zsh" | "with-contenv"
            )
        })
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Dockerfile,
    Makefile,
    Pipeline,
    Bake,
    Tiltfile,
    Script,
    Procfile,
    Systemd,
    Configuration,
    Variables,
    Project,
    SetupConfiguration,
    Setup,
    Gunicorn,
}

/// Words in the names of scripts without an extension that start programs.
const SCRIPT_WORDS: [&str; 27] = [
    "entrypoint",
    "entry",
    "start",
    "startup",
    "run",
    "runner",
    "boot",
    "bootstrap",
    "launch",
    "launcher",
    "serve",
    "server",
    "worker",
    "workers",
    "beat",
    "flower",
    "celery",
    "gunicorn",
    "uvicorn",
    "daemon",
    "cmd",
    "command",
    "init",
    "web",
    "api",
    "main",
    "migrate",
];

/// Folders in which scripts without an extension lie.
const SCRIPT_FOLDERS: [&str; 5] = ["bin", "scripts", "script", "docker", "compose"];

impl Kind {
    fn of(path: &str) -> Option<Self> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let lower = name.to_ascii_lowercase();
        let plain = crate::without_template(&lower);
        match plain {
            "dockerfile" | "containerfile" => return Some(Self::Dockerfile),
            _ if ["dockerfile-", "dockerfile_"]
                .iter()
                .any(|start| plain.starts_with(start)) =>
            {
                return Some(Self::Dockerfile);
            }
            "makefile" | "gnumakefile" | "justfile" => return Some(Self::Makefile),
            "tiltfile" => return Some(Self::Tiltfile),
            _ if is_bake(plain) => return Some(Self::Bake),
            _ if pipelines::is_pipeline(path) => return Some(Self::Pipeline),
            "procfile" => return Some(Self::Procfile),
            "pyproject.toml" => return Some(Self::Project),
            "setup.cfg" => return Some(Self::SetupConfiguration),
            "setup.py" => return Some(Self::Setup),
            _ => {}
        }
        let Some((stem, extension)) = plain.rsplit_once('.') else {
            let parent = folder.rsplit('/').next().unwrap_or_default();
            let mut words = plain.split(['-', '_']);
            let is_script =
                words.any(|word| SCRIPT_WORDS.contains(&word)) || SCRIPT_FOLDERS.contains(&parent);
            return is_script.then_some(Self::Script);
        };
        match extension {
            "dockerfile" | "containerfile" => Some(Self::Dockerfile),
            "sh" | "bash" => Some(Self::Script),
            "mk" => Some(Self::Makefile),
            "service" => Some(Self::Systemd),
            "env" => Some(Self::Variables),
            // Sections say which of them are about programs.
            "conf" | "ini" => Some(Self::Configuration),
            "py" if stem.contains("gunicorn") => Some(Self::Gunicorn),
            _ if stem == "procfile" || plain.starts_with("procfile.") => Some(Self::Procfile),
            _ if plain.starts_with("dockerfile.") || plain.starts_with("containerfile.") => {
                Some(Self::Dockerfile)
            }
            _ => None,
        }
    }
}

/// Whether a file of that name defines what `docker buildx bake` builds, in the language of HashiCorp or as JSON.
fn is_bake(name: &str) -> bool {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    stem.starts_with("docker-bake") && matches!(extension, "hcl" | "json")
}

fn script(file: &SourceFile) -> Vec<Launch> {
    let is_named = file.path.ends_with("sh");
    if !is_named && !is_for_shell(&file.text) {
        return Vec::new();
    }
    let text = Embedded::whole(file.id, &file.text);
    let script = shell(&text);
    let mut launches = builds::commands(&script.body);
    launches.push(Launch::Script(script));
    launches
}

/// A text as a shell reads it.
fn shell(text: &Embedded) -> Script {
    promsight_shell::script(&text.text, &|range| text.span(range))
}

#[cfg(test)]
mod tests;
