/* Checkpoints of a real ledger in a real S3, named by LOG_COURIER_S3_ENDPOINT and its like; skipped
 * without. Processes are killed while they take one, or restore from one. Bucket: target-1. */
#include "ledger/checkpoint.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"
#include "clients/s3_read.h"
#include "support/ledger_case.h"
#include "support/ledger_dump.h"
#include "support/story.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	NOON = 1796040000,
	HOUR = 3600,
	INTENTS = 3000, /* of 500 rows: about 15 MB */
	KILLS = 15,
};

/* What is left of a process that dies. */
struct story {
	char path[LC_LEDGER_CASE_PATH_SIZE];
	char copy[LC_LEDGER_CASE_PATH_SIZE];
	char folder[64];
	struct lc_random random;
	uint64_t next_id;
};

/* What is a process's own. */
struct world {
	struct story *story;
	struct lc_loop *loop;
	struct lc_http *http;
	struct lc_credentials_provider *credentials;
	struct lc_s3 *s3;
	struct lc_error error;
	struct lc_checkpoint_taken taken;
	struct lc_checkpoint_collected collected;
};

static int set_up(void **state)
{
	struct story *story;

	*state = NULL;
	if (getenv("LOG_COURIER_S3_ENDPOINT") == NULL)
		return 0;
	alarm(300);
	story = lc_memory_zero(1, sizeof(*story));
	lc_ledger_case_make_path(story->path);
	lc_ledger_case_make_path(story->copy);
	lc_random_seed_from_system(&story->random);
	snprintf(story->folder, sizeof(story->folder), "checkpoint-test-%016" PRIx64 "/g1/s1/",
		 lc_random_next(&story->random));
	story->next_id = 1;
	*state = story;
	return 0;
}

static int tear_down(void **state)
{
	struct story *story = *state;
	char draft[LC_LEDGER_CASE_PATH_SIZE + 8];

	if (story == NULL)
		return 0;
	snprintf(draft, sizeof(draft), "%s.fetch", story->copy);
	unlink(draft);
	lc_ledger_case_remove(story->path);
	lc_ledger_case_remove(story->copy);
	free(story);
	return 0;
}

static struct story *story_of(void **state)
{
	if (*state == NULL) {
		print_message("no S3: LOG_COURIER_S3_ENDPOINT is not set\n");
		skip();
		abort(); /* it does not return, which the analyser does not know */
	}
	return *state;
}

static void begin(struct world *world, struct story *story)
{
	const struct lc_http_options http_options = {.connect_timeout_ms = 2000};
	const struct lc_credentials_options keys = {
	    .access_key_id = getenv("LOG_COURIER_S3_ACCESS_KEY_ID"),
	    .secret_access_key = getenv("LOG_COURIER_S3_SECRET_ACCESS_KEY"),
	};
	struct lc_s3_options options = {
	    .endpoint = getenv("LOG_COURIER_S3_ENDPOINT"),
	    .region = getenv("LOG_COURIER_S3_REGION"),
	    .addressing = LC_S3_ADDRESSING_PATH,
	    .conditional = LC_S3_CONDITIONAL_OFF,
	    .timeout_ms = 10000,
	};

	*world = (struct world){.story = story};
	world->loop = lc_loop_new(NULL);
	world->http = lc_http_new(world->loop, &http_options, NULL);
	world->credentials = lc_credentials_provider_new(world->loop, world->http, &keys);
	options.credentials = world->credentials;
	world->s3 = lc_s3_new(world->loop, world->http, &options, NULL);
}

static void end(struct world *world)
{
	lc_s3_free(world->s3);
	lc_credentials_provider_free(world->credentials);
	lc_http_free(world->http);
	lc_loop_free(world->loop);
}

static void write_some(struct world *world, struct lc_ledger *ledger, unsigned count)
{
	struct story *story = world->story;

	for (unsigned i = 0; i < count; i++) {
		uint64_t id = story->next_id++;
		uint32_t second = (uint32_t)(NOON + id % (3 * HOUR));

		lc_ledger_case_add_intent(ledger, id, id % 2 == 0 ? "one" : "other", second, 5, 100,
					  lc_random_next(&story->random));
		if (id % 2 == 0)
			lc_ledger_set_delivered(ledger, id, second + 4);
	}
	lc_ledger_case_wait(world->loop, ledger);
}

