//! Servers that import a web application: which one, and the port that they listen on.

use promsight_model::Span;

use super::runner::Outcome;
use super::tools::{Call, Options};
use super::words::Argument;

/// The port of an address (`0.0.0.0:8000`, `:8000`, `[::]:8000`, `8000`), or the default where none is given. `None`
/// for a port that only a run knows, and for sockets that are files.
pub(super) fn port(call: &Call<'_, '_, '_>, address: Option<&Argument>, default: u16) -> Option<(u16, Span)> {
    match address {
        Some(address) => Some((port_of(&address.text)?, address.span)),
        None => Some((default, call.place()?)),
    }
}

fn port_of(address: &str) -> Option<u16> {
    let address = address.split("://").last().unwrap_or(address);
    if address.starts_with("unix:") || address.starts_with('/') {
        return None;
    }
    let port = address.rsplit(':').next().unwrap_or(address);
    port.trim_matches('/').parse().ok()
}

/// <https://www.uvicorn.org/settings/>
pub(super) fn uvicorn(call: &Call<'_, '_, '_>) -> Outcome {
    let with_value = [
        "--host",
        "--port",
        "--uds",
        "--fd",
        "--reload-dir",
        "--reload-include",
        "--reload-exclude",
        "--reload-delay",
        "--workers",
        "--env-file",
        "--log-config",
        "--log-level",
        "--loop",
        "--http",
        "--ws",
        "--ws-max-size",
        "--ws-ping-interval",
        "--ws-ping-timeout",
        "--lifespan",
        "--interface",
        "--root-path",
        "--forwarded-allow-ips",
        "--limit-concurrency",
        "--backlog",
        "--limit-max-requests",
        "--timeout-keep-alive",
        "--timeout-graceful-shutdown",
        "--ssl-keyfile",
        "--ssl-certfile",
        "--ssl-ca-certs",
        "--ssl-version",
        "--header",
        "--app-dir",
        "--h11-max-incomplete-event-size",
    ];
    let options = Options::read(call.arguments, &with_value);
    let named = options
        .application()
        .cloned()
        .or_else(|| call.variable("UVICORN_APP"));
    let folder = options.value(&["--app-dir"]).map(|word| word.text.clone());
    let more: Vec<&str> = folder.iter().map(String::as_str).collect();
    let outcome = call.application(named.as_ref(), &more);
    if options.has(&["--uds", "--fd"]) {
        return outcome;
    }
    // Every option can be a variable: `auto_envvar_prefix="UVICORN"`.
    let given = options
        .value(&["--port"])
        .cloned()
        .or_else(|| call.variable("UVICORN_PORT"));
    outcome.at(port(call, given.as_ref(), 8000))
}

/// <https://hypercorn.readthedocs.io/en/latest/how_to_guides/configuring.html>
pub(super) fn hypercorn(call: &Call<'_, '_, '_>) -> Outcome {
    let with_value = [
        "-b",
        "--bind",
        "-c",
        "--config",
        "-w",
        "--workers",
        "-k",
        "--worker-class",
        "--access-logfile",
        "--error-logfile",
        "--log-level",
        "--log-config",
        "--keyfile",
        "--certfile",
        "--quic-bind",
        "--insecure-bind",
        "--root-path",
        "--graceful-timeout",
        "--keep-alive",
    ];
    let options = Options::read(call.arguments, &with_value);
    let outcome = call.application(options.application(), &[]);
    let given = options.value(&["-b", "--bind"]);
    if given.is_none() && options.has(&["-c", "--config"]) {
        return outcome;
    }
    outcome.at(port(call, given, 8000))
}

/// <https://github.com/django/daphne>
pub(super) fn daphne(call: &Call<'_, '_, '_>) -> Outcome {
    let with_value = [
        "-p",
        "--port",
        "-b",
        "--bind",
        "-u",
        "--unix-socket",
        "-e",
        "--endpoint",
        "-v",
        "--verbosity",
        "-t",
        "--http-timeout",
        "--websocket_timeout",
        "--websocket_connect_timeout",
        "--access-log",
        "--root-path",
        "--application-close-timeout",
        "-s",
        "--server-name",
        "--ping-interval",
        "--ping-timeout",
    ];
    let options = Options::read(call.arguments, &with_value);
    let outcome = call.application(options.application(), &[]);
    if options.has(&["-u", "--unix-socket", "-e", "--endpoint"]) {
        return outcome;
    }
    outcome.at(port(call, options.value(&["-p", "--port"]), 8000))
}

