#include "ledger/share.h"

#include "base/assert.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/counters.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "base/memory.h"
#include "clients/register.h"
#include "clients/s3.h"
#include "clients/s3_read.h"
#include "ledger/chain_restore.h"
#include "ledger/segment.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FOLDER_SIZE = 1024,
	EARLIER_MAX = 8,     /* half a minute */
	LATE_MS = 10 * 1000, /* for a step: then that it takes so long is told */
	KEY_SIZE = FOLDER_SIZE + LC_CHAIN_NAME_SIZE,
};

static const struct lc_backoff RETRY = {.initial_ms = 250, .maximum_ms = 10 * 1000, .jitter = 0.3};

enum step {
	STEP_NEW,
	STEP_READING,   /* the head, to know whom the shard is taken from */
	STEP_CLAIMING,  /* the head is moved to our epoch */
	STEP_LISTING,   /* whether there is a later epoch than the head knows of */
	STEP_RESTORING, /* the local file */
	STEP_READY,
	STEP_PUTTING,   /* a segment */
	STEP_MOVING,    /* the head, to that segment */
	STEP_RELEASING, /* the head, to nobody */
	STEP_OVER,
};

static const char *const STEP_NAMES[] = {"new",       "reading", "claiming", "listing",
					 "restoring", "ready",   "putting",  "moving the head",
					 "releasing", "over"};

struct lc_share {
	struct lc_loop *loop;
	struct lc_share_options options;
	const struct lc_share_callbacks *callbacks;
	void *context;
	uint64_t nonce;
	char head_name[LC_SHARD_HEAD_ROW_SIZE];
	char folder[FOLDER_SIZE]; /* of the generation that the head tells */

	enum step step;
	struct lc_loop_timer *timer; /* the next attempt */
	unsigned attempts;           /* in a row that have failed */
	struct lc_loop_timer *late;  /* runs in a step that waits for a server */
	bool troubled;               /* which was told */
	bool leaves;                 /* a release waits for the head to be moved */
	unsigned earlier;            /* values read in a row that are earlier than the head */
	struct lc_register_request *swap;
	struct lc_register_request *look;
	/* By the clock that goes on while the machine is suspended: when the swap was sent that is
	 * under way, and the look; and when the head was asked for that was last seen to be ours. */
	uint64_t asked_ms;
	uint64_t looked_ms;
	uint64_t seen_ms;
	struct lc_s3_put *request;
	struct lc_chain_restore *restore;
	uint64_t replaces; /* no epoch of another machine after this one */
	uint64_t claimed_ms;
	struct lc_error went_back; /* what is to be told unless somebody has taken the shard */

	struct lc_shard_head head;
	struct lc_shard_head wanted; /* what the head is being moved to */
	struct lc_segment_header next;

	/* A checkpoint that the head is to name with the next segment; empty: none. */
	char checkpoint[LC_CHAIN_NAME_SIZE];
	struct lc_chain_position checkpointed;

	/* The segment that is appended. */
	struct lc_view segment;
	struct lc_s3_body body;
	lc_loop_callback *done;
	void *done_context;
	/* The release that was asked for, or the withdrawal. */
	enum lc_shard_head_state left_as;
	lc_loop_callback *left;
	void *left_context;
};

static void enter(struct lc_share *share, enum step step)
{
	lc_log(LC_LOG_DEBUG, "shared ledger", LC_LOG_TEXT("from", STEP_NAMES[share->step]),
	       LC_LOG_TEXT("to", STEP_NAMES[step]));
	share->step = step;
	if (step == STEP_RESTORING || step == STEP_READY || step == STEP_OVER)
		lc_loop_timer_stop(share->late);
	else
		lc_loop_timer_start(share->late, LATE_MS);
}

/* Nothing more happens. */
static void cancel_requests(struct lc_share *share)
{
	lc_loop_timer_stop(share->timer);
	lc_loop_timer_stop(share->late);
	if (share->swap != NULL)
		lc_register_cancel(share->swap);
	if (share->look != NULL)
		lc_register_cancel(share->look);
	if (share->request != NULL)
		lc_s3_cancel(share->request);
	share->swap = NULL;
	share->look = NULL;
	share->request = NULL;
}

