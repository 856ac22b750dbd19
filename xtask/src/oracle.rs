//! `cargo xtask oracle`: the inventory measured against running code. The work is done by `xtask/oracle/oracle.py`.

use std::process::Command;

use crate::problem::Problem;
use crate::tree;

/// Builds promsight and hands the arguments over; `scenarios` and `test` in front choose the other two programs.
pub(crate) fn run(arguments: &[&str]) -> Vec<Problem> {
    let top = tree::top();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--package", "promsight"])
        .current_dir(&top)
        .status();
    if !built.is_ok_and(|status| status.success()) {
        return vec![Problem::new("promsight does not build")];
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| top.join("target"), Into::into);
    let mut python = Command::new("python3");
    python.current_dir(top.join("xtask/oracle"));
    match arguments.split_first() {
        Some((&"test", rest)) => python.args(["-m", "unittest"]).args(rest),
        Some((&"scenarios", rest)) => python
            .arg("scenarios.py")
            .arg("--binary")
            .arg(target.join("debug/promsight"))
            .args(rest),
        _ => python
            .arg("oracle.py")
            .arg("--binary")
            .arg(target.join("debug/promsight"))
            .args(arguments),
    };
    match python.status() {
        Ok(status) if status.success() => Vec::new(),
        Ok(_) => vec![Problem::new("the oracle failed, see above")],
        Err(error) => vec![Problem::new(format!("cannot start python3: {error}"))],
    }
}
