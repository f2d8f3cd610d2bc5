#!/bin/bash
# version.sh: one version number, written by hand in orchestration.control; META.json and the top of CHANGELOG.md follow.
set -euo pipefail
root=${LINT_ROOT:-$(cd "$(dirname "$0")/../.." && pwd)}
cd "$root"
version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" orchestration.control)
rc=0
if [[ ! $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]]; then
	echo "orchestration.control: default_version is \"$version\", not a semantic version"
	rc=1
fi
top=$(sed -n 's/^## \([0-9][^ ]*\).*/\1/p' CHANGELOG.md | head -n 1)
[ "$top" = "$version" ] || { echo "CHANGELOG.md: the newest entry is $top, the control file says $version"; rc=1; }
python3 - "$version" <<'PY' || rc=1
import json, os, sys

version, bad = sys.argv[1], []
meta = json.load(open("META.json", encoding="utf-8"))
# PGXN Meta 1.0.0: what must be there, and which keys exist at all
for key in ("name", "version", "abstract", "maintainer", "license", "provides", "meta-spec"):
    if key not in meta:
        bad.append(f"{key} is missing")
known = {"name", "version", "abstract", "maintainer", "license", "provides", "meta-spec", "description", "generated_by",
         "no_index", "prereqs", "release_status", "resources", "tags"}
bad += [f"{key} is not a key of PGXN Meta" for key in meta if key not in known and not key.lower().startswith("x_")]
if meta.get("version") != version:
    bad.append(f"version is {meta.get('version')}, the control file says {version}")
for name, part in meta.get("provides", {}).items():
    if part.get("version") != version:
        bad.append(f"provides.{name}.version is {part.get('version')}, the control file says {version}")
    for key in ("file", "docfile"):
        if key in part and not os.path.exists(part[key]):
            bad.append(f"provides.{name}.{key}: {part[key]} does not exist")
for line in bad:
    print(f"META.json: {line}")
sys.exit(1 if bad else 0)
PY
strays=$(grep -nE "(EXTVERSION|ORCH_VERSION|default_version)[^$]*['\"=]$version" Makefile src/*.c src/*/*.[ch] src/*/*/*.[ch] src/*/*.sql src/*/*/*.sql || true)
[ -z "$strays" ] || { echo "$strays" | sed 's/$/   <- the version is written again/'; rc=1; }
exit $rc
