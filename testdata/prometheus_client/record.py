"""Records what the real `prometheus_client` makes of many constructor calls.

    python3 record.py            writes exposition.json beside this file

Every version below gets a virtual environment of its own in a temporary folder. For each call the record holds the
error it raised, or the family's name, the sample names that `generate_latest` prints, in order, and a histogram's
`le` values. Answers of the older versions are kept only where they differ.
"""

import itertools
import json
import os
import subprocess
import sys
import tempfile

VERSIONS = ["0.26.0", "0.14.1", "0.8.0"]
METRICS = ["Counter", "Gauge", "Histogram", "Summary", "Info", "Enum"]
FAMILIES = [
    "CounterMetricFamily",
    "GaugeMetricFamily",
    "HistogramMetricFamily",
    "SummaryMetricFamily",
    "InfoMetricFamily",
    "StateSetMetricFamily",
    "UnknownMetricFamily",
]
NAMES = [
    "requests",
    "requests_total",
    "requests_total_total",
    "total",
    "_total",
    "requests_total_failed",
    "requests_Total",
    "requests_info",
    "requests_created",
    "requests_bucket",
    "requests_sum",
    "requests_count",
    "app:requests:rate5m",
    "requests_",
]
ODD_NAMES = [
    "",
    "http.requests",
    "http-requests_total",
    "2xx_responses",
    "größe",
    "requests made",
    'quoted"name',
    "back\\slash",
    "__reserved",
    "_",
    ":",
    "9",
]
UNITS = [
    ("wait_seconds", "seconds"),
    ("wait", "seconds"),
    ("seconds", "seconds"),
    ("waitseconds", "seconds"),
    ("wait_seconds_total", "seconds"),
    ("wait_total", "seconds"),
    ("wait_total_seconds", "seconds"),
    ("signal_dB", "dB"),
    ("signal", "dB"),
    ("signal_db", "dB"),
    ("wait", "total"),
    ("wait_total", "total"),
    ("_total", "seconds"),
    ("wait", "_seconds"),
    ("wait", "milli.seconds"),
]
PARTS = [
    ("app", ""),
    ("", "db"),
    ("app", "db"),
    ("app_", "db"),
    ("_", ""),
    ("app.web", "db"),
    ("1", ""),
]
BOUNDS = [
    ["0.005", "0.01", "1", "30"],
    ["1"],
    ["inf"],
    [],
    ["1", "inf"],
    ["3", "1"],
    ["1", "1"],
    ["0", "1"],
    ["-0.0", "1"],
    ["-1", "0", "1"],
    ["-inf", "0"],
    ["-0.5"],
    ["99999", "100000", "999999", "1000000", "1000001", "10000000", "123456789"],
    ["1000000.5", "1234567.25", "5e6", "2.5e6", "1.5e9"],
    ["1e9", "1e10", "1e12", "1e15", "9999999999999998"],
    ["1e16", "1.5e16", "1e17", "1e21", "1e100", "1.7976931348623157e308"],
    ["1e-3", "1e-4", "1e-5", "1.5e-5", "1e-7", "5e-324"],
    ["0.1", "0.2", "0.30000000000000004", "0.333333333333333314829616256247"],
    ["1024", "65536", "1048576", "1073741824", "1099511627776"],
    ["100.0", "250.0", "2500.0", "604800.0", "2592000.0"],
]
BOUNDS[9] = sorted(BOUNDS[9], key=float)
BOUNDS[13] = sorted(BOUNDS[13], key=float)
BOUNDS[16] = sorted(BOUNDS[16], key=float)


def calls():
    """Every recorded call, as a dictionary of the arguments that are given."""
    for kind in METRICS:
        for name in NAMES + ODD_NAMES:
            yield {"class": kind, "name": name}
        for name, unit in UNITS:
            yield {"class": kind, "name": name, "unit": unit}
        for (namespace, subsystem), name in itertools.product(PARTS, ["requests", "requests_total"]):
            yield {"class": kind, "name": name, "namespace": namespace, "subsystem": subsystem}
        yield {"class": kind, "name": "", "namespace": "app", "subsystem": "db"}
        yield {"class": kind, "name": "wait", "namespace": "app", "subsystem": "db", "unit": "seconds"}
        yield {"class": kind, "name": "_total", "namespace": "app"}
        yield {"class": kind, "name": "total", "namespace": "app"}
        for label in ["path", "le", "quantile", "__name__", "__x", "_x", "a-b", "größe", "1a", "", "requests", "job"]:
            yield {"class": kind, "name": "requests", "labelnames": [label]}
        yield {"class": kind, "name": "requests", "namespace": "app", "labelnames": ["path", "app_requests"]}
        yield {"class": kind, "name": "requests_total", "labelnames": ["path", "method"], "unit": "bytes"}
    for bounds in BOUNDS:
        yield {"class": "Histogram", "name": "wait", "buckets": bounds}
    yield {"class": "Enum", "name": "state", "states": []}
    yield {"class": "Enum", "name": "state", "states": ["only"]}
    for kind in FAMILIES:
        for name in NAMES + [name for name in ODD_NAMES if name]:
            yield {"class": kind, "name": name}
        if kind not in ("InfoMetricFamily", "StateSetMetricFamily"):
            for name, unit in UNITS:
                yield {"class": kind, "name": name, "unit": unit}


