//! Which Dockerfile an image comes from.
//!
//! Owns the evidence, from what says so (docker-compose, skaffold, build commands) to names that are alike.

use promsight_model::launch::Launch;
use promsight_model::manifest::{ManifestKind, Value};
use promsight_model::{FileId, Span};

use super::images::{BuildOptions, Source};
use super::tree::Tree;
use super::words::{Environment, Scope, UNKNOWN};
use super::{Certainty, foreign, paths};
use crate::Input;

/// Says of an image which Dockerfile makes it.
#[derive(Clone, Debug)]
struct Declared {
    /// The image's name without its tag.
    image: String,
    dockerfile: FileId,
    options: BuildOptions,
}

/// What is known of the images that the tree builds.
pub(super) struct Links<'a> {
    declared: Vec<Declared>,
    sources: Vec<Named<'a>>,
    /// What the repository is called where it is hosted.
    repository: Vec<&'a str>,
}

/// A Dockerfile with the names that its path gives to its image.
struct Named<'a> {
    source: Source<'a>,
    /// What its file's name adds (`worker` of `Dockerfile.worker`).
    suffix: Option<String>,
    /// The folder that says what it is.
    folder: Option<String>,
    /// Names of the package that lies beside it.
    packages: Vec<String>,
}

/// Where an image comes from.
#[derive(Clone)]
pub(super) struct Link<'a> {
    pub(super) source: Source<'a>,
    pub(super) options: BuildOptions,
    pub(super) certainty: Certainty,
}

/// Folders that say nothing about what is in them.
const GENERIC: [&str; 30] = [
    "docker",
    ".docker",
    "dockerfiles",
    "dockerfile",
    "build",
    "builds",
    "deploy",
    "deployment",
    "deployments",
    "container",
    "containers",
    "image",
    "images",
    "infra",
    "infrastructure",
    "ops",
    "prod",
    "production",
    "dev",
    "development",
    "local",
    "compose",
    "src",
    "packaging",
    "release",
    "ci",
    "stage",
    "staging",
    "kubernetes",
    "k8s",
];

/// Endings that say for whom an image is made and not what is in it.
const VARIANTS: [&str; 22] = [
    "prod",
    "production",
    "release",
    "dev",
    "develop",
    "development",
    "local",
    "test",
    "tests",
    "testing",
    "ci",
    "debug",
    "base",
    "cpu",
    "gpu",
    "cuda",
    "alpine",
    "slim",
    "debian",
    "ubuntu",
    "amd64",
    "arm64",
];

/// Those for whom nobody deploys.
const NOT_DEPLOYED: [&str; 11] = [
    "dev",
    "develop",
    "development",
    "local",
    "test",
    "tests",
    "testing",
    "ci",
    "debug",
    "base",
    "devcontainer",
];

impl<'a> Links<'a> {
    pub(super) fn new(input: &Input<'a>, tree: &Tree<'a>) -> Self {
        let sources: Vec<Named<'a>> = tree
            .dockerfiles
            .iter()
            .map(|(file, dockerfile)| named(tree, Source { file, dockerfile }))
            .collect();
        let mut links = Self {
            declared: Vec::new(),
            sources,
            repository: input
                .repository
                .remotes
                .iter()
                .map(|remote| paths::name(&remote.path))
                .collect(),
        };
        links.by_compose(input);
        links.by_skaffold(input);
        links.by_commands(tree, &of_platforms(input));
        links
    }

