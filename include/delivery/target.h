/*
 * Target buckets, the unit of failure. A pure rule about one target: after a failure only one
 * upload at a time probes it, later and later; after `attempts` failures in a row, or at once when
 * it refuses, it has stepped aside, and its rows are left in ClickHouse as soon as it holds its
 * share of memory.
 */
#ifndef LC_DELIVERY_TARGET_H
#define LC_DELIVERY_TARGET_H

#include "base/backoff.h"
#include "base/random.h"
#include "base/view.h"
#include "clients/retry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct lc_object;

TAILQ_HEAD(lc_target_queue, lc_object);

enum lc_target_state {
	LC_TARGET_HEALTHY, /* its last upload succeeded, or none was tried */
	LC_TARGET_SHAKY,   /* failures, fewer than the allowed attempts */
	LC_TARGET_ASIDE,   /* keeps failing, or refuses */
};

struct lc_target_policy {
	unsigned attempts;         /* failures in a row before it steps aside */
	unsigned concurrency;      /* uploads at a time while healthy */
	size_t share_bytes;        /* bytes in flight that one target may hold */
	struct lc_backoff backoff; /* between probes */
};

struct lc_target {
	char *bucket; /* owned, terminated: a bucket name with a zero byte is cut and will be
			 refused */
	enum lc_target_state state;
	bool refused;      /* the last answer was a refusal */
	unsigned failures; /* in a row */
	uint64_t
	    failing_since_ms;   /* when the first of these was seen, or brought back at the start */
	char *last_error;       /* of the last upload, owned; NULL when it succeeded, or none was */
	uint64_t probe_at_ms;   /* earliest next upload unless healthy */
	unsigned active;        /* uploads under way */
	size_t bytes;           /* in flight: being built, waiting or uploading */
	uint64_t rows;          /* in log objects waiting, uploading or bodiless */
	uint64_t bodiless;      /* intents whose bodies are not in memory */
	uint64_t looked_to;     /* intents up to this number were looked at for rebuilding */
	uint64_t rebuild_at_ms; /* earliest next attempt to rebuild */
	struct lc_target_queue waiting;
	TAILQ_ENTRY(lc_target) link;        /* in the uploads' queue while objects wait */
	TAILQ_ENTRY(lc_target) of_bodiless; /* in the list of those with bodiless intents */
};

/* May an upload start now? */
bool lc_target_may_start(const struct lc_target *target, const struct lc_target_policy *policy,
			 uint64_t now_ms);

/* True when a working target holds its share of the bytes in flight: read on when some is uploaded.
 * The bodies of a target that does not work are freed, so it is never crowded. */
bool lc_target_crowded(const struct lc_target *target, const struct lc_target_policy *policy);

/* An upload has ended in this class. True if the state has changed. */
bool lc_target_note_answer(struct lc_target *target, const struct lc_target_policy *policy,
			   enum lc_retry_class answer, uint64_t now_ms, struct lc_random *random);

/* "healthy", "shaky", "aside" */
const char *lc_target_state_name(enum lc_target_state state);

#endif
