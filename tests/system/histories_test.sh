#!/bin/bash
# Random histories over real sockets (histories.py): three seeds, with FULL=1 36 of them. SEEDS="N..." chooses some.
# The first ones of all are those of histories that failed once.

. "$(dirname "$0")/lib.sh"
SEEDS=${SEEDS:-$(full "1 2 3" "$(seq -s ' ' 1 36)")}

play() {
	"$TOP/tests/system/histories.py" --seed "$1" --courier "$COURIER" --control "$CONTROL" --trace \
		>"$WORK/played" 2>"$WORK/history-$1.log" || {
		tail -n 30 "$WORK/history-$1.log"
		return 1
	}
}

story "whatever goes wrong together, each row is delivered exactly once"
start_stack
for seed in $SEEDS; do
	need "seed $seed: nothing is there" "$DEV/stack" reset --dir "$WORK/stack"
	need "seed $seed: all rows are delivered at last" play "$seed"
	sed 's/^/# /' "$WORK/played"
	need "seed $seed: each row is delivered exactly once" verify
done
end_story
