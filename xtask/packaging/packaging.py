"""Builds the wheel, installs it, and runs what people put into their CI, each as its platform would.

Started by `cargo xtask packaging`; needs Python's package index. Everything it makes lies in a temporary folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]

CODE = 'from prometheus_client import Gauge\n\nOPEN = Gauge("shop_open", "Whether it is open.")\nOPEN.set(1)\n'
RULES = "groups:\n  - name: shop\n    rules:\n      - alert: Closed\n        expr: shop_open == 0\n"


def run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end, whatever that is."""
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def demand(condition: bool, what: str, outcome: subprocess.CompletedProcess[str]) -> None:
    """Ends with what was printed, where the condition does not hold."""
    if not condition:
        sys.exit(f"{what}\nexit {outcome.returncode}\n{outcome.stdout}\n{outcome.stderr}")
    print(f"ok: {what}", flush=True)


def repository(folder: Path) -> None:
    """A repository whose `main` is clean and whose branch renames a metric under an alert."""
    folder.mkdir()
    (folder / "app.py").write_text(CODE, encoding="utf-8")
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    identity = ["-c", "user.name=shop", "-c", "user.email=shop@example.invalid"]
    for command in (
        ["init", "--quiet", "--initial-branch", "main"],
        ["add", "."],
        [*identity, "commit", "--quiet", "--message", "Open"],
        ["switch", "--quiet", "--create", "rename"],
    ):
        demand_quietly(run(["git", *command], folder))
    (folder / "app.py").write_text(CODE.replace("shop_open", "shop_is_open"), encoding="utf-8")
    for command in (["add", "."], [*identity, "commit", "--quiet", "--message", "Rename"], ["remote", "add", "origin", "."]):
        demand_quietly(run(["git", *command], folder))


def demand_quietly(outcome: subprocess.CompletedProcess[str]) -> None:
    """Ends where a command of the preparation failed."""
    if outcome.returncode != 0:
        sys.exit(f"{outcome.args}: {outcome.stderr}")


def check_wheel(tools: Path, scratch: Path) -> None:
    """The wheel holds the program, and pip puts it on the path."""
    outcome = run([str(tools / "pip"), "wheel", "--quiet", "--no-deps", "--wheel-dir", str(scratch), str(TOP)], scratch)
    wheels = list(scratch.glob("promsight-*.whl"))
    demand(outcome.returncode == 0 and len(wheels) == 1, "a wheel is built", outcome)
    outcome = run([str(tools / "pip"), "install", "--quiet", str(wheels[0])], scratch)
    demand(outcome.returncode == 0, "the wheel is installed", outcome)
    outcome = run([str(tools / "promsight"), "--version"], scratch)
    demand(outcome.stdout.startswith("promsight "), "the installed program answers", outcome)


def check_action(tools: Path, shop: Path) -> None:
    """The action's last step, with its inputs as the platform hands them over."""
    import yaml  # pylint: disable=import-outside-toplevel  # installed by main

    action = yaml.safe_load((TOP / "action.yml").read_text(encoding="utf-8"))
    step = action["runs"]["steps"][-1]
    inputs = {name: given["default"] for name, given in action["inputs"].items()}

    def as_given(changed: dict[str, str]) -> dict[str, str]:
        names = {name: expression.split("inputs.")[1].split()[0] for name, expression in step["env"].items()}
        return {name: {**inputs, **changed}[given] for name, given in names.items()}

    path = {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    outcome = run(
        ["bash", "-c", step["run"]],
        shop,
        {**path, **as_given({"base": "main", "sarif": "out.sarif", "comment": "out.md"})},
    )
    demand(
        outcome.returncode == 1 and "::error file=rules.yaml" in outcome.stdout,
        "the action fails a pull request that blinds an alert, and annotates the alert",
        outcome,
    )
    sarif = json.loads((shop / "out.sarif").read_text(encoding="utf-8"))
    demand(sarif["version"] == "2.1.0" and (shop / "out.md").exists(), "the action writes its other reports", outcome)
    demand_quietly(run(["git", "switch", "--quiet", "main"], shop))
    outcome = run(["bash", "-c", step["run"]], shop, {**path, **as_given({})})
    demand(outcome.returncode == 0, "the action passes a clean branch", outcome)
    demand_quietly(run(["git", "switch", "--quiet", "rename"], shop))


def check_gitlab(tools: Path, shop: Path) -> None:
    """The template's script in a merge request and on the default branch."""
    import yaml  # pylint: disable=import-outside-toplevel  # installed by main

    job = yaml.safe_load((TOP / "packaging/gitlab.yml").read_text(encoding="utf-8"))
    script = "\n".join(job["promsight"]["script"])
    environment = {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "PROMSIGHT_PATHS": job["variables"]["PROMSIGHT_PATHS"],
    }
    request = {**environment, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}
    outcome = run(["bash", "-e", "-c", script], shop, request)
    report = shop / "gl-code-quality-report.json"
    found = json.loads(report.read_text(encoding="utf-8")) if report.exists() else []
    demand(
        outcome.returncode == 1 and [one["location"]["path"] for one in found] == ["rules.yaml"],
        "the template fails a merge request that blinds an alert, and reports it as code quality",
        outcome,
    )
    demand_quietly(run(["git", "switch", "--quiet", "main"], shop))
    outcome = run(["bash", "-e", "-c", script], shop, environment)
    demand(outcome.returncode == 0, "the template passes a clean default branch", outcome)
    demand_quietly(run(["git", "switch", "--quiet", "rename"], shop))


def check_hook(tools: Path, shop: Path) -> None:
    """The hook's entry, as pre-commit starts it: from the repository, with its arguments."""
    import yaml  # pylint: disable=import-outside-toplevel  # installed by main

    for hook in yaml.safe_load((TOP / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")):
        command = [*hook["entry"].split(), *hook.get("args", [])]
        outcome = run([str(tools / command[0]), *command[1:]], shop)
        demand(outcome.returncode == 1, f"the hook `{hook['id']}` stops a commit that blinds an alert", outcome)


def main() -> None:
    """Everything, in one temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        venv.create(scratch / "venv", with_pip=True)
        tools = scratch / "venv" / "bin"
        demand_quietly(run([str(tools / "pip"), "install", "--quiet", "pyyaml"], scratch))
        sys.path[:0] = [str(path) for path in (scratch / "venv" / "lib").glob("python*/site-packages")]
        check_wheel(tools, scratch)
        shop = scratch / "shop"
        repository(shop)
        check_action(tools, shop)
        check_gitlab(tools, shop)
        check_hook(tools, shop)


if __name__ == "__main__":
    main()
