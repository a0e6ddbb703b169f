#!/usr/bin/env bash
# Hands a sweep to Slurm: an array of shards, and a merge when all of them have ended.
#
#     scripts/cluster/slurm/submit.sh FILE --shards N [--name NAME] [--out DIR] [options of sweep run] \
#         [-- options of sbatch]
#
# Options of sbatch hold for the shards: partition, time limit, CPUs, memory. The folder that this is called in must be
# shared by all nodes. Given again after a failure, the same command does what is missing.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
scheduler=sbatch
. "$here/../arguments.sh"

array=$(sbatch --parsable --job-name "$name" --array "1-$shards" --output "$logs/shard-%a.log" \
    "${scheduler_options[@]}" "$here/shard.sbatch" "$here/../shard.sh" "$file" "$shards" "${sweep_options[@]}")
array=${array%%;*}
# Not afterok: that would wait for ever when a shard has failed. The merge lists what is missing.
merge=$(sbatch --parsable --job-name "$name-merge" --dependency "afterany:$array" --output "$logs/merge.log" \
    "$here/merge.sbatch" "$name" "$out" "$shards")
merge=${merge%%;*}

cat <<END
shards: job $array (1-$shards); merge: job $merge; logs in $logs
how far it is:  squeue --jobs $array,$merge
                ${SWEEP:-sweep} status $name.shard-1-of-$shards --out $out
to stop it:     scancel $array $merge
to go on:       the same command again
at the end:     $out/$name
END
