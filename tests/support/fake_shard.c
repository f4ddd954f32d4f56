#include "base/counters.h"
#include "base/loop.h"
#include "config/settings.h"
/*
 * A shard that delivers nothing and behaves as it is told, in place of src/delivery, for tests of
 * the processes around it. LOG_COURIER_TEST_SHARD_<n> tells shard n what to do:
 *
 *   ready         becomes ready, drains at once (also without the variable)
 *   starting      never becomes ready
 *   die-once      dies of SIGKILL at its first start, then as `ready`
 *   assert        fails an assertion at each start
 *   fault         raises SIGSEGV at each start
 *   hang-once     becomes ready and hangs at its first start, then as `ready`
 *   grow-once     becomes ready and takes 256 MiB at its first start, then as `ready`
 *   hang          becomes ready and hangs, each time
 *   config        cannot work with its settings; nor can any shard with an s3.tls-ca-file
 *   outdated      has another courier deliver it before its first start, then as `ready`
 *   damaged       its ledger cannot be opened
 *   taken-over    another machine has it
 *   slow-drain    drains only when the drain is abandoned
 *   stubborn      does not drain at all
 *   silent        becomes ready, does not answer when asked something
 *   die-when-asked   dies of SIGKILL then
 *   talkative     answers far more than it may
 *
 * Asked about sources, it tells of one.
 *
 * Each start counts one delivered row, so that the shared page can be seen to survive a death.
 */
#include "base/assert.h"
#include "base/memory.h"
#include "delivery/delivery.h"
#include "delivery/inspect.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GROWN_SIZE = 256 << 20 };

struct lc_shard {
	struct lc_loop *loop;
	struct lc_loop_timer *started;
	struct lc_loop_timer *drained;
	struct lc_counters *counters;
	struct lc_delivery delivery; /* without parts */
	const struct lc_shard_callbacks *callbacks;
	void *context;
	const char *behaviour;
	char *grown; /* `grow-once` */
};

static bool is(const struct lc_shard *shard, const char *behaviour)
{
	return strcmp(shard->behaviour, behaviour) == 0;
}

static void on_started(void *context)
{
	struct lc_shard *shard = context;
	bool first = lc_counters_get(shard->counters, LC_COUNTERS_RECORDS_DELIVERED) == 1;

	if (is(shard, "starting"))
		return;
	if (is(shard, "outdated") && first) {
		struct lc_error outdated;

		lc_error_set(&outdated, LC_ERROR_OUTDATED, "ClickHouse's offsets are ahead");
		shard->callbacks->on_failed(shard->context, &outdated);
		return;
	}
	if (is(shard, "taken-over")) {
		struct lc_error error;

		lc_error_set(&error, LC_ERROR_TAKEN_OVER, "machine other has the shard");
		shard->callbacks->on_failed(shard->context, &error);
		return;
	}
	if (is(shard, "die-once") && first)
		raise(SIGKILL);
	if (is(shard, "fault"))
		raise(SIGSEGV);
	LC_ASSERT(!is(shard, "assert"));
	shard->callbacks->on_ready(shard->context);
	if (is(shard, "grow-once") && first) {
		shard->grown = lc_memory_zero(GROWN_SIZE, 1);
		memset(shard->grown, 1, GROWN_SIZE);
	}
	while (is(shard, "hang") || (is(shard, "hang-once") && first))
		pause();
}

static void on_drained(void *context)
{
	struct lc_shard *shard = context;

	shard->callbacks->on_drained(shard->context);
}

struct lc_shard *lc_shard_new(struct lc_loop *loop, const struct lc_settings *settings,
			      unsigned shard, unsigned shard_count, struct lc_share *share,
			      struct lc_counters *counters,
			      const struct lc_shard_callbacks *callbacks, void *context,
			      struct lc_error *error)
{
	struct lc_shard *fake = lc_memory_zero(1, sizeof(*fake));
	char name[64];

	(void)shard_count;
	(void)share;
	snprintf(name, sizeof(name), "LOG_COURIER_TEST_SHARD_%u", shard);
	fake->behaviour = getenv(name);
	if (fake->behaviour == NULL)
		fake->behaviour = "ready";
	if (is(fake, "config") || settings->s3_tls_ca_file[0] != '\0') {
		free(fake);
		lc_error_set(error, LC_ERROR_USAGE, "s3.tls-ca-file does not load");
		return NULL;
	}
	if (is(fake, "damaged")) {
		free(fake);
		lc_error_set(error, LC_ERROR_CORRUPT, "the ledger is damaged");
		return NULL;
	}
	fake->loop = loop;
	fake->counters = counters;
	fake->callbacks = callbacks;
	fake->context = context;
	fake->started = lc_loop_timer_new(loop, on_started, fake);
	fake->drained = lc_loop_timer_new(loop, on_drained, fake);
	return fake;
}

const struct lc_delivery *lc_shard_delivery(const struct lc_shard *shard)
{
	return &shard->delivery;
}

void lc_shard_start(struct lc_shard *shard)
{
	lc_counters_add(shard->counters, LC_COUNTERS_RECORDS_DELIVERED, 1);
	lc_loop_timer_start(shard->started, 0);
}

void lc_shard_drain(struct lc_shard *shard)
{
	if (!is(shard, "slow-drain") && !is(shard, "stubborn"))
		lc_loop_timer_start(shard->drained, 0);
}

void lc_shard_abandon(struct lc_shard *shard)
{
	if (!is(shard, "stubborn"))
		lc_loop_timer_start(shard->drained, 0);
}

void lc_shard_free(struct lc_shard *shard)
{
	lc_loop_timer_free(shard->started);
	lc_loop_timer_free(shard->drained);
	free(shard->grown);
	free(shard);
}

bool lc_shard_adopt_offsets(const struct lc_settings *settings, unsigned shard,
			    unsigned shard_count, uint64_t *rows, struct lc_error *error)
{
	(void)settings;
	(void)shard;
	(void)shard_count;
	(void)error;
	*rows = 42;
	return true;
}

void lc_inspect_begin(struct lc_inspect *inspect)
{
	struct lc_inspection_source row = {.shard = inspect->number,
					   .raft_session_id = inspect->number,
					   .bucket = lc_view_of("photos"),
					   .oldest_undelivered = 1000 - inspect->number,
					   .pending_rows = 7};

	lc_inspection_init(&inspect->document);
	if (is(inspect->shard, "silent"))
		return;
	if (is(inspect->shard, "die-when-asked"))
		raise(SIGKILL);
	if (inspect->request.command == LC_CONTROL_REQUEST_SOURCES ||
	    inspect->request.command == LC_CONTROL_REQUEST_SOURCE)
		lc_inspection_add(&inspect->document, LC_INSPECTION_SOURCES, &row);
	for (uint64_t i = 0; is(inspect->shard, "talkative") && i < 2000; i++) {
		row.raft_session_id = i;
		lc_inspection_add(&inspect->document, LC_INSPECTION_SOURCES, &row);
	}
	inspect->document.affected = inspect->request.command == LC_CONTROL_REQUEST_FLUSH;
	inspect->done(inspect);
}
