#!/bin/sh
# docs/ci/parallel.sh 8: eight shares at a time on this machine, by GNU parallel where it is installed; then one result.
set -eu
export SEEDBED_SHARDS="${1:-4}"
SEEDBED="${SEEDBED:-target/release/seedbed}"
SEEDS="${SEEDS:-0..1000}"
RESULTS="${RESULTS:-.}"
shares=$(seq 1 "$SEEDBED_SHARDS")
sweep="$SEEDBED sweep ${NAMES:---all} --strategy portfolio --seeds $SEEDS --jobs 1 --json-lines"
if parallel --version 2>/dev/null | grep -q '^GNU parallel'; then
    # Sets PARALLEL_SEQ, which the sweep reads. A share that fails is told by the merge.
    echo "$shares" | parallel --halt never "$sweep $RESULTS/shard-{}.jsonl" || true
else
    for share in $shares; do
        PARALLEL_SEQ=$share $sweep "$RESULTS/shard-$share.jsonl" &
    done
    wait
fi
exec "$SEEDBED" merge "$RESULTS"/shard-*.jsonl --junit "$RESULTS/sweep.xml"
