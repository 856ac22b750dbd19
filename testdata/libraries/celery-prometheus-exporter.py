"""What celery-prometheus-exporter exposes as it comes."""

import celery_prometheus_exporter
