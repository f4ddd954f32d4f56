#!/bin/bash
# Random histories over real sockets (histories.py): three seeds, 5 s of trouble each; with FULL=1 36 seeds and 8 s.
# SEEDS="N..." chooses some.

. "$(dirname "$0")/lib.sh"
SEEDS=${SEEDS:-$(full "1 2 30" "$(seq -s ' ' 1 36)")}
TROUBLE=${TROUBLE:-$(full 5 8)}

play() {
	"$TOP/tests/system/histories.py" --seed "$1" --seconds "$TROUBLE" --courier "$COURIER" \
		--control "$CONTROL" --trace >"$WORK/played" 2>"$WORK/history-$1.log" || {
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