static void fail(struct lc_share *share, const struct lc_error *error)
{
	cancel_requests(share);
	enter(share, STEP_OVER);
	share->callbacks->on_failed(share->context, error);
}

static void tell_trouble(struct lc_share *share, const struct lc_error *error)
{
	share->troubled = true;
	share->callbacks->on_trouble(share->context, error);
}

/* The step is done again. */
static void trouble(struct lc_share *share, const struct lc_error *error)
{
	tell_trouble(share, error);
	lc_loop_timer_start(share->timer,
			    lc_backoff_delay_ms(&RETRY, share->attempts++, share->options.random));
}

static void no_trouble(struct lc_share *share)
{
	share->attempts = 0;
	if (!share->troubled)
		return;
	share->troubled = false;
	share->callbacks->on_trouble(share->context, NULL);
}

/* Time-outs are longer than others should wait for a machine that gets no answer. */
static void on_late(void *context)
{
	struct lc_share *share = context;
	bool s3 = share->step == STEP_PUTTING || share->step == STEP_LISTING;
	struct lc_error error;

	lc_error_set(&error, LC_ERROR_UNREACHABLE,
		     "%s %s has not answered for %d s (shared ledger of shard %u: %s)",
		     s3 ? "the bucket" : "the table",
		     s3 ? share->options.bucket : lc_register_name(share->options.heads),
		     LATE_MS / 1000, share->options.shard, STEP_NAMES[share->step]);
	tell_trouble(share, &error);
}

static void tell_done(struct lc_share *share)
{
	lc_loop_callback *done = share->done;

	share->done = NULL;
	done(share->done_context);
}

/* ---- the head ---- */

static void prepare_next(struct lc_share *share)
{
	const struct lc_shard_head *head = &share->head;

	share->next = (struct lc_segment_header){
	    .shard = share->options.shard,
	    .shard_count = share->options.shard_count,
	    .generation = head->generation,
	    .previous = head->last,
	    .epoch = head->epoch,
	    .seq = head->last.seq + 1,
	};
	snprintf(share->next.previous_name, sizeof(share->next.previous_name), "%s", head->segment);
}

static void claim_from(struct lc_share *share);

static bool is_later(const struct lc_shard_head *a, const struct lc_shard_head *b)
{
	return a->epoch != b->epoch ? a->epoch > b->epoch : a->change > b->change;
}

static void taken_over(struct lc_share *share, const struct lc_shard_head *there)
{
	struct lc_error error;

	lc_error_set(&error, LC_ERROR_TAKEN_OVER,
		     "machine %s has taken shard %u over (epoch %" PRIu64 ")", there->owner,
		     share->options.shard, there->epoch);
	fail(share, &error);
}

/* Keeper may show a former head for a moment, so that it is asked again before that is believed. */
static void wait_for_later(struct lc_share *share, const struct lc_error *went_back)
{
	if (++share->earlier < EARLIER_MAX)
		trouble(share, went_back);
	else
		fail(share, went_back);
}

/* An earlier value than the one that is known: a server that lags shows it for a moment. If it
 * stays, Keeper was restored from a backup, or somebody has written to the table. */
static void on_earlier_value(struct lc_share *share, const struct lc_shard_head *there)
{
	struct lc_error error;

	lc_error_set(&error, LC_ERROR_CORRUPT,
		     "the head of shard %u went back to epoch %" PRIu64 ", segment %" PRIu64
		     ", from epoch %" PRIu64 ", segment %" PRIu64
		     ": was Keeper restored from a backup, or the table written to?",
		     share->options.shard, there->epoch, there->last.seq, share->head.epoch,
		     share->head.last.seq);
	wait_for_later(share, &error);
}

/* A head that cannot be read ends it. */
static bool parse_head(struct lc_share *share, struct lc_view text, struct lc_shard_head *head)
{
	struct lc_error error;

	if (lc_shard_head_parse(text, head, &error))
		return true;
	lc_error_prefix(&error, "the head of shard %u", share->options.shard);
	fail(share, &error);
	return false;
}

static void on_other_value(struct lc_share *share, struct lc_view text)
{
	struct lc_shard_head there;

	if (!parse_head(share, text, &there))
		return;
	if (there.epoch > share->head.epoch) {
		taken_over(share, &there);
	} else if (share->step == STEP_CLAIMING && is_later(&there, &share->head)) {
		/* Whoever has the shard has gone on meanwhile. */
		share->head = there;
		claim_from(share);
	} else {
		on_earlier_value(share, &there);
	}
}

