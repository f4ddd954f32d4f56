/*
 * A release with a column more goes on from the ledger of one without it. This program is compiled
 * with a table of fields to which `later` was added (src/ledger/include.am): its rows are those of
 * the later release, the hashes written down here those of the earlier one.
 */
#include "formats/record_stream.h"
#include "formats/row_hash.h"
#include "ledger/ledger_check.h"
#include "support/ledger_case.h"
#include "support/record_rows.h"
#include "support/story.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_ROW_BYTES = LC_RECORD_STREAM_ROW_BYTES_MIN, LARGE = 100000 };

static const uint64_t MARKER = UINT64_C(0x1122334455667788);

/* Of record_rows_example, in the release that has 31 columns. */
static const uint64_t EARLIER_HASH = UINT64_C(0x210ea8f308b9c80d);

static bool take_hash(void *context, const struct lc_record *record)
{
	uint64_t *hash = context;

	*hash = lc_row_hash(record);
	return true;
}

/* The hash of the row as the stream brings it, shortened if it is too large. */
static uint64_t streamed_hash(const struct lc_record *record, uint64_t fields_shortened)
{
	struct lc_record_stream *stream;
	struct lc_error error;
	struct lc_buffer rows;
	uint64_t hash = 0;

	lc_buffer_init(&rows, SIZE_MAX);
	record_rows_append(&rows, record, MARKER);
	stream = lc_record_stream_new(MARKER, MAX_ROW_BYTES, take_hash, &hash);
	if (!lc_record_stream_feed(stream, lc_buffer_view(&rows), &error) ||
	    !lc_record_stream_end(stream, &error))
		fail_msg("%s", error.message);
	assert_int_equal(lc_record_stream_fields_shortened(stream), fields_shortened);
	lc_record_stream_free(stream);
	lc_buffer_free(&rows);
	return hash;
}

static void a_row_keeps_its_hash(void **state)
{
	struct lc_record record = record_rows_example();

	(void)state;
	assert_true(lc_row_hash(&record) == EARLIER_HASH);
	assert_true(streamed_hash(&record, 0) == EARLIER_HASH);
	record.later = lc_view_of("what the earlier release did not ask for");
	assert_true(lc_row_hash(&record) == EARLIER_HASH);
	assert_true(streamed_hash(&record, 0) == EARLIER_HASH);
}

static void a_row_that_is_too_large_keeps_its_hash(void **state)
{
	struct lc_record record = record_rows_example();
	char *text = malloc(LARGE);
	uint64_t hash;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', LARGE);
	record.later = (struct lc_view){.data = text, .size = LARGE};
	assert_true(streamed_hash(&record, 1) == EARLIER_HASH);
	record.user_agent = record.later;
	record.later.size = 0;
	hash = lc_row_hash(&record);
	assert_true(streamed_hash(&record, 1) == hash);
	record.later.size = LARGE;
	assert_true(streamed_hash(&record, 2) == hash);
	free(text);
}

static void fail_on_fault(void *context, const char *fault)
{
	(void)context;
	fail_msg("%s", fault);
}

static void a_ledger_of_the_earlier_release_is_sound_and_knows_its_rows(void **state)
{
	struct lc_record record = record_rows_example();
	struct lc_ledger_source source = {.raft_session_id = record.raft_session_id,
					  .bucket = record.bucket};
	struct lc_ledger_state ledger_state = {.fresh = false};
	char path[LC_LEDGER_CASE_PATH_SIZE];
	struct lc_ledger_hashes hashes;
	struct lc_store *store;
	struct lc_arena arena;
	struct lc_error error;

	(void)state;
	lc_ledger_case_make_path(path);
	lc_arena_init(&arena, 1024);
	store = lc_ledger_case_open_store(path, &ledger_state);
	assert_true(lc_store_begin(store, &error));
	lc_ledger_case_store_intent(store, 1, "amzn-s3-demo-bucket", record.inserted_at, 1, 1,
				    EARLIER_HASH);
	assert_true(lc_store_commit(store, &error));
	lc_store_close(store);

	assert_true(lc_ledger_check(path, fail_on_fault, NULL, &error));
	store = lc_ledger_case_open_store(path, &ledger_state);
	assert_true(lc_store_begin(store, &error));
	assert_true(lc_store_read_hashes(store, &source, record.inserted_at, record.inserted_at + 1,
					 &arena, &hashes, &error));
	record.later = lc_view_of("new");
	assert_int_equal(hashes.count, 1);
	assert_true(hashes.hashes[0] == lc_row_hash(&record));
	free(hashes.hashes);
	lc_store_close(store);
	lc_arena_free(&arena);
	lc_ledger_case_remove(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_row_keeps_its_hash),
	    cmocka_unit_test(a_row_that_is_too_large_keeps_its_hash),
	    cmocka_unit_test(a_ledger_of_the_earlier_release_is_sound_and_knows_its_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
