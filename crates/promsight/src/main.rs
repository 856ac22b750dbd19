//! The binary: what was typed, what it means, what came of it.

use std::process::ExitCode;

use clap::Parser;
use promsight::arguments::{Arguments, Command};
use promsight::exit::{Exit, Failure};
use promsight::{command, crash, pipeline, review, terminal};

fn main() -> ExitCode {
    crash::install();
    pipeline::enlarge_worker_stacks();
    let arguments = Arguments::parse();
    run(&arguments).unwrap_or_else(|failure| explain(&failure)).into()
}

fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    match &arguments.command {
        Command::Check(check) => command::check(check, arguments.color),
        Command::Metrics(inventory) => command::metrics(inventory, arguments.color),
        Command::References(inventory) => command::references(inventory, arguments.color),
        Command::Trace(trace) => command::trace(trace, arguments.color),
        Command::Targets(inventory) => command::targets(inventory, arguments.color),
        Command::Audit(audit) => review::audit(audit),
        Command::Init(init) => review::init(init),
        Command::Explain(explain) => command::explain(explain),
    }
}

fn explain(failure: &Failure) -> Exit {
    terminal::complain(&failure.to_string());
    failure.exit()
}
