#!/bin/sh
# Prints the folder of prometheus and promtool. They are built from their Go module once for each user, without service
# discovery for clouds, in one to three minutes.
#   scripts/prometheus.sh
set -eu

version=v0.316.0 # Prometheus 3.16
folder=${XDG_CACHE_HOME:-$HOME/.cache}/orderflow/prometheus-$version

if [ ! -x "$folder/promtool" ] || [ ! -x "$folder/prometheus" ]; then
	echo "prometheus.sh: building Prometheus $version into $folder" >&2
	mkdir -p "$folder"
	new=$(mktemp -d "$folder/new-XXXXXX")
	trap 'rm -rf "$new"' EXIT
	module=github.com/prometheus/prometheus
	GOWORK=off GOFLAGS=-buildvcs=false GOBIN=$new go install -ldflags='-s -w' -tags remove_all_sd \
		$module/cmd/prometheus@$version $module/cmd/promtool@$version >&2 || {
		echo "prometheus.sh: could not build Prometheus; check that a Go module proxy is reachable" >&2
		exit 3
	}
	mv "$new/prometheus" "$new/promtool" "$folder/" # atomic, as several may build it
fi
echo "$folder"
