#!/bin/sh
# sbatch --array=1-8 docs/ci/slurm.sh: Slurm sets SLURM_ARRAY_TASK_ID and its like, which the sweep reads.
# Then: seedbed merge shard-*.jsonl
#SBATCH --job-name=seedbed-sweep
#SBATCH --cpus-per-task=4
set -eu
SEEDBED="${SEEDBED:-target/release/seedbed}"
SEEDS="${SEEDS:-0..100000}"
exec "$SEEDBED" sweep ${NAMES:---all} --strategy portfolio --seeds "$SEEDS" --json-lines "shard-$SLURM_ARRAY_TASK_ID.jsonl"