static void on_taken(void *context, const struct lc_error *error,
		     const struct lc_checkpoint_taken *taken)
{
	struct world *world = context;

	world->error = *error;
	world->taken = *taken;
	lc_loop_stop(world->loop);
}

/* Writes into the ledger and takes a checkpoint; returns its name. */
static void take(struct story *story, unsigned count, const char *base,
		 struct lc_checkpoint_taken *taken)
{
	struct lc_ledger_state state = {0};
	struct lc_ledger *ledger;
	struct world world;
	struct lc_checkpoint_take_options options = {
	    .bucket = "target-1",
	    .folder = story->folder,
	    .base = base,
	    .shard = 1,
	    .shard_count = 4,
	    .generation = 1,
	    .random = &story->random,
	};

	begin(&world, story);
	ledger = lc_ledger_case_open(world.loop, story->path, NULL, &state);
	write_some(&world, ledger, count);
	options.s3 = world.s3;
	options.ledger = ledger;
	(void)lc_checkpoint_take(world.loop, &options, on_taken, &world);
	lc_loop_run(world.loop);
	if (world.error.kind != LC_ERROR_NONE)
		fail_msg("%s", world.error.message);
	*taken = world.taken;
	lc_ledger_close(ledger);
	end(&world);
}

static void on_restored(void *context, const struct lc_error *error)
{
	struct world *world = context;

	world->error = *error;
	lc_loop_stop(world->loop);
}

static uint64_t restore(struct story *story, const char *name)
{
	uint64_t began_ms = lc_clock_monotonic_ms();
	struct world world;
	struct lc_checkpoint_restore_options options = {
	    .bucket = "target-1",
	    .folder = story->folder,
	    .name = name,
	    .path = story->copy,
	    .random = &story->random,
	};

	begin(&world, story);
	options.s3 = world.s3;
	(void)lc_checkpoint_restore(world.loop, &options, on_restored, &world);
	lc_loop_run(world.loop);
	if (world.error.kind != LC_ERROR_NONE)
		fail_msg("%s", world.error.message);
	end(&world);
	return lc_clock_monotonic_ms() - began_ms;
}

static bool copy_is_ledger(const struct story *story)
{
	struct lc_buffer ledger;
	struct lc_buffer copy;

	ledger_dump(story->path, &ledger);
	ledger_dump(story->copy, &copy);
	return ledger_dumps_equal(&ledger, &copy);
}

static void a_ledger_is_made_again_from_its_checkpoint(void **state)
{
	struct story *story = story_of(state);
	struct lc_checkpoint_taken first;
	struct lc_checkpoint_taken second;
	uint64_t restored_ms;

	take(story, INTENTS, "", &first);
	restored_ms = restore(story, first.name);
	assert_true(copy_is_ledger(story));
	take(story, INTENTS / 20, first.name, &second);
	print_message(
	    "first checkpoint: %" PRIu64 " bytes in %u packs, of a file of %" PRIu64
	    " bytes, restored in %" PRIu64 " ms\nsecond checkpoint: %" PRIu64
	    " bytes, of %d intents with %d bytes of hashes; then restored in %" PRIu64 " ms\n",
	    first.stored_bytes, first.packs, first.file_bytes, restored_ms, second.stored_bytes,
	    INTENTS / 20, INTENTS / 20 * 500 * 8, restore(story, second.name));
	assert_true(copy_is_ledger(story));
	assert_true(second.stored_bytes < first.stored_bytes / 2);
}

/* ---- death ---- */

/* Runs `work` in a process that is killed after some time; false if it had ended before. */
static bool run_and_kill(struct story *story, uint64_t after_us,
			 void (*work)(struct story *story, const char *name), const char *name)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		work(story, name);
		_exit(0);
	}
	usleep((useconds_t)after_us);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status);
}

