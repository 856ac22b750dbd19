//! Programs that run Python code that they are told of by name: web servers, task queues, frameworks' own commands.

use promsight_model::{FileId, Span};

use super::python::missing;
use super::runner::{Outcome, Runner, State};
use super::supervision::starts_units;
use super::words::{Argument, UNKNOWN};
use super::{Certainty, Entry, paths, script_servers, servers};

/// Reads a tool's arguments.
type Reader = fn(&Call<'_, '_, '_>) -> Outcome;

/// A call of a tool.
pub(super) struct Call<'c, 'r, 'a> {
    pub(super) runner: &'c Runner<'r, 'a>,
    pub(super) name: &'c str,
    pub(super) arguments: &'c [Argument],
    pub(super) state: &'c State,
}

const TOOLS: &[(&str, Reader)] = &[
    ("uvicorn", servers::uvicorn),
    ("hypercorn", servers::hypercorn),
    ("daphne", servers::daphne),
    ("granian", servers::granian),
    ("gunicorn", servers::gunicorn),
    ("uwsgi", servers::uwsgi),
    ("waitress-serve", servers::waitress),
    ("sanic", servers::sanic),
    ("flask", script_servers::flask),
    ("quart", script_servers::flask),
    ("litestar", script_servers::flask),
    ("fastapi", script_servers::fastapi),
    ("streamlit", script_servers::script_server),
    ("chainlit", script_servers::script_server),
    ("bokeh", script_servers::script_server),
    ("panel", script_servers::script_server),
    ("gradio", script_servers::script_server),
    ("voila", script_servers::script_server),
    ("locust", script_servers::script_server),
    ("bentoml", script_servers::script_server),
    ("kopf", kopf),
    ("aiohttp.web", script_servers::aiohttp),
    ("functions-framework", script_servers::functions_framework),
    ("celery", celery),
    ("faust", celery),
    ("arq", modules),
    ("dramatiq", modules),
    ("dramatiq-gevent", modules),
    ("huey_consumer", modules),
    ("huey_consumer.py", modules),
    ("taskiq", modules),
    ("saq", modules),
    ("nameko", modules),
    ("procrastinate", modules),
    ("faststream", modules),
    ("django-admin", django_admin),
    ("luigi", by_configuration),
    ("rq", by_configuration),
    ("rqworker", by_configuration),
    ("airflow", by_configuration),
    ("dagster", by_configuration),
    ("dagster-webserver", by_configuration),
    ("dagster-daemon", by_configuration),
    ("prefect", by_configuration),
    ("alembic", by_configuration),
    ("scrapy", by_configuration),
    ("pytest", by_configuration),
    ("tox", by_configuration),
    ("nox", by_configuration),
    ("mlflow", by_configuration),
    ("jupyter", by_configuration),
    ("pserve", by_configuration),
    ("twistd", by_configuration),
    ("circusd", by_configuration),
    ("cron", by_configuration),
    ("crond", by_configuration),
    ("supercronic", by_configuration),
    ("ansible-playbook", by_configuration),
    ("s6-svscan", by_configuration),
    ("init", by_configuration),
    ("runsvdir", by_configuration),
];

/// Whether a program is one of these.
pub(super) fn is_tool(name: &str) -> bool {
    TOOLS.iter().any(|(own, _)| *own == name) || starts_units(name)
}

/// What a tool starts; `None` for other programs.
pub(super) fn run(
    runner: &Runner<'_, '_>,
    name: &str,
    arguments: &[Argument],
    state: &State,
) -> Option<Outcome> {
    let (own, reader) = TOOLS.iter().find(|(own, _)| *own == name)?;
    Some(reader(&Call {
        runner,
        name: own,
        arguments,
        state,
    }))
}

