#!/bin/sh
# Runs one Apache Kafka broker (KRaft) for tests and trials, from the jars on Maven Central.
#   scripts/kafka.sh start DIR [PORT [secured]]   prints the address once the broker answers; PORT+1 is the controller's
#   scripts/kafka.sh stop DIR                     the data stays in DIR
# Secured means TLS, SCRAM-SHA-512 and access control: DIR/security has ca.pem, and the password of the superuser admin.
set -eu

version=4.1.0
log4j=2.24.3
plugin=3.8.1
scripts=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/orderflow/kafka-$version

fail() {
	echo "kafka.sh: $*" >&2
	exit 3
}

usage() {
	echo "usage: kafka.sh start DIR [PORT [secured]] | kafka.sh stop DIR" >&2
	exit 2
}

# need COMMAND PACKAGE: installs it as root with apt-get, else says how.
need() {
	command -v "$1" >/dev/null 2>&1 && return
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
		echo "kafka.sh: installing $2" >&2
		{ apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$2"; } >&2 ||
			fail "could not install $2; install it by hand"
		return
	fi
	fail "$1 is missing; install it (Debian: apt-get install $2)"
}

fetch_jars() {
	[ -f "$cache/complete" ] && return
	need mvn maven
	echo "kafka.sh: fetching Apache Kafka $version into $cache" >&2
	mkdir -p "$cache"
	dependency() {
		echo "<dependency><groupId>$1</groupId><artifactId>$2</artifactId><version>$3</version></dependency>"
	}
	cat >"$cache/pom.xml" <<-POM
		<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
		<groupId>orderflow.example</groupId><artifactId>kafka</artifactId><version>1</version><dependencies>
		$(dependency org.apache.kafka kafka_2.13 $version)
		$(dependency org.apache.logging.log4j log4j-core $log4j)
		$(dependency org.apache.logging.log4j log4j-slf4j-impl $log4j)
		</dependencies></project>
	POM
	mvn -q -B -Dstyle.color=never -f "$cache/pom.xml" "org.apache.maven.plugins:maven-dependency-plugin:$plugin:copy-dependencies" \
		-DincludeScope=runtime -DoutputDirectory="$cache/lib" >&2 || fail "Maven could not fetch the jars; is Maven Central reachable?"
	touch "$cache/complete"
}

# secure DIR makes an authority, a certificate for the broker, and the superuser's password.
secure() {
	need openssl openssl
	"$scripts/certificates.sh" "$1/security" broker || exit 3
	(umask 077 && head -c 24 /dev/urandom | base64 | tr '+/' 'ab' >"$1/security/admin")
}

# security DIR: the settings of a secured broker. The controller's listener, in the same process, has no login.
security() {
	cat <<-CONF
		inter.broker.listener.name=SASL_SSL
		sasl.enabled.mechanisms=SCRAM-SHA-512
		sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
		listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
		 username="admin" password="$(cat "$1/security/admin")";
		ssl.keystore.type=PEM
		ssl.keystore.location=$1/security/broker.pem
		ssl.truststore.type=PEM
		ssl.truststore.location=$1/security/ca.pem
		authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
		super.users=User:admin;User:ANONYMOUS
	CONF
}

configure() {
	cat >"$1/server.properties" <<-CONF
		process.roles=broker,controller
		node.id=1
		controller.quorum.voters=1@127.0.0.1:$(($2 + 1))
		listeners=$protocol://127.0.0.1:$2,CONTROLLER://127.0.0.1:$(($2 + 1))
		advertised.listeners=$protocol://127.0.0.1:$2
		controller.listener.names=CONTROLLER
		listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL
		log.dirs=$1/log
		auto.create.topics.enable=false
		offsets.topic.replication.factor=1
		offsets.topic.num.partitions=4
		transaction.state.log.replication.factor=1
		transaction.state.log.min.isr=1
		share.coordinator.state.topic.replication.factor=1
		share.coordinator.state.topic.min.isr=1
		group.initial.rebalance.delay.ms=0
	CONF
	[ "$protocol" = PLAINTEXT ] || security "$1" >>"$1/server.properties"
	cat >"$1/log4j2.properties" <<-CONF
		appender.out.type=Console
		appender.out.name=out
		appender.out.layout.type=PatternLayout
		appender.out.layout.pattern=%d %p %m (%c)%n
		rootLogger.level=info
		rootLogger.appenderRef.out.ref=out
	CONF
}

# running DIR: the process of the pid file is alive, and is this broker.
running() {
	[ -f "$1/pid" ] || return 1
	pid=$(cat "$1/pid")
	{ tr '\0' ' ' <"/proc/$pid/cmdline" || ps -o args= -p "$pid"; } 2>/dev/null | grep -qF "$1/server.properties"
}

java_main() {
	exec java -Xms512m -Xmx512m -Dlog4j2.configurationFile="$dir/log4j2.properties" -cp "$cache/lib/*" "$@"
}

start() {
	mkdir -p "$dir"
	dir=$(cd "$dir" && pwd)
	running "$dir" && fail "a broker already runs on $dir (pid $(cat "$dir/pid")); stop it first"
	need java openjdk-17-jre-headless
	major=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p')
	[ "${major:-0}" -ge 17 ] || fail "java is version ${major:-unknown}; Kafka $version needs 17 or newer" \
		"(Debian: apt-get install openjdk-17-jre-headless)"
	fetch_jars
	[ "$protocol" = PLAINTEXT ] || [ -f "$dir/security/broker.pem" ] || secure "$dir"
	configure "$dir" "$port"
	if [ ! -f "$dir/log/meta.properties" ]; then
		id=$(head -c 16 /dev/urandom | base64 | tr '+/' 'ab' | cut -c1-22)
		set -- format -t "$id" -c "$dir/server.properties"
		[ "$protocol" = PLAINTEXT ] ||
			set -- "$@" --add-scram "SCRAM-SHA-512=[name=admin,password=$(cat "$dir/security/admin")]"
		(java_main kafka.tools.StorageTool "$@") >"$dir/format.out" 2>&1 ||
			fail "could not format $dir/log: $(tail -n 1 "$dir/format.out")"
	fi
	(trap '' HUP && java_main kafka.Kafka "$dir/server.properties") >"$dir/server.out" 2>&1 </dev/null &
	echo $! >"$dir/pid"
	tries=0
	until grep -q 'Kafka Server started' "$dir/server.out"; do
		running "$dir" || kill -0 "$(cat "$dir/pid")" 2>/dev/null || {
			rm -f "$dir/pid"
			fail "the broker ended: $(grep -E 'ERROR|Exception' "$dir/server.out" | head -n 1) (all of it in $dir/server.out)"
		}
		tries=$((tries + 1))
		[ $tries -lt 300 ] || fail "the broker did not start within 60 s; see $dir/server.out"
		sleep 0.2
	done
	echo "127.0.0.1:$port"
}

stop() {
	dir=$(cd "$dir" 2>/dev/null && pwd) || return 0
	running "$dir" || { rm -f "$dir/pid"; return 0; }
	kill "$(cat "$dir/pid")"
	tries=0
	while running "$dir"; do
		tries=$((tries + 1))
		[ $tries -lt 150 ] || fail "the broker (pid $(cat "$dir/pid")) did not stop within 30 s"
		sleep 0.2
	done
	rm -f "$dir/pid"
}

[ $# -ge 2 ] || usage
dir=$2
port=${3:-19092}
case ${4:-} in
'') protocol=PLAINTEXT ;;
secured) protocol=SASL_SSL ;;
*) usage ;;
esac
case $1 in
start) start ;;
stop) stop ;;
*) usage ;;
esac