/// <https://github.com/emmett-framework/granian>
pub(super) fn granian(call: &Call<'_, '_, '_>) -> Outcome {
    let with_value = [
        "--host",
        "--port",
        "--interface",
        "--http",
        "--workers",
        "--threads",
        "--blocking-threads",
        "--runtime-threads",
        "--runtime-mode",
        "--loop",
        "--task-impl",
        "--backlog",
        "--backpressure",
        "--log-level",
        "--log-config",
        "--ssl-certificate",
        "--ssl-keyfile",
        "--url-path-prefix",
        "--working-dir",
        "--env-files",
        "--process-name",
        "--uds",
    ];
    let options = Options::read(call.arguments, &with_value);
    let folder = options.value(&["--working-dir"]).map(|word| word.text.clone());
    let more: Vec<&str> = folder.iter().map(String::as_str).collect();
    let outcome = call.application(options.application(), &more);
    if options.has(&["--uds"]) {
        return outcome;
    }
    let given = options
        .value(&["--port"])
        .cloned()
        .or_else(|| call.variable("GRANIAN_PORT"));
    outcome.at(port(call, given.as_ref(), 8000))
}

/// Options of gunicorn that are followed by a value.
const GUNICORN: [&str; 56] = [
    "-c",
    "--config",
    "-b",
    "--bind",
    "--backlog",
    "-w",
    "--workers",
    "-k",
    "--worker-class",
    "--threads",
    "--worker-connections",
    "--max-requests",
    "--max-requests-jitter",
    "-t",
    "--timeout",
    "--graceful-timeout",
    "--keep-alive",
    "--limit-request-line",
    "--limit-request-fields",
    "--limit-request-field_size",
    "--reload-engine",
    "--reload-extra-file",
    "--chdir",
    "-e",
    "--env",
    "-p",
    "--pid",
    "--worker-tmp-dir",
    "-u",
    "--user",
    "-g",
    "--group",
    "-m",
    "--umask",
    "--forwarded-allow-ips",
    "--access-logfile",
    "--access-logformat",
    "--error-logfile",
    "--log-file",
    "--log-level",
    "--logger-class",
    "--log-config",
    "--log-config-json",
    "--log-syslog-to",
    "--log-syslog-prefix",
    "--log-syslog-facility",
    "--statsd-host",
    "--dogstatsd-tags",
    "--statsd-prefix",
    "-n",
    "--name",
    "--pythonpath",
    "--paste",
    "--proxy-allow-from",
    "--keyfile",
    "--certfile",
];

/// <https://docs.gunicorn.org/en/stable/settings.html>
pub(super) fn gunicorn(call: &Call<'_, '_, '_>) -> Outcome {
    let from_environment = call.variable("GUNICORN_CMD_ARGS");
    let from_environment: Vec<Argument> = from_environment
        .iter()
        .flat_map(|words| {
            words
                .text
                .split_whitespace()
                .map(|word| Argument::new(word, words.span))
        })
        .collect();
    let first = Options::read(&from_environment, &GUNICORN);
    let options = Options::read(call.arguments, &GUNICORN);
    let value = |names: &[&str]| options.value(names).or_else(|| first.value(names)).cloned();
    let named_config = value(&["-c", "--config"]);
    let config = named_config
        .as_ref()
        .map_or("gunicorn.conf.py", |word| word.text.as_str());
    let config = config.strip_prefix("file:").unwrap_or(config);
    let config = match config.strip_prefix("python:") {
        Some(module) => call.find(module, &[]).map(|(file, _)| file),
        None if named_config.is_some() => call.runner.find_file(config, call.state).map(|(file, _)| file.id),
        None => call.runner.lookup(config, call.state).map(|file| file.id),
    };
    let setting = |name: &str| {
        let (value, span) = call.runner.tree.setting(config?, &[name])?;
        Some(Argument::new(value, span))
    };
    let folder = value(&["--chdir"]).or_else(|| setting("chdir"));
    let path = value(&["--pythonpath"]);
    let more: Vec<&str> = folder
        .iter()
        .chain(&path)
        .map(|word| word.text.as_str())
        .collect();
    let named = options.application().cloned().or_else(|| setting("wsgi_app"));
    let mut outcome = call.application(named.as_ref(), &more);
    outcome.loads.extend(config);
    // What the configuration file computes is not known; without a file and an option `PORT` decides.
    let bind = value(&["-b", "--bind"]).or_else(|| setting("bind"));
    let is_computed = bind.is_none() && (named_config.is_some() || config.is_some());
    if is_computed {
        return outcome;
    }
    let bind = bind.or_else(|| call.variable("PORT"));
    outcome.at(port(call, bind.as_ref(), 8000))
}

