"""Records what the real parsers say of the texts in ../cases.txt, into ../conformance.json.

    python3 record.py            needs prometheus_client, go and, if there, promtool

For each case: what Prometheus 3 would store of it (`prometheus`), what `prometheus_client`'s parsers read
(`client`), each as an error or a list of series with their labels, and whether `promtool check metrics` accepts it
(`promtool`, classic format only).
"""

import importlib.metadata
import json
import pathlib
import shutil
import subprocess

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families as classic_families

HERE = pathlib.Path(__file__).resolve().parent
CASES = HERE.parent / "cases.txt"
RECORD = HERE.parent / "conformance.json"


def cases():
    found = []
    for line in CASES.read_text(encoding="utf-8").split("\n"):
        if line.startswith("## "):
            continue
        if line.startswith("=== "):
            _, form, name = line.split(" ", 2)
            found.append({"name": name, "format": form, "text": ""})
        elif found:
            found[-1]["text"] += line
    for case in found:
        for sign, meant in (("⏎", "\n"), ("␍", "\r"), ("⇥", "\t")):
            case["text"] = case["text"].replace(sign, meant)
    return found


def client(case):
    read = openmetrics_families if case["format"] == "openmetrics" else classic_families
    try:
        families = list(read(case["text"]))
    except Exception as error:  # noqa: BLE001 - whatever it raises is the answer
        return {"error": str(error) or type(error).__name__}
    series = [
        {"name": sample.name, "labels": dict(sorted(sample.labels.items()))}
        for family in families
        for sample in family.samples
    ]
    return {"types": {family.name: family.type for family in families}, "series": series}


def promtool(case):
    if case["format"] != "text" or shutil.which("promtool") is None:
        return None
    run = subprocess.run(["promtool", "check", "metrics"], input=case["text"].encode(), capture_output=True, check=False)
    # 3 says that names break conventions, 1 that the text cannot be read.
    return {0: "accepted", 3: "accepted", 1: "refused"}[run.returncode]


def main():
    found = cases()
    names = [(case["format"], case["name"]) for case in found]
    assert len(names) == len(set(names)), "two cases have one name"
    go = subprocess.run(["go", "run", "."], cwd=HERE, input=json.dumps(found).encode(), stdout=subprocess.PIPE, check=True)
    for case, prometheus in zip(found, json.loads(go.stdout)):
        case["prometheus"] = prometheus
        case["client"] = client(case)
        case["promtool"] = promtool(case)
    module = subprocess.run(
        ["go", "list", "-m", "-f", "{{.Version}}", "github.com/prometheus/prometheus"],
        cwd=HERE, stdout=subprocess.PIPE, check=True, text=True,
    )
    record = {
        "versions": {
            "github.com/prometheus/prometheus": module.stdout.strip(),
            "prometheus_client": importlib.metadata.version("prometheus_client"),
            "promtool": version_of_promtool(),
        },
        "cases": found,
    }
    RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def version_of_promtool():
    if shutil.which("promtool") is None:
        return None
    text = subprocess.run(["promtool", "--version"], capture_output=True, text=True, check=False)
    return (text.stdout or text.stderr).split(",")[1].split("(")[0].strip().removeprefix("version ")


if __name__ == "__main__":
    main()