def construct(call, client, core, registry):
    """Makes the metric of a call and gives it a value; the object that knows its family's name."""
    arguments = {key: value for key, value in call.items() if key not in ("class", "buckets", "states")}
    arguments["documentation"] = "Help."
    kind = call["class"]
    if kind in FAMILIES:
        family = getattr(core, kind)(**arguments)
        values = {
            "HistogramMetricFamily": ([("1.0", 1), ("+Inf", 2)], 3),
            "SummaryMetricFamily": (1, 2),
            "InfoMetricFamily": ({"version": "1"},),
            "StateSetMetricFamily": ({"on": True, "off": False},),
        }
        family.add_metric([], *values.get(kind, (1,)))

        class Collector:
            def collect(self):
                return [family]

        registry.register(Collector())
        return family.name
    if "buckets" in call:
        arguments["buckets"] = [float(bound) for bound in call["buckets"]]
    if kind == "Enum":
        arguments["states"] = call.get("states", ["on", "off"])
    metric = getattr(client, kind)(registry=registry, **arguments)
    child = metric.labels(*["x"] * len(call["labelnames"])) if call.get("labelnames") else metric
    if kind == "Info":
        child.info({"version": "1"})
    return metric._name


def sample_names(text):
    """The names of printed samples in order, each once, and the `le` values in order."""
    names, bounds = [], []
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith('{"'):
            # A quoted name stands first inside the braces.
            name, end = json.JSONDecoder().raw_decode(line[1:])
        else:
            name = line.split("{")[0].split(" ")[0]
        if name not in names:
            names.append(name)
        if 'le="' in line and name.endswith("_bucket"):
            bounds.append(line.split('le="')[1].split('"')[0])
    return names, bounds


def answer(call, client, core):
    """What this version of the client makes of a call."""
    registry = client.CollectorRegistry()
    try:
        family = construct(call, client, core, registry)
    except Exception as error:
        return {"error": type(error).__name__}
    result = {"family": family}
    result["samples"], bounds = sample_names(client.generate_latest(registry).decode())
    try:
        unescaped, _ = sample_names(client.generate_latest(registry, escaping="allow-utf-8").decode())
        if unescaped != result["samples"]:
            result["unescaped"] = unescaped
    except TypeError:
        pass
    if bounds:
        result["le"] = bounds
    return result


def collect():
    """The answers of the client that this interpreter has."""
    import prometheus_client as client
    import prometheus_client.core as core

    answers = [answer(call, client, core) for call in calls()]
    if hasattr(client, "disable_created_metrics"):
        client.disable_created_metrics()
        for call, full in zip(calls(), answers):
            without = answer(call, client, core).get("samples", [])
            gone = [name for name in full.get("samples", []) if name not in without]
            if gone:
                full["created"] = gone
        client.enable_created_metrics()
    try:
        from prometheus_client.validation import enable_legacy_validation
    except ImportError:
        return answers
    enable_legacy_validation()
    for call, full in zip(calls(), answers):
        if "error" in answer(call, client, core) and "error" not in full:
            full["refused_by_legacy_validation"] = True
    return answers


def main():
    if sys.argv[1:] == ["--collect"]:
        json.dump(collect(), sys.stdout)
        return
    recorded = {}
    for version in VERSIONS:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            python = os.path.join(folder, "bin", "python")
            package = f"prometheus_client=={version}"
            subprocess.run([python, "-m", "pip", "install", "--quiet", package], check=True)
            output = subprocess.run([python, __file__, "--collect"], check=True, stdout=subprocess.PIPE)
            recorded[version] = json.loads(output.stdout)
    newest, *older = VERSIONS
    cases = []
    for index, call in enumerate(calls()):
        case = {"call": call, **recorded[newest][index]}
        known = ("error", "family", "samples", "le")
        same = {key: case[key] for key in known if key in case}
        different = {}
        for version in older:
            old = {key: value for key, value in recorded[version][index].items() if key in known}
            if old != same:
                different[version] = old
        if different:
            case["older"] = different
        cases.append(case)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "exposition.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write('{\n"prometheus_client": %s,\n"cases": [\n' % json.dumps(newest))
        file.write(",\n".join(json.dumps(case, ensure_ascii=False) for case in cases))
        file.write("\n]\n}\n")
    print(len(cases), "cases")


if __name__ == "__main__":
    main()