static void on_no_value(struct lc_share *share)
{
	struct lc_error error;

	lc_error_set(
	    &error, LC_ERROR_USAGE,
	    "there is no row \"%s\" in the table of failover.heads-table: the ledgers of a "
	    "deployment are published once, with log-courier --publish-ledgers, before it "
	    "starts with failover.enabled; if they were, supervisor.shards has changed, or "
	    "somebody has emptied the table",
	    share->head_name);
	fail(share, &error);
}

static void on_moved(struct lc_share *share);

static void on_swapped(void *context, const struct lc_register_answer *answer)
{
	struct lc_share *share = context;

	share->swap = NULL;
	switch (answer->outcome) {
	case LC_REGISTER_DONE:
		no_trouble(share);
		share->seen_ms = share->asked_ms;
		share->earlier = 0;
		share->head = share->wanted;
		on_moved(share);
		return;
	case LC_REGISTER_OTHER:
		on_other_value(share, answer->value);
		return;
	case LC_REGISTER_ABSENT:
		on_no_value(share);
		return;
	case LC_REGISTER_UNKNOWN:
		break;
	}
	trouble(share, &answer->error);
}

/* From the head that is known to the one that is wanted; again, if it must be, with the same two
 * values. */
static void swap(struct lc_share *share)
{
	char expected[LC_SHARD_HEAD_TEXT_MAX];
	char wanted[LC_SHARD_HEAD_TEXT_MAX];

	share->asked_ms = lc_clock_boot_ms();
	lc_shard_head_format(&share->head, expected);
	lc_shard_head_format(&share->wanted, wanted);
	share->swap = lc_register_swap(share->options.heads, lc_view_of(share->head_name),
				       lc_view_of(expected), lc_view_of(wanted), on_swapped, share);
}

/* ---- the claim ---- */

/* Whoever the head says has it. */
static void claim_from(struct lc_share *share)
{
	share->wanted = share->head;
	share->wanted.epoch++;
	share->wanted.change = 0;
	share->wanted.state = LC_SHARD_HEAD_OWNED;
	snprintf(share->wanted.owner, sizeof(share->wanted.owner), "%s", share->options.machine);
	lc_chain_nonce_format(share->nonce, share->wanted.nonce);
	swap(share);
}

/* The head that was read; otherwise what follows is done. */
static bool take_head(struct lc_share *share, const struct lc_register_answer *answer,
		      struct lc_shard_head *head)
{
	share->swap = NULL;
	if (answer->outcome == LC_REGISTER_ABSENT) {
		on_no_value(share);
		return false;
	}
	if (answer->outcome == LC_REGISTER_UNKNOWN) {
		trouble(share, &answer->error);
		return false;
	}
	return parse_head(share, answer->value, head);
}

static void on_read(void *context, const struct lc_register_answer *answer)
{
	struct lc_share *share = context;
	struct lc_error error;

	if (!take_head(share, answer, &share->head))
		return;
	if (share->head.state == LC_SHARD_HEAD_WITHDRAWN) {
		lc_error_set(
		    &error, LC_ERROR_USAGE,
		    "the ledger of shard %u was withdrawn from the machines that share it: "
		    "start without failover.enabled where it was fetched, or publish it "
		    "again",
		    share->options.shard);
		fail(share, &error);
		return;
	}
	if (share->head.state == LC_SHARD_HEAD_OWNED && share->head.epoch > share->replaces &&
	    strcmp(share->head.owner, share->options.machine) != 0) {
		taken_over(share, &share->head);
		return;
	}
	no_trouble(share);
	enter(share, STEP_CLAIMING);
	claim_from(share);
}

static void read_head(struct lc_share *share)
{
	share->swap =
	    lc_register_read(share->options.heads, lc_view_of(share->head_name), on_read, share);
}

void lc_share_format_folder(const char *prefix, uint64_t generation, unsigned shard,
			    unsigned shard_count, char *folder, size_t size)
{
	snprintf(folder, size, "%s/g%" PRIu64 "/s%u-of-%u/", prefix, generation, shard,
		 shard_count);
}

