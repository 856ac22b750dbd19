"""What graphene-prometheus exposes as it comes."""

from graphene_prometheus import PrometheusMiddleware
