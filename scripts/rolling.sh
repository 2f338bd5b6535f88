#!/bin/sh
# Rolls every service from the build of another commit to that of this tree, under load: make rolling ARGS=COMMIT, by default the
# commit before this one. Nothing may be parked or lost, and no customer may get a 5xx.
#   scripts/rolling.sh [COMMIT]
set -eu
cd "$(dirname "$0")/.."
old=$(git rev-parse --verify --quiet "${1:-HEAD^}^{commit}") || {
	echo "rolling.sh: there is no commit ${1:-HEAD^}" >&2
	exit 2
}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
echo "rolling.sh: building $(git log -1 --format='%h %s' "$old")"
mkdir "$dir/tree" "$dir/bin"
git archive "$old" | tar -x -C "$dir/tree"
(cd "$dir/tree" && go build -o "$dir/bin/" ./services/*/cmd/*)
rm -rf "$dir/tree"
export ORDERFLOW_OLD_BUILD="$dir/bin"
go test -tags load -count=1 -timeout 15m -v -run AnUpdateServiceByService ./services/platform/endtoend
