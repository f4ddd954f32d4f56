#include "support/ledger_case.h"

#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void lc_ledger_case_make_path(char path[LC_LEDGER_CASE_PATH_SIZE])
{
	const char *temporary = getenv("TMPDIR");
	char directory[LC_LEDGER_CASE_PATH_SIZE];
	int size = snprintf(directory, sizeof directory, "%s/ledger-XXXXXX",
			    temporary != NULL && strlen(temporary) < 32 ? temporary : "/tmp");

	assert_true(size > 0 && (size_t)size < sizeof directory);
	assert_non_null(mkdtemp(directory));
	size = snprintf(path, LC_LEDGER_CASE_PATH_SIZE, "%.50s/l.db", directory);
	assert_true(size > 0 && size < LC_LEDGER_CASE_PATH_SIZE);
}

void lc_ledger_case_remove(const char *path)
{
	static const char *const SUFFIXES[] = {"",         "-wal",      "-shm",
					       "-journal", ".new",      ".new-journal",
					       ".copy",    ".copy-wal", ".copy-shm"};
	char name[LC_LEDGER_CASE_PATH_SIZE + 16];

	for (size_t i = 0; i < sizeof SUFFIXES / sizeof SUFFIXES[0]; i++) {
		snprintf(name, sizeof name, "%s%s", path, SUFFIXES[i]);
		unlink(name);
	}
	snprintf(name, sizeof name, "%s", path);
	*strrchr(name, '/') = '\0';
	assert_int_equal(rmdir(name), 0);
}

struct lc_ledger_options lc_ledger_case_options(const char *path)
{
	return (struct lc_ledger_options){
	    .path = path,
	    .shard = 1,
	    .shard_count = 4,
	    .retry_ms = 10,
	    .gather_ms = LC_LEDGER_GATHER_MS,
	};
}

struct lc_store *lc_ledger_case_open_store(const char *path, struct lc_ledger_state *state)
{
	struct lc_ledger_options options = lc_ledger_case_options(path);
	struct lc_error error;
	struct lc_store *store = lc_store_open(&options, state, &error);

	if (store == NULL)
		fail_msg("%s", error.message);
	return store;
}

static void on_corrupt(void *context, const struct lc_error *error)
{
	(void)context;
	fail_msg("%s", error->message);
}

struct lc_ledger *lc_ledger_case_open(struct lc_loop *loop, const char *path,
				      struct lc_counters *counters, struct lc_ledger_state *state)
{
	struct lc_ledger_options options = lc_ledger_case_options(path);
	struct lc_error error;
	struct lc_ledger *ledger =
	    lc_ledger_open(loop, &options, counters, state, on_corrupt, NULL, &error);

	if (ledger == NULL)
		fail_msg("%s", error.message);
	return ledger;
}

struct lc_ledger_source lc_ledger_case_source(const char *bucket)
{
	return (struct lc_ledger_source){.raft_session_id = 7, .bucket = lc_view_of(bucket)};
}

void lc_ledger_case_make_intent(struct lc_ledger_case_intent *made, uint64_t id, const char *bucket,
				uint32_t first, uint32_t seconds, uint32_t count, uint64_t hash)
{
	lc_taken_rows_init(&made->rows);
	for (uint32_t second = first; second < first + seconds; second++) {
		for (uint32_t i = 0; i < count; i++)
			lc_taken_rows_add(&made->rows, second, hash++);
	}
	snprintf(made->key, sizeof made->key, "logs/%s-%llu", bucket, (unsigned long long)id);
	made->intent = (struct lc_ledger_intent){
	    .id = id,
	    .source = lc_ledger_case_source(bucket),
	    .target_bucket = lc_view_of("target"),
	    .target_prefix = lc_view_of("logs/"),
	    .key = lc_view_of(made->key),
	    .first_second = first,
	    .last_second = first + seconds - 1,
	    .rows = made->rows.total,
	    .bytes = made->rows.total * 900,
	    .taken_rows = lc_taken_rows_blob(&made->rows),
	};
}

void lc_ledger_case_expire(struct lc_store *store, uint32_t bound)
{
	struct lc_error error;
	uint32_t hour = 0;

	do {
		if (!lc_store_expire(store, bound, &hour, &error))
			fail_msg("%s", error.message);
	} while (hour != 0);
}

struct lc_ledger_intents_question lc_ledger_case_question(uint64_t after_id, size_t limit)
{
	return (struct lc_ledger_intents_question){
	    .bucket = lc_view_of("target"),
	    .prefix = lc_view_of("logs/"),
	    .after_id = after_id,
	    .limit = limit,
	    .max_bytes = UINT64_MAX,
	};
}

void lc_ledger_case_free_intent(struct lc_ledger_case_intent *made)
{
	lc_taken_rows_free(&made->rows);
}

void lc_ledger_case_store_intent(struct lc_store *store, uint64_t id, const char *bucket,
				 uint32_t first, uint32_t seconds, uint32_t count, uint64_t hash)
{
	struct lc_ledger_case_intent made;
	struct lc_error error;

	lc_ledger_case_make_intent(&made, id, bucket, first, seconds, count, hash);
	if (!lc_store_add_intent(store, &made.intent, &error))
		fail_msg("%s", error.message);
	lc_ledger_case_free_intent(&made);
}

void lc_ledger_case_add_intent(struct lc_ledger *ledger, uint64_t id, const char *bucket,
			       uint32_t first, uint32_t seconds, uint32_t count, uint64_t hash)
{
	struct lc_ledger_case_intent made;

	lc_ledger_case_make_intent(&made, id, bucket, first, seconds, count, hash);
	lc_ledger_add_intent(ledger, &made.intent);
	lc_ledger_case_free_intent(&made);
}

static void stop(void *context)
{
	lc_loop_stop(context);
}

void lc_ledger_case_wait(struct lc_loop *loop, struct lc_ledger *ledger)
{
	lc_ledger_when_durable(ledger, stop, loop);
	lc_loop_run(loop);
}