static void restore_until_killed(struct story *story, const char *name)
{
	(void)restore(story, name);
}

/* The copy is the former ledger until it is the new one. */
static void a_restore_that_is_killed_leaves_one_ledger_or_the_other(void **state)
{
	struct story *story = story_of(state);
	struct lc_checkpoint_taken first;
	struct lc_checkpoint_taken second;
	struct lc_buffer former;
	uint64_t takes_us;
	unsigned killed = 0;

	take(story, INTENTS, "", &first);
	takes_us = restore(story, first.name) * 1000;
	ledger_dump(story->copy, &former);
	take(story, INTENTS, first.name, &second);
	for (unsigned i = 0; i < KILLS; i++) {
		uint64_t after_us = takes_us * 2 * (i + 1) / KILLS;
		struct lc_buffer copy;
		bool same;

		killed += run_and_kill(story, after_us, restore_until_killed, second.name);
		if (access(story->copy, F_OK) != 0)
			continue; /* between the former file and the new one */
		ledger_dump(story->copy, &copy);
		same = lc_view_equal(lc_buffer_view(&copy), lc_buffer_view(&former));
		lc_buffer_free(&copy);
		assert_true(same || copy_is_ledger(story));
	}
	print_message("killed %u of %d times\n", killed, KILLS);
	assert_true(killed > 0);
	(void)restore(story, second.name);
	assert_true(copy_is_ledger(story));
	lc_buffer_free(&former);
}

static void take_until_killed(struct story *story, const char *name)
{
	struct lc_checkpoint_taken taken;

	take(story, 0, name, &taken);
}

static void a_taking_that_is_killed_harms_neither_ledger_nor_checkpoint(void **state)
{
	struct story *story = story_of(state);
	struct lc_checkpoint_taken taken;
	struct lc_buffer before;
	struct lc_buffer after;
	uint64_t began_ms = lc_clock_monotonic_ms();
	uint64_t takes_us;

	take(story, INTENTS, "", &taken);
	takes_us = (lc_clock_monotonic_ms() - began_ms) * 1000;
	ledger_dump(story->path, &before);
	for (unsigned i = 0; i < KILLS; i++) {
		(void)run_and_kill(story, takes_us * (i + 1) / KILLS / 2, take_until_killed, "");
		/* Another draw, for other names. */
		(void)lc_random_next(&story->random);
	}
	ledger_dump(story->path, &after);
	assert_true(ledger_dumps_equal(&before, &after));
	(void)restore(story, taken.name);
	assert_true(copy_is_ledger(story));
	take(story, 10, taken.name, &taken);
	(void)restore(story, taken.name);
	assert_true(copy_is_ledger(story));
}

static void on_collected(void *context, const struct lc_checkpoint_collected *collected)
{
	struct world *world = context;

	world->collected = *collected;
	lc_loop_stop(world->loop);
}

/* All of it is young here. */
static void a_collection_leaves_what_is_young(void **state)
{
	struct story *story = story_of(state);
	struct lc_checkpoint_taken taken;
	struct world world;
	struct lc_checkpoint_collect_options options = {
	    .bucket = "target-1", .folder = story->folder, .random = &story->random};

	take(story, 100, "", &taken);
	take(story, 100, taken.name, &taken);
	begin(&world, story);
	options.s3 = world.s3;
	options.name = taken.name;
	(void)lc_checkpoint_collect(world.loop, &options, on_collected, &world);
	lc_loop_run(world.loop);
	end(&world);
	assert_int_equal(world.collected.failed, 0);
	assert_int_equal(world.collected.deleted, 0);
	(void)restore(story, taken.name);
	assert_true(copy_is_ledger(story));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(a_ledger_is_made_again_from_its_checkpoint),
	    STORY(a_restore_that_is_killed_leaves_one_ledger_or_the_other),
	    STORY(a_taking_that_is_killed_harms_neither_ledger_nor_checkpoint),
	    STORY(a_collection_leaves_what_is_young),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
