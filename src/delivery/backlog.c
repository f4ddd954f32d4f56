#include "delivery/backlog.h"

#include "base/assert.h"
#include "base/memory.h"
#include "delivery/source.h"
#include "delivery/target.h"

#include <stdlib.h>

/* A source has few targets, most often one. */
static struct lc_backlog *find(const struct lc_source *source, const struct lc_target *target)
{
	struct lc_backlog *backlog;

	TAILQ_FOREACH(backlog, &source->backlogs, of_source)
	{
		if (backlog->target == target)
			return backlog;
	}
	return NULL;
}

void lc_backlog_add(struct lc_source *source, struct lc_target *target, uint64_t intents,
		    uint64_t rows, uint32_t oldest)
{
	struct lc_backlog *backlog = find(source, target);

	LC_ASSERT(intents > 0);
	if (backlog == NULL) {
		backlog = lc_memory_zero(1, sizeof(*backlog));
		backlog->source = source;
		backlog->target = target;
		backlog->oldest = oldest;
		TAILQ_INSERT_TAIL(&source->backlogs, backlog, of_source);
		TAILQ_INSERT_TAIL(&target->backlogs, backlog, of_target);
	}
	backlog->intents += intents;
	backlog->rows += rows;
	if (oldest < backlog->oldest)
		backlog->oldest = oldest;
}

static void drop(struct lc_backlog *backlog)
{
	TAILQ_REMOVE(&backlog->source->backlogs, backlog, of_source);
	TAILQ_REMOVE(&backlog->target->backlogs, backlog, of_target);
	free(backlog);
}

void lc_backlog_remove(struct lc_source *source, struct lc_target *target, uint64_t rows)
{
	struct lc_backlog *backlog = find(source, target);

	LC_ASSERT(backlog != NULL && backlog->rows >= rows);
	backlog->intents--;
	backlog->rows -= rows;
	if (backlog->intents == 0)
		drop(backlog);
}

void lc_backlog_drop_all(struct lc_target *target)
{
	struct lc_backlog *backlog;

	while ((backlog = TAILQ_FIRST(&target->backlogs)) != NULL)
		drop(backlog);
}

void lc_backlog_raise_oldest(struct lc_target *target, uint32_t second)
{
	struct lc_backlog *backlog;

	TAILQ_FOREACH(backlog, &target->backlogs, of_target)
	{
		if (backlog->oldest < second)
			backlog->oldest = second;
	}
}

static void sum_up(struct lc_backlog_sum *sum, const struct lc_backlog *backlog)
{
	sum->intents += backlog->intents;
	sum->rows += backlog->rows;
	if (sum->oldest == 0 || backlog->oldest < sum->oldest)
		sum->oldest = backlog->oldest;
}

struct lc_backlog_sum lc_backlog_of_source(const struct lc_source *source)
{
	struct lc_backlog_sum sum = {.intents = 0};
	const struct lc_backlog *backlog;

	TAILQ_FOREACH(backlog, &source->backlogs, of_source)
	{
		sum_up(&sum, backlog);
	}
	return sum;
}

struct lc_backlog_sum lc_backlog_of_target(const struct lc_target *target)
{
	struct lc_backlog_sum sum = {.intents = 0};
	const struct lc_backlog *backlog;

	TAILQ_FOREACH(backlog, &target->backlogs, of_target)
	{
		sum_up(&sum, backlog);
	}
	return sum;
}
