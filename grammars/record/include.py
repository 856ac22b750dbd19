"""Writes `src/lib.rs` so that it names every table: `python3 include.py`, in any folder. Needs rustfmt."""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent

TEMPLATE = """\
//! Language knowledge as data: instrumentation libraries (`libraries/*.yaml`) and exporter catalogues
//! (`catalogue/*.yaml`), alerts of public rule sets (`alerts/*.yaml`). Contains no logic beyond `include_str!`. Written by `record/include.py`.

/// Instrumentation libraries: file name and YAML text, sorted by file name.
pub const LIBRARIES: &[(&str, &str)] = &[
%s];

/// Exporter catalogues: file name and YAML text, sorted by file name.
pub const CATALOGUES: &[(&str, &str)] = &[
%s];

/// Alerts of public rule sets: file name and YAML text, sorted by file name.
pub const ALERTS: &[(&str, &str)] = &[
%s];
"""


def entries(folder):
    names = sorted(path.name for path in (ROOT / folder).glob("*.yaml"))
    return "".join(f'    ("{name}", include_str!("../{folder}/{name}")),\n' for name in names)


def main():
    lib = ROOT / "src" / "lib.rs"
    lib.write_text(TEMPLATE % (entries("libraries"), entries("catalogue"), entries("alerts")), encoding="utf-8")
    subprocess.run(["rustfmt", "--edition", "2024", str(lib)], check=True)


if __name__ == "__main__":
    main()
