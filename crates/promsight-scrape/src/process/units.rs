//! Programs that process managers start without a container: Procfiles, units of systemd, programs of supervisord.

use std::collections::BTreeSet;

use promsight_model::Span;
use promsight_model::launch::{Launch, Manager};

use super::disk::Disk;
use super::runner::{Runner, State};
use super::supervision;
use super::tree::Tree;
use super::words::Environment;
use super::{Entry, Process, Workload, paths};

/// Adds the processes of units that no container runs.
pub(super) fn collect(tree: &Tree<'_>, processes: &mut Vec<Process>) {
    let used: BTreeSet<Span> = processes
        .iter()
        .flat_map(|process| process.way.iter().copied())
        .collect();
    for (file, launch) in tree.all_launches() {
        let Launch::Unit(unit) = launch else { continue };
        if used.contains(&unit.span) {
            continue;
        }
        let folder = paths::folder(&file.path);
        let mut disk = Disk::default();
        // A platform runs a Procfile beside the code; the other managers know absolute paths of some machine.
        let directory = (unit.manager == Manager::Procfile).then(|| "/app".to_owned());
        disk.put("/app", folder);
        let mut state = State {
            environment: Environment::default(),
            directory,
            ..State::default()
        };
        state = supervision::unit_state(unit, &state);
        if unit.manager != Manager::Procfile {
            state.directory = None;
            disk = Disk::default();
        }
        let scope = if unit.manager == Manager::Procfile {
            folder
        } else {
            ""
        };
        let mut runner = Runner::new(tree, &disk, scope, None);
        let found = runner.all_ways(|runner| runner.script(&unit.command, &[], &state));
        for started in found {
            if started.entry == Entry::Foreign && unit.manager == Manager::Systemd {
                continue;
            }
            processes.push(Process {
                workload: Workload::Other(unit.name.clone()),
                span: unit.span,
                entry: started.entry,
                certainty: started.certainty,
                way: started.way,
                command: started.command,
                environment: started.environment.list(),
                environment_is_complete: false,
                ports: Vec::new(),
                web_port: started.web_port,
                loads: started.loads,
                is_alternative: started.is_alternative,
                is_short_lived: false,
            });
        }
    }
}
