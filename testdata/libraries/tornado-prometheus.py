"""What tornado-prometheus exposes as it comes."""

import tornado_prometheus

application = tornado_prometheus.PrometheusMixIn
