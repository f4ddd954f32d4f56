/*
 * Targets and their buckets. A target is a prefix in a target bucket, as rows name it; it is the
 * unit of failure. The bucket is, where an answer speaks of the bucket (it does not exist) or of
 * the service (it does not answer), and where it refuses prefix after prefix.
 *
 * Pure rules about one target and its bucket. After a failure only one upload at a time tries
 * again, a probe, later and later; after `attempts` failures in a row, or at once when it refuses,
 * it has stepped aside: its log objects wait in the ledger until a probe succeeds. Without
 * credentials it waits for some, and no failure is counted.
 */
#ifndef LC_DELIVERY_TARGET_H
#define LC_DELIVERY_TARGET_H

#include "base/backoff.h"
#include "base/view.h"
#include "clients/retry.h"
#include "formats/document_names.h"
#include "ledger/ledger_types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct lc_backlog;
struct lc_object;
struct lc_random;
struct lc_settings;
struct lc_target;

TAILQ_HEAD(lc_target_queue, lc_object);
TAILQ_HEAD(lc_target_list, lc_target);
TAILQ_HEAD(lc_target_backlogs, lc_backlog);

struct lc_target_policy {
	unsigned attempts;         /* failures in a row before it steps aside */
	unsigned concurrency;      /* uploads into one bucket at a time, while healthy */
	size_t cap_bytes;          /* bytes in flight, of all buckets */
	size_t share_bytes;        /* of these, what one bucket may hold */
	size_t slow_share_bytes;   /* the same for a bucket that is slow */
	struct lc_backoff backoff; /* between probes */
};

/* How a target or a bucket stands. */
struct lc_standing {
	enum lc_target_state state;
	bool refused;              /* the last answer was a refusal */
	unsigned failures;         /* in a row */
	uint64_t failing_since_ms; /* when the first of these was seen, or restored at the start */
	uint64_t counted_ms;       /* when the last of these was counted */
	uint64_t probe_at_ms;      /* earliest next upload unless healthy */
	char *last_error; /* of the last upload, owned; NULL when it succeeded, or none was */
	enum lc_ledger_given_up given_up;
};

struct lc_target_bucket {
	struct lc_view name;                /* owned; may hold any byte */
	const struct lc_settings *settings; /* that are in force for it */
	struct lc_standing standing;
	unsigned refusals;           /* targets that began to refuse since the last success */
	bool slow;                   /* its uploads move slowly, or not at all */
	bool keyless;                /* there were no credentials to sign its last upload with */
	bool proven;                 /* an upload into it was confirmed */
	unsigned active;             /* uploads under way */
	size_t bytes;                /* in flight: being built, waiting or uploading */
	size_t targets;              /* that there are of it */
	struct lc_target_list queue; /* those with objects waiting, next one first */
	TAILQ_ENTRY(lc_target_bucket) link; /* in the table's queue while that is not empty */
};

struct lc_target {
	struct lc_target_bucket *bucket;
	struct lc_view prefix; /* owned */
	struct lc_standing standing;
	unsigned active;        /* uploads under way */
	uint64_t object_rows;   /* in log objects recorded and in memory */
	uint64_t largest_bytes; /* body that it takes at most, as far as was seen; 0: any */
	uint64_t looked_to;     /* intents up to this number were looked at for rebuilding */
	uint64_t rebuild_at_ms; /* earliest next attempt to rebuild */
	struct lc_target_queue waiting;
	struct lc_target_backlogs backlogs; /* intents whose bodies are not in memory */
	TAILQ_ENTRY(lc_target) link;        /* in the bucket's queue while objects wait */
	TAILQ_ENTRY(lc_target) of_backlog;  /* in the table's list of those with a backlog */
};

/* What an upload was answered. */
struct lc_target_answer {
	enum lc_retry_class retry_class;
	enum lc_retry_scope scope;
	uint64_t started_ms; /* when it began */
	const char *error;   /* for people; NULL when it succeeded */
};

/* What the settings ask for. */
struct lc_target_policy lc_target_policy_of(const struct lc_settings *settings);

/* How the target stands, its bucket considered. */
const struct lc_standing *lc_target_standing(const struct lc_target *target);

/* True if it takes nothing for now: it, or its bucket, has stepped aside. */
bool lc_target_aside(const struct lc_target *target);

/* What was decided about the target, or about its bucket as a whole. */
enum lc_ledger_given_up lc_target_given_up(const struct lc_target *target);

/* True if the bucket answers soon: it did not fail and is not slow. What else there is gets fewer
 * upload slots. */
bool lc_target_bucket_prompt(const struct lc_target_bucket *bucket);

/* True if the bucket takes little for now: it is slow, or has stepped aside. It gets less memory.
 * One that has failed once or twice is not among these: what waits for it would have to be built
 * again. */
bool lc_target_bucket_slow(const struct lc_target_bucket *bucket);

/* May an upload start now? */
bool lc_target_may_start(const struct lc_target *target, const struct lc_target_policy *policy,
			 uint64_t now_ms);

/* When the next probe may start; 0 for a healthy target. */
uint64_t lc_target_probe_at_ms(const struct lc_target *target);

/* True when the bucket holds its share of the bytes in flight. */
bool lc_target_crowded(const struct lc_target *target, const struct lc_target_policy *policy);

enum {
	LC_TARGET_CHANGED = 1,        /* the state of the target */
	LC_TARGET_BUCKET_CHANGED = 2, /* the state of its bucket */
};

/* An upload has ended with this answer. Uploads that began before the last failure was counted and
 * fail too are the same failure. What has changed, of the above. */
unsigned lc_target_note_answer(struct lc_target *target, const struct lc_target_policy *policy,
			       const struct lc_target_answer *answer, uint64_t now_ms,
			       struct lc_random *random);

/* Lets it be tried at once. */
void lc_target_retry_now(struct lc_target *target, uint64_t now_ms);

#endif
