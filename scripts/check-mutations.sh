#!/bin/bash
# check-mutations.sh [PATCH...]: takes one defence after the other out of a copy of the code, and sees a test fail for it.
# What is installed on this machine is not touched.  test/README.md says what a patch looks like.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# field NAME PATCH: a line of its header
field() { sed -n "/^--- /q; s/^$1: //p" "$2"; }

# private_postgres COPY: a server below COPY that has our files to itself; prints where its programs are, by which it finds the rest
private_postgres()
{
	local dirs prefix dir to

	mapfile -t dirs < <(for dir in bindir sharedir pkglibdir libdir includedir-server pkgincludedir includedir; do "$PG_CONFIG" --$dir; done)
	prefix=$(python3 -c 'import os, sys; print(os.path.commonpath(sys.argv[1:]))' "${dirs[@]}")
	mkdir -p "$1${dirs[0]#"$prefix"}"
	chmod 755 "$1"
	cp -aL "${dirs[0]}/." "$1${dirs[0]#"$prefix"}/"
	for dir in "${dirs[1]}/extension" "${dirs[@]:1}"; do
		to=$1${dir#"$prefix"}
		mkdir -p "$to"
		# what is there already is a folder of our own
		find "$dir" -mindepth 1 -maxdepth 1 ! -name 'orchestration*' -exec ln -st "$to" {} + 2>/dev/null || true
	done
	printf '%s\n' "${dirs[0]#"$prefix/"}"
}

# narrow SPEC PERMUTATIONS: leaves these alone in a specification and in what is expected of it
narrow()
{
	local spec=test/isolation/specs/$1.spec expected=test/isolation/expected/$1.out

	awk -v wanted="$2" 'BEGIN { split(wanted, w, "\n"); for (i in w) keep["permutation " w[i]] }
		!/^permutation/ || $0 in keep' "$spec" >narrow.spec
	comm -23 <(sed -n 's/^step\s*\(\w*\).*/\1/p' "$spec" | LC_ALL=C sort) <(tr ' ' '\n' <<<"$2" | LC_ALL=C sort -u) | sed 's/^/unused step name: /' >narrow.out
	awk -v wanted="$2" 'BEGIN { split(wanted, w, "\n"); for (i in w) want["starting permutation: " w[i]]; keep = 1 }
		/^starting permutation: / { while (keep && --blank > 0) print ""; blank = 0; if (keep = $0 in want) print "" }
		/^$/ { blank++; next }
		keep { for (; blank > 0; blank--) print ""; print }
		END { while (keep && blank-- > 0) print "" }' "$expected" >>narrow.out
	mv narrow.spec "$spec"
	mv narrow.out "$expected"
}

# copy NAME: of everything, below WORK.  Links suffice, as programs that write make new files; gcc does not, of dependencies.
copy()
{
	cp -al "$WORK/tree.pg" "$WORK/$1.pg"
	cp -al "$WORK/tree" "$WORK/$1" && cd "$WORK/$1"
	find src -name '*.d' -exec sed -i '' {} +
}

# run_tests KIND WHICH LOG: in the current folder; WHICH is a line each, for isolation 'specification: permutation'
run_tests()
{
	local names one
	mapfile -t names < <(sed 's/:.*//' <<<"$2" | sort -u)
	export PG_CONFIG PROVE_FLAGS='--failures --comments' REGRESS_DIFF_LINES=100000
	PG_CONFIG=$PWD.pg/$PROGRAMS/pg_config
	make -s all PG_CONFIG="$PG_CONFIG" >"$3" 2>&1 || return 2
	case $1 in
		regress | pgtap) "scripts/check-$1.sh" "${names[@]}" ;;
		tap) scripts/check-tap.sh test/t "${names[@]/#/t/}" ;;
		stub) scripts/check-tap.sh test/stub/t "${names[@]/#/t/}" ;;
		unit) for one in "${names[@]}"; do make -s -C "test/unit/${one%/*}" check NAMES="${one#*/}" PG_CONFIG="$PG_CONFIG" || return 1; done ;;
		isolation)
			for one in "${names[@]}"; do narrow "$one" "$(sed -n "s/^$one: //p" <<<"$2")"; done
			scripts/check-isolation.sh "${names[@]}" ;;
		*) say "there are no tests of the kind \"$1\""; return 2 ;;
	esac >"$3" 2>&1 || return 1
}

