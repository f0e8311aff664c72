#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds jincai and runs its demo: a small site with planted faults, in a folder of its own.
#   sh demo.sh [--no-install] [options of jincai demo]
# What is missing is installed by apt-get (Debian 12); with --no-install it is only listed (exit 3).
set -eu
cd "$(dirname "$0")"
. cmake/ready.sh

install=yes
if [ "${1:-}" = --no-install ]; then
	install=no
	shift
fi
ready $install "$needs_build"
build_release jincai
exec build/release/bin/jincai demo "$@"
