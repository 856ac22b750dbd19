//! Programs that run the program behind them: `tini`, `env`, `poetry run`, `opentelemetry-instrument` and their kin.

use super::words::Argument;

/// How a wrapper is called.
struct Wrapper {
    names: &'static [&'static str],
    /// The word that must follow (`run` of `poetry run`); none where it is empty.
    verb: &'static str,
    /// Options that are followed by a value.
    with_value: &'static [&'static str],
    /// Words in front of the command that are no options.
    operands: usize,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The command follows the options, an optional `--` between.
    Plain,
    /// The command stands behind `--` alone.
    Separated,
    /// What follows is what follows `python`.
    Python,
    /// Every option has a value.
    AllValued,
    /// `A=b` in front of the command.
    Assignments,
}

const fn plain(
    names: &'static [&'static str],
    with_value: &'static [&'static str],
    operands: usize,
) -> Wrapper {
    Wrapper {
        names,
        verb: "",
        with_value,
        operands,
        kind: Kind::Plain,
    }
}

const fn verb(
    names: &'static [&'static str],
    verb: &'static str,
    with_value: &'static [&'static str],
    kind: Kind,
) -> Wrapper {
    Wrapper {
        names,
        verb,
        with_value,
        operands: 0,
        kind,
    }
}

const WRAPPERS: &[Wrapper] = &[
    plain(
        &[
            "exec",
            "command",
            "nohup",
            "setsid",
            "time",
            "catatonit",
            "docker-init",
            "unbuffer",
            "ddtrace-run",
            "catchsegv",
            "with-contenv",
            "jemalloc.sh",
            "vault-env",
            "builtin",
        ],
        &["-a"],
        0,
    ),
    plain(&["tini", "tini-static"], &["-p", "-e"], 0),
    plain(&["dumb-init"], &["-r", "--rewrite"], 0),
    plain(&["nice"], &["-n", "--adjustment"], 0),
    plain(&["ionice"], &["-c", "-n", "--class", "--classdata"], 0),
    plain(&["stdbuf"], &["-i", "-o", "-e"], 0),
    plain(&["timeout"], &["-s", "--signal", "-k", "--kill-after"], 1),
    plain(
        &["gosu", "su-exec", "s6-setuidgid", "taskset", "setarch", "flock"],
        &[],
        1,
    ),
    plain(&["setpriv"], &["--reuid", "--regid", "--groups"], 0),
    plain(
        &["runuser", "sudo", "doas"],
        &["-u", "-g", "--user", "--group"],
        0,
    ),
    plain(&["chpst"], &["-u", "-U", "-e", "-n"], 0),
    plain(&["xvfb-run"], &["-n", "-s", "-e", "--server-args"], 0),
    plain(&["numactl", "prlimit"], &[], 0),
    plain(&["strace"], &["-e", "-o", "-p", "-s"], 0),
    plain(&["mpirun", "mpiexec"], &["-n", "-np", "--host", "--hostfile"], 0),
    plain(&["dotenv"], &["-f", "--file", "-e"], 0),
    plain(
        &["dockerize"],
        &[
            "-wait",
            "-timeout",
            "-template",
            "-wait-retry-interval",
            "-stdout",
            "-stderr",
        ],
        0,
    ),
    Wrapper {
        names: &["env"],
        verb: "",
        with_value: &["-u", "--unset", "-C", "--chdir"],
        operands: 0,
        kind: Kind::Assignments,
    },
    Wrapper {
        names: &["opentelemetry-instrument", "splunk-py-trace", "splunk-instrument"],
        verb: "",
        with_value: &[],
        operands: 0,
        kind: Kind::AllValued,
    },
    Wrapper {
        names: &[
            "viztracer",
            "scalene",
            "kernprof",
            "pyinstrument",
            "torchrun",
            "jurigged",
            "debugpy",
        ],
        verb: "",
        with_value: &[
            "-o",
            "--listen",
            "--nproc_per_node",
            "--nproc-per-node",
            "--nnodes",
            "--node_rank",
            "--master_addr",
            "--master_port",
        ],
        operands: 0,
        kind: Kind::Python,
    },
    verb(&["newrelic-admin"], "run-program", &[], Kind::Plain),
    verb(&["newrelic-admin"], "run-python", &[], Kind::Python),
    verb(
        &["coverage"],
        "run",
        &["--source", "--rcfile", "--omit", "--include", "--data-file"],
        Kind::Python,
    ),
    verb(&["memray"], "run", &["-o", "--output"], Kind::Python),
    verb(
        &["accelerate"],
        "launch",
        &["--config_file", "--num_processes"],
        Kind::Python,
    ),
    verb(
        &[
            "poetry",
            "pipenv",
            "rye",
            "pixi",
            "dotenv",
            "infisical",
            "doppler",
            "honcho",
        ],
        "run",
        &[
            "-p",
            "--project",
            "--config",
            "-c",
            "-C",
            "--env",
            "-e",
            "-f",
            "--file",
        ],
        Kind::Plain,
    ),
    verb(&["pdm"], "run", &["-p", "--project"], Kind::Plain),
    verb(&["hatch"], "run", &[], Kind::Plain),
    verb(
        &["uv"],
        "run",
        &[
            "--with",
            "--extra",
            "--group",
            "--project",
            "--directory",
            "--python",
            "-p",
            "--env-file",
            "--package",
            "--index-url",
            "--with-requirements",
            "--only-group",
            "--no-group",
            "--cache-dir",
            "--config-file",
        ],
        Kind::Plain,
    ),
    verb(
        &["conda", "mamba", "micromamba"],
        "run",
        &["-n", "--name", "-p", "--prefix", "--cwd"],
        Kind::Plain,
    ),
    verb(
        &["watchmedo"],
        "auto-restart",
        &[
            "-d",
            "--directory",
            "-p",
            "--pattern",
            "--patterns",
            "-i",
            "--ignore-patterns",
            "--signal",
            "--kill-after",
            "--interval",
            "--debounce-interval",
        ],
        Kind::Plain,
    ),
    verb(
        &["py-spy"],
        "record",
        &[
            "-o",
            "--output",
            "-f",
            "--format",
            "-r",
            "--rate",
            "-d",
            "--duration",
        ],
        Kind::Separated,
    ),
    verb(&["chamber"], "exec", &[], Kind::Separated),
    verb(&["aws-vault"], "exec", &[], Kind::Separated),
    verb(&["op"], "run", &[], Kind::Separated),
    verb(&["berglas"], "exec", &[], Kind::Separated),
    Wrapper {
        names: &[
            "wait-for-it",
            "wait-for-it.sh",
            "wait-for",
            "wait-for.sh",
            "wait_for_it.sh",
            "wait",
            "envconsul",
            "numactl",
        ],
        verb: "",
        with_value: &[],
        operands: 0,
        kind: Kind::Separated,
    },
];

