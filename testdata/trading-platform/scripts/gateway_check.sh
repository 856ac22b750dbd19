#!/usr/bin/env bash
# Shows which venues have no session; used before the market opens.
set -euo pipefail

prometheus="${PROMETHEUS_URL:-http://platform-prometheus:9090}"

curl -fsSG "$prometheus/api/v1/query" \
  --data-urlencode 'query=gateway_sessions_active == 0' |
  python3 -c 'import json, sys; print([row["metric"]["venue"] for row in json.load(sys.stdin)["data"]["result"]])'
