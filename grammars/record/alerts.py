"""Records the names of the alerts that public rule sets define: `python3 alerts.py CLONES`.

CLONES is a folder of git clones (bare ones do), each named like its repository. Writes `../alerts/*.yaml`; the words
under `territory` are kept as they stand in a file that is there already. Needs PyYAML for the heads of the files only:
the rule files are templates as often as YAML, so their `alert:` lines are read as lines.
"""

import fnmatch
import pathlib
import re
import subprocess
import sys

import yaml

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "alerts"

# File name, repository, and where in it the rules stand. Of a path that ends in `.md` the file's name is the alert.
COLLECTIONS = [
    ("awesome-prometheus-alerts", "samber/awesome-prometheus-alerts", ["dist/rules/*.yml"]),
    ("ceph", "rook/rook", ["deploy/charts/rook-ceph-cluster/prometheus/*.yaml"]),
    ("kube-prometheus", "prometheus-operator/kube-prometheus", ["manifests/*-prometheusRule.yaml"]),
    ("loki", "grafana/loki", ["production/loki-mixin-compiled*/alerts.yaml", "operator/internal/manifests/internal/alerts/*.yaml"]),
    ("monitoring-mixins", "monitoring-mixins/website", ["assets/*/alerts.yaml"]),
    ("openshift", "openshift/runbooks", ["alerts/*.md"]),
    ("thanos", "thanos-io/thanos", ["examples/alerts/alerts.yaml"]),
    ("victoriametrics", "VictoriaMetrics/VictoriaMetrics", ["deployment/docker/rules/alerts-*.yml"]),
]

ALERT = re.compile(r"""^\s*(?:-\s+)?["']?alert["']?\s*:\s*["']?([A-Za-z_][\w-]*)["']?\s*,?\s*$""", re.M)
NAME = re.compile(r"[A-Z][A-Za-z0-9_]*[a-z][A-Za-z0-9_]*")


def git(clone, *arguments):
    return subprocess.run(["git", "-C", str(clone), *arguments], check=True, capture_output=True, text=True).stdout


def names(clone, patterns):
    paths = git(clone, "ls-tree", "-r", "--name-only", "HEAD").splitlines()
    for path in paths:
        if not any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns):
            continue
        if path.endswith(".md"):
            stem = pathlib.PurePosixPath(path).stem
            yield from [stem] if NAME.fullmatch(stem) and stem != "README" else []
        else:
            yield from ALERT.findall(git(clone, "show", f"HEAD:{path}"))


def main():
    clones = pathlib.Path(sys.argv[1])
    for name, repository, patterns in COLLECTIONS:
        clone = clones / repository.split("/")[1]
        alerts = sorted(set(names(clone, patterns)))
        commit = git(clone, "log", "-1", "--format=%h of %cs").strip()
        file = FOLDER / f"{name}.yaml"
        known = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}
        territory = ", ".join(known.get("territory") or [])
        text = f"name: {name}\nsource: {repository} at {commit}\n"
        text += f"territory: [{territory}]\n" if territory else ""
        text += "alerts: |\n" + "".join(f"  {alert}\n" for alert in alerts)
        file.write_text(text, encoding="utf-8")
        print(f"{name}: {len(alerts)}", file=sys.stderr)


if __name__ == "__main__":
    main()
