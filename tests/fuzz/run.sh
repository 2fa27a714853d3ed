#!/bin/bash
# run.sh SECONDS [BIN]: runs every fuzz target in BIN (default build/fuzz/bin) for that long each,
# two at a time, from a fresh corpus. Fails when one finds something; its log and the offending
# input are then in BIN/../fuzz-findings.
set -euo pipefail
duration=${1:?usage: run.sh SECONDS [BIN]}
here=$(cd "$(dirname "$0")" && pwd)
bin=$(cd "${2:-$here/../../build/fuzz/bin}" && pwd)
compgen -G "$bin/*_fuzz" > /dev/null || { echo "run.sh: no *_fuzz in $bin" >&2; exit 2; }
corpus=$(mktemp -d)
trap 'rm -rf "$corpus"' EXIT
"$here/make_corpus.sh" "$corpus"
findings=$(dirname "$bin")/fuzz-findings
mkdir -p "$findings"

run_one() {
  local name=${1##*/}
  mkdir -p "$corpus/$name"
  local log="$findings/$name.log"
  if nice "$1" "$corpus/$name" -max_total_time="$duration" -max_len=16384 -rss_limit_mb=1024 \
    -malloc_limit_mb=512 -timeout=10 -artifact_prefix="$findings/$name-" > "$log" 2>&1; then
    echo "$name: $(grep -E '^Done' "$log")"
    rm "$log"
  else
    echo "$name: FOUND something; see $log"
    tail -n 20 "$log"
    return 1
  fi
}
export -f run_one
export corpus findings duration
printf '%s\0' "$bin"/*_fuzz | xargs -0 -n 1 -P 2 bash -c 'run_one "$0"'
