#!/bin/sh
# Carries out deployments/docker/Dockerfile for one service without Docker: each instruction is read from the file, so the two
# cannot differ. Its build stage runs in DIR/build, on a copy of the committed files and with nothing of this environment but the
# PATH and the Go caches; its last stage is DIR, in which the program runs with an empty, read-only root, as the image's user. An
# instruction that this does not know is an error.
#   scripts/image.sh SERVICE DIR
set -eu
[ $# = 2 ] || {
	sed -n '2,/^set/p' "$0" | sed '$d; s/^# \{0,1\}//' >&2
	exit 2
}
SERVICE=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)
cd "$(dirname "$0")/.."

fail() {
	echo "image.sh: $*" >&2
	exit 1
}

# run COMMAND: as RUN does, with the build's WORKDIR and its absolute paths in DIR/build.
run() {
	command=$(printf '%s' "$1" | sed "s| /out/| $dir/build/out/|g")
	(cd "$dir/build$workdir" && env -i PATH="$PATH" HOME="$HOME" GOPROXY="$(go env GOPROXY)" SERVICE="$SERVICE" \
		sh -c "$command" </dev/null) || fail "$SERVICE: $command"
}

stages=0 workdir=/ user='' entry=''
mkdir -p "$dir/build/out"
# One instruction a line, without comments.
sed -e '/^#/d' -e ':a' -e '/\\$/{N;s/\\\n *//;ta' -e '}' deployments/docker/Dockerfile | sed '/^$/d' >"$dir/instructions"
while IFS= read -r line; do
	rest=${line#* }
	case $stages:$line in
	*:FROM\ *) stages=$((stages + 1)) ;;
	1:WORKDIR\ *) workdir=$rest && mkdir -p "$dir/build$workdir" ;;
	1:COPY\ .\ .) git archive HEAD | tar -x -C "$dir/build$workdir" --anchored --exclude-from=.dockerignore ;;
	1:RUN\ *) run "$rest" ;;
	2:COPY\ --from=build\ *)
		rest=${rest#* }
		cp "$dir/build${rest% *}" "$dir${rest#* }"
		;;
	2:USER\ *) user=$rest ;;
	2:ENTRYPOINT\ *) entry=$(printf '%s' "$rest" | tr -d '[]"') ;;
	*:ARG\ * | 2:LABEL\ * | 2:EXPOSE\ *) ;;
	*) fail "cannot carry out: $line" ;;
	esac
done <"$dir/instructions"
[ $stages = 2 ] && [ -n "$user" ] && [ -x "$dir$entry" ] || fail "the Dockerfile leads to no program"

# The image has the program and nothing else that it could need: it starts in a root that holds only itself.
rm -rf "$dir/build" "$dir/instructions"
chmod 555 "$dir"
if [ "$(id -u)" = 0 ]; then
	chroot --userspec="$user" "$dir" "$entry" --help
else
	unshare --map-root-user chroot "$dir" "$entry" --help
fi >/dev/null || fail "$SERVICE does not run as $user in a root of its own"
chmod 755 "$dir"