/// The tool that `python -m name` runs.
pub(super) fn module_tool(module: &str) -> Option<&str> {
    let name = match module {
        "waitress" => "waitress-serve",
        "uvicorn.main" => "uvicorn",
        "django" => "django-admin",
        other => other
            .split('.')
            .next()
            .filter(|_| other != "aiohttp.web")
            .unwrap_or(other),
    };
    is_tool(name).then_some(name)
}

/// Options and the other words of a call.
pub(super) struct Options<'w> {
    values: Vec<(&'w str, Argument)>,
    pub(super) operands: Vec<&'w Argument>,
}

impl<'w> Options<'w> {
    /// Reads words: options of the list are followed by a value, all others are not.
    pub(super) fn read(words: &'w [Argument], with_value: &[&str]) -> Self {
        let mut options = Self {
            values: Vec::new(),
            operands: Vec::new(),
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let text = word.text.as_str();
            if text == "--" {
                options.operands.extend(words.by_ref());
                break;
            }
            if !text.starts_with('-') || text.len() < 2 {
                options.operands.push(word);
                continue;
            }
            if let Some((name, value)) = text.split_once('=') {
                options.values.push((name, Argument::new(value, word.span)));
            } else if with_value.contains(&text) {
                options
                    .values
                    .extend(words.next().map(|value| (text, value.clone())));
            } else if let Some(name) = text
                .get(..2)
                .filter(|name| !text.starts_with("--") && with_value.contains(name))
            {
                options.values.push((name, Argument::new(&text[2..], word.span)));
            } else {
                options.values.push((text, Argument::new("", word.span)));
            }
        }
        options
    }

    /// The last value of an option under any of its names.
    pub(super) fn value(&self, names: &[&str]) -> Option<&Argument> {
        let found = self.values.iter().rev().find(|(name, _)| names.contains(name));
        found.map(|(_, value)| value)
    }

    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.value(names).is_some()
    }

    /// The first operand that can be a module, with or without an attribute.
    pub(super) fn application(&self) -> Option<&'w Argument> {
        let with_attribute = self
            .operands
            .iter()
            .find(|word| word.text.contains(':') && is_reference(&word.text));
        let plain = || {
            self.operands
                .iter()
                .find(|word| is_reference(&word.text) || word.known().is_none())
        };
        with_attribute.or_else(plain).copied()
    }
}

/// `package.module`, `package.module:attribute`, `module:make()`, `path/to/file.py:app`.
pub(super) fn is_reference(text: &str) -> bool {
    let module = text.split(':').next().unwrap_or_default();
    let module = module.strip_suffix(".py").unwrap_or(module);
    !module.is_empty()
        && !module.starts_with(|c: char| c.is_ascii_digit())
        && module
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | '-'))
}

impl Call<'_, '_, '_> {
    /// The outcome for an application that is named by module and attribute, or by file.
    pub(super) fn application(&self, reference: Option<&Argument>, more_roots: &[&str]) -> Outcome {
        let Some(reference) = reference else {
            return Outcome::unknown(format!("`{}` is not told which application it serves", self.name));
        };
        if reference.known().is_none() {
            return Outcome::unknown(format!(
                "the application that `{}` serves is known only at run time",
                self.name
            ));
        }
        let (module, attribute) = match reference.text.split_once(':') {
            Some((module, attribute)) => (module, Some(attribute.to_owned())),
            None => (reference.text.as_str(), None),
        };
        match self.find(module, more_roots) {
            Some((file, certainty)) => Outcome::new(
                Entry::Application {
                    file,
                    attribute,
                    server: self.name.to_owned(),
                },
                certainty,
            ),
            None => missing(self.runner, module),
        }
    }

    /// The file of a module or path.
    pub(super) fn find(&self, module: &str, more_roots: &[&str]) -> Option<(FileId, Certainty)> {
        if module.ends_with(".py") || module.contains('/') {
            let with_ending = format!("{}.py", module.strip_suffix(".py").unwrap_or(module));
            if let Some((file, certainty)) = self.runner.find_file(&with_ending, self.state) {
                return Some((file.id, certainty));
            }
        }
        self.runner.module(module, self.state, more_roots)
    }

    pub(super) fn variable(&self, name: &str) -> Option<Argument> {
        let (value, span) = self.state.environment.values.get(name)?;
        Some(Argument::new(
            value.clone().unwrap_or_else(|| UNKNOWN.to_string()),
            *span,
        ))
    }

    /// Where the tool's own name stands: what it does by default has no other place.
    pub(super) fn place(&self) -> Option<Span> {
        self.arguments
            .first()
            .map(|first| first.span)
            .or(self.state.way.last().copied())
    }
}

