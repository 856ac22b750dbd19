//! What a Dockerfile makes: the configuration of its image, and what of the repository is in it.
//!
//! As BuildKit does it: <https://docs.docker.com/reference/dockerfile/>.

use promsight_model::launch::{CommandForm, Dockerfile, InstructionKind, Stage, Word};
use promsight_model::{FileId, SourceFile, Span};

use super::disk::Disk;
use super::tree::Tree;
use super::words::{Argument, Environment, Scope};
use super::{globs, paths};

/// More stages than any Dockerfile has.
const MAX_STAGES: usize = 60;

/// An image, as its Dockerfile configures it.
#[derive(Clone, Debug, Default)]
pub(super) struct Image {
    /// What of the repository is where.
    pub(super) disk: Disk,
    /// `ENV`; nothing is known of what the base image sets.
    pub(super) environment: Environment,
    /// `WORKDIR`; `None` where the base image decides.
    pub(super) directory: Option<String>,
    /// `ENTRYPOINT`.
    pub(super) entrypoint: Option<Configured>,
    /// `CMD`.
    pub(super) command: Option<Configured>,
    /// `EXPOSE`.
    pub(super) ports: Vec<(u16, Span)>,
    /// The image that it all begins with.
    pub(super) base: String,
    /// Where that is said.
    pub(super) base_span: Option<Span>,
    /// Whether something in it shows that it has Python.
    pub(super) has_python: bool,
    /// `SHELL`.
    shell: Vec<Argument>,
    /// How well what `COPY` names fits the context.
    found_sources: usize,
}

impl Image {
    /// An image that others publish.
    pub(super) fn published(name: &str) -> Self {
        Self {
            base: name.to_owned(),
            has_python: names_python(name),
            ..Self::default()
        }
    }
}

/// A configured command.
#[derive(Clone, Debug)]
pub(super) struct Configured {
    pub(super) words: Vec<Argument>,
    /// The instruction.
    pub(super) span: Span,
}

/// What an image is built with.
#[derive(Clone, Debug, Default)]
pub(super) struct BuildOptions {
    /// The folder of the repository that is the context; `None` where that is not said.
    pub(super) context: Option<String>,
    /// The stage.
    pub(super) target: Option<String>,
    /// `--build-arg`.
    pub(super) arguments: Vec<(String, String)>,
}

/// The image of a Dockerfile, and the context that it is built in. Where the context is not said, the one in which most
/// of what is copied exists: <https://docs.docker.com/build/concepts/context/>.
pub(super) fn build(
    tree: &Tree<'_>,
    file: &SourceFile,
    dockerfile: &Dockerfile,
    options: &BuildOptions,
) -> (Image, String) {
    if let Some(context) = &options.context {
        return (image(tree, dockerfile, context, options), context.clone());
    }
    let mut best: Option<(Image, String)> = None;
    let folder = paths::folder(&file.path);
    // Its folder, those around it, and at last the top.
    let mut candidates = vec![folder];
    while let Some(last) = candidates.last().filter(|last| !last.is_empty()) {
        candidates.push(paths::folder(last));
    }
    for context in candidates {
        let image = image(tree, dockerfile, context, options);
        let is_better = best
            .as_ref()
            .is_none_or(|(other, _)| image.found_sources > other.found_sources);
        if is_better {
            best = Some((image, context.to_owned()));
        }
    }
    best.unwrap_or_default()
}

fn image(tree: &Tree<'_>, dockerfile: &Dockerfile, context: &str, options: &BuildOptions) -> Image {
    let mut global = Environment::default();
    for (name, default) in &dockerfile.arguments {
        argument(name, default.as_ref(), &mut global, options, None, None);
    }
    let mut images: Vec<Image> = Vec::new();
    let stages = &dockerfile.stages[..dockerfile.stages.len().min(MAX_STAGES)];
    for stage in stages {
        let base = scope(&global).one(&stage.base);
        let earlier = &stages[..images.len()];
        let image = match position(earlier, &base.text) {
            Some(index) => {
                let mut image = images.get(index).cloned().unwrap_or_default();
                image.base_span = Some(base.span);
                image
            }
            None => Image {
                has_python: names_python(&base.text),
                base: base.text,
                base_span: Some(base.span),
                ..Image::default()
            },
        };
        let mut builder = Builder {
            tree,
            context,
            options,
            global: &global,
            earlier,
            images: &images,
            arguments: image.environment.clone(),
            command_is_own: false,
            image,
        };
        stage
            .instructions
            .iter()
            .for_each(|instruction| builder.instruction(&instruction.kind, instruction.span));
        let image = builder.image;
        images.push(image);
    }
    let target = options.target.as_deref();
    let index = target.and_then(|target| position(stages, target));
    // A stage begins with what it found that it is based on: the most of any branch counts.
    let found = images.iter().map(|image| image.found_sources).max();
    let mut image = match index {
        Some(index) => images.swap_remove(index),
        None => images.pop().unwrap_or_default(),
    };
    image.found_sources = found.unwrap_or_default();
    image
}

