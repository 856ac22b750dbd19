//! Grafana dashboards.