static void on_claimed(struct lc_share *share)
{
	lc_log(LC_LOG_INFO, "the shard is ours", LC_LOG_UINT("epoch", share->head.epoch),
	       LC_LOG_UINT("segment", share->head.last.seq));
	lc_share_format_folder(share->options.prefix, share->head.generation, share->options.shard,
			       share->options.shard_count, share->folder, sizeof(share->folder));
	share->claimed_ms = lc_loop_now_ms(share->loop);
	enter(share, STEP_LISTING);
	lc_loop_timer_start(share->timer, 0);
}

/* Nobody else can have written a segment of this epoch, unless the head was ahead of itself once. */
static void on_listed(void *context, const struct lc_s3_answer *answer,
		      const struct lc_s3_listing *listing, int64_t server_seconds);

static void list(struct lc_share *share)
{
	char name[LC_CHAIN_NAME_SIZE];
	char after[KEY_SIZE];
	char prefix[KEY_SIZE];

	snprintf(prefix, sizeof(prefix), "%s%s", share->folder, lc_chain_folder(LC_CHAIN_SEGMENT));
	lc_chain_after_format(LC_CHAIN_SEGMENT, share->head.epoch - 1, UINT64_MAX, name);
	snprintf(after, sizeof(after), "%s%s", share->folder, name);
	share->request = lc_s3_list(share->options.s3, lc_view_of(share->options.bucket),
				    lc_view_of(prefix), lc_view_of(after), on_listed, share);
}

static void show_restored(const struct lc_share *share)
{
	struct lc_counters *counters = share->options.counters;
	uint64_t taken_ms = lc_loop_now_ms(share->loop) - share->claimed_ms;

	if (counters == NULL)
		return;
	lc_counters_set(counters, LC_COUNTERS_LEDGER_EPOCH, share->head.epoch);
	lc_counters_observe(counters, LC_COUNTERS_HISTOGRAM_LEDGER_RESTORE_SECONDS,
			    (double)taken_ms / 1000);
}

static void on_restored(void *context, const struct lc_error *error)
{
	struct lc_share *share = context;

	lc_chain_restore_free(share->restore);
	share->restore = NULL;
	if (error->kind != LC_ERROR_NONE) {
		fail(share, error);
		return;
	}
	show_restored(share);
	prepare_next(share);
	enter(share, STEP_READY);
	share->callbacks->on_ready(share->context);
}

static void on_restore_trouble(void *context, const struct lc_error *error)
{
	struct lc_share *share = context;

	share->callbacks->on_trouble(share->context, error);
}

static void begin_restore(struct lc_share *share)
{
	const struct lc_chain_restore_options options = {
	    .s3 = share->options.s3,
	    .bucket = share->options.bucket,
	    .folder = share->folder,
	    .path = share->options.path,
	    .shard = share->options.shard,
	    .shard_count = share->options.shard_count,
	    .head = &share->head,
	    .random = share->options.random,
	};

	enter(share, STEP_RESTORING);
	share->restore =
	    lc_chain_restore_new(share->loop, &options, on_restored, on_restore_trouble, share);
}

static void on_owner(void *context, const struct lc_register_answer *answer)
{
	struct lc_share *share = context;
	struct lc_shard_head there;

	if (!take_head(share, answer, &there))
		return;
	if (there.epoch > share->head.epoch)
		taken_over(share, &there);
	else
		wait_for_later(share, &share->went_back);
}

/* A later epoch has a segment. Whoever has moved the head to it since, while we stood still, has
 * the shard; if nobody has, the head went back. */
static void ask_for_owner(struct lc_share *share, const struct lc_s3_listed *later)
{
	lc_error_set(
	    &share->went_back, LC_ERROR_CORRUPT,
	    "the head of shard %u went back: it was moved to epoch %" PRIu64
	    " just now, and bucket %s holds %.*s already; was Keeper restored from a backup?",
	    share->options.shard, share->head.epoch, share->options.bucket,
	    lc_view_shown(later->key, KEY_SIZE), later->key.data);
	share->swap =
	    lc_register_read(share->options.heads, lc_view_of(share->head_name), on_owner, share);
}

