#include "formats/row_hash.h"

#include "base/copy.h"
#include "formats/record_block.h"
#include "support/record_rows.h"
#include "support/story.h"

#include <stdlib.h>
#include <xxhash.h>

/* The hashed bytes, written down from the description in formats/row_hash.h. */
static void append_uint(struct lc_buffer *bytes, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		lc_buffer_append_char(bytes, (char)(value >> (8 * i)));
}

static void append_text(struct lc_buffer *bytes, struct lc_view text)
{
	append_uint(bytes, text.size, 4);
	lc_buffer_append_view(bytes, text);
}

static void append_float(struct lc_buffer *bytes, struct lc_record_float number)
{
	uint32_t bits;

	memcpy(&bits, &number.value, sizeof bits);
	append_uint(bytes, number.present, 1);
	append_uint(bytes, number.present ? bits : 0, 8);
}

static uint64_t described_hash(const struct lc_record *r)
{
	const struct lc_view before[] = {r->req_id,       r->target_bucket, r->target_prefix,
					 r->bucket_owner, r->client_ip,     r->requester,
					 r->operation,    r->object_key,    r->request_uri};
	const struct lc_view after[] = {
	    r->referer,           r->user_agent,         r->version_id,
	    r->signature_version, r->cipher_suite,       r->authentication_type,
	    r->host_header,       r->tls_version,        r->acl_required,
	    r->hostname,          r->log_format_version, r->aws_access_key_id};
	struct lc_buffer bytes;
	uint64_t hash;

	lc_buffer_init(&bytes, SIZE_MAX);
	append_uint(&bytes, r->raft_session_id, 8);
	append_text(&bytes, r->bucket);
	append_uint(&bytes, r->inserted_at, 8);
	append_uint(&bytes, (uint64_t)r->start_time_ms, 8);
	for (size_t i = 0; i < sizeof before / sizeof before[0]; i++)
		append_text(&bytes, before[i]);
	append_uint(&bytes, r->http_code.present, 1);
	append_uint(&bytes, r->http_code.present ? r->http_code.value : 0, 8);
	append_text(&bytes, r->error_code);
	append_uint(&bytes, r->bytes_sent.present, 1);
	append_uint(&bytes, r->bytes_sent.present ? r->bytes_sent.value : 0, 8);
	append_uint(&bytes, r->object_size.present, 1);
	append_uint(&bytes, r->object_size.present ? r->object_size.value : 0, 8);
	append_float(&bytes, r->total_time);
	append_float(&bytes, r->turn_around_time);
	for (size_t i = 0; i < sizeof after / sizeof after[0]; i++)
		append_text(&bytes, after[i]);
	hash = XXH3_64bits(bytes.data, bytes.size);
	lc_buffer_free(&bytes);
	return hash;
}

static void a_hash_never_changes_while_its_version_stays(void **state)
{
	struct lc_record record = record_rows_example();

	(void)state;
	assert_int_equal(LC_ROW_HASH_VERSION, 1);
	assert_true(lc_row_hash(&record) == UINT64_C(0x210ea8f308b9c80d));
	assert_true(lc_row_hash(&record) == described_hash(&record));
}

static void rows_of_any_size_hash_as_described(void **state)
{
	struct lc_record record = record_rows_example();
	char *text = malloc(20000);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 20000);
	for (size_t size = 0; size <= 20000; size += size < 3000 || size > 4300 ? 977 : 1) {
		record.requester = (struct lc_view){.data = text, .size = size};
		assert_true(lc_row_hash(&record) == described_hash(&record));
	}
	record.user_agent = (struct lc_view){.data = text, .size = 4096};
	record.referer = (struct lc_view){.data = text, .size = 4097};
	assert_true(lc_row_hash(&record) == described_hash(&record));
	free(text);
}

static void a_spacious_row_hashes_as_described(void **state)
{
	struct lc_record_block block;
	struct lc_record record;
	struct lc_buffer bytes;

	(void)state;
	lc_buffer_init(&bytes, 16384);
	for (size_t size = 0; size <= 5000; size += 7) {
		static const char text[5000] = "text";

		record = record_rows_example();
		record.object_key = (struct lc_view){.data = text, .size = size};
		lc_buffer_clear(&bytes);
		record_rows_append(&bytes, &record, 1);
		assert_non_null(lc_buffer_reserve(&bytes, LC_COPY_SLACK));
		lc_record_block_begin(&block, 1);
		assert_int_equal(lc_record_block_walk(&block, lc_buffer_view(&bytes), NULL),
				 LC_RECORD_BLOCK_WHOLE);
		assert_true(lc_record_block_take(&block, bytes.data, &record, NULL));
		assert_true(record.spacious);
		assert_true(lc_row_hash(&record) == described_hash(&record));
	}
	lc_buffer_free(&bytes);
}

/* Those of the version do; those that came later must not. */
static void every_field_counts(void **state)
{
	const struct lc_record original = record_rows_example();
	const uint64_t hash = lc_row_hash(&original);
	struct lc_record record;
	unsigned fields = 0;

	(void)state;
#define CHANGED(name, change) \
	record = original;    \
	record.name change;   \
	assert_int_equal(lc_row_hash(&record) != hash, fields < 31);
#define CHANGED_TWICE(name)             \
	CHANGED(name, .present = false) \
	CHANGED(name, .value++)         \
	fields++;
#define LC_FIELD_TIME(name, expression) CHANGED(name, ++) fields++;
#define LC_FIELD_NUMBER(name, expression) CHANGED(name, ++) fields++;
#define LC_FIELD_TEXT(name, expression) CHANGED(name, = lc_view_of("another")) fields++;
#define LC_FIELD_UINT(name, expression) CHANGED_TWICE(name)
#define LC_FIELD_FLOAT(name, expression) CHANGED_TWICE(name)
#include "tbl/record_fields.h"
	assert_true(fields >= 31);
}

static void bytes_that_move_to_the_next_field_change_the_hash(void **state)
{
	struct lc_record record = record_rows_example();
	uint64_t hash;

	(void)state;
	record.target_bucket = lc_view_of("ab");
	record.target_prefix = lc_view_of("c");
	hash = lc_row_hash(&record);
	record.target_bucket = lc_view_of("a");
	record.target_prefix = lc_view_of("bc");
	assert_true(lc_row_hash(&record) != hash);
}

static void zero_is_not_null_and_what_null_holds_does_not_count(void **state)
{
	struct lc_record record = record_rows_example();
	uint64_t hash;

	(void)state;
	record.bytes_sent = (struct lc_record_uint){.value = 0, .present = true};
	hash = lc_row_hash(&record);
	record.bytes_sent.present = false;
	assert_true(lc_row_hash(&record) != hash);
	hash = lc_row_hash(&record);
	record.bytes_sent.value = 17;
	assert_true(lc_row_hash(&record) == hash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_hash_never_changes_while_its_version_stays),
	    cmocka_unit_test(rows_of_any_size_hash_as_described),
	    cmocka_unit_test(a_spacious_row_hashes_as_described),
	    cmocka_unit_test(every_field_counts),
	    cmocka_unit_test(bytes_that_move_to_the_next_field_change_the_hash),
	    cmocka_unit_test(zero_is_not_null_and_what_null_holds_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