    /// The Dockerfiles.
    pub(super) fn sources(&self) -> impl Iterator<Item = Source<'a>> {
        self.sources.iter().map(|named| named.source)
    }

    /// The Dockerfile of a path; a folder has the one that is named so.
    pub(super) fn at(&self, path: &str) -> Option<Source<'a>> {
        let find = |path: &str| self.sources.iter().find(|named| named.source.file.path == path);
        let inside = |name: &str| paths::join(path, name).and_then(|path| find(&path));
        let found = find(path)
            .or_else(|| inside("Dockerfile"))
            .or_else(|| inside("Containerfile"));
        found.map(|named| named.source)
    }

    /// Whether a Dockerfile is made for somebody who deploys.
    pub(super) fn is_deployed(&self, file: FileId) -> bool {
        let named = self.sources.iter().find(|named| named.source.id() == file);
        named.is_some_and(Named::is_deployed)
    }

    fn by_compose(&mut self, input: &Input<'_>) {
        for (id, manifest) in manifests(input, ManifestKind::Compose) {
            let folder = paths::folder(&input.files.file(id).path);
            let services = manifest.get("services").map(Value::entries).unwrap_or_default();
            for (name, service) in services {
                let Some((source, options)) = super::compose::build(self, folder, service) else {
                    continue;
                };
                let names = [service.text_at(&["image"]), Some(name.text.as_str())];
                self.declared
                    .extend(names.into_iter().flatten().map(|image| Declared {
                        image: repository(image).to_owned(),
                        dockerfile: source.id(),
                        options: options.clone(),
                    }));
            }
        }
    }

    /// `build.artifacts` of skaffold.yaml.
    fn by_skaffold(&mut self, input: &Input<'_>) {
        for (id, manifest) in manifests(input, ManifestKind::Object) {
            let version = manifest.text_at(&["apiVersion"]).unwrap_or_default();
            if !version.starts_with("skaffold/") {
                continue;
            }
            let folder = paths::folder(&input.files.file(id).path);
            let artifacts = manifest
                .at(&["build", "artifacts"])
                .map(Value::items)
                .unwrap_or_default();
            for artifact in artifacts {
                let Some(image) = artifact.text_at(&["image"]) else {
                    continue;
                };
                let context = paths::join(folder, artifact.text_at(&["context"]).unwrap_or("."));
                let dockerfile = artifact
                    .text_at(&["docker", "dockerfile"])
                    .unwrap_or("Dockerfile");
                let path = context
                    .as_deref()
                    .and_then(|context| paths::join(context, dockerfile));
                let Some(source) = path.and_then(|path| self.at(&path)) else {
                    continue;
                };
                self.declared.push(Declared {
                    image: repository(image).to_owned(),
                    dockerfile: source.id(),
                    options: BuildOptions {
                        context,
                        target: artifact.text_at(&["docker", "target"]).map(str::to_owned),
                        arguments: Vec::new(),
                    },
                });
            }
        }
    }

    /// Commands, actions and definitions that build images: their paths begin in their own folder or at the top.
    fn by_commands(&mut self, tree: &Tree<'_>, environment: &Environment) {
        let scope = Scope {
            environment,
            arguments: &[],
            lists: None,
        };
        for (file, launch) in tree.all_launches() {
            let Launch::Build(build) = launch else { continue };
            let one = |word: &Option<_>| word.as_ref().map(|word| scope.one(word).text);
            let image = scope.one(&build.image).text;
            let (dockerfile, context) = (one(&build.dockerfile), one(&build.context));
            let known = |text: &Option<String>| text.as_ref().is_none_or(|text| !text.contains(UNKNOWN));
            if !known(&dockerfile) || !known(&context) {
                continue;
            }
            let context = context.unwrap_or_else(|| ".".to_owned());
            let bases = [paths::folder(&file.path), ""];
            let found = bases.iter().find_map(|base| {
                let context = paths::join(base, &context)?;
                let path = match &dockerfile {
                    Some(path) => paths::join(base, path)?,
                    None => paths::join(&context, "Dockerfile")?,
                };
                Some((self.at(&path)?, context))
            });
            let Some((source, context)) = found else { continue };
            self.declared.push(Declared {
                image: repository(&image).to_owned(),
                dockerfile: source.id(),
                options: BuildOptions {
                    context: Some(context),
                    target: one(&build.target).filter(|target| !target.contains(UNKNOWN)),
                    arguments: Vec::new(),
                },
            });
        }
    }

    /// The Dockerfile of an image; `names` are what else the workload is called.
    pub(super) fn of(&self, image: &str, names: &[&str]) -> Option<Link<'a>> {
        let image = repository(image);
        let last = paths::name(image);
        if last.is_empty() || last.contains(UNKNOWN) && last.chars().all(|c| c == UNKNOWN) {
            return self.by_names(names, Certainty::Name, SAME);
        }
        let declared = |admits: &dyn Fn(&str) -> bool| {
            let found = self.declared.iter().find(|declared| admits(&declared.image))?;
            self.linked(found)
        };
        if let Some(link) = declared(&|own| own == image) {
            return Some(link);
        }
        if foreign::is_public(image) {
            return None;
        }
        let alike = |own: &str| same(paths::name(own), last);
        if let Some(link) = declared(&alike) {
            return Some(link);
        }
        // `acme/shop-worker`, and `shop/worker` of `shop-worker.Dockerfile`.
        let tail: Vec<&str> = image.rsplit('/').take(2).collect();
        let joined = match tail.as_slice() {
            [last, organisation] => format!("{organisation}-{last}"),
            _ => String::new(),
        };
        self.by_names(&[last, &joined], Certainty::Followed, 1)
            .or_else(|| self.only(image, names))
    }

    fn linked(&self, declared: &Declared) -> Option<Link<'a>> {
        let named = self
            .sources
            .iter()
            .find(|named| named.source.id() == declared.dockerfile)?;
        Some(Link {
            source: named.source,
            options: declared.options.clone(),
            certainty: Certainty::Followed,
        })
    }

    /// The one Dockerfile whose path is named most alike, and at least so much.
    fn by_names(&self, names: &[&str], certainty: Certainty, least: u32) -> Option<Link<'a>> {
        for name in names {
            let scored = self.sources.iter().map(|named| (named.likeness(name), named));
            let mut scored: Vec<(u32, &Named<'a>)> = scored.filter(|(score, _)| *score >= least).collect();
            scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
            if let Some((score, named)) = scored.first()
                && scored.get(1).is_none_or(|(next, _)| next < score)
            {
                let is_exact = *score >= EXACT;
                return Some(Link {
                    source: named.source,
                    options: BuildOptions::default(),
                    certainty: if is_exact { certainty } else { Certainty::Name },
                });
            }
        }
        None
    }

    /// The only Dockerfile of the repository, for an image that is not public and shares a word with the repository or
    /// its package.
    fn only(&self, image: &str, names: &[&str]) -> Option<Link<'a>> {
        let mut deployed = self.sources.iter().filter(|named| named.is_deployed());
        let (only, more) = (deployed.next()?, deployed.next());
        if more.is_some() {
            return None;
        }
        let own: Vec<&str> = only
            .packages
            .iter()
            .map(String::as_str)
            .chain(self.repository.iter().copied())
            .collect();
        let is_own = |name: &str| own.iter().any(|own| shares_words(own, name));
        let is_near = image
            .split('/')
            .rev()
            .take(2)
            .chain(names.iter().copied())
            .any(is_own);
        is_near.then(|| Link {
            source: only.source,
            options: BuildOptions::default(),
            certainty: Certainty::Name,
        })
    }
}