static void on_listed(void *context, const struct lc_s3_answer *answer,
		      const struct lc_s3_listing *listing, int64_t server_seconds)
{
	struct lc_share *share = context;

	(void)server_seconds;
	share->request = NULL;
	if (answer->retry_class != LC_RETRY_DONE) {
		trouble(share, &answer->error);
		return;
	}
	/* That it could be listed is no end of the trouble with what is there. */
	if (listing->count > 0) {
		ask_for_owner(share, &listing->objects[0]);
		return;
	}
	no_trouble(share);
	share->earlier = 0;
	begin_restore(share);
}

/* ---- appending ---- */

static void on_put(void *context, const struct lc_s3_answer *answer)
{
	struct lc_share *share = context;

	share->request = NULL;
	if (answer->retry_class != LC_RETRY_DONE) {
		trouble(share, &answer->error);
		return;
	}
	no_trouble(share);
	LC_CRASH_POINT(SHARE_SEGMENT_STORED);
	enter(share, STEP_MOVING);
	swap(share);
}

static void put(struct lc_share *share)
{
	char key[KEY_SIZE];
	struct lc_s3_put_spec spec = {
	    .bucket = lc_view_of(share->options.bucket),
	    .body = &share->body,
	    .checksum = LC_S3_CHECKSUM_NONE,
	};

	snprintf(key, sizeof(key), "%s%s", share->folder, share->wanted.segment);
	spec.key = lc_view_of(key);
	share->request = lc_s3_put(share->options.s3, &spec, on_put, share);
}

void lc_share_append(struct lc_share *share, struct lc_view segment,
		     const struct lc_chain_hash *hash, lc_loop_callback *done, void *context)
{
	if (share->step != STEP_READY) { /* it has failed, which on_failed tells, or is released */
		LC_ASSERT(share->step == STEP_OVER || share->step == STEP_RELEASING);
		return;
	}
	share->segment = segment;
	share->body =
	    (struct lc_s3_body){.pieces = &share->segment, .piece_count = 1, .size = segment.size};
	share->done = done;
	share->done_context = context;
	share->wanted = share->head;
	share->wanted.change++;
	share->wanted.last = (struct lc_chain_position){
	    .epoch = share->next.epoch, .seq = share->next.seq, .hash = *hash};
	if (share->checkpoint[0] != '\0') {
		share->wanted.checkpointed = share->checkpointed;
		memcpy(share->wanted.checkpoint, share->checkpoint, sizeof(share->checkpoint));
	}
	lc_chain_name_format(LC_CHAIN_SEGMENT, share->next.epoch, share->next.seq,
			     share->wanted.nonce, share->wanted.segment);
	enter(share, STEP_PUTTING);
	put(share);
}

/* An earlier value is that of a server that lags; or else the next swap finds out. */
static void on_looked(void *context, const struct lc_register_answer *answer)
{
	struct lc_share *share = context;
	struct lc_shard_head there;
	struct lc_error error;

	share->look = NULL;
	if (answer->outcome != LC_REGISTER_DONE ||
	    !lc_shard_head_parse(answer->value, &there, &error))
		return;
	if (there.epoch > share->head.epoch)
		taken_over(share, &there);
	else if (there.epoch == share->head.epoch)
		share->seen_ms = share->looked_ms;
}

bool lc_share_is_current(struct lc_share *share)
{
	uint64_t now_ms = lc_clock_boot_ms();

	if (now_ms - share->seen_ms < share->options.current_ms)
		return true;
	if (share->look == NULL && share->step != STEP_OVER && share->step != STEP_RELEASING) {
		share->looked_ms = now_ms;
		share->look = lc_register_read(share->options.heads, lc_view_of(share->head_name),
					       on_looked, share);
	}
	return false;
}

void lc_share_record_checkpoint(struct lc_share *share, const char *name,
				const struct lc_chain_position *position)
{
	share->checkpointed = *position;
	snprintf(share->checkpoint, sizeof(share->checkpoint), "%s", name);
}

static void leave(struct lc_share *share)
{
	share->leaves = false;
	share->wanted = share->head;
	share->wanted.change++;
	share->wanted.state = share->left_as;
	if (share->left_as == LC_SHARD_HEAD_RELEASED)
		snprintf(share->wanted.owner, sizeof(share->wanted.owner), "-");
	enter(share, STEP_RELEASING);
	swap(share);
}

