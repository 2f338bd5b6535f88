#!/bin/sh
# Makes certificates for trials in DIR, unless they are there: ca.pem, an authority of its own, and for each NAME a server's
# NAME.crt, NAME.key, and both in NAME.pem, for the host names NAME and localhost and the address 127.0.0.1. For an installation
# that matters, take those of your own authority.
#   scripts/certificates.sh DIR NAME…
set -eu
[ $# -ge 2 ] || { echo "usage: certificates.sh DIR NAME…" >&2 && exit 2; }
command -v openssl >/dev/null || {
	echo "certificates.sh: openssl is missing; install it (Debian: apt-get install openssl)" >&2
	exit 3
}
mkdir -p "$1"
cd "$1"
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT

certificates() {
	umask 077
	[ -f ca.pem ] || openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj '/CN=Orderflow trial' -keyout ca.key -out ca.pem
	for name in "$@"; do
		[ -f "$name.pem" ] && continue
		openssl req -newkey rsa:2048 -nodes -subj "/CN=$name" -keyout "$name.key" -out "$name.csr"
		echo "subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:$name" >"$name.ext"
		openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 365 -extfile "$name.ext" -out "$name.crt"
		rm "$name.csr" "$name.ext"
		cat "$name.key" "$name.crt" >"$name.pem"
	done
}

certificates "$@" >"$log" 2>&1 || { echo "certificates.sh: openssl failed: $(tail -n 1 "$log")" >&2 && exit 3; }