/// From here on two names are the same.
const SAME: u32 = 83;

/// From here on a name says what an image is.
const EXACT: u32 = 75;

impl Named<'_> {
    fn is_deployed(&self) -> bool {
        let is_other = |text: &Option<String>| {
            text.as_deref().is_some_and(|text| {
                text.split(['-', '_', '.'])
                    .any(|part| NOT_DEPLOYED.contains(&part))
            })
        };
        let path = &self.source.file.path;
        !is_other(&self.suffix)
            && !path
                .split('/')
                .any(|part| NOT_DEPLOYED.contains(&part) || part == "examples")
    }

    fn likeness(&self, name: &str) -> u32 {
        let own = self.suffix.as_deref().filter(|suffix| !VARIANTS.contains(suffix));
        let folder = self.folder.as_deref();
        let around = folder.into_iter().chain(self.packages.iter().map(String::as_str));
        let joined = own.is_some_and(|own| {
            around
                .clone()
                .any(|folder| same(&format!("{folder}-{own}"), name))
        });
        let ends = |part: &str| part.len() > 1 && normal(name).ends_with(&format!("-{}", normal(part)));
        let score = if own.is_some_and(|own| same(own, name)) || joined {
            95
        } else if own.is_none() && folder.is_some_and(|folder| same(folder, name)) {
            90
        } else if own.is_none() && self.packages.iter().any(|package| same(package, name)) {
            85
        } else if own.is_some_and(ends) {
            82
        } else if own.is_none() && folder.is_some_and(ends) {
            80
        } else if own.is_none()
            && folder.is_some_and(|folder| normal(folder).ends_with(&format!("-{}", normal(name))))
        {
            60
        } else {
            0
        };
        // Of a plain one and its variants the plain one is deployed.
        match (score, &self.suffix) {
            (0, _) => 0,
            (score, Some(suffix)) if NOT_DEPLOYED.contains(&suffix.as_str()) => score / 4,
            (score, Some(suffix)) if own.is_none() && !suffix.starts_with("prod") => score - 2,
            (score, None) if own.is_none() => score - 1,
            (score, _) => score,
        }
    }
}