/* A segment that is being PUT is of no use: no head names it, and none will. A head that is being
 * moved is where the swap says in the end. */
static void begin_to_leave(struct lc_share *share, enum lc_shard_head_state state,
			   lc_loop_callback *left, void *context)
{
	share->left_as = state;
	share->left = left;
	share->left_context = context;
	share->done = NULL;
	if (share->step == STEP_MOVING) {
		share->leaves = true;
		return;
	}
	cancel_requests(share);
	lc_chain_restore_free(share->restore);
	share->restore = NULL;
	leave(share);
}

bool lc_share_is_claimed(const struct lc_share *share)
{
	return share->step >= STEP_LISTING && share->step <= STEP_MOVING;
}

void lc_share_release(struct lc_share *share, lc_loop_callback *released, void *context)
{
	LC_ASSERT(lc_share_is_claimed(share));
	begin_to_leave(share, LC_SHARD_HEAD_RELEASED, released, context);
}

void lc_share_withdraw(struct lc_share *share, lc_loop_callback *withdrawn, void *context)
{
	LC_ASSERT(share->step == STEP_READY);
	begin_to_leave(share, LC_SHARD_HEAD_WITHDRAWN, withdrawn, context);
}

static void count_segment(const struct lc_share *share)
{
	if (share->options.counters == NULL)
		return;
	lc_counters_add(share->options.counters, LC_COUNTERS_LEDGER_SEGMENTS, 1);
	lc_counters_add(share->options.counters, LC_COUNTERS_LEDGER_SEGMENT_BYTES,
			share->segment.size);
}

static void on_moved(struct lc_share *share)
{
	if (share->step == STEP_CLAIMING) {
		on_claimed(share);
	} else if (share->step == STEP_MOVING) {
		LC_CRASH_POINT(SHARE_HEAD_MOVED);
		count_segment(share);
		if (share->leaves) {
			leave(share);
			return;
		}
		prepare_next(share);
		enter(share, STEP_READY);
		tell_done(share);
	} else {
		lc_log(LC_LOG_INFO, "the shard is released",
		       LC_LOG_UINT("epoch", share->head.epoch));
		enter(share, STEP_OVER);
		share->left(share->left_context);
	}
}

static void on_timer(void *context)
{
	struct lc_share *share = context;

	if (share->step == STEP_READING)
		read_head(share);
	else if (share->step == STEP_LISTING)
		list(share);
	else if (share->step == STEP_PUTTING)
		put(share);
	else
		swap(share);
}

/* ---- life ---- */

struct lc_share *lc_share_new(struct lc_loop *loop, const struct lc_share_options *options,
			      const struct lc_share_callbacks *callbacks, void *context)
{
	struct lc_share *share = lc_memory_zero(1, sizeof(*share));

	share->loop = loop;
	share->options = *options;
	share->callbacks = callbacks;
	share->context = context;
	share->nonce = lc_random_next(options->random);
	share->timer = lc_loop_timer_new(loop, on_timer, share);
	share->late = lc_loop_timer_new(loop, on_late, share);
	lc_shard_head_row(options->shard, options->shard_count, share->head_name);
	return share;
}

void lc_share_claim(struct lc_share *share, uint64_t epoch)
{
	LC_ASSERT(share->step == STEP_NEW);
	share->replaces = epoch;
	enter(share, STEP_READING);
	lc_loop_timer_start(share->timer, 0);
}

const struct lc_shard_head *lc_share_head(const struct lc_share *share)
{
	return &share->head;
}

const char *lc_share_folder(const struct lc_share *share)
{
	return share->folder;
}

const struct lc_segment_header *lc_share_next(const struct lc_share *share)
{
	return &share->next;
}

void lc_share_cancel(struct lc_share *share)
{
	share->step = STEP_OVER;
	share->done = NULL;
	cancel_requests(share);
	lc_chain_restore_free(share->restore);
	share->restore = NULL;
}

void lc_share_free(struct lc_share *share)
{
	if (share == NULL)
		return;
	lc_share_cancel(share);
	lc_loop_timer_free(share->late);
	lc_loop_timer_free(share->timer);
	free(share);
}
