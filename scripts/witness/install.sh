#!/bin/sh
# Installs the packages of package-lock.json, once per version of it, and prints their folder.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
for tool in node npm; do
	command -v $tool >/dev/null && continue
	echo "witness: $tool is missing: install Node.js 18 or newer with npm (Debian: apt-get install nodejs npm)" >&2
	exit 3
done
folder=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/orderflow/witness-$(cksum <"$here/package-lock.json" | tr ' ' -)
if [ ! -d "$folder/node_modules" ]; then
	mkdir -p "$(dirname "$folder")"
	fresh=$(mktemp -d "$folder.XXXXXX")
	trap 'rm -rf "$fresh"' EXIT
	cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$fresh"
	(cd "$fresh" && npm ci) >&2
	mv "$fresh" "$folder" || [ -d "$folder/node_modules" ] # another run was first
fi
echo "$folder"
