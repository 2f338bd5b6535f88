#!/bin/sh
# Makes the secrets of a trial with compose, in deployments/compose/secrets, unless they are there.
#   deployments/compose/secrets.sh
set -eu
cd "$(dirname "$0")"
../../scripts/certificates.sh secrets/certificates kafka postgres

# secret NAME: a file with a random password.
secret() {
	[ -s "secrets/$1" ] || head -c 24 /dev/urandom | base64 | tr -d '\n' | tr '+/' 'ab' >"secrets/$1"
}

umask 022
mkdir -p secrets/passwords
chmod 700 secrets # for others on this machine; containers see single files, as another user
for name in kafka-admin postgres-admin jwt grafana; do secret $name; done
for service in storefront catalog order fraud inventory payment shipping warehouse refund \
	invoice reporting recommendation notification tracker; do
	secret "passwords/$service"
done
chmod 644 secrets/certificates/*.pem secrets/certificates/*.crt secrets/certificates/*.key
chmod 600 secrets/certificates/ca.key
