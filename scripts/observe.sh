#!/bin/sh
# Runs a Prometheus with the alerts of deployments/prometheus, on 127.0.0.1:9090, until it is interrupted. It scrapes the
# platform that runs on ./data (ORDERFLOW_DATA_DIR), or the given operators' listeners. A prometheus on the PATH is used,
# which has a web UI; else one is built from its Go module, which has only the API.
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
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap : INT TERM
sed "s|targets: \[.*\].*|targets: [${list#, }]|" deployments/prometheus/prometheus.yml >"$dir/prometheus.yml"
cp deployments/prometheus/alerts.yml "$dir/"

at=127.0.0.1:9090
"$prometheus" --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/data" --web.listen-address=$at --log.level=warn &
server=$!
trap 'kill "$server" 2>/dev/null' INT TERM
for _ in 1 2 3 4; do # a start error ends it at once
	kill -0 "$server" 2>/dev/null || fail "Prometheus did not start: is $at taken?"
	sleep 0.5
done
echo "scraping $*"
echo "Prometheus: http://$at (${pages}API: /api/v1/query?query=orderflow_sagas_open, alerts: /api/v1/alerts)"
echo "its data is deleted when it ends"
echo "dashboards to import into a Grafana that reads it: deployments/grafana/*.json"
wait "$server" || true
