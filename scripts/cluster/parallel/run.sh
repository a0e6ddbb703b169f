#!/usr/bin/env bash
# Hands a sweep to a handful of hosts over ssh, by GNU parallel, fetches the shards, and merges them here.
#
#     scripts/cluster/parallel/run.sh FILE --shards N [--name NAME] [--out DIR] [options of sweep run] \
#         -- --sshlogin HOST,HOST,... [options of parallel]
#
# Hosts need `sweep`, bash and rsync, and an ssh that asks nothing; they share no folder. FILE and DIR are relative to
# the folder that this is called in, and lie in the same place below the home folder there. The host `:` is this one.
# Every host does one shard at a time, with all its cores. Given again, the same command does what is missing.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
scheduler=parallel
. "$here/../arguments.sh"

# Sent along, so that hosts need no copy of this folder.
shard_sh=$logs/shard.sh
cp "$here/../shard.sh" "$shard_sh"
printf -v command '%q ' bash "$shard_sh" "$file"
printf -v options '%q ' "${sweep_options[@]}"
shard=$out/$name.shard-{}-of-$shards
if ! seq "$shards" | parallel --jobs 1 --retries 3 --joblog "$logs/joblog-$shards" --resume-failed --line-buffer --tag \
    --workdir . --basefile "$file" --basefile "$shard_sh" --return "$shard" --env SWEEP --env SWEEP_WAIT_SECONDS \
    "${scheduler_options[@]}" "$command {}/$shards $options"
then
    echo "not all shards are done (see $logs/joblog-$shards); the same command goes on" >&2
    exit 1
fi
"${SWEEP:-sweep}" merge "$out/$name".shard-*-of-"$shards" --name "$name" --out "$out"