fn scope(environment: &Environment) -> Scope<'_> {
    Scope {
        environment,
        arguments: &[],
        lists: None,
    }
}

/// The stage of that name or number.
fn position(stages: &[Stage], name: &str) -> Option<usize> {
    let named = stages.iter().rposition(|stage| {
        stage
            .name
            .as_deref()
            .is_some_and(|own| own.eq_ignore_ascii_case(name))
    });
    named.or_else(|| name.parse().ok().filter(|index| *index < stages.len()))
}

/// Whether the name of an image shows that it has Python.
pub(super) fn names_python(image: &str) -> bool {
    let image = image.to_ascii_lowercase();
    [
        "python",
        "conda",
        "pypy",
        "uvicorn",
        "gunicorn",
        "uwsgi",
        "jupyter",
        "pytorch",
        "tensorflow",
        "/uv",
        "django",
        "airflow",
        "poetry",
        "mamba",
        "vllm",
    ]
    .iter()
    .any(|word| image.contains(word))
}

/// Declares an `ARG`; what is given to the build wins over its default.
fn argument(
    name: &str,
    default: Option<&Word>,
    into: &mut Environment,
    options: &BuildOptions,
    global: Option<&Environment>,
    span: Option<Span>,
) {
    let given = options.arguments.iter().rev().find(|(own, _)| own == name);
    let default_value = default.map(|word| (scope(into).one(word).text, word.span));
    let inherited = || {
        let (value, span) = global?.values.get(name)?;
        Some((value.clone()?, *span))
    };
    match (given, default_value) {
        (Some((_, value)), Some((_, span))) => into.set(name, Some(value.clone()), span),
        (_, Some((value, span))) => into.set(name, Some(value), span),
        (Some((_, value)), None) => {
            let inherited = inherited().map(|(_, span)| span);
            if let Some(span) = inherited.or(span) {
                into.set(name, Some(value.clone()), span);
            }
        }
        (None, None) => {
            if let Some((value, span)) = inherited() {
                into.set(name, Some(value), span);
            }
        }
    }
}

struct Builder<'b, 'a> {
    tree: &'b Tree<'a>,
    context: &'b str,
    options: &'b BuildOptions,
    global: &'b Environment,
    earlier: &'b [Stage],
    images: &'b [Image],
    image: Image,
    /// What words are expanded with: `ENV` and `ARG`.
    arguments: Environment,
    /// Whether `CMD` was set in this stage: an `ENTRYPOINT` keeps it then, and else takes the base's away.
    command_is_own: bool,
}

impl Builder<'_, '_> {
    fn instruction(&mut self, kind: &InstructionKind, span: Span) {
        match kind {
            InstructionKind::Argument(name, default) => {
                // A variable of the environment covers an argument of its name.
                if !self.image.environment.values.contains_key(name) {
                    argument(
                        name,
                        default.as_ref(),
                        &mut self.arguments,
                        self.options,
                        Some(self.global),
                        Some(span),
                    );
                }
            }
            InstructionKind::Environment(pairs) => {
                // All values of one instruction see the environment before it.
                let values: Vec<_> = pairs
                    .iter()
                    .map(|(name, word)| (name, self.expanded(word), word.span))
                    .collect();
                for (name, value, span) in values {
                    self.image.environment.set(name, Some(value.clone()), span);
                    self.arguments.set(name, Some(value), span);
                }
            }
            InstructionKind::Workdir(word) => {
                let word = scope(&self.arguments).one(word);
                self.image.directory = word.known().and_then(|path| self.inside(path));
            }
            InstructionKind::Copy {
                from,
                sources,
                target,
            } => self.copy(from.as_ref(), sources, target),
            InstructionKind::Run(text) => self.image.has_python |= runs_python(&text.text),
            InstructionKind::Entrypoint(form) => {
                self.image.entrypoint = Some(self.configured(form, span));
                if !self.command_is_own {
                    self.image.command = None;
                }
            }
            InstructionKind::Command(form) => {
                self.command_is_own = true;
                self.image.command = Some(self.configured(form, span));
            }
            InstructionKind::Shell(words) => {
                self.image.shell = words
                    .iter()
                    .map(|word| scope(&self.arguments).one(word))
                    .collect();
            }
            InstructionKind::Expose(words) => {
                for word in words {
                    let word = scope(&self.arguments).one(word);
                    let number = word.text.split('/').next().and_then(|number| number.parse().ok());
                    self.image.ports.extend(number.map(|number| (number, word.span)));
                }
            }
        }
    }