/// The command that a wrapper runs; `None` where the program is no wrapper, or runs nothing.
pub(super) fn inner(argv: &[Argument]) -> Option<Vec<Argument>> {
    let program = argv.first()?;
    if program.program() == "su" {
        return su(argv);
    }
    let wrapper = WRAPPERS.iter().find(|wrapper| {
        wrapper.names.contains(&program.program())
            && (wrapper.verb.is_empty() || argv[1..].iter().take(4).any(|word| word.text == wrapper.verb))
    })?;
    let mut at = 1;
    if !wrapper.verb.is_empty() {
        at = argv.iter().position(|word| word.text == wrapper.verb)? + 1;
    }
    if wrapper.kind == Kind::Separated {
        let separator = argv.iter().position(|word| word.text == "--")?;
        return argv
            .get(separator + 1..)
            .filter(|rest| !rest.is_empty())
            .map(<[Argument]>::to_vec);
    }
    let mut operands = wrapper.operands;
    while let Some(word) = argv.get(at) {
        let text = word.text.as_str();
        if text == "--" {
            at += 1;
            break;
        }
        // `uv run -m module`, `coverage run -m module`, `debugpy … -m module`: options of Python.
        let is_module =
            matches!(text, "-m" | "--module") && (wrapper.kind == Kind::Python || program.text == "uv");
        if is_module {
            break;
        }
        if text.starts_with('-') && text.len() > 1 {
            let is_valued =
                wrapper.with_value.contains(&text) || wrapper.kind == Kind::AllValued && !text.contains('=');
            at += 1 + usize::from(is_valued);
            continue;
        }
        if wrapper.kind == Kind::Assignments
            && text.split('=').next().is_some_and(is_variable)
            && text.contains('=')
        {
            at += 1;
            continue;
        }
        if operands == 0 {
            break;
        }
        operands -= 1;
        at += 1;
    }
    let rest = argv.get(at..).filter(|rest| !rest.is_empty())?;
    let first = rest[0].text.as_str();
    let is_python = wrapper.kind == Kind::Python
        || matches!(first, "-m" | "--module")
        || program.text == "uv" && first.ends_with(".py");
    let mut command = Vec::with_capacity(rest.len() + 1);
    if is_python {
        command.push(Argument::new("python", program.span));
    }
    command.extend(rest.iter().cloned());
    if is_python && first == "--module" {
        command[1].text = "-m".to_owned();
    }
    // `hatch run env:command`.
    if program.text == "hatch"
        && let Some((_, name)) = first.split_once(':')
    {
        command[0].text = name.to_owned();
    }
    Some(command)
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// `su user -c "command"`.
fn su(argv: &[Argument]) -> Option<Vec<Argument>> {
    let option = argv
        .iter()
        .position(|word| matches!(word.text.as_str(), "-c" | "--command"))?;
    let text = argv.get(option + 1)?;
    Some(vec![
        Argument::new("sh", argv[0].span),
        Argument::new("-c", argv[option].span),
        text.clone(),
    ])
}
