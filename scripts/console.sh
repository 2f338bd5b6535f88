#!/bin/sh
# Writes the libraries of the console, as npm has them, into its vendor folder; with --check it checks the files of the console
# and of the shop instead: libraries unchanged, types, nothing that writes markup or code as text, no other address, and size.
set -eu

cd "$(dirname "$0")/.."
packages=$(scripts/witness/install.sh)/node_modules
web=services/platform/console/web
shop=services/storefront/internal/shop/web
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# vendor FOLDER: Preact with its hooks, which import it by name, and htm.
vendor() {
	mkdir -p "$1"
	sed '/^\/\/# sourceMappingURL/d' "$packages/preact/dist/preact.mjs" >"$1/preact.js"
	sed -e 's/from *"preact"/from"\.\/preact.js"/' \
		-e '/^\/\/# sourceMappingURL/d' "$packages/preact/hooks/dist/hooks.mjs" >"$1/hooks.js"
	cp "$packages/htm/dist/htm.mjs" "$1/htm.js"
	cp "$packages/preact/LICENSE" "$1/LICENSE.preact"
	cp "$packages/htm/LICENSE" "$1/LICENSE.htm"
}

# types FOLDER: strict types, from JSDoc; those of the libraries come from their packages.
types() {
	mkdir -p "$work/types" && cp -r "$1" "$work/types/web" && ln -sfn "$packages" "$work/types/node_modules"
	if [ -d "$work/types/web/vendor" ]; then
		rm -r "$work/types/web/vendor" && mkdir "$work/types/web/vendor"
		echo "export * from 'preact';" >"$work/types/web/vendor/preact.d.ts"
		echo "export * from 'preact/hooks';" >"$work/types/web/vendor/hooks.d.ts"
		echo "export { default } from 'htm';" >"$work/types/web/vendor/htm.d.ts"
	fi
	(cd "$work/types" && node "$packages/typescript/bin/tsc" --noEmit --allowJs --checkJs --strict --target es2024 --module esnext \
		--moduleResolution bundler --lib es2024,dom,dom.iterable --types '' $(find web -name '*.js')) || return 1
	rm -r "$work/types/web"
}

# size KB FOLDER: scripts and styles have at most so many KB when compressed, each by itself.
size() {
	bytes=0
	for file in $(find "$2" -name '*.js' -o -name '*.css'); do bytes=$((bytes + $(gzip -9 <"$file" | wc -c))); done
	echo "$2: $bytes bytes compressed"
	[ "$bytes" -le $(($1 * 1024)) ] || { echo "console: $2 has more than $1 KB: make it smaller" >&2 && return 1; }
}

if [ "${1:-}" != --check ]; then
	rm -rf "$web/vendor"
	vendor "$web/vendor"
	exit
fi

failed=
vendor "$work/vendor"
diff -r "$work/vendor" "$web/vendor" ||
	{ echo "console: run scripts/console.sh: $web/vendor is not what npm has" >&2 && failed=1; }
folders=$web
[ ! -d "$shop" ] || folders="$folders $shop"
if grep -rnE --include='*.js' --include='*.css' --include='*.html' --exclude-dir=vendor \
	'innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|\beval\b|new Function|document\.write|https?://' $folders; then
	echo "console: write no markup or code as text, and no other address" >&2
	failed=1
fi
for folder in $folders; do types "$folder" || failed=1; done
size 60 "$web" || failed=1
[ ! -d "$shop" ] || size 15 "$shop" || failed=1
[ -z "$failed" ]
