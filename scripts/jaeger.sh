#!/bin/sh
# Prints the path of a Jaeger. It is built from its Go module once for each user, in some minutes. It has the API and no
# pages, which are not part of the module: those are in the container image jaegertracing/jaeger.
#   scripts/jaeger.sh
set -eu

version=v1.76.0 # with cmd/jaeger, which is Jaeger 2
folder=${XDG_CACHE_HOME:-$HOME/.cache}/orderflow/jaeger-$version

if [ ! -x "$folder/jaeger" ]; then
	echo "jaeger.sh: building Jaeger $version into $folder" >&2
	mkdir -p "$folder"
	new=$(mktemp -d "$folder/new-XXXXXX")
	trap 'rm -rf "$new"' EXIT
	package=github.com/jaegertracing/jaeger/cmd/jaeger
	# Its go.mod has replacements, so that go install refuses it: a module that has it as a tool is built in its place.
	(
		cd "$new"
		export GOWORK=off GOFLAGS=-buildvcs=false
		go mod init orderflow.example/jaeger && go get -tool "$package@$version" && go build -ldflags='-s -w' -o jaeger $package
	) >&2 || {
		echo "jaeger.sh: could not build Jaeger; check that a Go module proxy is reachable" >&2
		exit 3
	}
	mv "$new/jaeger" "$folder/" # atomic, as several may build it
fi
echo "$folder/jaeger"
