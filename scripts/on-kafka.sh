#!/bin/sh
# Runs a command, mostly tests, with an Apache Kafka of its own at ORDERFLOW_TEST_KAFKA; removes it afterwards.
#   scripts/on-kafka.sh COMMAND…
set -eu
[ $# -gt 0 ] || { echo "usage: on-kafka.sh COMMAND…" >&2 && exit 2; }

scripts=$(dirname "$0")
dir=$(mktemp -d)
trap '"$scripts/kafka.sh" stop "$dir"; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
# By process id, so that two runs on one machine do not collide.
ORDERFLOW_TEST_KAFKA=$("$scripts/kafka.sh" start "$dir" $((20000 + $$ % 5000 * 2)))
export ORDERFLOW_TEST_KAFKA
echo "on-kafka.sh: Apache Kafka at $ORDERFLOW_TEST_KAFKA"
"$@"
