# Sourced by the scripts that hand shards to a scheduler: reads
#
#     FILE --shards N [--name NAME] [--out DIR] [options of `sweep run`] [-- options of the scheduler]
#
# into $file, $shards, $name, $out, $logs and the arrays sweep_options and scheduler_options.

usage() {
    echo "usage: $0 FILE --shards N [--name NAME] [--out DIR] [options of sweep run] [-- options of $scheduler]" >&2
    exit 2
}

[ $# -gt 0 ] || usage
file=$1
shift
shards=
name=$(basename "$file")
name=${name%.*}
out=results
sweep_options=()
scheduler_options=()
while [ $# -gt 0 ]; do
    case $1 in
        --shards | --name | --out)
            [ $# -gt 1 ] || usage
            printf -v "${1#--}" %s "$2"
            shift 2
            ;;
        --)
            shift
            scheduler_options=("$@")
            break
            ;;
        *)
            sweep_options+=("$1")
            shift
            ;;
    esac
done
[[ $shards =~ ^[1-9][0-9]*$ ]] || usage
[ -f "$file" ] || { echo "$0: no sweep file $file" >&2; exit 2; }
sweep_options+=(--name "$name" --out "$out")
logs=$out/$name.logs
mkdir -p "$logs"
