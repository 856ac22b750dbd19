//! Commands of frameworks that serve what they find: `flask run`, `fastapi run`, `streamlit run` and their kin.

use super::runner::Outcome;
use super::servers::port;
use super::tools::{Call, Options, is_reference};
use super::words::{Argument, UNKNOWN};

/// `flask run`, `quart run`, `litestar run`: <https://flask.palletsprojects.com/en/stable/cli/>
pub(super) fn flask(call: &Call<'_, '_, '_>) -> Outcome {
    let options = Options::read(
        call.arguments,
        &[
            "-A",
            "--app",
            "-p",
            "--port",
            "-h",
            "--host",
            "-e",
            "--env-file",
            "--cert",
            "--key",
            "-H",
            "-W",
            "--app-dir",
            "--wc",
        ],
    );
    let prefix = call.name.to_ascii_uppercase();
    let named = options
        .value(&["-A", "--app"])
        .cloned()
        .or_else(|| call.variable(&format!("{prefix}_APP")));
    let folder = options.value(&["--app-dir"]).map(|word| word.text.clone());
    let more: Vec<&str> = folder.iter().map(String::as_str).collect();
    let defaults: &[&str] = match call.name {
        "litestar" => &["app", "application"],
        _ => &["wsgi", "app"],
    };
    let usual = || {
        let found = defaults
            .iter()
            .find(|module| call.runner.lookup(&format!("{module}.py"), call.state).is_some());
        found.and_then(|module| Some(Argument::new(*module, call.place()?)))
    };
    let named = named.or_else(usual);
    // `folder/app.py`, `package.module:make('x')`.
    let outcome = call.application(named.as_ref(), &more);
    let is_server = options
        .operands
        .iter()
        .any(|word| matches!(word.text.as_str(), "run" | "run-debug"));
    if !is_server {
        return outcome;
    }
    let default = if call.name == "litestar" { 8000 } else { 5000 };
    let given = options
        .value(&["-p", "--port"])
        .cloned()
        .or_else(|| call.variable(&format!("{prefix}_RUN_PORT")));
    outcome.at(port(call, given.as_ref(), default))
}

/// `fastapi run path`: <https://fastapi.tiangolo.com/fastapi-cli/>
pub(super) fn fastapi(call: &Call<'_, '_, '_>) -> Outcome {
    let options = Options::read(
        call.arguments,
        &[
            "--host",
            "--port",
            "--workers",
            "--root-path",
            "--app",
            "--entrypoint",
            "-e",
            "--reload-dir",
            "--forwarded-allow-ips",
        ],
    );
    let named = options.value(&["--entrypoint", "-e"]).cloned();
    let path = options.operands.get(1).copied().cloned();
    let usual = [
        "main.py",
        "app.py",
        "api.py",
        "app/main.py",
        "app/app.py",
        "app/api.py",
    ];
    let usual = || {
        let found = usual
            .iter()
            .find(|path| call.runner.lookup(path, call.state).is_some());
        found.and_then(|path| Some(Argument::new(*path, call.place()?)))
    };
    let named = named.or(path).or_else(usual).map(|mut word| {
        if let Some(attribute) = options.value(&["--app"]) {
            word.text = format!("{}:{}", word.text, attribute.text);
        }
        word
    });
    let outcome = call.application(named.as_ref(), &[]);
    let given = options
        .value(&["--port"])
        .cloned()
        .or_else(|| call.variable("PORT"));
    outcome.at(port(call, given.as_ref(), 8000))
}

/// Servers that run a script: `streamlit run app.py`, `panel serve app.py`, `locust -f file`.
pub(super) fn script_server(call: &Call<'_, '_, '_>) -> Outcome {
    let options = Options::read(
        call.arguments,
        &[
            "-f",
            "--locustfile",
            "-p",
            "--port",
            "--server.port",
            "--server.address",
            "-H",
            "--host",
            "--address",
            "-u",
            "-r",
        ],
    );
    let file = options.value(&["-f", "--locustfile"]);
    let named = options
        .operands
        .iter()
        .copied()
        .find(|word| word.text.ends_with(".py") || word.text.contains(':') && is_reference(&word.text));
    let named = file
        .or(named)
        .cloned()
        .or_else(|| call.variable("LOCUST_LOCUSTFILE"));
    // <https://docs.locust.io/en/stable/configuration.html>
    let is_locust = call.name == "locust";
    let usual = || Some(Argument::new("locustfile.py", call.place()?)).filter(|_| is_locust);
    let outcome = call.application(named.or_else(usual).as_ref(), &[]);
    let default = match call.name {
        "streamlit" => 8501,
        "chainlit" => 8000,
        "gradio" => 7860,
        "locust" => 8089,
        "bentoml" => 3000,
        "voila" => 8866,
        _ => 5006,
    };
    let given = options
        .value(&["-p", "--port", "--server.port"])
        .cloned()
        .or_else(|| call.variable("STREAMLIT_SERVER_PORT"));
    outcome.at(port(call, given.as_ref(), default))
}

/// `python -m aiohttp.web -P 8080 package:make`.
pub(super) fn aiohttp(call: &Call<'_, '_, '_>) -> Outcome {
    let options = Options::read(
        call.arguments,
        &["-H", "--hostname", "-P", "--port", "-U", "--path"],
    );
    let outcome = call.application(options.application(), &[]);
    outcome.at(port(call, options.value(&["-P", "--port"]), 8080))
}

/// `functions-framework --target name --source main.py`.
pub(super) fn functions_framework(call: &Call<'_, '_, '_>) -> Outcome {
    let options = Options::read(
        call.arguments,
        &["--target", "--source", "--port", "--host", "--signature-type"],
    );
    let source = options
        .value(&["--source"])
        .cloned()
        .or_else(|| call.variable("FUNCTION_SOURCE"));
    let source = source.or_else(|| Some(Argument::new("main.py", call.place()?)));
    let outcome = call.application(source.as_ref(), &[]);
    let given = options
        .value(&["--port"])
        .cloned()
        .or_else(|| call.variable("PORT"));
    let given = given.filter(|word| !word.text.contains(UNKNOWN));
    outcome.at(port(call, given.as_ref(), 8080))
}
