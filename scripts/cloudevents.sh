#!/bin/sh
# Reads records as we produce them, by default shared/kafka/testdata/records.json, with the CloudEvents SDK.
#   scripts/cloudevents.sh [FILE]
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
file=${1:-$root/shared/kafka/testdata/records.json}
case $file in /*) ;; *) file=$PWD/$file ;; esac
modules=$("$root/scripts/witness/install.sh")
cd "$modules"
node "$root/scripts/witness/cloudevents.mjs" "$file"
