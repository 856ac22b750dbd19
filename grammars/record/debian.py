"""Runs the exporters that Debian packages, scrapes them, and holds the catalogue against what they expose.

    python3 debian.py [--work FOLDER] [--write] [NAME]...

Packages are downloaded by `apt-get download` and unpacked into FOLDER; nothing is installed. Servers that are looked at
(PostgreSQL, MariaDB, Redis, nginx, HAProxy, Apache, BIND) are started on loopback with data of their own below FOLDER, taken
from the machine where it has them, else from their packages. What cannot run here is named and left out.

For each program it prints the families that its table lacks: neither in `metrics`, nor admitted by `patterns`, nor `gone`, nor
of the client library. Each is to be judged by hand: a name of an older release belongs under `gone`, with what stands in its
place and the first release without it. `--write` records the families in ../../testdata/catalogue/NAME.txt, which
`cargo test -p promsight-extract knowledge` holds against the tables.
"""

import argparse
import contextlib
import fnmatch
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import tables

HERE = pathlib.Path(__file__).resolve().parent
CATALOGUE = HERE.parent / "catalogue"
RECORDS = HERE.parent.parent / "testdata" / "catalogue"
# What every Go program exposes by its client library.
LIBRARIES = ["client_golang"]
PATIENCE = 30


class Missing(Exception):
    """Something that is needed is not here."""


