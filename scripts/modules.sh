#!/bin/sh
# Keeps every go.mod of the workspace in step: the Go version of go.work, and the modules of this repository required at
# v0.0.0 and replaced by their folders, so that they are found when go.work is switched off.
#   scripts/modules.sh           writes the files, then tidies every module to one set of versions
#   scripts/modules.sh --check   prints the differences, changes nothing
set -eu
cd "$(dirname "$0")/.."

services=$(for file in services/*/go.mod; do basename "$(dirname "$file")"; done)
go=$(sed -n 's/^go //p' go.work)

# locals MODULE: the folders of the other modules it may use.
locals() {
	case $1 in
	shared) ;;
	schemas) echo shared ;;
	services/platform) echo schemas shared && for s in $services; do [ "$s" = platform ] || echo "services/$s"; done ;;
	*) echo schemas shared ;;
	esac
}

# edit MODULE FILE: edits the go.mod in FILE to the required content for MODULE.
edit() {
	set -- "$1" "$2" "-go=$go"
	up=$(echo "$1" | sed 's|[^/][^/]*|..|g')
	for other in $(locals "$1"); do
		set -- "$@" "-require=orderflow.example/$other@v0.0.0" "-replace=orderflow.example/$other=$up/$other"
	done
	file=$2
	shift 2
	go mod edit "$@" "$file"
}

tidy() {
	for module in $modules; do (cd "$module" && GOWORK=off go mod tidy); done
}

modules="schemas shared $(echo "$services" | sed 's|^|services/|')"
case ${1:-} in
'')
	for module in $modules; do edit "$module" "$module/go.mod"; done
	# shellcheck disable=SC2086 # a list of folders
	go work use $modules
	tidy
	go work sync # raises each module to the versions of all
	tidy
	;;
--check)
	copy=$(mktemp)
	trap 'rm -f "$copy"' EXIT
	status=0
	for module in $modules; do
		cp "$module/go.mod" "$copy"
		edit "$module" "$copy"
		diff -u --label "$module/go.mod" --label wanted "$module/go.mod" "$copy" || status=1
		grep -qx "	./$module" go.work || { echo "go.work: ./$module is missing" && status=1; }
	done
	[ $status = 0 ] || echo "modules.sh: run make tidy" >&2
	exit $status
	;;
*)
	echo "usage: modules.sh [--check]" >&2
	exit 2
	;;
esac
