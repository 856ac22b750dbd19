//! Programs that start others by a configuration: supervisord, honcho and their kin.

use promsight_model::launch::{Launch, Manager, Unit};

use super::paths;
use super::runner::{Runner, State};
use super::tools::Options;
use super::words::{Argument, Scope};

/// Whether a program starts those that a configuration lists.
pub(super) fn starts_units(name: &str) -> bool {
    matches!(
        name,
        "supervisord" | "honcho" | "foreman" | "hivemind" | "overmind" | "goreman"
    )
}

/// The programs that it starts.
pub(super) fn units<'a>(
    runner: &Runner<'_, 'a>,
    name: &str,
    arguments: &[Argument],
    state: &State,
) -> Vec<&'a Unit> {
    let options = Options::read(
        arguments,
        &["-c", "--configuration", "-f", "--procfile", "-e", "-n"],
    );
    if name == "supervisord" {
        let named = options.value(&["-c", "--configuration"]).cloned();
        return supervised(runner, named.as_ref(), state);
    }
    let path = options
        .value(&["-f", "--procfile"])
        .map_or("Procfile", |word| word.text.as_str());
    let Some((file, _)) = runner.find_file(path, state) else {
        return Vec::new();
    };
    let wanted: Vec<&str> = options
        .operands
        .iter()
        .skip(1)
        .map(|word| word.text.as_str())
        .collect();
    let units = runner.tree.units(file.id);
    units
        .filter(|unit| wanted.is_empty() || wanted.contains(&unit.name.as_str()))
        .collect()
}

fn supervised<'a>(runner: &Runner<'_, 'a>, named: Option<&Argument>, state: &State) -> Vec<&'a Unit> {
    let all = || {
        runner
            .tree
            .all_launches()
            .filter_map(|(file, launch)| match launch {
                Launch::Unit(unit) if unit.manager == Manager::Supervisor => Some((file, unit)),
                _ => None,
            })
    };
    let mut found: Vec<&Unit> = Vec::new();
    if let Some((file, _)) = named.and_then(|path| runner.find_file(&path.text, state)) {
        found.extend(runner.tree.units(file.id));
    }
    // What the configuration includes lies beside it, or where the image's own looks for it.
    let folders = [
        "/etc/supervisor/conf.d",
        "/etc/supervisord.d",
        "/etc/supervisor.d",
        "/etc/supervisor",
    ];
    for (file, unit) in all() {
        let name = paths::name(&file.path);
        let is_installed = folders.iter().any(|folder| {
            runner
                .lookup(&format!("{folder}/{name}"), state)
                .is_some_and(|there| there.id == file.id)
        });
        if is_installed && !found.iter().any(|other| other.span == unit.span) {
            found.push(unit);
        }
    }
    if found.is_empty() && named.is_none() {
        let inside = all().filter(|(file, _)| paths::below(&runner.folder, &file.path).is_some());
        found.extend(inside.map(|(_, unit)| unit));
    }
    found
}

/// What holds for a program that a manager starts.
pub(super) fn unit_state(unit: &Unit, state: &State) -> State {
    let mut state = state.clone();
    let before = state.environment.clone();
    let scope = Scope {
        environment: &before,
        arguments: &[],
        lists: None,
    };
    if let Some(directory) = &unit.directory {
        let path = scope.one(directory);
        let base = state.directory.take().unwrap_or_default();
        state.directory = path.known().and_then(|path| paths::join(&base, path));
    }
    for (name, word) in &unit.environment {
        state.environment.set(name, Some(scope.one(word).text), word.span);
    }
    state.environment.is_complete &= !unit.has_environment_files;
    state.way.push(unit.span);
    state
}