/// `celery -A package worker`, `faust -A package worker`.
fn celery(call: &Call<'_, '_, '_>) -> Outcome {
    let with_value = [
        "-A",
        "--app",
        "-b",
        "--broker",
        "--workdir",
        "-c",
        "-Q",
        "-n",
        "-l",
        "--loglevel",
        "-P",
        "-S",
        "-s",
        "--port",
    ];
    let options = Options::read(call.arguments, &with_value);
    let named = options.value(&["-A", "--app"]).cloned();
    let named = named
        .or_else(|| call.variable("CELERY_APP"))
        .or_else(|| call.variable("FAUST_APP"));
    let directory = options.value(&["--workdir"]).map(|word| word.text.as_str());
    let Some(named) = named else {
        return Outcome::unknown(format!("`{}` is not told which application it runs", call.name));
    };
    let Some(text) = named.known() else {
        return Outcome::unknown(format!(
            "the application that `{}` runs is known only at run time",
            call.name
        ));
    };
    let (module, attribute) = match text.split_once(':') {
        Some((module, attribute)) => (module, Some(attribute)),
        None => (text, None),
    };
    let more: Vec<&str> = directory.into_iter().collect();
    // `package` alone means `package.celery` where there is one; `package.module.app` ends in an attribute.
    // <https://docs.celeryq.dev/en/stable/getting-started/next-steps.html#about-the-app-argument>
    let inner = format!(
        "{module}.{}",
        if call.name == "celery" { "celery" } else { "app" }
    );
    let shorter = module.rsplit_once('.');
    let found = match attribute {
        Some(_) => call.find(module, &more).map(|found| (found, attribute)),
        None => call
            .find(&inner, &more)
            .filter(|(_, certainty)| *certainty == Certainty::Followed)
            .or_else(|| call.find(module, &more))
            .map(|found| (found, None))
            .or_else(|| {
                let (module, attribute) = shorter?;
                Some((call.find(module, &more)?, Some(attribute)))
            }),
    };
    let is_flower = options.operands.iter().any(|word| word.text == "flower");
    let port = options.value(&["--port"]).cloned();
    let Some(((file, certainty), attribute)) = found else {
        return missing(call.runner, module);
    };
    let outcome = Outcome::new(
        Entry::Application {
            file,
            attribute: attribute.map(str::to_owned),
            server: call.name.to_owned(),
        },
        certainty,
    );
    if is_flower {
        return outcome.at(servers::port(call, port.as_ref(), 5555));
    }
    outcome
}

