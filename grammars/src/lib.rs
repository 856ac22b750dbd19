//! Language knowledge as data: instrumentation libraries (`libraries/*.yaml`) and exporter catalogues
//! (`catalogue/*.yaml`). Contains no logic beyond `include_str!`.

/// Instrumentation libraries: file name and YAML text, sorted by file name.
pub const LIBRARIES: &[(&str, &str)] = &[
    (
        "aiohttp-prometheus-exporter.yaml",
        include_str!("../libraries/aiohttp-prometheus-exporter.yaml"),
    ),
    (
        "aiohttp-prometheus.yaml",
        include_str!("../libraries/aiohttp-prometheus.yaml"),
    ),
    (
        "aioprometheus.yaml",
        include_str!("../libraries/aioprometheus.yaml"),
    ),
    (
        "arq-prometheus.yaml",
        include_str!("../libraries/arq-prometheus.yaml"),
    ),
    (
        "asgi-prometheus-exporter.yaml",
        include_str!("../libraries/asgi-prometheus-exporter.yaml"),
    ),
    (
        "celery-prometheus-exporter.yaml",
        include_str!("../libraries/celery-prometheus-exporter.yaml"),
    ),
    (
        "celery_redis_prometheus.yaml",
        include_str!("../libraries/celery_redis_prometheus.yaml"),
    ),
    (
        "django-prometheus.yaml",
        include_str!("../libraries/django-prometheus.yaml"),
    ),
    ("dramatiq.yaml", include_str!("../libraries/dramatiq.yaml")),
    (
        "falcon-prometheus.yaml",
        include_str!("../libraries/falcon-prometheus.yaml"),
    ),
    ("flask-prom.yaml", include_str!("../libraries/flask-prom.yaml")),
    (
        "flask-prometheus-metrics.yaml",
        include_str!("../libraries/flask-prometheus-metrics.yaml"),
    ),
    (
        "graphene-prometheus.yaml",
        include_str!("../libraries/graphene-prometheus.yaml"),
    ),
    (
        "jupyter_server.yaml",
        include_str!("../libraries/jupyter_server.yaml"),
    ),
    ("litestar.yaml", include_str!("../libraries/litestar.yaml")),
    (
        "openstacksdk.yaml",
        include_str!("../libraries/openstacksdk.yaml"),
    ),
    (
        "opentelemetry-exporter-prometheus.yaml",
        include_str!("../libraries/opentelemetry-exporter-prometheus.yaml"),
    ),
    (
        "prometheus-client.yaml",
        include_str!("../libraries/prometheus-client.yaml"),
    ),
    (
        "prometheus-fastapi-instrumentator.yaml",
        include_str!("../libraries/prometheus-fastapi-instrumentator.yaml"),
    ),
    (
        "prometheus-flask-exporter.yaml",
        include_str!("../libraries/prometheus-flask-exporter.yaml"),
    ),
    (
        "py-grpc-prometheus.yaml",
        include_str!("../libraries/py-grpc-prometheus.yaml"),
    ),
    (
        "sanic-prometheus.yaml",
        include_str!("../libraries/sanic-prometheus.yaml"),
    ),
    (
        "starlette-exporter.yaml",
        include_str!("../libraries/starlette-exporter.yaml"),
    ),
    (
        "starlette-prometheus.yaml",
        include_str!("../libraries/starlette-prometheus.yaml"),
    ),
    (
        "tornado-prometheus.yaml",
        include_str!("../libraries/tornado-prometheus.yaml"),
    ),
];

/// Exporter catalogues: file name and YAML text, sorted by file name.
pub const CATALOGUES: &[(&str, &str)] = &[
    (
        "alertmanager.yaml",
        include_str!("../catalogue/alertmanager.yaml"),
    ),
    (
        "blackbox_exporter.yaml",
        include_str!("../catalogue/blackbox_exporter.yaml"),
    ),
    ("cadvisor.yaml", include_str!("../catalogue/cadvisor.yaml")),
    (
        "client_golang.yaml",
        include_str!("../catalogue/client_golang.yaml"),
    ),
    (
        "kube-state-metrics.yaml",
        include_str!("../catalogue/kube-state-metrics.yaml"),
    ),
    (
        "node_exporter.yaml",
        include_str!("../catalogue/node_exporter.yaml"),
    ),
    (
        "prometheus-synthetic.yaml",
        include_str!("../catalogue/prometheus-synthetic.yaml"),
    ),
    ("prometheus.yaml", include_str!("../catalogue/prometheus.yaml")),
    ("pushgateway.yaml", include_str!("../catalogue/pushgateway.yaml")),
];
