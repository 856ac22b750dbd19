"""Records which updates the real `prometheus_client` refuses.

    python3 record_updates.py            writes updates.json beside this file

Every version below gets a virtual environment of its own in a temporary folder. For each declaration and call the
record holds the exception's type and message, or that there was none.
"""

import json
import os
import subprocess
import sys
import tempfile

VERSIONS = ["0.26.0", "0.14.1", "0.8.0"]

DECLARATIONS = {
    "Counter": 'Counter("m", "M.")',
    "Gauge": 'Gauge("m", "M.")',
    "Histogram": 'Histogram("m", "M.")',
    "Summary": 'Summary("m", "M.")',
    "Info": 'Info("m", "M.")',
    "Enum": 'Enum("m", "M.", states=["in", "out"])',
    "Counter with labels": 'Counter("m", "M.", ["a", "b"])',
    "Gauge with labels": 'Gauge("m", "M.", ["a", "b"])',
    "Histogram with labels": 'Histogram("m", "M.", ["a", "b"])',
    "Summary with labels": 'Summary("m", "M.", ["a", "b"])',
    "Info with labels": 'Info("m", "M.", ["a", "b"])',
    "Enum with labels": 'Enum("m", "M.", ["a", "b"], states=["in", "out"])',
}
METHODS = [
    "inc()",
    "inc(0)",
    "inc(2)",
    "inc(-1)",
    "dec()",
    "dec(-1)",
    "set(1)",
    "set(-1)",
    "observe(1)",
    "observe(-1)",
    'info({"v": "1"})',
    'state("in")',
    'state("sideways")',
    'state(state="out")',
    "set_to_current_time()",
    "set_function(lambda: 1)",
]
# They raise when the block is left, or the function is called.
BLOCKS = ["time()", "count_exceptions()", "track_inprogress()"]
LABELS = [
    "labels()",
    'labels("1")',
    'labels("1", "2")',
    'labels("1", "2", "3")',
    'labels(a="1")',
    'labels(a="1", b="2")',
    'labels(b="1", a="2")',
    'labels(a="1", c="2")',
    'labels(a="1", b="2", c="3")',
    'labels("1", b="2")',
    'labels(1, True)',
    'labels(None, 1.5)',
    'remove("1", "2")',
    'remove("1")',
]


def calls():
    """Every recorded declaration with every call."""
    for name, declaration in DECLARATIONS.items():
        for method in METHODS:
            yield declaration, f"m.{method}"
        for block in BLOCKS:
            yield declaration, f"with m.{block}:\n    pass"
        for labels in LABELS:
            yield declaration, f"m.{labels}"
        if name.endswith("labels"):
            for method in METHODS:
                yield declaration, f'm.labels("1", "2").{method}'
            yield declaration, 'm.labels("1", "2").labels("1", "2")'


def answer(declaration, call):
    """What running the two raises, in a registry of its own."""
    import prometheus_client

    names = {name: getattr(prometheus_client, name) for name in ("Gauge", "Counter", "Histogram", "Summary", "Info", "Enum")}
    registry = prometheus_client.CollectorRegistry()
    names["m"] = eval(declaration[:-1] + ", registry=registry)", dict(names, registry=registry))
    try:
        exec(call, names)
    except Exception as error:
        return {"raises": type(error).__name__, "message": str(error)}
    return {}


def main():
    if sys.argv[1:] == ["--collect"]:
        json.dump([answer(*call) for call in calls()], sys.stdout)
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
    for index, (declaration, call) in enumerate(calls()):
        case = {"declaration": declaration, "call": call, **recorded[newest][index]}
        different = {version: recorded[version][index] for version in older if recorded[version][index] != recorded[newest][index]}
        if different:
            case["older"] = different
        cases.append(case)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "updates.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write('{\n"prometheus_client": %s,\n"cases": [\n' % json.dumps(newest))
        file.write(",\n".join(json.dumps(case, ensure_ascii=False) for case in cases))
        file.write("\n]\n}\n")
    print(len(cases), "cases")


if __name__ == "__main__":
    main()
