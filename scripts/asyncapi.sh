#!/bin/sh
# Checks an AsyncAPI document, by default schemas/asyncapi.json, with the official parser. The parser is installed into the
# user's cache once, at the versions of scripts/witness/package-lock.json.
#   scripts/asyncapi.sh [FILE]
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
file=${1:-$root/schemas/asyncapi.json}
case $file in /*) ;; *) file=$PWD/$file ;; esac
modules=$("$root/scripts/witness/install.sh")
cd "$modules"
node "$root/scripts/witness/asyncapi.mjs" "$file"