/// <https://uwsgi-docs.readthedocs.io/en/latest/Options.html>
pub(super) fn uwsgi(call: &Call<'_, '_, '_>) -> Outcome {
    let with_value = [
        "-w",
        "--module",
        "--wsgi",
        "--wsgi-file",
        "--file",
        "--http",
        "--http-socket",
        "--socket",
        "-s",
        "--http11-socket",
        "--ini",
        "--yaml",
        "--json",
        "--xml",
        "--chdir",
        "--pythonpath",
        "--callable",
        "--mount",
        "-p",
        "--processes",
        "--threads",
        "--master-fifo",
        "--uid",
        "--gid",
        "-H",
        "--virtualenv",
        "--stats",
        "--env",
        "--buffer-size",
        "--harakiri",
        "--static-map",
    ];
    let options = Options::read(call.arguments, &with_value);
    let file = options.value(&["--ini"]).or_else(|| {
        options
            .operands
            .iter()
            .copied()
            .find(|word| word.text.ends_with(".ini"))
    });
    let file = file
        .and_then(|path| call.runner.find_file(&path.text, call.state))
        .map(|(file, _)| file.id);
    let value = |names: &[&str]| {
        let options_names: Vec<String> = names.iter().map(|name| format!("--{name}")).collect();
        let as_options: Vec<&str> = options_names.iter().map(String::as_str).collect();
        let given = options.value(&as_options).cloned();
        given.or_else(|| {
            let (value, span) = call.runner.tree.setting(file?, names)?;
            Some(Argument::new(value, span))
        })
    };
    let folder = value(&["chdir"]);
    let path = value(&["pythonpath"]);
    let more: Vec<&str> = folder
        .iter()
        .chain(&path)
        .map(|word| word.text.as_str())
        .collect();
    let mounted = value(&["mount"]).and_then(|word| {
        let (_, target) = word.text.split_once('=')?;
        Some(Argument::new(target, word.span))
    });
    let named = value(&["module", "wsgi"])
        .or_else(|| options.value(&["-w"]).cloned())
        .or_else(|| value(&["wsgi-file", "file"]))
        .or(mounted);
    let outcome = call.application(named.as_ref(), &more);
    match value(&["http", "http-socket", "http11-socket"]) {
        Some(address) => outcome.at(port(call, Some(&address), 0)),
        None => outcome,
    }
}

/// <https://docs.pylonsproject.org/projects/waitress/en/stable/runner.html>
pub(super) fn waitress(call: &Call<'_, '_, '_>) -> Outcome {
    let options = Options::read(
        call.arguments,
        &[
            "--host",
            "--port",
            "--listen",
            "--threads",
            "--url-prefix",
            "--app",
            "--unix-socket",
        ],
    );
    let named = options.value(&["--app"]).or_else(|| options.application());
    let outcome = call.application(named, &[]);
    if options.has(&["--unix-socket"]) {
        return outcome;
    }
    outcome.at(port(call, options.value(&["--listen", "--port"]), 8080))
}

/// <https://sanic.dev/en/guide/running/running.html>
pub(super) fn sanic(call: &Call<'_, '_, '_>) -> Outcome {
    let options = Options::read(
        call.arguments,
        &[
            "-H",
            "--host",
            "-p",
            "--port",
            "-w",
            "--workers",
            "-u",
            "--unix",
            "--cert",
            "--key",
            "--tls",
            "-s",
            "--simple",
        ],
    );
    let named = options.application().cloned();
    // `module.app` without a colon ends in the attribute.
    let named = named.map(|mut word| {
        if !word.text.contains(':')
            && call.find(&word.text, &[]).is_none()
            && let Some((module, attribute)) = word.text.rsplit_once('.')
        {
            word.text = format!("{module}:{attribute}");
        }
        word
    });
    let outcome = call.application(named.as_ref(), &[]);
    if options.has(&["-u", "--unix"]) {
        return outcome;
    }
    outcome.at(port(call, options.value(&["-p", "--port"]), 8000))
}