/// Tools whose operands are modules, with or without attributes: `dramatiq shop.tasks`, `arq shop.Settings`.
fn modules(call: &Call<'_, '_, '_>) -> Outcome {
    let with_value = [
        "-p",
        "--processes",
        "-t",
        "--threads",
        "-w",
        "--workers",
        "--app",
        "-a",
        "-l",
        "--config",
        "-q",
        "--path",
        "-P",
        "--queues",
        "-Q",
        "-k",
    ];
    let options = Options::read(call.arguments, &with_value);
    let named = options
        .value(&["--app", "-a"])
        .filter(|_| call.name == "procrastinate");
    let candidates = named.into_iter().chain(options.operands.iter().copied());
    let mut outcome: Option<Outcome> = None;
    let mut is_unknown = false;
    for word in candidates {
        let Some(text) = word.known() else {
            is_unknown = true;
            continue;
        };
        let (module, attribute) = match text.split_once(':') {
            Some((module, attribute)) => (module, Some(attribute)),
            None => (text, None),
        };
        if !is_reference(module) {
            continue;
        }
        let found = call
            .find(module, &[])
            .map(|found| (found, attribute))
            .or_else(|| {
                let (module, attribute) = module.rsplit_once('.')?;
                Some((call.find(module, &[])?, Some(attribute)))
            });
        let Some(((file, certainty), attribute)) = found else {
            continue;
        };
        match &mut outcome {
            Some(outcome) => outcome.loads.push(file),
            None => {
                let entry = Entry::Application {
                    file,
                    attribute: attribute.map(str::to_owned),
                    server: call.name.to_owned(),
                };
                outcome = Some(Outcome::new(entry, certainty));
            }
        }
    }
    outcome.unwrap_or_else(|| {
        if is_unknown {
            Outcome::unknown(format!(
                "the modules that `{}` loads are known only at run time",
                call.name
            ))
        } else {
            Outcome::unknown(format!(
                "`{}` loads code by names that this tree does not have",
                call.name
            ))
        }
    })
}

/// `kopf run file.py -m module`.
fn kopf(call: &Call<'_, '_, '_>) -> Outcome {
    let options = Options::read(
        call.arguments,
        &[
            "-m",
            "--module",
            "-n",
            "--namespace",
            "-p",
            "--priority",
            "-L",
            "--liveness",
            "-P",
        ],
    );
    let named = options.value(&["-m", "--module"]);
    let file = options
        .operands
        .iter()
        .copied()
        .find(|word| word.text.ends_with(".py"));
    call.application(named.or(file), &[])
}

/// Tools that find code by their own configuration, or by what they are sent.
fn by_configuration(call: &Call<'_, '_, '_>) -> Outcome {
    Outcome::unknown(format!("`{}` finds the code that it runs by itself", call.name))
}

/// `django-admin runserver`.
fn django_admin(call: &Call<'_, '_, '_>) -> Outcome {
    let settings = call.variable("DJANGO_SETTINGS_MODULE");
    let found = settings
        .as_ref()
        .and_then(Argument::known)
        .and_then(|module| call.find(module, &[]));
    let Some((file, certainty)) = found else {
        return Outcome::unknown("the settings of `django-admin` are not known");
    };
    django(
        call.runner,
        Outcome::new(Entry::Program { file }, certainty),
        call.arguments,
        call.state,
    )
}

/// `manage.py` with its arguments: the command's file is code that it loads, and `runserver` listens.
pub(super) fn django(
    runner: &Runner<'_, '_>,
    mut program: Outcome,
    arguments: &[Argument],
    state: &State,
) -> Outcome {
    let options = Options::read(arguments, &["--settings", "--pythonpath", "-v", "--verbosity"]);
    let Some(command) = options.operands.first().and_then(|word| word.known()) else {
        return program;
    };
    if !is_reference(command) {
        return program;
    }
    let call = Call {
        runner,
        name: "django",
        arguments,
        state,
    };
    let settings = options
        .value(&["--settings"])
        .cloned()
        .or_else(|| call.variable("DJANGO_SETTINGS_MODULE"));
    let settings = settings
        .as_ref()
        .and_then(Argument::known)
        .and_then(|module| call.find(module, &[]));
    program.loads.extend(settings.map(|(file, _)| file));
    let end = format!("management/commands/{command}.py");
    let own = runner
        .tree
        .files
        .files()
        .iter()
        .filter(|file| file.path.ends_with(&end) && paths::below(&runner.folder, &file.path).is_some());
    program.loads.extend(own.map(|file| file.id));
    if matches!(command, "runserver" | "runserver_plus" | "testserver") {
        let address = options.operands.get(1).copied();
        return program.at(servers::port(&call, address, 8000));
    }
    program
}
