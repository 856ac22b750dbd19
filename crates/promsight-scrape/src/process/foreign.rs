//! Images and programs that are no code of anybody's tree.

/// Official images of Docker Hub, and others that are known by their name alone.
const OFFICIAL: &[&str] = &[
    "adminer",
    "alpine",
    "amazonlinux",
    "bash",
    "buildpack-deps",
    "busybox",
    "caddy",
    "cassandra",
    "centos",
    "chronograf",
    "clickhouse",
    "consul",
    "couchbase",
    "couchdb",
    "debian",
    "docker",
    "eclipse-mosquitto",
    "elasticsearch",
    "fedora",
    "fluentd",
    "ghost",
    "golang",
    "gradle",
    "haproxy",
    "httpd",
    "influxdb",
    "java",
    "kapacitor",
    "keycloak",
    "kibana",
    "kong",
    "logstash",
    "mariadb",
    "maven",
    "memcached",
    "mongo",
    "mongo-express",
    "mysql",
    "nats",
    "neo4j",
    "nextcloud",
    "nginx",
    "node",
    "openjdk",
    "perl",
    "php",
    "phpmyadmin",
    "postgres",
    "rabbitmq",
    "redis",
    "redmine",
    "registry",
    "rethinkdb",
    "ruby",
    "rust",
    "scratch",
    "solr",
    "sonarqube",
    "swarm",
    "telegraf",
    "tomcat",
    "traefik",
    "ubuntu",
    "vault",
    "varnish",
    "wordpress",
    "zookeeper",
];

/// Organisations and registries of public images.
const PUBLIC: &[&str] = &[
    "amazon/",
    "amazon.",
    "axllent/",
    "bitnami/",
    "bitnamilegacy/",
    "chromadb/",
    "clickhouse/",
    "cockroachdb/",
    "confluentinc/",
    "containrrr/",
    "coredns/",
    "cr.fluentbit.io/",
    "curlimages/",
    "datadog/",
    "dpage/",
    "docker.elastic.co/",
    "docker.io/bitnami/",
    "elastic/",
    "envoyproxy/",
    "fluent/",
    "gcr.io/cadvisor/",
    "gcr.io/cloudsql-docker/",
    "gcr.io/datadoghq/",
    "gcr.io/distroless/",
    "gcr.io/google_containers/",
    "gcr.io/google-containers/",
    "gcr.io/kaniko-project/",
    "ghcr.io/cloudnative-pg/",
    "ghcr.io/kiwigrid/",
    "ghcr.io/open-telemetry/",
    "google/cadvisor",
    "grafana/",
    "hashicorp/",
    "istio/",
    "jaegertracing/",
    "k8s.gcr.io/",
    "keycloak/",
    "kiwigrid/",
    "library/",
    "localstack/",
    "mailhog/",
    "maildev/",
    "mcr.microsoft.com/",
    "memcached/",
    "minio/",
    "mongodb/",
    "natsio/",
    "neo4j/",
    "nginxinc/",
    "nvcr.io/nvidia/",
    "oliver006/",
    "opensearchproject/",
    "openpolicyagent/",
    "openzipkin/",
    "otel/",
    "pgvector/",
    "postgis/",
    "percona/",
    "prom/",
    "prometheuscommunity/",
    "provectuslabs/",
    "public.ecr.aws/",
    "qdrant/",
    "quay.io/argoproj/",
    "quay.io/brancz/",
    "quay.io/coreos/",
    "quay.io/jetstack/",
    "quay.io/keycloak/",
    "quay.io/kiwigrid/",
    "quay.io/minio/",
    "quay.io/oauth2-proxy/",
    "quay.io/prometheus/",
    "quay.io/prometheus-operator/",
    "quay.io/prometheuscommunity/",
    "quay.io/thanos/",
    "redis/",
    "redislabs/",
    "redpandadata/",
    "registry.k8s.io/",
    "rediscommander/",
    "selenium/",
    "semitechnologies/",
    "sosedoff/",
    "strimzi/",
    "temporalio/",
    "thanosio/",
    "timescale/",
    "traefik/",
    "valkey/",
    "victoriametrics/",
    "vectordotdev/",
    "weaveworks/",
    "wurstmeister/",
    "zookeeper/",
];

/// Whether an image, without its tag, is one that others publish.
pub(super) fn is_public(image: &str) -> bool {
    let registries = ["docker.io/", "index.docker.io/", "mirror.gcr.io/"];
    let image = registries
        .iter()
        .find_map(|registry| image.strip_prefix(registry))
        .unwrap_or(image);
    let image = image.strip_prefix("library/").unwrap_or(image);
    OFFICIAL.contains(&image) || PUBLIC.iter().any(|prefix| image.starts_with(prefix))
}