# --unchanged KIND: sees its tests pass as long as nothing is taken away
unchanged()
{
	copy "unchanged-$1"
	run_tests "$1" "$(sed -n "s/^$1 //p" <<<"$TESTS")" "$LOGS/unchanged-$1.log" ||
		{ cat "$LOGS/unchanged-$1.log"; say "check-$1 fails as it is, which says nothing of mutations"; exit 1; }
}

# --mutation PATCH: prints its verdict
mutation()
{
	local name test loss sign log rc=0
	name=$(basename "$1" .patch)
	test=$(field 'Noticed by' "$1") loss=$(field 'Takes away' "$1") sign=$(field 'As' "$1") log=$LOGS/$name.log

	fail() { printf 'not ok - %s: %s\n' "$name" "$1"; tail -n "${2:-20}" "$log" | sed 's/^/    /'; exit 1; }
	: >"$log"
	[ -n "$test" ] && [ -n "$loss" ] && [ -n "$sign" ] || fail 'its header lacks "Takes away", "Noticed by" or "As"'
	copy "$name"
	patch -p1 --fuzz=0 --forward --no-backup-if-mismatch <"$1" >"$log" 2>&1 || fail 'what it changes is no longer there'
	run_tests "${test%% *}" "${test#* }" "$log" || rc=$?
	[ $rc -ne 0 ] || fail "not noticed by $test: $loss" 0
	[ $rc -ne 2 ] || fail 'it could not be tried'
	! grep -qE 'server closed the connection|could not (load|access)' "$log" || fail 'the server could not run'
	grep -qF -- "$sign" "$log" || fail "$test failed, but not as: $sign" 60
	printf 'ok - caught: %s: %s\n' "$name" "$loss"
}

case ${1:-} in --unchanged | --mutation) "${1#--}" "${@:2}"; exit ;; esac

[ $# -gt 0 ] || set -- "$ROOT"/test/mutations/*.patch
mapfile -t patches < <(realpath "$@")
export LOGS=$ROOT/build/mutations WORK TESTS PROGRAMS INITIAL_DATA
TESTS=$(for patch in "${patches[@]}"; do field 'Noticed by' "$patch"; done | sort -u)
WORK=$(scratch mutations)
trap 'rm -rf "$WORK"' EXIT
make -s -C "$ROOT" all WERROR=-Werror PG_CONFIG="$PG_CONFIG"
for room in $(sed -n 's/^unit \(.*\)\/.*/\1/p' <<<"$TESTS" | sort -u); do make -s -C "$ROOT/test/unit/$room" check PG_CONFIG="$PG_CONFIG" >/dev/null 2>&1 || true; done
init_data "$WORK/data"
INITIAL_DATA=$WORK/data
PROGRAMS=$(private_postgres "$WORK/tree.pg")
rm -rf "$LOGS"
mkdir -p "$WORK/tree/build" "$LOGS"
find "$ROOT" -mindepth 1 -maxdepth 1 ! -name .git ! -name build -exec cp -at "$WORK/tree" {} +
find "$ROOT/build" -maxdepth 1 \( -name unit -o -name 'orchestration--*.sql' \) -exec cp -at "$WORK/tree/build" {} +

at_once() { xargs -P "${JOBS:-$(nproc)}" -n 1 "$ROOT/scripts/check-mutations.sh" "$1"; }
cut -d' ' -f1 <<<"$TESTS" | sort -u | at_once --unchanged
rc=0
printf '%s\n' "${patches[@]}" | at_once --mutation || rc=1
printf '%d mutations, %s caught\n' ${#patches[@]} "$([ $rc -eq 0 ] && echo all || echo not all)"
exit $rc
