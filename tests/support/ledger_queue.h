/*
 * What stands in for the ledger's thread (ledger/ledger_thread.h) needs queues of its commands, as
 * the thread does. That may be for a test, which says itself when they are done and what was found;
 * for a simulation; or for a ledger in memory. The calls of ledger/ledger.h are the ledger's own.
 */
#ifndef LC_TESTS_SUPPORT_LEDGER_QUEUE_H
#define LC_TESTS_SUPPORT_LEDGER_QUEUE_H

#include "ledger/ledger_command.h"

#include <stddef.h>

size_t ledger_queue_length(const struct lc_ledger_command_list *queue);

/* The first command, taken off the queue; NULL if there is none. */
struct lc_ledger_command *ledger_queue_take(struct lc_ledger_command_list *queue);

/* Moves the first `count` commands to the end of another queue. */
void ledger_queue_move(struct lc_ledger_command_list *from, struct lc_ledger_command_list *to,
		       size_t count);

/* Calls back for all commands that the queue holds now, and frees them. Those called back may push
 * others. */
void ledger_queue_finish(struct lc_ledger_command_list *queue);

#endif
