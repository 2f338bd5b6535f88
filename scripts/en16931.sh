#!/bin/sh
# Writes invoices and credit notes of many kinds as UBL, and lets phive, a validator of others, check them by EN 16931. It comes
# from Maven Central and needs a Java 17.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
for tool in java mvn; do
	command -v $tool >/dev/null && continue
	echo "en16931.sh: $tool is missing: install a Java 17 and Maven (Debian: apt-get install openjdk-17-jdk-headless maven)" >&2
	exit 3
done
witness=$root/scripts/witness/en16931
jars=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/orderflow/en16931-$(cksum <"$witness/pom.xml" | tr ' ' -)
[ -d "$jars" ] || {
	mkdir -p "$(dirname "$jars")"
	mvn -q -B -f "$witness/pom.xml" dependency:copy-dependencies -DoutputDirectory="$jars.new" >&2
	mv "$jars.new" "$jars"
}
documents=$(mktemp -d)
trap 'rm -rf "$documents"' EXIT
cd "$root/services/invoice"
go test ./internal/ubl -count=1 -run TestTheAmountsOfTheXML -into "$documents" >&2
java -cp "$jars/*" "$witness/Validate.java" "$documents"