/// Whether an image of any registry is by its name a database, a proxy or the like (`mirror/redis`,
/// `sclorg/postgresql-15-c9s`), or an exporter of one.
pub(super) fn is_infrastructure(image: &str) -> bool {
    let name = image.rsplit('/').next().unwrap_or(image);
    let first = name.split(['-', '_']).next().unwrap_or(name);
    let own = [
        "postgresql",
        "mongodb",
        "kafka",
        "pgbouncer",
        "squid",
        "minio",
        "grafana",
        "prometheus",
        "alertmanager",
        "loki",
        "etcd",
        "valkey",
    ];
    OFFICIAL.contains(&first)
        && !matches!(
            first,
            "docker"
                | "registry"
                | "bash"
                | "java"
                | "ghost"
                | "node"
                | "php"
                | "ruby"
                | "rust"
                | "golang"
                | "perl"
        )
        || own.contains(&first)
}

/// Programs that run no Python, or none of a tree.
const PROGRAMS: &[&str] = &[
    "[",
    "apache2",
    "apache2ctl",
    "awk",
    "aws",
    "bun",
    "bundle",
    "busybox",
    "caddy",
    "cat",
    "chmod",
    "chown",
    "clickhouse-server",
    "cp",
    "curl",
    "deno",
    "docker",
    "dockerd",
    "dotnet",
    "echo",
    "envoy",
    "etcd",
    "exit",
    "export",
    "false",
    "find",
    "gcloud",
    "git",
    "go",
    "grep",
    "haproxy",
    "httpd",
    "java",
    "kill",
    "kubectl",
    "ln",
    "ls",
    "mkdir",
    "memcached",
    "minio",
    "mongod",
    "mv",
    "mysqld",
    "nc",
    "netcat",
    "next",
    "nginx",
    "node",
    "npm",
    "npx",
    "openssl",
    "pg_isready",
    "php",
    "php-fpm",
    "pnpm",
    "postgres",
    "printf",
    "psql",
    "rabbitmq-server",
    "redis-cli",
    "redis-server",
    "rm",
    "rsync",
    "ruby",
    "rails",
    "puma",
    "sed",
    "set",
    "shift",
    "sleep",
    "sshd",
    "tail",
    "tar",
    "tee",
    "test",
    "touch",
    "true",
    "trap",
    "tini",
    "ulimit",
    "umask",
    "wait",
    "watch",
    "wget",
    "yarn",
    ":",
    "ts-node",
    "vite",
    "serve",
    "cargo",
    "pm2",
    "traefik",
    "vault",
    "logger",
    "date",
    "read",
    "return",
    "break",
    "continue",
];

/// Whether a program is known to run none of a tree's Python.
pub(super) fn is_program(name: &str) -> bool {
    PROGRAMS.contains(&name)
}

/// Images that run whatever lies at a place that they define: the image's name begins so, the module that they import,
/// the port. <https://github.com/tiangolo/uvicorn-gunicorn-docker>
const SELF_STARTING: &[SelfStarting] = &[
    ("tiangolo/uvicorn-gunicorn", &["app.main", "main"], "gunicorn", 80),
    (
        "tiangolo/meinheld-gunicorn",
        &["app.main", "main"],
        "gunicorn",
        80,
    ),
    ("tiangolo/uwsgi-nginx-flask", &["main", "app.main"], "uwsgi", 80),
    ("tiangolo/uwsgi-nginx", &["main", "app.main"], "uwsgi", 80),
];

/// What an image runs by itself, where it is one of those.
pub(super) fn self_starting(image: &str) -> Option<&'static SelfStarting> {
    let image = image.strip_prefix("docker.io/").unwrap_or(image);
    SELF_STARTING
        .iter()
        .find(|(prefix, ..)| image.starts_with(prefix))
}

/// The beginning of its name, modules that it looks for, its server, its port.
type SelfStarting = (&'static str, &'static [&'static str], &'static str, u16);

/// Whether a base image is one for another language, or for programs that need none.
pub(super) fn has_no_python(image: &str) -> bool {
    let words = [
        "openjdk",
        "temurin",
        "corretto",
        "-jdk",
        "-jre",
        "java",
        "dotnet",
        "golang",
        "node",
        "nginx",
        "envoy",
        "ruby",
        "php",
        "rust",
        "elixir",
        "erlang",
        "distroless/static",
        "distroless/base",
        "distroless/cc",
        "kafka",
        "opensearch",
    ];
    is_public(image) || is_infrastructure(image) || words.iter().any(|word| image.contains(word))
}
