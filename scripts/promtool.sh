#!/bin/sh
# Checks deployments/prometheus with promtool: the configuration, the alerts, and their tests.
#   scripts/promtool.sh
set -eu
cd "$(dirname "$0")/.."
promtool=$(scripts/prometheus.sh)/promtool
"$promtool" check config deployments/prometheus/prometheus.yml >&2
"$promtool" test rules deployments/prometheus/alerts_test.yml >&2
