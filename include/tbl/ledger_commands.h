/*
 * The commands of the ledger (ledger/ledger_command.h).
 *
 * LC_LEDGER_COMMAND(name, number, asks)
 *
 *	number    of a command that changes the store: what it is called in segments
 *	          (ledger/segment.h), for good; 0: it changes nothing, and calls back, but
 *	          for THAW
 *	asks      it answers a question: whoever has asked goes on with nothing else meanwhile
 */
#ifndef LC_LEDGER_COMMAND
#define LC_LEDGER_COMMAND(name, number, asks)
#endif

/* clang-format off */
LC_LEDGER_COMMAND(SET_UNTIL, 1, false)
LC_LEDGER_COMMAND(SET_HORIZON, 2, false)
LC_LEDGER_COMMAND(SET_STEADY_CLOCK, 3, false)
LC_LEDGER_COMMAND(SET_RANGES, 4, false)
LC_LEDGER_COMMAND(SET_FLOOR, 5, false)
LC_LEDGER_COMMAND(ADD_INTENT, 6, false)
LC_LEDGER_COMMAND(SET_DELIVERED, 7, false)
LC_LEDGER_COMMAND(SET_LOST, 8, false)
LC_LEDGER_COMMAND(WITHDRAW_INTENT, 9, false)
LC_LEDGER_COMMAND(SET_TARGET, 10, false)
LC_LEDGER_COMMAND(EXPIRE, 11, false)
LC_LEDGER_COMMAND(SET_COMMITTED, 12, false)
LC_LEDGER_COMMAND(LOWER_HORIZON, 13, true)
LC_LEDGER_COMMAND(WHEN_DURABLE, 0, false)
LC_LEDGER_COMMAND(FREEZE, 0, false)
LC_LEDGER_COMMAND(THAW, 0, false)
LC_LEDGER_COMMAND(READ_HASHES, 0, true)
LC_LEDGER_COMMAND(READ_INTENTS, 0, true)
LC_LEDGER_COMMAND(FIND_SURPLUS_SLOTS, 0, true)
LC_LEDGER_COMMAND(FIND_SURPLUS_SECONDS, 0, true)
LC_LEDGER_COMMAND(FIND_AHEAD, 0, true)
LC_LEDGER_COMMAND(READ_OBJECTS, 0, true)
LC_LEDGER_COMMAND(READ_DELIVERIES, 0, true)
/* clang-format on */

#undef LC_LEDGER_COMMAND
