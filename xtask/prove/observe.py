"""Runs a system on loopback under the real Prometheus, and writes down what happens. It judges nothing.

    python3 observe.py PLAN ANSWER SYSTEM TREE PROMETHEUS

PLAN is what `cargo xtask prove` says of the system: what to run, what to discover, which rules to load. SYSTEM is the
folder with `system.json` (packages, settings that stand for what is outside) and, where something has to happen for
series to exist, `drive.py`. TREE is the source, of which a copy is run.

Each workload has an address of 127.71.0.0/16 of its own, so that ports are those of the source. Each Prometheus of the
system is a process of its own; what it discovers is a file, with the labels before relabelling, and its way to the
targets is a proxy that knows the names of Services as the cluster's name server does. Works on Linux, where all of
127.0.0.0/8 is loopback; needs no network but the package index.
"""

import fnmatch
import http.client
import http.server
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import venv

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 540
"""Seconds for all of it."""
STARTS = 90
"""Seconds in which a workload has to open what it opens."""
SETTLES = 12
"""Seconds of scraping at an interval of one second, once every target was asked."""
KEYS = [
    "job_name", "metrics_path", "scheme", "params", "honor_labels", "relabel_configs", "metric_relabel_configs",
    "sample_limit",
]
KEY = "__promsight_key"
SAMPLE = re.compile(r"^([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s")
LABEL = re.compile(r'(\w+)="(?:[^"\\]|\\.)*"')


class Processes:
    """Everything that was started, so that nothing outlives the run."""

    def __init__(self):
        self.started = []

    def start(self, command, **how):
        process = subprocess.Popen(command, start_new_session=True, **how)
        self.started.append(process)
        return process

    def stop(self):
        for signal_, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            for process in self.started:
                try:
                    os.killpg(process.pid, signal_)
                except (ProcessLookupError, PermissionError):
                    pass
            end = time.monotonic() + patience
            for process in self.started:
                try:
                    process.wait(max(0.1, end - time.monotonic()))
                except subprocess.TimeoutExpired:
                    pass


class Network:
    """Who answers under which name: the Services of the cluster, the services of compose, addresses."""

    def __init__(self, addresses, objects):
        self.addresses = addresses
        self.services = {}
        self.pods = []
        for object_ in objects:
            metadata = object_.get("metadata") or {}
            namespace = metadata.get("namespace") or "default"
            if object_["kind"] == "Service":
                self.services[metadata["name"], namespace] = object_.get("spec") or {}
                continue
            template = (object_.get("spec") or {}).get("template") or {}
            of = metadata.get("namespace")
            self.pods.append({
                "workload": f"{object_['kind']} {of + '/' if of else ''}{metadata['name']}",
                "namespace": namespace,
                "labels": (template.get("metadata") or {}).get("labels") or {},
                "ports": {
                    port.get("name"): port["containerPort"]
                    for container in template["spec"].get("containers") or []
                    for port in container.get("ports") or []
                },
            })

    def find(self, host, port, namespace):
        """The address and port behind a name; nothing where the name has none."""
        if re.fullmatch(r"[\d.]+", host):
            return host, port
        if f"service {host}" in self.addresses:
            return self.addresses[f"service {host}"], port
        name, *rest = host.split(".")
        if rest[1:] not in ([], ["svc"], ["svc", "cluster", "local"]):
            return None
        namespace = rest[0] if rest else namespace
        service = self.services.get((name, namespace))
        if not service or not service.get("selector"):
            return None
        wanted = service["selector"].items()
        for pod in self.pods:
            if pod["namespace"] != namespace or not wanted <= pod["labels"].items():
                continue
            for own in service.get("ports") or []:
                if own["port"] == port:
                    target = own.get("targetPort", port)
                    target = target if isinstance(target, int) else pod["ports"].get(target)
                    address = self.addresses.get(pod["workload"])
                    if target and address:
                        return address, target
        return None


