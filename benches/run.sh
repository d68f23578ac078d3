#!/usr/bin/env bash
# Our figures as ratios to the physical floor and to the peers that can be installed, all in one run on one machine.
#
#   benches/run.sh [ROW...]       rows: see --help; none named = all
#
# Builds what is missing: our release binary (or names it: DIEMBAO_BIN), the world of feeds and the floor (into
# BENCH_TARGET, outside of their folder), the peers (newsboat and sfeed from Debian, reader and rss2email from PyPI).
set -euo pipefail
cd "$(dirname "$0")/.."
export BENCH_TARGET=${BENCH_TARGET:-${TMPDIR:-/tmp}/diembao-bench}
export BENCH_SHARED=${BENCH_SHARED:-$(cd .. && pwd)/shared}
[ -d "$BENCH_SHARED/floor" ] || { echo "no $BENCH_SHARED/floor: the yardstick lives there" >&2; exit 2; }

if [ -z "${DIEMBAO_BIN:-}" ]; then
  cargo build --release --quiet
  export DIEMBAO_BIN=$PWD/target/release/diembao
fi
# From outside of this folder: our flags for SQLite (.cargo/config.toml) are not the yardstick's.
for kit in feedworld floor; do
  (cd "$BENCH_SHARED/$kit" && CARGO_TARGET_DIR=$BENCH_TARGET cargo build --release --locked --quiet)
done
if [ -z "${BENCH_NO_PEERS:-}" ]; then
  missing=()
  for package in newsboat sfeed python3-venv curl; do dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package"); done
  if [ ${#missing[@]} -gt 0 ]; then
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"; } \
      >/dev/null || echo "not installed: ${missing[*]}" >&2
  fi
  [ -x "$BENCH_TARGET/peers/bin/pip" ] || python3 -m venv "$BENCH_TARGET/peers"
  "$BENCH_TARGET/peers/bin/pip" install --quiet reader rss2email sgmllib3k || echo "not installed: reader, rss2email" >&2
fi
exec python3 benches/compare.py "$@"
