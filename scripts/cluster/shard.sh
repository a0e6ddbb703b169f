#!/usr/bin/env bash
# Runs one shard to its end, whatever became of earlier attempts at it.
#
#     shard.sh FILE I/N [options of `sweep run`]
#
# What an earlier attempt has finished stays. The earlier attempt itself may still be at work: a scheduler that has
# lost sight of a machine starts its shards elsewhere, and cannot know. `sweep` refuses a second process on a run;
# here the second waits for the first, and then finds less to do, or nothing.
#
# The exit code is that of `sweep run`, with one exception: 3 (all is done, and some jobs failed) becomes 0. Schedulers
# take it for a shard to be tried again, but the same jobs would fail in the same way; the merge counts them.
# The environment variable SWEEP names the command, if it is not `sweep`.
set -u

readonly file=$1 shard=$2
shift 2
messages=$(mktemp)
child=
stopped=
# The shell's own end must wait for sweep, which keeps what is finished.
trap 'stopped=yes; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM INT
trap 'rm -f "$messages"' EXIT

# Waits for the child, also when a signal interrupts waiting; its exit code.
wait_for_child() {
    local code
    wait "$child"
    code=$?
    while kill -0 "$child" 2>/dev/null; do
        wait "$child"
        code=$?
    done
    child=
    return "$code"
}

# Runs sweep; shows what it says at once, and keeps it for the question why it ended.
run() {
    local code tee
    # Sweep has last words when it is stopped, so this must not be stopped first.
    exec 3> >(trap '' TERM INT && exec tee "$messages" >&2)
    tee=$!
    "${SWEEP:-sweep}" run "$file" --shard "$shard" "$@" 2>&3 3>&- &
    child=$!
    exec 3>&-
    wait_for_child
    code=$?
    wait "$tee"
    return "$code"
}

while true; do
    run "$@"
    code=$?
    if [ "$code" -ne 2 ] || ! grep -q 'another process is at work' "$messages"; then
        break
    fi
    echo "shard $shard: waiting for the other process" >&2
    sleep "${SWEEP_WAIT_SECONDS:-10}" &
    child=$!
    wait_for_child
    # Stopped while there was nothing to stop.
    [ -z "$stopped" ] || exit 143
done
[ "$code" -ne 3 ] || exit 0
exit "$code"
