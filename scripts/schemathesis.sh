#!/bin/sh
# Holds both HTTP APIs of an installation of its own, on free ports of this machine, against their OpenAPI documents, with
# requests that Schemathesis makes up, for two minutes each: nothing is answered 5xx, with a status or media type that is
# not described, with a body or header that breaks its schema, or without the token that is asked for. Schemathesis is
# installed into the user's cache once.
#   scripts/schemathesis.sh [OPTION…]   options of `st run`, as --max-examples 200 or --seed 1
set -eu
cd "$(dirname "$0")/.."

version=4.32.5
cache=${XDG_CACHE_HOME:-$HOME/.cache}/orderflow/schemathesis-$version
checks=not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance
checks=$checks,response_schema_conformance,unsupported_method,ignored_auth,missing_required_header

fail() {
	echo "schemathesis.sh: $1" >&2
	exit 3
}

[ -x bin/orderflow ] || fail "bin/orderflow is missing; run make build"
if [ ! -f "$cache/complete" ]; then
	echo "schemathesis.sh: installing Schemathesis $version into $cache" >&2
	python3 -m venv "$cache" && "$cache/bin/pip" install -q "schemathesis==$version" >&2 ||
		fail "Schemathesis could not be installed; it needs Python 3.10 with venv, and PyPI"
	touch "$cache/complete"
fi

dir=$(mktemp -d)
chmod 755 "$dir" # Postgres runs as another user than root
end() {
	kill "$platform" 2>/dev/null && wait "$platform" || true
	rm -rf "$dir"
}
trap end EXIT
trap 'exit 130' INT TERM

bin/orderflow up --data-dir "$dir/data" --http-addr 127.0.0.1:0 --ops-addr 127.0.0.1:0 --world-speed 20 \
	--log-level warn >"$dir/out" 2>"$dir/log" &
platform=$!
until grep -q '^ready' "$dir/out"; do
	kill -0 "$platform" 2>/dev/null || fail "the platform ended: $(tail -n 1 "$dir/log")"
	sleep 0.2
done

# judge NAME URL TOKEN OPTION…: holds one API against its document.
failed=
judge() {
	name=$1 url=$2 token=$3
	shift 3
	echo "schemathesis.sh: the API of the $name at $url"
	(cd "$dir" && exec "$cache/bin/st" run "$url/openapi.json" --header "Authorization: Bearer $token" --checks "$checks" \
		--phases examples,coverage,fuzzing,stateful --max-examples 50 --max-time 120 --request-timeout 20 \
		--generation-database none --no-color "$@") || failed="$failed $name"
}

# url NAME: where a listener is, from running.json.
url() { sed -n "s/.*\"$1\": \"\(http[^\"]*\)\".*/\1/p" "$dir/data/running.json"; }

# send NAME PATH KEY BODY: something to be found by what is asked afterwards.
send() {
	curl -fsS -o "$dir/sent" "$(url "$1")$2" -H "Authorization: Bearer $(cat "$dir/$1")" -H "Idempotency-Key: $3" \
		-H 'Content-Type: application/json' --data "$4" || fail "POST $2 was refused"
}

shop=$(url storefront)
board=$(url operators)
bin/orderflow token --data-dir "$dir/data" --customer ann >"$dir/storefront"
bin/orderflow token --data-dir "$dir/data" --operator >"$dir/operators"
send operators /v1/products k '{"items":[{"sku":"MUG","description":"A mug","price":{"amount":450,"currency":"GBP"}}]}'
send operators /v1/stock/receipts k '{"items":[{"sku":"MUG","warehouse":"north","quantity":100000}]}'
until curl -fsS "$shop/v1/products/MUG" >"$dir/sent" 2>&1; do sleep 0.2; done
for payment in tok_ok tok_declined tok_slow; do
	send storefront /v1/orders $payment '{"lines":[{"sku":"MUG","quantity":2}],"ship_to":{"name":"Ann","line1":"1 High Street",
		"city":"Leeds","postcode":"LS1 1AA","country":"GB"},"email":"ann@shop.example","payment_token":"'$payment'"}'
done

judge storefront "$shop" "$(cat "$dir/storefront")" "$@"
judge operators "$board" "$(cat "$dir/operators")" "$@"
kill -0 "$platform" 2>/dev/null || fail "the platform ended: $(tail -n 1 "$dir/log")"
[ -z "$failed" ] || { echo "schemathesis.sh: failed:$failed" >&2 && exit 1; }
