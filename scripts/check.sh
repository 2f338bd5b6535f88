#!/bin/sh
# Runs all checks of make check; continues after a failure and names all failures at the end.
#   scripts/check.sh MODULE…
set -u
cd "$(dirname "$0")/.."

staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2
failed=

# step NAME COMMAND…: runs it.
step() {
	name=$1
	shift
	echo "check: $name"
	"$@" || failed="$failed, $name"
}

formatted() {
	files=$(gofmt -l schemas shared services)
	[ -z "$files" ] || { echo "run gofmt -w on: $files" >&2 && return 1; }
}

# alone MODULE: it builds without the workspace, as in containers.
alone() (
	cd "$1" && export GOWORK=off && go build ./... && go mod tidy -diff
)

shell() {
	for file in scripts/*.sh scripts/witness/*.sh; do sh -n "$file" || return 1; done
	bash -n .ci/run
}

# narrow: no line has more than 130 columns, except in generated files, tables, and struct tags, which Go cannot break.
narrow() {
	lines=$(LC_ALL=C.UTF-8 grep -rnE --include='*.go' --include='*.sh' --include='*.md' --exclude-dir=node_modules \
		--exclude-dir=swagger-ui --exclude=stories.md '.{131,}' schemas shared services scripts deployments README.md \
		Makefile .ci/run | grep -vE ':[0-9]+:(\|.*|.*`[a-z]+:"[^`]*"`|.*<br/>.*)$' | cut -d: -f1,2)
	[ -z "$lines" ] || { echo "break the lines of more than 130 columns:" $lines >&2 && return 1; }
}

step formatting formatted
step "line length" narrow
step scripts shell
step vet go vet work
step lint go run "$staticcheck" work
step modules scripts/modules.sh --check
for module in "$@"; do step "$module alone" alone "$module"; done
# The test that adds the sample service to a copy of the tree runs only in make test: it takes a minute or two.
step "rules of the house" go test -skip TestASampleService ./services/platform/check/house
step deployments go test ./services/platform/check/deployments
step choreography go run ./services/platform/cmd/orderflow choreography --check
step "generated files" go test -run Generated ./schemas/generate ./services/platform/check/choreography \
	./services/platform/check/stories ./services/platform/run ./services/platform/observe
step "alerts" scripts/promtool.sh
step "AsyncAPI document" scripts/asyncapi.sh
step "CloudEvents records" scripts/cloudevents.sh
step "console and shop" scripts/console.sh --check
step "released schemas" go test -run Released ./schemas/compatibility

[ -z "$failed" ] || { echo "check: failed: ${failed#, }" >&2 && exit 1; }
