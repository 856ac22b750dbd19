"""Measures `promsight metrics` against what running code registers.

    python3 oracle.py [--binary PROMSIGHT] [--work FOLDER] [--again] [PROJECT ...]

`projects.json` names packages of PyPI with their exact versions. Each is fetched and unpacked below the work folder,
recorded by `record.py` in a process of its own, and compared with the inventory that promsight makes of the same tree
without running it. The recording is written to `testdata/inventory/NAME.json` where it is not there yet, or with
`--again`; the code itself is never committed.

The judgement, a family at a time:

- *exact*: promsight has an exact name with the same type and the same known label names;
- *open*: the name is exact and the type right, and promsight says that it does not know all labels;
- *pattern*: only a pattern of promsight's admits the name;
- *wrong*: the name is there with another type or other labels;
- *missed*: nothing admits the name.

What promsight claims beyond that is *invented* where the claiming place ran and never made that name, and *not judged*
where it never ran. Recall is exact over recorded; precision is right claims over judged claims.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
RECORDED = os.path.join(ROOT, "testdata", "inventory")
CLIENT = "prometheus_client==0.26.0"


def pip(*arguments):
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", *arguments]
    subprocess.run(command, check=True, timeout=600)


def fetch(project, work):
    """The tree of a project, unpacked once: `(tree, folder of what it needs)`."""
    base = os.path.join(work, project["name"])
    tree, needs = os.path.join(base, "tree"), os.path.join(base, "needs")
    if not os.path.isdir(tree):
        download = os.path.join(base, "download")
        os.makedirs(download, exist_ok=True)
        pip("download", "--no-deps", "-d", download, f"{project['package']}=={project['version']}")
        unpacked = tree + ".part"
        shutil.rmtree(unpacked, ignore_errors=True)
        for name in os.listdir(download):
            archive = os.path.join(download, name)
            if name.endswith((".whl", ".zip")):
                zipfile.ZipFile(archive).extractall(unpacked)
            else:
                tarfile.open(archive).extractall(unpacked, filter="data")
        # A source archive holds one folder, in which the project lies; `root` says where its packages begin.
        inner = os.listdir(unpacked)
        top = os.path.join(unpacked, inner[0]) if len(inner) == 1 and not download_is_wheel(download) else unpacked
        os.rename(os.path.join(top, project.get("root", "")).rstrip("/"), tree)
    if not os.path.isdir(needs):
        pip("install", "--target", needs, CLIENT)
        if project.get("requires"):
            # What it needs may ask for another client: the one that judges stays in front.
            pip("install", "--target", needs + ".more", *project["requires"])
    return tree, needs


def download_is_wheel(folder):
    return any(name.endswith(".whl") for name in os.listdir(folder))


def record(project, tree, needs, output):
    command = [sys.executable, os.path.join(HERE, "record.py"), "--tree", tree, "--path", needs, "--output", output]
    if os.path.isdir(needs + ".more"):
        command += ["--path", needs + ".more"]
    for word in ("only", "skip"):
        if project.get(word):
            command += [f"--{word}", project[word]]
    if project.get("every"):
        command.append("--every")
    if project.get("whole"):
        # Everything it needs is installed: what is missing is meant to be.
        command.append("--no-stand-ins")
    if project.get("driver"):
        command += ["--driver", os.path.join(HERE, "drivers", project["driver"])]
    environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", **project.get("environment", {}))
    environment.pop("PYTHONPATH", None)
    log = open(output + ".log", "w", encoding="utf-8")
    subprocess.run(command, env=environment, stdout=log, stderr=log, timeout=900, stdin=subprocess.DEVNULL)
    with open(output, encoding="utf-8") as file:
        recorded = json.load(file)
    return {"project": project["name"], "package": f"{project['package']} {project['version']}", **recorded}


def scanned(project, tree):
    """The tree that promsight reads: all of it, or a copy of what `scan` matches where the whole would take minutes."""
    if not project.get("scan"):
        return tree
    small = os.path.join(os.path.dirname(tree), "scanned")
    shutil.rmtree(small, ignore_errors=True)
    for folder, _, files in os.walk(tree):
        for name in files:
            path = os.path.relpath(os.path.join(folder, name), tree)
            if name.endswith(".py") and re.search(project["scan"], path):
                os.makedirs(os.path.dirname(os.path.join(small, path)), exist_ok=True)
                shutil.copy(os.path.join(tree, path), os.path.join(small, path))
    return small


def inventory(binary, tree):
    result = subprocess.run([binary, "metrics", "--format", "json", "."], cwd=tree, capture_output=True, timeout=900)
    if not result.stdout:
        print(f"{binary} printed nothing for {tree}:\n{result.stderr.decode(errors='replace')}")
        return {"metrics": []}
    return json.loads(result.stdout)


def admits(pattern, name):
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name) is not None


def described(entry):
    labels = entry["labels"]
    if labels is None or not entry.get("labels_known", True):
        labels = [*(labels or []), "…"]
    bounds = " " + " ".join(map(str, entry["buckets"])) if entry.get("buckets") else ""
    return f"{entry['type']} {entry['name']}{{{', '.join(labels)}}}{bounds}"


def place(entry):
    site = entry.get("site")
    if site:
        return f"{site['path']}:{site['line']}"
    return "{}:{}".format(*entry["frames"][0])


def is_same(ours, theirs):
    if ours["name"] != theirs["name"] or ours["type"] != theirs["type"]:
        return False
    if ours.get("buckets") and theirs.get("buckets"):
        if [bound for bound in map(float, ours["buckets"]) if bound != float("inf")] != theirs["buckets"]:
            return False
    return theirs["labels"] is None or (ours["labels_known"] and sorted(set(ours["labels"])) == sorted(set(theirs["labels"])))


def is_open(ours, theirs):
    if ours["name"] != theirs["name"] or ours["type"] != theirs["type"] or theirs["labels"] is None:
        return False
    return not ours["labels_known"]


def compare(recorded, inventory):
    """The judgement: lists of lines by verdict, and figures."""
    made = recorded["metrics"]
    claims = [
        metric
        for metric in inventory["metrics"]
        if metric["site"]["path"].endswith((".py", ".ipynb"))
        and metric["emitter"] != "recording-rule"
        and metric["liveness"] == "live"
        and not metric["test_only"]
    ]
    exact = [metric for metric in claims if metric["name_kind"] == "exact"]
    patterns = [metric for metric in claims if metric["name_kind"] == "pattern"]
    unresolved = [metric for metric in claims if metric["name_kind"] == "unresolved"]
    by_name = {}
    for metric in exact:
        by_name.setdefault(metric["name"], []).append(metric)
    verdicts = {word: [] for word in ("exact", "open", "pattern", "wrong", "missed", "invented", "not judged")}
    seen = set()
    for family in made:
        key = (family["name"], family["type"], tuple(sorted(family["labels"] or ())))
        if key in seen:
            continue
        seen.add(key)
        ours = by_name.get(family["name"], [])
        line = f"{described(family)} {place(family)}"
        if any(is_same(metric, family) for metric in ours):
            verdicts["exact"].append(line)
        elif any(is_open(metric, family) for metric in ours):
            verdicts["open"].append(line)
        elif ours:
            verdicts["wrong"].append(f"{line}: promsight has {described(ours[0])} {place(ours[0])}")
        elif any(admits(pattern["name"], family["name"]) for pattern in patterns):
            verdicts["pattern"].append(line)
        else:
            verdicts["missed"].append(line)
    ran = {}
    for family in made:
        for path, line in family["frames"]:
            ran.setdefault(path, set()).add(line)
    right = judged = 0
    for metric in exact:
        theirs = [family for family in made if family["name"] == metric["name"]]
        site = metric["site"]
        if not theirs and metric["emitter"] not in ("prometheus_client", "exposition-text"):
            # What a library exposes by itself is measured with that library.
            continue
        if not theirs:
            has_run = any(site["line"] <= line <= site["end_line"] for line in ran.get(os.path.normpath(site["path"]), ()))
            verdicts["invented" if has_run else "not judged"].append(f"{described(metric)} {place(metric)}")
            judged += has_run
            continue
        judged += 1
        if any(is_same(metric, family) or is_open(metric, family) for family in theirs):
            right += 1
        elif not any(metric["name"] in line for line in verdicts["wrong"]):
            verdicts["wrong"].append(f"{described(theirs[0])} {place(theirs[0])}: promsight also has {described(metric)} {place(metric)}")
    figures = {word: len(lines) for word, lines in verdicts.items()}
    figures["recorded"] = len(seen)
    figures["right"], figures["judged"] = right, judged
    reasons = [f"{place(metric)}: {metric.get('unresolved_reason') or 'no reason'}" for metric in unresolved]
    reasons += [f"{place(metric)}: {metric['name']}: {metric.get('unresolved_reason') or 'pattern'}" for metric in patterns]
    return verdicts, figures, reasons


def share(part, whole):
    return "–" if not whole else f"{100 * part / whole:.1f} %"


HEADER = (
    "| project | recorded | exact | open | pattern | wrong | missed | invented | not judged | recall | precision |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)
COLUMNS = ("recorded", "exact", "open", "pattern", "wrong", "missed", "invented", "not judged")


def row(name, figures):
    cells = " | ".join(str(figures[column]) for column in COLUMNS)
    return f"| {name} | {cells} | {share(figures['exact'], figures['recorded'])} | {share(figures['right'], figures['judged'])} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=os.path.join(ROOT, "target", "debug", "promsight"))
    parser.add_argument("--work", default=os.path.join(ROOT, "target", "oracle"))
    parser.add_argument("--again", action="store_true", help="record again what is recorded")
    parser.add_argument("--list", action="store_true", help="list what was found and what was not judged, too")
    parser.add_argument("projects", nargs="*")
    options = parser.parse_args()
    with open(os.path.join(HERE, "projects.json"), encoding="utf-8") as file:
        projects = json.load(file)["projects"]
    os.makedirs(RECORDED, exist_ok=True)
    rows, total = [], {}
    for project in projects:
        if options.projects and project["name"] not in options.projects:
            continue
        try:
            tree, needs = fetch(project, options.work)
        except (subprocess.SubprocessError, OSError) as error:
            print(f"\n## {project['package']} {project['version']}\nnot fetched: {error}", flush=True)
            continue
        kept = os.path.join(RECORDED, project["name"] + ".json")
        if options.again or not os.path.exists(kept):
            recorded = record(project, tree, needs, os.path.join(options.work, project["name"], "recorded.json"))
            write(kept, recorded)
        with open(kept, encoding="utf-8") as file:
            recorded = json.load(file)
        verdicts, figures, reasons = compare(recorded, inventory(os.path.abspath(options.binary), scanned(project, tree)))
        print(f"\n## {recorded['package']}", flush=True)
        for word, lines in verdicts.items():
            if word not in ("exact", "not judged") or options.list:
                for line in lines:
                    print(f"{word}: {line}")
        for reason in reasons:
            print(f"unresolved: {reason}")
        reasons = {}
        for name, reason in recorded["modules"]["failed"].items():
            reasons.setdefault(reason, []).append(name)
        for reason, names in sorted(reasons.items()):
            print(f"did not run: {len(names)} (such as {names[0]}): {reason}")
        rows.append(row(recorded["package"], figures))
        for word, number in figures.items():
            total[word] = total.get(word, 0) + number
    print(f"\n{HEADER}")
    for line in rows:
        print(line)
    if len(rows) > 1:
        print(row("all", total))


def write(path, recorded):
    """One metric a line, so that a change of the data can be read."""
    head = {key: value for key, value in recorded.items() if key != "metrics"}
    lines = [json.dumps(metric, ensure_ascii=False) for metric in recorded["metrics"]]
    text = json.dumps(head, indent=1, ensure_ascii=False)[:-2] + ',\n "metrics": [\n  ' + ",\n  ".join(lines) + "\n ]\n}\n"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text if lines else json.dumps(recorded, indent=1) + "\n")


if __name__ == "__main__":
    main()
