#!/bin/sh
# Installs what the tests need beside Go, and only what is missing: a C compiler (the race detector links
# against libc), Chromium (the pages are driven in a real browser), Node.js with npm and, from the lock file,
# the clients openid-client and newman. Packages come from Debian; it asks for root, or for sudo, only then.
# "install.sh compiler" stops after the compiler, with which Go can be busy while the rest is installed.
set -eu
cd "$(dirname "$0")"

have() { command -v "$1" >/dev/null 2>&1; }

missing=
have gcc || missing="$missing gcc libc6-dev"
if [ "${1:-all}" != compiler ]; then
	have chromium || missing="$missing chromium fonts-dejavu-core"
	have node || missing="$missing nodejs"
	have npm || missing="$missing npm"
fi

if [ -n "$missing" ]; then
	echo "install:$missing"
	if ! have apt-get; then
		echo "install: no apt-get here; install$missing by hand, then run this again" >&2
		exit 1
	fi
	root=
	if [ "$(id -u)" -ne 0 ]; then
		if ! have sudo; then
			echo "install: run as root once: apt-get install$missing" >&2
			exit 1
		fi
		root=sudo
	fi
	$root apt-get update -qq </dev/null
	# npm alone brings five hundred small packages: an fsync for each file of them would take minutes.
	$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		-o Dpkg::Options::=--force-unsafe-io $missing </dev/null >/dev/null
fi

[ "${1:-all}" != compiler ] || exit 0

# npm writes node_modules/.package-lock.json last, so an interrupted install is done again.
mark=node/node_modules/.package-lock.json
if [ ! -f "$mark" ] || [ node/package-lock.json -nt "$mark" ]; then
	echo "install: npm clients of testdata/node/package-lock.json"
	(cd node && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null)
	touch "$mark"
fi
