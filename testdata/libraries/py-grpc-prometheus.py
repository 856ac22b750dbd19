"""Both interceptors of a gRPC service."""

from py_grpc_prometheus.prometheus_client_interceptor import PromClientInterceptor
from py_grpc_prometheus.prometheus_server_interceptor import PromServerInterceptor

interceptors = [PromServerInterceptor(enable_handling_time_histogram=True), PromClientInterceptor()]