def proxy(network, namespace):
    """A way to the targets for one Prometheus."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            url = urllib.parse.urlsplit(self.path)
            found = network.find(url.hostname, url.port or 80, namespace)
            if not found:
                self.send_error(502, "no such name")
                return
            try:
                connection = http.client.HTTPConnection(*found, timeout=5)
                headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
                connection.request("GET", url.path + ("?" + url.query if url.query else ""), headers=headers)
                answer = connection.getresponse()
                body = answer.read()
            except OSError as error:
                self.send_error(502, str(error))
                return
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def ask(port, path, **parameters):
    url = f"http://127.0.0.1:{port}{path}?{urllib.parse.urlencode(parameters, doseq=True)}"
    with urllib.request.urlopen(url, timeout=20) as answer:
        return json.load(answer)["data"]


def exposed(address, port, path):
    """What a workload answers at a place: its status, and its series with their labels."""
    try:
        with urllib.request.urlopen(f"http://{address}:{port}{path}", timeout=10) as answer:
            text = answer.read().decode()
    except urllib.error.HTTPError as error:
        return {"status": error.code}
    except OSError as error:
        return {"status": type(error).__name__}
    series = {}
    for line in text.splitlines():
        sample = None if line.startswith("#") else SAMPLE.match(line)
        if sample:
            series.setdefault(sample[1], set()).update(LABEL.findall(sample[2] or ""))
    return {"status": 200, "series": sorted_series(series)}


def sorted_series(series):
    return {name: sorted(series[name]) for name in sorted(series)}


class System:
    def __init__(self, plan, folder, tree, prometheus, place, processes):
        self.plan = plan
        self.folder = folder
        self.prometheus = prometheus
        self.place = place
        self.processes = processes
        with open(os.path.join(folder, "system.json"), encoding="utf-8") as about:
            self.about = json.load(about)
        self.tree = os.path.join(place, "tree")
        shutil.copytree(tree, self.tree)
        names = sorted({workload["name"] for workload in plan["workloads"]})
        self.addresses = {name: f"127.71.{1 + at // 250}.{1 + at % 250}" for at, name in enumerate(names)}
        self.network = Network(self.addresses, plan["objects"])
        self.running = {}

    def say(self, what):
        print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)

    def install(self):
        self.say("installs " + ", ".join(self.about["packages"]))
        venv.create(os.path.join(self.place, "venv"), with_pip=True)
        self.bin = os.path.join(self.place, "venv", "bin")
        subprocess.run(
            [os.path.join(self.bin, "pip"), "install", "--quiet", "--disable-pip-version-check", *self.about["packages"]],
            check=True,
            timeout=LIMIT,
        )

    def drive(self):
        script = os.path.join(self.folder, "drive.py")
        if os.path.exists(script):
            environment = {**os.environ, "PROVE_ADDRESSES": json.dumps(self.addresses), "PROVE_DRIVER": "127.71.0.1"}
            with open(os.path.join(self.place, "drive.log"), "wb") as log:
                self.driver = self.processes.start(
                    [os.path.join(self.bin, "python"), script], env=environment, stdout=log, stderr=log
                )

    def start(self, workload):
        name = workload["name"]
        scratch = os.path.join(self.place, "scratch", str(len(self.running)))
        os.makedirs(scratch)
        environment = {
            "PATH": self.bin + os.pathsep + "/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": os.path.join(HERE, "shim"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "HOME": scratch,
            "TMPDIR": scratch,
            "PROVE_ADDRESS": self.addresses[name],
            "PROVE_BINDS": os.path.join(scratch, "binds"),
            **workload["environment"],
        }
        for pattern, settings in self.about.get("environment", {}).items():
            if fnmatch.fnmatch(name, pattern):
                for variable, value in settings.items():
                    environment[variable] = value.replace("{scratch}", scratch)
                    if value.endswith("/"):
                        os.makedirs(environment[variable], exist_ok=True)
        log = os.path.join(scratch, "log")
        with open(log, "wb") as out:
            process = self.processes.start(
                workload["command"],
                env=environment,
                executable=shutil.which(workload["command"][0], path=environment["PATH"]),
                cwd=os.path.join(self.tree, self.about.get("directory", "")),
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
            )
        self.running[name] = {"process": process, "binds": environment["PROVE_BINDS"], "log": log}

    def binds(self, name):
        try:
            with open(self.running[name]["binds"], encoding="utf-8") as binds:
                lines = {tuple(line.split()) for line in binds}
        except OSError:
            return []
        own = self.addresses[name]
        return sorted({int(port) for address, port in lines if address.endswith(own)})

    def start_all(self):
        workloads = self.plan["workloads"]
        self.say(f"starts {len(workloads)} workloads")
        for at in range(0, len(workloads), 3):
            group = workloads[at : at + 3]
            for workload in group:
                self.start(workload)
            end = time.monotonic() + STARTS
            waiting = [workload for workload in group if workload["asked"]]
            while waiting and time.monotonic() < end:
                time.sleep(0.2)
                waiting = [
                    workload
                    for workload in waiting
                    if self.running[workload["name"]]["process"].poll() is None
                    and not {port for port, _ in workload["asked"]} <= set(self.binds(workload["name"]))
                ]
        time.sleep(3)

    def substituted(self, label, value, workload):
        """A label's value with what only the run knows."""
        if "*" not in value:
            return value
        address = self.addresses.get(workload)
        if address and (label == "__address__" or label.endswith("_ip")):
            return value.replace("*", address)
        return value.replace("*", "x7")

    def group(self, job, target):
        labels = {
            label: self.substituted(label, value, target["workload"]) for label, value in target["discovered"].items()
        }
        address = labels.pop("__address__", "")
        config = job["config"]
        # What Prometheus adds by itself it shall add by itself.
        defaults = {
            "job": config.get("job_name"),
            "__metrics_path__": config.get("metrics_path", "/metrics"),
            "__scheme__": config.get("scheme", "http"),
        }
        for label, value in defaults.items():
            if labels.get(label) == value:
                del labels[label]
        labels = {label: value for label, value in labels.items() if not label.startswith("__scrape_")}
        return {"targets": [address], "labels": {**labels, KEY: target["key"]}}

    def serve(self, number, server):
        """Starts one Prometheus; its port."""
        place = os.path.join(self.place, f"prometheus-{number}")
        os.makedirs(place)
        way = proxy(self.network, server["namespace"] or "default")
        jobs = []
        for at, job in enumerate(server["jobs"]):
            targets = os.path.join(place, f"targets-{at}.json")
            with open(targets, "w", encoding="utf-8") as file:
                json.dump([self.group(job, target) for target in job["targets"]], file)
            config = {key: job["config"][key] for key in KEYS if key in job["config"]}
            config.update(file_sd_configs=[{"files": [targets]}], proxy_url=f"http://127.0.0.1:{way}")
            jobs.append(config)
        configuration = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [os.path.join(place, "rules.yml")],
            "scrape_configs": jobs,
        }
        with open(os.path.join(place, "prometheus.yml"), "w", encoding="utf-8") as file:
            json.dump(configuration, file, indent=1)
        port = free_port()
        with open(os.path.join(place, "log"), "wb") as log:
            process = self.processes.start(
                [
                    self.prometheus,
                    f"--config.file={place}/prometheus.yml",
                    f"--storage.tsdb.path={place}/data",
                    f"--web.listen-address=127.0.0.1:{port}",
                    "--web.enable-lifecycle",
                ],
                stdout=log,
                stderr=log,
            )
        for _ in range(300):
            if process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=5)
                return port
            except OSError:
                time.sleep(0.2)
        with open(os.path.join(place, "log"), encoding="utf-8") as log:
            raise SystemExit(f"{server['name']}: Prometheus does not start:\n{log.read()[-3000:]}")

    def load(self, number, server, port):
        """Loads the rules that Prometheus takes; the names of the others."""
        refused, groups = [], {}
        for rule in server["rules"]:
            name = f"{rule['group']}/{rule['name']}"
            try:
                ask(port, "/api/v1/query", query=rule["expr"])
            except urllib.error.HTTPError as error:
                if error.code != 400:
                    raise
                refused.append(name)
                continue
            entry = {rule["kind"]: rule["name"], "expr": rule["expr"], "labels": rule["labels"]}
            groups.setdefault(rule["group"], []).append(entry)
        rules = {"groups": [{"name": group, "rules": entries} for group, entries in groups.items()]}
        with open(os.path.join(self.place, f"prometheus-{number}", "rules.yml"), "w", encoding="utf-8") as file:
            json.dump(rules, file)
        request = urllib.request.Request(f"http://127.0.0.1:{port}/-/reload", method="POST")
        urllib.request.urlopen(request, timeout=20)
        return sorted(refused)

    def settle(self, ports):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            targets = [target for port in ports for target in ask(port, "/api/v1/targets")["activeTargets"]]
            if targets and all(target["health"] != "unknown" for target in targets):
                break
            time.sleep(1)
        time.sleep(SETTLES)

    def nameless(self, value):
        return re.sub(r"127\.71\.\d+\.\d+", "*", value)

    def targets(self, server, port):
        jobs = {job["name"]: {} for job in server["jobs"]}
        found = ask(port, "/api/v1/targets")
        for target in found["droppedTargets"] or []:
            jobs[target["scrapePool"]][target["discoveredLabels"][KEY]] = {"state": "dropped"}
        for target in found["activeTargets"]:
            labels = target["labels"]
            match = ",".join(f"{label}={json.dumps(value)}" for label, value in labels.items())
            series = {}
            for one in ask(port, "/api/v1/series", **{"match[]": f"{{{match}}}"}):
                name = one.pop("__name__")
                series.setdefault(name, set()).update(set(one) - set(labels))
            series = {name: labels for name, labels in series.items() if name not in self.recorded(server)}
            jobs[target["scrapePool"]][target["discoveredLabels"][KEY]] = {
                "state": "active",
                "health": target["health"],
                "labels": {label: self.nameless(value) for label, value in sorted(labels.items())},
                "series": sorted_series(series) if target["health"] == "up" else {},
            }
        return {job: dict(sorted(targets.items())) for job, targets in jobs.items()}

    def recorded(self, server):
        """The names of series that rules of the server write."""
        return {"ALERTS", "ALERTS_FOR_STATE", *(rule["name"] for rule in server["rules"] if rule["kind"] == "record")}

    def results(self, server, port, refused):
        def number(query):
            return len(ask(port, "/api/v1/query", query=query)["result"])

        selectors, results = {}, {}
        for rule in server["rules"]:
            name = f"{rule['group']}/{rule['name']}"
            if name in refused:
                continue
            is_record = rule["kind"] == "record"
            results[name] = number(f"{{__name__={json.dumps(rule['name'])}}}" if is_record else rule["expr"])
            for selector in rule["selectors"]:
                selectors.setdefault(selector, number(selector))
        return {"refused": refused, "results": dict(sorted(results.items())), "selectors": dict(sorted(selectors.items()))}

    def workloads(self):
        seen = {}
        for workload in self.plan["workloads"]:
            name = workload["name"]
            own = self.running[name]
            seen[name] = {"alive": own["process"].poll() is None, "listens": self.binds(name)}
            if not seen[name]["alive"]:
                with open(own["log"], encoding="utf-8", errors="replace") as log:
                    seen[name]["log"] = log.read()[-600:]
            seen[name]["answers"] = {
                f"{port}{path}": exposed(self.addresses[name], port, path) for port, path in workload["asked"]
            }
        return dict(sorted(seen.items()))

    def versions(self, port):
        installed = subprocess.run(
            [os.path.join(self.bin, "pip"), "list", "--format=json", "--disable-pip-version-check"],
            capture_output=True, check=True, timeout=60,
        )
        installed = {package["name"]: package["version"] for package in json.loads(installed.stdout)}
        version = ask(port, "/api/v1/status/buildinfo")["version"]
        if not version and shutil.which("go"):
            # One that was installed as a module of Go does not know its version.
            built = subprocess.run(["go", "version", "-m", self.prometheus], capture_output=True, text=True, timeout=60)
            found = re.search(r"^\s+mod\s+github.com/prometheus/prometheus\s+(\S+)", built.stdout, re.MULTILINE)
            version = found[1] if found else ""
        names = [re.split(r"[=<>\[]", package)[0] for package in self.about["packages"]]
        return {
            "python": sys.version.split()[0],
            "prometheus": version,
            **{name: installed.get(name.replace("_", "-"), installed.get(name)) for name in names},
        }

    def observe(self):
        self.install()
        self.drive()
        self.start_all()
        self.say(f"starts {len(self.plan['servers'])} Prometheus")
        ports = [self.serve(number, server) for number, server in enumerate(self.plan["servers"])]
        refused = [
            self.load(number, server, port) for number, (server, port) in enumerate(zip(self.plan["servers"], ports))
        ]
        self.say("scrapes")
        self.settle(ports)
        self.say("asks")
        servers = {}
        for server, port, names in zip(self.plan["servers"], ports, refused):
            servers[server["name"]] = {"jobs": self.targets(server, port), **self.results(server, port, names)}
        if hasattr(self, "driver") and self.driver.poll() is not None:
            with open(os.path.join(self.place, "drive.log"), encoding="utf-8") as log:
                raise SystemExit(f"drive.py ended:\n{log.read()[-3000:]}")
        return {"versions": self.versions(ports[0]), "workloads": self.workloads(), "servers": servers}


def main():
    plan, answer, folder, tree, prometheus = sys.argv[1:]
    prometheus = shutil.which(prometheus) or sys.exit(f"{prometheus}: no such program")
    with open(plan, encoding="utf-8") as file:
        plan = json.load(file)

    def end(number, _):
        raise SystemExit(f"ended by {signal.Signals(number).name}")

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
        signal.signal(number, end)
    signal.alarm(LIMIT)
    processes = Processes()
    with tempfile.TemporaryDirectory(prefix="promsight-prove-", ignore_cleanup_errors=True) as place:
        try:
            observed = System(plan, folder, tree, prometheus, place, processes).observe()
        finally:
            signal.alarm(0)
            processes.stop()
    with open(answer, "w", encoding="utf-8") as file:
        json.dump(observed, file)


main()
