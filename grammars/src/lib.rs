//! Language knowledge as data: instrumentation libraries (`libraries/*.yaml`) and exporter catalogues
//! (`catalogue/*.yaml`), alerts of public rule sets (`alerts/*.yaml`). Contains no logic beyond `include_str!`. Written by `record/include.py`.

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
    ("datadog.yaml", include_str!("../libraries/datadog.yaml")),
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
        "opentelemetry-api.yaml",
        include_str!("../libraries/opentelemetry-api.yaml"),
    ),
    (
        "opentelemetry-exporter-prometheus.yaml",
        include_str!("../libraries/opentelemetry-exporter-prometheus.yaml"),
    ),
    (
        "opentelemetry-instrumentation.yaml",
        include_str!("../libraries/opentelemetry-instrumentation.yaml"),
    ),
    (
        "prometheus-async.yaml",
        include_str!("../libraries/prometheus-async.yaml"),
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
    ("ray.yaml", include_str!("../libraries/ray.yaml")),
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
    ("statsd.yaml", include_str!("../libraries/statsd.yaml")),
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
        "apache_exporter.yaml",
        include_str!("../catalogue/apache_exporter.yaml"),
    ),
    ("argo-cd.yaml", include_str!("../catalogue/argo-cd.yaml")),
    (
        "bind_exporter.yaml",
        include_str!("../catalogue/bind_exporter.yaml"),
    ),
    (
        "blackbox_exporter.yaml",
        include_str!("../catalogue/blackbox_exporter.yaml"),
    ),
    ("cadvisor.yaml", include_str!("../catalogue/cadvisor.yaml")),
    ("calico.yaml", include_str!("../catalogue/calico.yaml")),
    ("ceph.yaml", include_str!("../catalogue/ceph.yaml")),
    (
        "cert-manager.yaml",
        include_str!("../catalogue/cert-manager.yaml"),
    ),
    ("cilium.yaml", include_str!("../catalogue/cilium.yaml")),
    ("clickhouse.yaml", include_str!("../catalogue/clickhouse.yaml")),
    (
        "client_golang.yaml",
        include_str!("../catalogue/client_golang.yaml"),
    ),
    ("client_java.yaml", include_str!("../catalogue/client_java.yaml")),
    (
        "cloudwatch_exporter.yaml",
        include_str!("../catalogue/cloudwatch_exporter.yaml"),
    ),
    (
        "cluster-autoscaler.yaml",
        include_str!("../catalogue/cluster-autoscaler.yaml"),
    ),
    ("consul.yaml", include_str!("../catalogue/consul.yaml")),
    (
        "controller-runtime.yaml",
        include_str!("../catalogue/controller-runtime.yaml"),
    ),
    ("coredns.yaml", include_str!("../catalogue/coredns.yaml")),
    (
        "dcgm-exporter.yaml",
        include_str!("../catalogue/dcgm-exporter.yaml"),
    ),
    (
        "elasticsearch_exporter.yaml",
        include_str!("../catalogue/elasticsearch_exporter.yaml"),
    ),
    ("envoy.yaml", include_str!("../catalogue/envoy.yaml")),
    ("etcd.yaml", include_str!("../catalogue/etcd.yaml")),
    (
        "external-secrets.yaml",
        include_str!("../catalogue/external-secrets.yaml"),
    ),
    ("fluent-bit.yaml", include_str!("../catalogue/fluent-bit.yaml")),
    ("fluentd.yaml", include_str!("../catalogue/fluentd.yaml")),
    ("flux.yaml", include_str!("../catalogue/flux.yaml")),
    (
        "go-grpc-prometheus.yaml",
        include_str!("../catalogue/go-grpc-prometheus.yaml"),
    ),
    ("grafana.yaml", include_str!("../catalogue/grafana.yaml")),
    ("haproxy.yaml", include_str!("../catalogue/haproxy.yaml")),
    (
        "haproxy_exporter.yaml",
        include_str!("../catalogue/haproxy_exporter.yaml"),
    ),
    (
        "ingress-nginx.yaml",
        include_str!("../catalogue/ingress-nginx.yaml"),
    ),
    (
        "ipmi_exporter.yaml",
        include_str!("../catalogue/ipmi_exporter.yaml"),
    ),
    ("istio.yaml", include_str!("../catalogue/istio.yaml")),
    ("jaeger.yaml", include_str!("../catalogue/jaeger.yaml")),
    (
        "jmx_exporter.yaml",
        include_str!("../catalogue/jmx_exporter.yaml"),
    ),
    ("kafka-jmx.yaml", include_str!("../catalogue/kafka-jmx.yaml")),
    (
        "kafka_exporter.yaml",
        include_str!("../catalogue/kafka_exporter.yaml"),
    ),
    ("karpenter.yaml", include_str!("../catalogue/karpenter.yaml")),
    ("keda.yaml", include_str!("../catalogue/keda.yaml")),
    ("kong.yaml", include_str!("../catalogue/kong.yaml")),
    (
        "kube-apiserver.yaml",
        include_str!("../catalogue/kube-apiserver.yaml"),
    ),
    (
        "kube-controller-manager.yaml",
        include_str!("../catalogue/kube-controller-manager.yaml"),
    ),
    ("kube-proxy.yaml", include_str!("../catalogue/kube-proxy.yaml")),
    (
        "kube-scheduler.yaml",
        include_str!("../catalogue/kube-scheduler.yaml"),
    ),
    (
        "kube-state-metrics.yaml",
        include_str!("../catalogue/kube-state-metrics.yaml"),
    ),
    ("kubelet.yaml", include_str!("../catalogue/kubelet.yaml")),
    (
        "kubernetes-components.yaml",
        include_str!("../catalogue/kubernetes-components.yaml"),
    ),
    ("kyverno.yaml", include_str!("../catalogue/kyverno.yaml")),
    ("linkerd.yaml", include_str!("../catalogue/linkerd.yaml")),
    ("lmcache.yaml", include_str!("../catalogue/lmcache.yaml")),
    ("loki.yaml", include_str!("../catalogue/loki.yaml")),
    ("longhorn.yaml", include_str!("../catalogue/longhorn.yaml")),
    (
        "memcached_exporter.yaml",
        include_str!("../catalogue/memcached_exporter.yaml"),
    ),
    (
        "metrics-server.yaml",
        include_str!("../catalogue/metrics-server.yaml"),
    ),
    ("micrometer.yaml", include_str!("../catalogue/micrometer.yaml")),
    ("mimir.yaml", include_str!("../catalogue/mimir.yaml")),
    ("minio.yaml", include_str!("../catalogue/minio.yaml")),
    (
        "mongodb_exporter.yaml",
        include_str!("../catalogue/mongodb_exporter.yaml"),
    ),
    (
        "mysqld_exporter.yaml",
        include_str!("../catalogue/mysqld_exporter.yaml"),
    ),
    ("nats.yaml", include_str!("../catalogue/nats.yaml")),
    (
        "nginx-prometheus-exporter.yaml",
        include_str!("../catalogue/nginx-prometheus-exporter.yaml"),
    ),
    (
        "node_exporter.yaml",
        include_str!("../catalogue/node_exporter.yaml"),
    ),
    (
        "opentelemetry-collector.yaml",
        include_str!("../catalogue/opentelemetry-collector.yaml"),
    ),
    (
        "pgbouncer_exporter.yaml",
        include_str!("../catalogue/pgbouncer_exporter.yaml"),
    ),
    (
        "php-fpm_exporter.yaml",
        include_str!("../catalogue/php-fpm_exporter.yaml"),
    ),
    (
        "postgres_exporter.yaml",
        include_str!("../catalogue/postgres_exporter.yaml"),
    ),
    (
        "process-exporter.yaml",
        include_str!("../catalogue/process-exporter.yaml"),
    ),
    ("prom-client.yaml", include_str!("../catalogue/prom-client.yaml")),
    (
        "prometheus-net.yaml",
        include_str!("../catalogue/prometheus-net.yaml"),
    ),
    (
        "prometheus-operator.yaml",
        include_str!("../catalogue/prometheus-operator.yaml"),
    ),
    (
        "prometheus-synthetic.yaml",
        include_str!("../catalogue/prometheus-synthetic.yaml"),
    ),
    ("prometheus.yaml", include_str!("../catalogue/prometheus.yaml")),
    ("promtail.yaml", include_str!("../catalogue/promtail.yaml")),
    ("pushgateway.yaml", include_str!("../catalogue/pushgateway.yaml")),
    ("rabbitmq.yaml", include_str!("../catalogue/rabbitmq.yaml")),
    (
        "redis_exporter.yaml",
        include_str!("../catalogue/redis_exporter.yaml"),
    ),
    (
        "smartctl_exporter.yaml",
        include_str!("../catalogue/smartctl_exporter.yaml"),
    ),
    (
        "snmp_exporter.yaml",
        include_str!("../catalogue/snmp_exporter.yaml"),
    ),
    (
        "statsd_exporter.yaml",
        include_str!("../catalogue/statsd_exporter.yaml"),
    ),
    ("tekton.yaml", include_str!("../catalogue/tekton.yaml")),
    ("tempo.yaml", include_str!("../catalogue/tempo.yaml")),
    ("thanos.yaml", include_str!("../catalogue/thanos.yaml")),
    ("traefik.yaml", include_str!("../catalogue/traefik.yaml")),
    (
        "varnish_exporter.yaml",
        include_str!("../catalogue/varnish_exporter.yaml"),
    ),
    ("vault.yaml", include_str!("../catalogue/vault.yaml")),
    ("velero.yaml", include_str!("../catalogue/velero.yaml")),
    (
        "vertical-pod-autoscaler.yaml",
        include_str!("../catalogue/vertical-pod-autoscaler.yaml"),
    ),
    (
        "victoriametrics.yaml",
        include_str!("../catalogue/victoriametrics.yaml"),
    ),
    ("vllm.yaml", include_str!("../catalogue/vllm.yaml")),
    (
        "windows_exporter.yaml",
        include_str!("../catalogue/windows_exporter.yaml"),
    ),
];

/// Alerts of public rule sets: file name and YAML text, sorted by file name.
pub const ALERTS: &[(&str, &str)] = &[
    (
        "awesome-prometheus-alerts.yaml",
        include_str!("../alerts/awesome-prometheus-alerts.yaml"),
    ),
    ("ceph.yaml", include_str!("../alerts/ceph.yaml")),
    (
        "kube-prometheus.yaml",
        include_str!("../alerts/kube-prometheus.yaml"),
    ),
    ("loki.yaml", include_str!("../alerts/loki.yaml")),
    (
        "monitoring-mixins.yaml",
        include_str!("../alerts/monitoring-mixins.yaml"),
    ),
    ("openshift.yaml", include_str!("../alerts/openshift.yaml")),
    ("thanos.yaml", include_str!("../alerts/thanos.yaml")),
    (
        "victoriametrics.yaml",
        include_str!("../alerts/victoriametrics.yaml"),
    ),
];