    fn expanded(&self, word: &Word) -> String {
        scope(&self.arguments).one(word).text
    }

    /// A path of the image, from the working directory.
    fn inside(&self, path: &str) -> Option<String> {
        paths::join(self.image.directory.as_deref().unwrap_or("/"), path)
    }

    fn configured(&self, form: &CommandForm, span: Span) -> Configured {
        let words = match form {
            CommandForm::Exec(words) if words.len() == 1 && words[0].pieces.is_empty() => Vec::new(),
            CommandForm::Exec(words) => words
                .iter()
                .map(|word| Argument::new(literal(word), word.span))
                .collect(),
            CommandForm::Shell(text) => {
                let whole = Argument {
                    text: text.text.clone(),
                    span: text.whole_span(),
                    source: Some(text.clone()),
                };
                let shell = if self.image.shell.is_empty() {
                    vec![Argument::new("/bin/sh", span), Argument::new("-c", span)]
                } else {
                    self.image.shell.clone()
                };
                shell.into_iter().chain([whole]).collect()
            }
        };
        Configured { words, span }
    }

    fn copy(&mut self, from: Option<&Word>, sources: &[Word], target: &Word) {
        let Some(target_text) = scope(&self.arguments).one(target).known().map(str::to_owned) else {
            return;
        };
        let Some(target_path) = self.inside(&target_text) else {
            return;
        };
        let sources: Vec<String> = sources.iter().map(|word| self.expanded(word)).collect();
        let is_folder = target_text.ends_with('/') || target_text == "." || sources.len() > 1;
        if let Some(from) = from {
            let from = scope(self.global).one(from);
            let Some(stage) = position(self.earlier, &from.text).and_then(|index| self.images.get(index))
            else {
                return;
            };
            for source in &sources {
                let Some(source) = paths::join("/", source) else {
                    continue;
                };
                // A file goes into a folder; a folder's content does.
                let is_file = paths::name(&source).contains('.')
                    && stage
                        .disk
                        .find(&source)
                        .iter()
                        .any(|path| self.tree.file(path).is_some());
                let place = if is_folder && is_file {
                    paths::join(&target_path, paths::name(&source))
                } else {
                    Some(target_path.clone())
                };
                if let Some(place) = place {
                    self.image.disk.copy(&stage.disk, &source, &place);
                }
            }
            self.image.has_python |= stage.has_python;
            return;
        }
        for source in sources {
            if source.contains("://") {
                continue;
            }
            let place = source.trim_start_matches('/');
            let Some(path) = paths::join(self.context, place) else {
                continue;
            };
            if source.contains(['*', '?', '[']) {
                self.copy_matching(&path, &target_path);
            } else if self.tree.file(&path).is_some() {
                self.image.found_sources += 2;
                let place = if is_folder {
                    paths::join(&target_path, paths::name(&path))
                } else {
                    Some(target_path.clone())
                };
                // A target that names a folder without saying so: the file lies in it as well as being it.
                self.put(place.as_deref(), &path);
            } else if self.tree.is_folder(&path) {
                // `COPY . .` fits every context; one with code more than one without.
                let is_all = matches!(place, "" | "." | "./");
                self.image.found_sources += match (is_all, self.tree.has_code(&path)) {
                    (_, true) => 2,
                    (false, false) => 1,
                    (true, false) => 0,
                };
                self.put(Some(&target_path), &path);
            }
        }
    }

    fn copy_matching(&mut self, pattern: &str, target: &str) {
        let folder = paths::folder(pattern);
        if folder.contains(['*', '?', '[']) {
            return;
        }
        let files = self.tree.files.files().iter();
        let matching: Vec<String> = files
            .filter(|file| paths::folder(&file.path) == folder && globs::matches(pattern, &file.path))
            .map(|file| file.path.clone())
            .collect();
        self.image.found_sources += 2 * usize::from(!matching.is_empty());
        for path in matching {
            let place = paths::join(target, paths::name(&path));
            self.put(place.as_deref(), &path);
        }
    }

    fn put(&mut self, place: Option<&str>, path: &str) {
        if let Some(place) = place {
            self.image.disk.put(place, path);
        }
    }
}

fn literal(word: &Word) -> String {
    let empty = Environment::default();
    scope(&empty).one(word).text
}

/// Whether a command of a build shows that the image has Python.
fn runs_python(text: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '.'))
        .any(|word| {
            matches!(
                word,
                "pip" | "pip3" | "poetry" | "uv" | "pipenv" | "conda" | "pdm" | "pipx"
            ) || word.starts_with("python")
        })
}

/// A Dockerfile as one of the tree's.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) file: &'a SourceFile,
    pub(super) dockerfile: &'a Dockerfile,
}

impl Source<'_> {
    pub(super) fn id(&self) -> FileId {
        self.file.id
    }
}
