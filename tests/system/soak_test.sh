#!/bin/bash
# A long while of changing traffic and trouble (soak.py says of what kind, and what the bounds are): 60 s, or 30
# minutes with FULL=1. SEED chooses what happens when.

. "$(dirname "$0")/lib.sh"
SOAK_SECONDS=${SOAK_SECONDS:-$(full 60 1800)}
SEED=${SEED:-1}

# Its timeline is shown as it comes.
soak() {
	"$TOP/tests/system/soak.py" --courier "$COURIER" --control "$CONTROL" --work "$WORK" \
		--front "$(program contrib/dev/front/clickhouse-front)" \
		--seconds "$SOAK_SECONDS" --seed "$SEED" 2>&1 | tee >(cat >&3)
	return "${PIPESTATUS[0]}"
}

story "$SOAK_SECONDS s of changing traffic and trouble leave every process as small as it was, and lose nothing"
echo "# seed $SEED"
start_stack
export LOG_COURIER_RECONCILE_FULL_INTERVAL_SECONDS=20
exec 3>&1
check "memory, descriptors, ledgers and counters stay in their bounds" soak
check "each row is delivered exactly once" verify
end_story
