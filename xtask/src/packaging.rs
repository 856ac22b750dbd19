//! `cargo xtask packaging`: the wheel, the action, the GitLab template and the hook, run as their platforms run them.
//! The work is done by `xtask/packaging/packaging.py`.

use std::process::Command;

use crate::problem::Problem;
use crate::tree;

pub(crate) fn run() -> Vec<Problem> {
    let mut python = Command::new("python3");
    python.arg(tree::top().join("xtask/packaging/packaging.py"));
    match python.status() {
        Ok(status) if status.success() => Vec::new(),
        Ok(_) => vec![Problem::new("packaging failed, see above")],
        Err(error) => vec![Problem::new(format!("cannot start python3: {error}"))],
    }
}
