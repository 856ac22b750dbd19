"""What jupyter_server exposes as it comes."""

import jupyter_server.prometheus.metrics
