#!/bin/sh
# Builds the commands and runs the failure campaign: faults under load, on an Apache Kafka and a Postgres of its own.
#   scripts/chaos.sh [--seed 1,2,3] [--seconds 150] [--orders 1000] [--json]
#   scripts/chaos.sh --stage statement,column,… [--json]
# The data and logs of a run are kept if something was wrong. No process that it starts outlives this script.
set -eu
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
chmod 755 "$dir" # Postgres runs as another user than root

end() {
	# The campaign ends its processes, unless it was killed itself.
	for note in "$dir"/*/pids/* "$dir"/*/kafka/pid; do
		[ -f "$note" ] && pid=$(head -n 1 "$note") || continue
		tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$dir" && kill -9 "$pid"
	done
	rm -rf "$dir/bin"
	rmdir "$dir" 2>/dev/null || true
}
trap end EXIT
trap : INT # the terminal's Ctrl-C reaches the campaign too

mkdir "$dir/bin"
go build -o "$dir/bin/" ./services/*/cmd/* ./services/platform/trial/chaos/cmd/chaos
"$dir/bin/chaos" --bin "$dir/bin" --scripts scripts --dir "$dir" "$@" &
campaign=$!
trap 'kill "$campaign"' TERM
code=0
wait "$campaign" || code=$?
while kill -0 "$campaign" 2>/dev/null; do # a signal interrupts the waiting
	code=0
	wait "$campaign" || code=$?
done
exit "$code"