fn named<'a>(tree: &Tree<'a>, source: Source<'a>) -> Named<'a> {
    let path = &source.file.path;
    let name = paths::name(path).to_ascii_lowercase();
    let marks = ['.', '-', '_'];
    let suffix = ["dockerfile", "containerfile"].iter().find_map(|word| {
        let rest = name.strip_prefix(word).or_else(|| name.strip_suffix(word))?;
        Some(rest.trim_matches(marks).to_owned())
    });
    let folders: Vec<&str> = paths::folder(path)
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    let folder = folders
        .iter()
        .rfind(|part| !GENERIC.contains(&part.to_ascii_lowercase().as_str()));
    let folder_path = paths::folder(path);
    let near = tree
        .packages
        .iter()
        .filter(|(own, _)| *own == folder_path || own.is_empty() && folder.is_none());
    Named {
        source,
        suffix: suffix.filter(|suffix| !suffix.is_empty()),
        folder: folder.map(|folder| (*folder).to_owned()),
        packages: near
            .filter_map(|(_, package)| package.name.clone())
            .chain(tree.top_packages(folder_path).map(str::to_owned))
            .collect(),
    }
}

/// What platforms call the repository in the names of images.
fn of_platforms(input: &Input<'_>) -> Environment {
    let mut environment = Environment::default();
    let Some(remote) = input.repository.remotes.first() else {
        return environment;
    };
    let place = Span::new(FileId(0), 0..0);
    let path = remote.path.to_ascii_lowercase();
    let (owner, name) = path.rsplit_once('/').unwrap_or(("", &path));
    for (variables, value) in [
        (
            &["github.repository", "GITHUB_REPOSITORY", "CI_PROJECT_PATH"][..],
            path.as_str(),
        ),
        (
            &["github.event.repository.name", "CI_PROJECT_NAME", "REPO_NAME"],
            name,
        ),
        (
            &[
                "github.repository_owner",
                "GITHUB_REPOSITORY_OWNER",
                "CI_PROJECT_NAMESPACE",
            ],
            owner,
        ),
    ] {
        for variable in variables {
            environment.set(variable, Some(value.to_owned()), place);
        }
    }
    // A registry of GitLab has one folder for each repository.
    environment.set(
        "CI_REGISTRY_IMAGE",
        Some(format!("{}/{path}", remote.host)),
        place,
    );
    environment
}

/// The manifests of a kind, each with its file.
fn manifests<'a>(input: &Input<'a>, kind: ManifestKind) -> impl Iterator<Item = (FileId, &'a Value)> {
    input.facts.iter().flat_map(move |facts| {
        let own = facts
            .manifests
            .iter()
            .filter(move |manifest| manifest.kind == kind);
        own.map(move |manifest| (facts.file, &manifest.value))
    })
}

/// An image's name without tag and digest.
pub(super) fn repository(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    match image.rsplit_once(':') {
        // A port of the registry stands before a slash.
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    }
}

fn normal(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}

fn same(left: &str, right: &str) -> bool {
    normal(left) == normal(right)
}

fn shares_words(left: &str, right: &str) -> bool {
    let (left, right) = (normal(left), normal(right));
    let words = |text: &str| {
        text.split('-')
            .filter(|word| word.len() > 2)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let right = words(&right);
    words(&left).iter().any(|word| right.contains(word))
}