class Machine:
    """Programs, ports and processes of one recording."""

    def __init__(self, folder):
        self.folder = folder
        self.running = contextlib.ExitStack()
        self.packages = folder / "packages"
        self.packages.mkdir(parents=True, exist_ok=True)

    def unpacked(self, package):
        target = self.folder / "unpacked" / package
        if not target.exists():
            run = subprocess.run(["apt-get", "download", package], cwd=self.packages, capture_output=True, text=True, check=False)
            found = sorted(self.packages.glob(f"{package}_*.deb"))
            if run.returncode or not found:
                raise Missing(f"package {package}")
            target.mkdir(parents=True)
            subprocess.run(["dpkg", "-x", found[-1], target], check=True)
        return target

    def version(self, package):
        text = subprocess.run(["apt-cache", "policy", package], capture_output=True, text=True, check=True).stdout
        return re.search(r"Candidate: (\S+)", text).group(1)

    def program(self, name, package, *libraries):
        """A program of the machine, else of a package with the libraries that it needs beside it."""
        found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/lib/postgresql/15/bin")
        if found:
            return found
        roots = [self.unpacked(one) for one in (package, *libraries)]
        for folder in ("usr/bin", "usr/sbin"):
            if (roots[0] / folder / name).exists():
                paths = [root / lib for root in roots for lib in ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu")]
                os.environ["LD_LIBRARY_PATH"] = ":".join(str(path) for path in paths if path.exists())
                return str(roots[0] / folder / name)
        raise Missing(f"{name} of {package}")

    def port(self):
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            return one.getsockname()[1]

    def data(self, name):
        folder = self.folder / "data" / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def start(self, arguments, **environment):
        log = open(self.folder / "log", "a", encoding="utf-8")
        process = subprocess.Popen(
            [str(one) for one in arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            env={**os.environ, **environment}, cwd=self.folder,
        )
        self.running.callback(stop, process)
        return process

    def wait(self, port):
        for _ in range(PATIENCE * 10):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return
            time.sleep(0.1)
        raise Missing(f"an answer on port {port}; see {self.folder / 'log'}")

    def fetch(self, port, path):
        self.wait(port)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
            return answer.read().decode()


def stop(process):
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
        return
    process.kill()


def exporter(machine, package, *arguments, listen="--web.listen-address=127.0.0.1:{port}", **environment):
    """Starts the exporter of a package; its port."""
    port = machine.port()
    program = machine.unpacked(package) / "usr/bin" / package
    machine.start([program, listen.format(port=port), *arguments], **environment)
    return port


def node(machine):
    return [(exporter(machine, "prometheus-node-exporter"), "/metrics")]


def blackbox(machine):
    package = "prometheus-blackbox-exporter"
    config = machine.data("blackbox") / "blackbox.yml"
    config.write_text("modules: {http: {prober: http}, tcp: {prober: tcp}, icmp: {prober: icmp}}\n", encoding="utf-8")
    port = exporter(machine, package, f"--config.file={config}")
    probes = [f"/probe?module={kind}&target={target}" for kind, target in (
        ("http", f"http://127.0.0.1:{port}"), ("tcp", f"127.0.0.1:{port}"), ("icmp", "127.0.0.1"),
    )]
    return [(port, path) for path in ["/metrics", *probes]]


def snmp(machine):
    config = machine.unpacked("prometheus-snmp-exporter") / "etc/prometheus/snmp.yml"
    if not config.exists():
        config = machine.data("snmp") / "snmp.yml"
        config.write_text("if_mib: {walk: [1.3.6.1.2.1.2], metrics: []}\n", encoding="utf-8")
    return [(exporter(machine, "prometheus-snmp-exporter", f"--config.file={config}"), "/metrics")]


def process(machine):
    listen = "--web.listen-address=127.0.0.1:{port}"
    return [(exporter(machine, "prometheus-process-exporter", "--procnames=bash,python3", listen=listen), "/metrics")]


def pushgateway(machine):
    port = exporter(machine, "prometheus-pushgateway")
    machine.wait(port)
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics/job/a", data=b"pushed_by_this_script 1\n", method="POST")
    urllib.request.urlopen(request, timeout=PATIENCE).close()
    return [(port, "/metrics")]


def redis(machine):
    port = machine.port()
    machine.start([machine.program("redis-server", "redis-tools"), "--port", port, "--dir", machine.data("redis")])
    machine.wait(port)
    return [(exporter(machine, "prometheus-redis-exporter", f"--redis.addr=redis://127.0.0.1:{port}"), "/metrics")]


def postgres(machine):
    initdb, server = (machine.program(name, "postgresql-15") for name in ("initdb", "postgres"))
    data, port = machine.data("postgres"), machine.port()
    # It refuses to run as root.
    as_other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.getuid() == 0 else []
    if as_other:
        os.chown(data, 65534, 65534)
        for parent in [data.parent, machine.folder]:
            parent.chmod(0o755)
    subprocess.run([*as_other, initdb, "-D", data, "-U", "postgres", "-A", "trust"], check=True, capture_output=True)
    machine.start([*as_other, server, "-D", data, "-p", port, "-k", data, "-h", "127.0.0.1"])
    machine.wait(port)
    time.sleep(2)
    name = f"postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=disable"
    return [(exporter(machine, "prometheus-postgres-exporter", DATA_SOURCE_NAME=name), "/metrics")]


def mysql(machine):
    install, server = (machine.program(name, "mariadb-server-core") for name in ("mariadb-install-db", "mariadbd"))
    data, port = machine.data("mysql"), machine.port()
    user = ["--user=root"] if os.getuid() == 0 else []
    subprocess.run([install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", *user],
                   check=True, capture_output=True)
    machine.start([server, "--no-defaults", f"--datadir={data}", f"--port={port}", "--bind-address=127.0.0.1",
                   f"--socket={data}/s", *user])
    machine.wait(port)
    time.sleep(2)
    flags = ["auto_increment.columns", "binlog_size", "engine_innodb_status", "global_status", "global_variables",
             "info_schema.clientstats", "info_schema.innodb_metrics", "info_schema.innodb_tablespaces",
             "info_schema.innodb_cmp", "info_schema.innodb_cmpmem", "info_schema.processlist", "info_schema.query_response_time",
             "info_schema.tables", "info_schema.tablestats", "info_schema.userstats", "perf_schema.eventsstatements",
             "perf_schema.eventswaits", "perf_schema.file_events", "perf_schema.indexiowaits", "perf_schema.tableiowaits",
             "perf_schema.tablelocks", "slave_status"]
    collect = [f"--collect.{flag}" for flag in flags]
    name = f"root@(127.0.0.1:{port})/"
    return [(exporter(machine, "prometheus-mysqld-exporter", *collect, DATA_SOURCE_NAME=name), "/metrics")]


def nginx(machine):
    data, port = machine.data("nginx"), machine.port()
    config = data / "nginx.conf"
    config.write_text(
        f"pid {data}/pid; error_log {data}/error.log; daemon off; events {{}}\n"
        f"http {{ access_log off; server {{ listen 127.0.0.1:{port}; location /stub_status {{ stub_status; }} }} }}\n",
        encoding="utf-8",
    )
    machine.start([machine.program("nginx", "nginx"), "-c", config, "-p", data])
    machine.wait(port)
    address = f"-nginx.scrape-uri=http://127.0.0.1:{port}/stub_status"
    return [(exporter(machine, "prometheus-nginx-exporter", address, listen="-web.listen-address=127.0.0.1:{port}"), "/metrics")]


def apache(machine):
    server = machine.program("apache2", "apache2-bin", "libapr1", "libaprutil1", "libaprutil1-ldap", "libjansson4", "liblua5.3-0")
    modules = next(
        (path for path in [pathlib.Path("/usr/lib/apache2/modules"), *machine.folder.glob("unpacked/*/usr/lib/apache2/modules")]
         if path.exists()), None)
    if modules is None:
        raise Missing("modules of apache2")
    data, port = machine.data("apache"), machine.port()
    config = data / "httpd.conf"
    loaded = "".join(f"LoadModule {name}_module {modules}/mod_{name}.so\n" for name in ("mpm_event", "authz_core", "status"))
    config.write_text(
        f"{loaded}ServerName localhost\nListen 127.0.0.1:{port}\nPidFile {data}/pid\nErrorLog {data}/error.log\n"
        f"DefaultRuntimeDir {data}\nExtendedStatus On\nUser nobody\nGroup nogroup\n"
        "<Location /server-status>\nSetHandler server-status\n</Location>\n",
        encoding="utf-8",
    )
    machine.start([server, "-f", config, "-DFOREGROUND"])
    machine.wait(port)
    address = f"--scrape_uri=http://127.0.0.1:{port}/server-status?auto"
    return [(exporter(machine, "prometheus-apache-exporter", address, listen="--telemetry.address=127.0.0.1:{port}"), "/metrics")]


def haproxy(machine):
    data, port = machine.data("haproxy"), machine.port()
    config = data / "haproxy.cfg"
    config.write_text(
        "defaults\n  mode http\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\n"
        f"listen all\n  bind 127.0.0.1:{port}\n  stats enable\n  stats uri /stats\n  server one 127.0.0.1:1\n",
        encoding="utf-8",
    )
    machine.start([machine.program("haproxy", "haproxy"), "-f", config, "-db"])
    machine.wait(port)
    address = f"--haproxy.scrape-uri=http://127.0.0.1:{port}/stats;csv"
    return [(exporter(machine, "prometheus-haproxy-exporter", address), "/metrics")]


def bind(machine):
    server = machine.program("named", "bind9", "bind9-libs", "libuv1", "libnghttp2-14", "libmaxminddb0", "libfstrm0",
                             "libprotobuf-c1", "libjson-c5", "liblmdb0", "libxml2", "libcap2", "libjemalloc2")
    data, port, dns = machine.data("bind"), machine.port(), machine.port()
    config = data / "named.conf"
    config.write_text(
        f'options {{ directory "{data}"; pid-file none; listen-on port {dns} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; '
        f'session-keyfile "{data}/key"; recursion yes; }};\ncontrols {{ }};\n'
        f"statistics-channels {{ inet 127.0.0.1 port {port} allow {{ 127.0.0.1; }}; }};\n",
        encoding="utf-8",
    )
    machine.start([server, "-g", "-c", config])
    machine.wait(port)
    address = f"--bind.stats-url=http://127.0.0.1:{port}/"
    return [(exporter(machine, "prometheus-bind-exporter", address, "--bind.stats-groups=server,view,tasks"), "/metrics")]


def prometheus(machine):
    data, port = machine.data("prometheus"), machine.port()
    (data / "prometheus.yml").write_text(
        f"scrape_configs: [{{job_name: a, scrape_interval: 1s, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]\n",
        encoding="utf-8",
    )
    machine.start([machine.program("prometheus", "prometheus"), f"--config.file={data}/prometheus.yml",
                   f"--storage.tsdb.path={data}/data", f"--web.listen-address=127.0.0.1:{port}"])
    machine.wait(port)
    time.sleep(3)
    return [(port, "/metrics")]


def alertmanager(machine):
    data, port = machine.data("alertmanager"), machine.port()
    (data / "config.yml").write_text("route: {receiver: none}\nreceivers: [{name: none}]\n", encoding="utf-8")
    machine.start([machine.program("prometheus-alertmanager", "prometheus-alertmanager"), f"--config.file={data}/config.yml",
                   f"--storage.path={data}", f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="])
    return [(port, "/metrics")]


# Table of the catalogue: the package that is run, how, and a name that its own families begin with.
PROGRAMS = {
    "alertmanager": ("prometheus-alertmanager", alertmanager),
    "apache_exporter": ("prometheus-apache-exporter", apache),
    "bind_exporter": ("prometheus-bind-exporter", bind),
    "blackbox_exporter": ("prometheus-blackbox-exporter", blackbox),
    "haproxy_exporter": ("prometheus-haproxy-exporter", haproxy),
    "mysqld_exporter": ("prometheus-mysqld-exporter", mysql),
    "nginx-prometheus-exporter": ("prometheus-nginx-exporter", nginx),
    "node_exporter": ("prometheus-node-exporter", node),
    "postgres_exporter": ("prometheus-postgres-exporter", postgres),
    "process-exporter": ("prometheus-process-exporter", process),
    "prometheus": ("prometheus", prometheus),
    "pushgateway": ("prometheus-pushgateway", pushgateway),
    "redis_exporter": ("prometheus-redis-exporter", redis),
    "snmp_exporter": ("prometheus-snmp-exporter", snmp),
}


def block(text, key):
    found = re.search(rf"(?m)^{key}: \|\n((?:  .*\n|\n)*)", text)
    return found.group(1) if found else ""


def known(table):
    """Names and patterns that a table of the catalogue has."""
    path = CATALOGUE / f"{table}.yaml"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    names = {line.split()[0] for line in (block(text, "metrics") + block(text, "gone")).splitlines() if line.strip()}
    listed = re.search(r"(?m)^patterns: \[(.*)\]$", text)
    return names, re.findall(r'"([^"]+)"', listed.group(1)) if listed else []


def record(table, machine, write):
    package, run = PROGRAMS[table]
    sources = run(machine)
    families = tables.merge(*(tables.read_exposition(machine.fetch(port, path)) for port, path in sources))
    libraries = set().union(*(known(library)[0] for library in LIBRARIES))
    families = {name: entry for name, entry in families.items()
                if name not in libraries and not name.startswith("pushed_by_this_script")}
    names, patterns = known(table)
    lacking = [line for line in tables.lines(families)
               if line.split()[0] not in names and not any(fnmatch.fnmatchcase(line.split()[0], one) for one in patterns)]
    version = machine.version(package)
    print(f"{table}: {package} {version} has {len(families)} families of its own, {len(lacking)} not in the table")
    for line in lacking:
        print(f"  {line}")
    if write:
        RECORDS.mkdir(exist_ok=True)
        head = f"# {package} {version}, its own output\n"
        (RECORDS / f"{table}.txt").write_text(head + "\n".join(tables.lines(families)) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("/tmp/promsight-debian"))
    parser.add_argument("--write", action="store_true")
    parser.add_argument("name", nargs="*")
    arguments = parser.parse_args()
    for table in arguments.name or PROGRAMS:
        machine = Machine(arguments.work.resolve())
        with machine.running:
            try:
                record(table, machine, arguments.write)
            except (Missing, OSError, subprocess.SubprocessError) as reason:
                print(f"{table}: left out, {reason}", file=sys.stderr)


if __name__ == "__main__":
    main()
