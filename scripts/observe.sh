#!/bin/sh
# Runs a Prometheus with the alerts of deployments/prometheus, on 127.0.0.1:9090, and a Jaeger, on 127.0.0.1:16686 and for
# traces on 127.0.0.1:4318, until it is interrupted. Prometheus scrapes the platform that runs on ./data
# (ORDERFLOW_DATA_DIR), or the given operators' listeners; traces come from a platform started with --otlp-endpoint. A
# prometheus or jaeger on the PATH is used, which has a web UI; else one is built from its Go module, which has only the API.
#   scripts/observe.sh [HOST:PORT…]
set -eu
cd "$(dirname "$0")/.."

fail() {
	echo "observe.sh: $*" >&2
	exit 3
}

if [ $# = 0 ]; then
	running=${ORDERFLOW_DATA_DIR:-data}/running.json
	[ -f "$running" ] || fail "nothing runs on ${ORDERFLOW_DATA_DIR:-./data}:" \
		"start it with make run, or name HOST:PORT of operators' listeners"
	set -- "$(sed -n 's|.*"operators": "http://\([^"]*\)".*|\1|p' "$running")"
fi
list=
for target in "$@"; do list="$list, \"$target\""; done

prometheus=$(command -v prometheus) && pages="pages, " || {
	prometheus=$(scripts/prometheus.sh)/prometheus
	pages=
}
jaeger=$(command -v jaeger) || jaeger=$(scripts/jaeger.sh)
dir=$(mktemp -d)
servers=
trap 'kill $servers 2>/dev/null; wait; rm -rf "$dir"' EXIT
trap : INT TERM
sed "s|targets: \[.*\].*|targets: [${list#, }]|" deployments/prometheus/prometheus.yml >"$dir/prometheus.yml"
cp deployments/prometheus/alerts.yml "$dir/"

at=127.0.0.1:9090
"$prometheus" --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/data" --web.listen-address=$at \
	--enable-feature=exemplar-storage --log.level=warn &
prometheus=$!
"$jaeger" --config deployments/jaeger/jaeger.yaml >"$dir/jaeger.log" 2>&1 &
jaeger=$!
servers="$prometheus $jaeger"
for _ in 1 2 3 4 5 6; do # a start error ends one at once
	kill -0 "$prometheus" 2>/dev/null || fail "Prometheus did not start: is $at taken?"
	kill -0 "$jaeger" 2>/dev/null || {
		tail -n 3 "$dir/jaeger.log" >&2
		fail "Jaeger did not start: is 127.0.0.1:4318, 16685 or 16686 taken?"
	}
	sleep 0.5
done
echo "scraping $*"
echo "Prometheus: http://$at (${pages}API: /api/v1/query?query=orderflow_sagas_open, alerts: /api/v1/alerts)"
echo "Jaeger: http://127.0.0.1:16686 (API: /api/services, /api/traces/ID with an order's id without dashes)"
echo "traces of: make run ARGS='--otlp-endpoint http://127.0.0.1:4318 --trace-ratio 1'"
echo "the data of both is deleted when they end"
echo "dashboards to import into a Grafana that reads it: deployments/grafana/*.json"
wait "$prometheus" "$jaeger" || true
