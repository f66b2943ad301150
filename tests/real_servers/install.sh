#!/bin/sh
# The real servers that tests/real_servers proves the sources against, on Debian 12 or later; as root.
# Nothing is started: the tests start each server on loopback and stop it. Then run:
#   MOLVA_REAL_SERVERS=1 python -m pytest -n 0 tests/real_servers -m "not slow"
# Bluesky's own network is a job apart (360 MB, some minutes): --bluesky installs it alone. Then run:
#   MOLVA_REAL_SERVERS=1 python -m pytest -n 0 tests/real_servers/test_bluesky.py
set -eu
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 # RUNLEVEL keeps packages from starting services
servers=${MOLVA_SERVERS:-/opt/molva-servers}
apt-get update
if [ "${1:-}" = --bluesky ]; then
  # A compiler: one of its npm packages is built here, unless it can be downloaded ready-made.
  apt-get install -y --no-install-recommends redis-server postgresql g++ make python3
  command -v npm > /dev/null || apt-get install -y --no-install-recommends nodejs npm # Debian 13's
  mkdir -p "$servers/atproto"
  cd "$servers/atproto"
  npm init --yes > /dev/null
  npm install --silent @atproto/dev-env@0.3.215 # the last that Node 20 runs
  exit
fi
# Chromium is no server: tests/reports opens digests of hostile posts in it.
apt-get install -y --no-install-recommends chromium nginx-light dovecot-imapd \
  wordpress wordpress-theme-twentytwentythree mariadb-server php-cli php-mysql php-xml php-mbstring python3-venv
# snac is in Debian 13; for Debian 12 it comes from backports.
if ! apt-get install -y --no-install-recommends snac2; then
  . /etc/os-release
  mirror=$(apt-get indextargets --format '$(REPO_URI)' | head -n 1)
  echo "deb $mirror $VERSION_CODENAME-backports main" \
    > /etc/apt/sources.list.d/backports.list
  apt-get update
  apt-get install -y --no-install-recommends snac2
fi
# Matrix Synapse is on PyPI only; pip takes the index that the machine is set up with.
mkdir -p "$servers"
python3 -m venv --clear "$servers/synapse"
"$servers/synapse/bin/pip" install --quiet matrix-synapse
# ntfy is in Debian 13; one package of it, unpacked, runs on Debian 12, whose own lists stay untouched.
if ! apt-get install -y --no-install-recommends ntfy; then
  state=$servers/apt
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
  echo "deb $(apt-get indextargets --format '$(REPO_URI)' | head -n 1) trixie main" > "$state/sources.list"
  set -- -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::State::lists="$state/lists" -o Dir::Cache="$state/cache" -o APT::Sandbox::User=root
  apt-get "$@" update
  cd "$state"
  apt-get "$@" download ntfy
  dpkg -x ntfy_*.deb "$servers/ntfy"
fi
