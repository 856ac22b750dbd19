"""Records what small programs expose that use instrumentation libraries: `testdata/libraries/NAME.py` → `NAME.txt`.

    python3 library_programs.py [NAME]…

Run it with the interpreter of a virtual environment that holds `requirements.txt` of this folder (installed
with `--no-deps` over their dependencies: old packages ask for old clients). Each program runs in its own interpreter
as `__main__`, with test clients only: nothing listens. It is an ordinary program; what `promsight metrics` finds in it
must be what it exposes. Printed is the default registry of prometheus_client in the OpenMetrics format, without the
client's own families; a program of another library has a function `exposition` that gives its text. What differs from
run to run (values, and those of labels) is left out.
"""

import importlib.metadata
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = os.path.join(HERE, "..", "..", "testdata", "libraries")
RUN = '''
import runpy, sys
names = runpy.run_path(sys.argv[1], run_name="__main__")
if "exposition" in names:
    text = names["exposition"]()
    print("=====")
    print(text)
else:
    from prometheus_client import REGISTRY
    from prometheus_client.openmetrics.exposition import generate_latest
    print("=====")
    print(generate_latest(REGISTRY).decode())
    for collector in REGISTRY._collector_to_names:
        if hasattr(collector, "_labelnames"):
            print("# LABELS", collector._name, ",".join(collector._labelnames) or "-")
'''
OWN = re.compile(r"python_info$|python_gc_|process_")
SAMPLE = re.compile(r"(?P<series>[^ {]+)(\{(?P<labels>.*)\})? \S+( .*)?$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
SUFFIXES = ("_total", "_created", "_bucket", "_count", "_sum", "_info", "")


def facts(text):
    """`NAME TYPE LABELS BOUNDS SERIES` for each family: `?` where nothing shows the labels, `-` for none."""
    families = {}
    for line in text.split("\n"):
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            family = families[name] = {"kind": kind, "labels": None, "bounds": [], "series": []}
        if line.startswith("# LABELS "):
            _, _, name, labels = line.split()
            # A name with a dash or a dot is written with underscores.
            name = re.sub("[^a-zA-Z0-9_:]", "_", name)
            families[name]["labels"] = set() if labels == "-" else set(labels.split(","))
        found = None if line.startswith("#") else SAMPLE.match(line.split(" # ")[0])
        if not found:
            continue
        labels = dict(LABEL.findall(found["labels"] or ""))
        if found["series"] not in family["series"]:
            family["series"].append(found["series"])
        if family["kind"] == "histogram" and "le" in labels:
            bound = labels.pop("le")
            if bound not in family["bounds"]:
                family["bounds"].append(bound)
        if family["kind"] == "summary":
            labels.pop("quantile", None)
        family["labels"] = (family["labels"] or set()) | set(labels)
    for name in sorted(families):
        family = families[name]
        if OWN.match(name):
            continue
        labels = "?" if family["labels"] is None else ",".join(sorted(family["labels"])) or "-"
        bounds = ",".join(family["bounds"]) or "-"
        yield f"{name} {family['kind']} {labels} {bounds} {','.join(family['series']) or '-'}"


def main():
    names = sys.argv[1:] or sorted(name[:-3] for name in os.listdir(PROGRAMS) if name.endswith(".py"))
    for name in names:
        path = os.path.join(PROGRAMS, name + ".py")
        run = subprocess.run([sys.executable, "-c", RUN, path], capture_output=True, text=True, cwd="/")
        if run.returncode:
            print(f"{name}: {run.stderr.strip().splitlines()[-1]}", file=sys.stderr)
            continue
        text = run.stdout.split("=====\n", 1)[1]
        with open(path, encoding="utf-8") as program:
            source = program.read()
        versions = []
        for package in installed():
            module = package[1]
            if re.search(rf"^\s*(from|import) {re.escape(module)}\b", source, re.M):
                versions.append(f"{package[0]} {importlib.metadata.version(package[0])}")
        with open(path[:-3] + ".txt", "w", encoding="utf-8") as out:
            out.write("# recorded from " + (", ".join(sorted(set(versions))) or "the libraries above") + "\n")
            out.write("\n".join(facts(text)) + "\n")


def installed():
    """Distribution and top-level module of what is installed."""
    for module, packages in importlib.metadata.packages_distributions().items():
        for package in packages:
            if "." not in module and module not in {"opentelemetry", "starlette", "fastapi", "flask"}:
                yield package, module
    for package in ("opentelemetry-api", "opentelemetry-sdk", "opentelemetry-exporter-prometheus"):
        yield package, "opentelemetry"


if __name__ == "__main__":
    main()
