"""Records what values a chart sees when a release is given some, from the real Helm, into values.json.

    python3 testdata/helm/record_values.py HELM

The chart consists of values/values.yaml and a template that prints its values; each case is a list of options of
`helm template`. A case that Helm refuses is recorded with its message.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
FILE = "production.yaml"
CASES = [
    [],
    ["-f", FILE],
    ["--set", "replicas=3"],
    ["--set", "replicas=03"],
    ["--set", "replicas=0"],
    ["--set", "replicas=-2,image.tag=1.5"],
    ["--set", "monitor.enabled=true,monitor.labels.release=stack"],
    ["--set", "monitor.enabled=TRUE"],
    ["--set", "monitor.labels=null"],
    ["--set", "monitor=null"],
    ["--set-string", "replicas=3,monitor.enabled=true"],
    ["--set", r"image.repository=a\,b"],
    ["--set", r"monitor.labels.app\.kubernetes\.io/name=web"],
    ["--set", "ports={1,2,three}"],
    ["--set", "ports={}"],
    ["--set", "ports[1]=9200"],
    ["--set", "ports[3]=9200"],
    ["--set", "list[1].size=7"],
    ["--set", "list[0].labels.a=b"],
    ["--set", "new[0].a=1,new[0].b=2,new[1].a=3"],
    ["--set", "image.tag="],
    ["--set", "image.tag= spaced "],
    ["--set", "image.tag=a=b"],
    ["--set", "image.tag"],
    ["--set", "image.tag=1e3"],
    ["--set", "image.tag=12345678901234567890"],
    ["--set-json", 'monitor={"enabled":true,"ports":[1,2]}'],
    ["--set-json", 'ports=[1,{"a":"b"}]'],
    ["-f", FILE, "--set", "image.tag=3"],
    ["--set", "image.tag=3", "-f", FILE],
    ["-f", FILE, "--set", "replicas=5", "--set-string", "replicas=6"],
    ["--set-json", "replicas=8", "--set", "replicas=7"],
    ["--set", "image=flat"],
    ["--set", "image.tag.deep=1"],
    ["--set", "child.size=2,global.zone=eu"],
    ["-f", "values.yaml", "-f", FILE],
]


def main(helm):
    recorded = []
    with tempfile.TemporaryDirectory() as folder:
        chart = pathlib.Path(folder)
        (chart / "templates").mkdir()
        (chart / "templates" / "values.yaml").write_text("values: {{ .Values | toJson }}\nat: {{ .Release.Namespace }}/{{ .Release.Name }}\n")
        (chart / "Chart.yaml").write_text("apiVersion: v2\nname: app\nversion: 0.1.0\n")
        (chart / "values.yaml").write_text((HERE / "values" / "values.yaml").read_text())
        for options in CASES:
            command = [helm, "template", "till", str(chart), "--namespace", "shop", *options]
            run = subprocess.run(command, capture_output=True, text=True, cwd=HERE / "values")
            case = {"options": options}
            if run.returncode:
                case["error"] = run.stderr.strip().splitlines()[-1]
            else:
                case["output"] = run.stdout.split("\n", 2)[2]
            recorded.append(case)
    (HERE / "values.json").write_text(json.dumps(recorded, indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
