#include "support/ledger_queue.h"

size_t ledger_queue_length(const struct lc_ledger_command_list *queue)
{
	const struct lc_ledger_command *command;
	size_t length = 0;

	STAILQ_FOREACH(command, queue, next)
	{
		length++;
	}
	return length;
}

struct lc_ledger_command *ledger_queue_take(struct lc_ledger_command_list *queue)
{
	struct lc_ledger_command *command = STAILQ_FIRST(queue);

	if (command != NULL)
		STAILQ_REMOVE_HEAD(queue, next);
	return command;
}

void ledger_queue_move(struct lc_ledger_command_list *from, struct lc_ledger_command_list *to,
		       size_t count)
{
	while (count-- > 0) {
		struct lc_ledger_command *command = ledger_queue_take(from);

		STAILQ_INSERT_TAIL(to, command, next);
	}
}

void ledger_queue_finish(struct lc_ledger_command_list *queue)
{
	struct lc_ledger_command_list finished = STAILQ_HEAD_INITIALIZER(finished);
	struct lc_ledger_command *command;

	STAILQ_CONCAT(&finished, queue);
	while ((command = ledger_queue_take(&finished)) != NULL) {
		lc_ledger_command_finish(command);
		lc_ledger_command_free(command);
	}
}
