#!/usr/bin/env bash
# Builds the fuzz targets with the coverage that libFuzzer wants, and runs one of them: fuzz/run.sh NAME [SECONDS [OPTION…]]
#
# It needs no nightly compiler and no cargo-fuzz: the flags are what cargo-fuzz passes with `-s none`, without its corpus handling.
# New inputs go to target/fuzz-corpus/NAME, those that fail to the working folder as crash-HASH. With `-use_counters=0 -set_cover_merge=1 FOLDER`
# the least of both folders that covers as much goes to FOLDER: docs/checks.md.
set -euo pipefail
name=${1:?which target: one of fuzz/fuzz_targets}
seconds=${2:-600}
cd "$(dirname "$0")/.."
host=$(rustc -vV | sed -n 's/^host: //p')
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1 -Cdebug-assertions"
cargo build --release --locked --quiet -p fuzz --bin "$name" --target "$host" --target-dir target/fuzz
mkdir -p "target/fuzz-corpus/$name" "fuzz/corpus/$name"
exec "target/fuzz/$host/release/$name" -max_total_time="$seconds" "${@:3}" "target/fuzz-corpus/$name" "fuzz/corpus/$name"
