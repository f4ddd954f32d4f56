#!/bin/bash
# SIGTERM in the middle of the work. ROWS and RATE, those that come in a second, choose how much there is.

. "$(dirname "$0")/lib.sh"
ROWS=${ROWS:-200000}
RATE=${RATE:-5000}

story "a service that is told to stop under load ends in order, and the next one goes on from there"
start_stack
need "rows of a while ago are loaded" load --rows "$ROWS" --time-range 600 --seed 1
start_flow "$RATE" 20 --seed 2
start_service
need "delivery begins" await 60 delivered_at_least 1
check "SIGTERM ends the service with status 0 within its time-out" stop_service
check "nothing is double or wrong at that moment" verify --partial
start_service
need "the flow of rows ends" await_flow 60
await_every_row 120
check "SIGTERM ends the idle service with status 0" stop_service
check "no row is missing, double or wrong" verify
end_story
