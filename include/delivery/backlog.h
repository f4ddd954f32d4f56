/*
 * The backlog of a source at a target: log objects that stand in the ledger as open intents and
 * whose bodies are not in memory, because the process has just started, or because the target does
 * not take them as fast as they come. The rebuild makes their bodies again.
 *
 * One exists for each pair of source and target that has some. It is in a list of each.
 */
#ifndef LC_DELIVERY_BACKLOG_H
#define LC_DELIVERY_BACKLOG_H

#include <stdint.h>
#include <sys/queue.h>

struct lc_source;
struct lc_target;

struct lc_backlog {
	struct lc_source *source;
	struct lc_target *target;
	uint64_t intents; /* not 0 */
	uint64_t rows;
	uint32_t oldest; /* second; not later than the oldest row of these */
	TAILQ_ENTRY(lc_backlog) of_source;
	TAILQ_ENTRY(lc_backlog) of_target;
};

/* So many intents more. */
void lc_backlog_add(struct lc_source *source, struct lc_target *target, uint64_t intents,
		    uint64_t rows, uint32_t oldest);

/* One of its intents has its body again, or is closed. */
void lc_backlog_remove(struct lc_source *source, struct lc_target *target, uint64_t rows);

/* Forgets the backlogs of a target, at the end of the process: the ledger keeps the intents. */
void lc_backlog_drop_all(struct lc_target *target);

/* No open intent of the target has a row older than this second. */
void lc_backlog_raise_oldest(struct lc_target *target, uint32_t second);

/* Sums over all backlogs of a source or of a target; `oldest` 0: there is none. */
struct lc_backlog_sum {
	uint64_t intents;
	uint64_t rows;
	uint32_t oldest;
};
struct lc_backlog_sum lc_backlog_of_source(const struct lc_source *source);
struct lc_backlog_sum lc_backlog_of_target(const struct lc_target *target);

#endif
