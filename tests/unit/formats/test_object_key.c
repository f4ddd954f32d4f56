#include "formats/object_key.h"

#include "support/story.h"

#include <xxhash.h>

static const uint64_t HASHES[] = {1, 2, 2, UINT64_MAX};

static struct lc_object_key_subject subject(void)
{
	return (struct lc_object_key_subject){
	    .raft_session_id = 7,
	    .bucket = lc_view_of("amzn-s3-demo-bucket"),
	    .target_bucket = lc_view_of("amzn-s3-demo-logs"),
	    .target_prefix = lc_view_of("logs/"),
	};
}

static void assert_key(const struct lc_object_key *key, const char *expected)
{
	struct lc_buffer text;

	lc_buffer_init(&text, 4096);
	lc_object_key_append(&text, key);
	assert_string_equal(lc_buffer_text(&text), expected);
	lc_buffer_free(&text);
}

static void assert_simple(const char *prefix, int64_t ms, uint64_t unique, const char *expected)
{
	assert_key(&(struct lc_object_key){.prefix = lc_view_of(prefix),
					   .time_ms = ms,
					   .replay = lc_view_of(""),
					   .unique = unique},
		   expected);
}

static void a_key_names_the_second_in_utc_and_the_unique_part(void **state)
{
	(void)state;
	assert_simple("logs/", INT64_C(1549411238999), UINT64_C(0xABCDEF0123456789),
		      "logs/2019-02-06-00-00-38-ABCDEF0123456789");
	assert_simple("", 0, 1, "1970-01-01-00-00-00-0000000000000001");
	assert_simple("a b%/", -1, 0, "a b%/1969-12-31-23-59-59-0000000000000000");
	assert_simple("", INT64_MAX, UINT64_MAX, "9999-12-31-23-59-59-FFFFFFFFFFFFFFFF");
}

static struct lc_object_key partitioned(enum lc_object_key_format format)
{
	return (struct lc_object_key){.format = format,
				      .prefix = lc_view_of("logs/"),
				      .account = lc_view_of("123456789012"),
				      .region = lc_view_of("us-west-2"),
				      .bucket = lc_view_of("amzn-s3-demo-bucket"),
				      .time_ms = INT64_C(1549411238999),
				      .replay = lc_view_of(""),
				      .unique = 10};
}

static void a_partitioned_key_names_the_source_and_the_day_before_the_time(void **state)
{
	struct lc_object_key key = partitioned(LC_OBJECT_KEY_DELIVERY_TIME);

	(void)state;
	assert_key(&key, "logs/123456789012/us-west-2/amzn-s3-demo-bucket/2019/02/06/"
			 "2019-02-06-00-00-38-000000000000000A");
	key.replay = lc_view_of("20261130T081500Z-0");
	assert_key(&key, "logs/123456789012/us-west-2/amzn-s3-demo-bucket/2019/02/06/"
			 "2019-02-06-00-00-38-replay-20261130T081500Z-0-000000000000000A");
}

static void with_event_time_a_key_tells_the_day_alone(void **state)
{
	struct lc_object_key key = partitioned(LC_OBJECT_KEY_EVENT_TIME);

	(void)state;
	assert_key(&key, "logs/123456789012/us-west-2/amzn-s3-demo-bucket/2019/02/06/"
			 "2019-02-06-00-00-00-000000000000000A");
	key.time_ms = -1;
	assert_key(&key, "logs/123456789012/us-west-2/amzn-s3-demo-bucket/1969/12/31/"
			 "1969-12-31-00-00-00-000000000000000A");
}

static void no_name_adds_a_level_to_a_partitioned_key(void **state)
{
	struct lc_object_key key = partitioned(LC_OBJECT_KEY_DELIVERY_TIME);

	(void)state;
	key.account = lc_view_of("-");
	key.region = lc_view_of("a/b");
	key.bucket = lc_view_of("../it's \xC3\xA4");
	assert_key(&key, "logs/-/a%2Fb/..%2Fit%27s%20%C3%A4/2019/02/06/"
			 "2019-02-06-00-00-38-000000000000000A");
}

static void only_with_event_time_days_do_not_share_an_object(void **state)
{
	enum { DAY = 24 * 3600 * 1000 };

	(void)state;
	assert_true(lc_object_key_may_share(LC_OBJECT_KEY_EVENT_TIME, 0, DAY - 1));
	assert_false(lc_object_key_may_share(LC_OBJECT_KEY_EVENT_TIME, DAY - 1, DAY));
	assert_false(lc_object_key_may_share(LC_OBJECT_KEY_EVENT_TIME, 0, -1));
	assert_true(lc_object_key_may_share(LC_OBJECT_KEY_EVENT_TIME, -1, -DAY));
	assert_false(lc_object_key_may_share(LC_OBJECT_KEY_EVENT_TIME, INT64_MIN, INT64_MAX));
	assert_true(lc_object_key_may_share(LC_OBJECT_KEY_SIMPLE, 0, DAY));
	assert_true(lc_object_key_may_share(LC_OBJECT_KEY_DELIVERY_TIME, 0, DAY));
}

static void the_unique_part_is_the_described_hash(void **state)
{
	static const char head[] =
	    "\1\7\0\0\0\23\0\0\0amzn-s3-demo-bucket\21\0\0\0amzn-s3-demo-logs"
	    "\5\0\0\0logs/";
	enum { COUNT = 1000 };
	struct lc_object_key_subject of = subject();
	uint64_t hashes[COUNT];
	struct lc_buffer bytes;

	(void)state;
	lc_buffer_init(&bytes, SIZE_MAX);
	lc_buffer_append(&bytes, head, sizeof head - 1);
	for (size_t i = 0; i < COUNT; i++) {
		assert_true(lc_object_key_unique(&of, hashes, i) ==
			    XXH3_64bits(bytes.data, bytes.size));
		hashes[i] = i * UINT64_C(0x0011223344556677);
		for (size_t byte = 0; byte < 8; byte++)
			lc_buffer_append_char(&bytes, (char)(hashes[i] >> (8 * byte)));
	}
	lc_buffer_free(&bytes);
}

static void a_unique_part_never_changes_from_version_to_version(void **state)
{
	struct lc_object_key_subject of = subject();

	(void)state;
	assert_true(lc_object_key_unique(&of, HASHES, 4) == UINT64_C(0x66e85793aaa0707c));
}

static void another_subject_or_other_rows_make_another_key(void **state)
{
	struct lc_object_key_subject of = subject();
	uint64_t unique = lc_object_key_unique(&of, HASHES, 4);

	(void)state;
	assert_true(lc_object_key_unique(&of, HASHES, 3) != unique);
	assert_true(lc_object_key_unique(&of, HASHES + 1, 3) != unique);
	of.raft_session_id++;
	assert_true(lc_object_key_unique(&of, HASHES, 4) != unique);
	of = subject();
	of.bucket = lc_view_of("another");
	assert_true(lc_object_key_unique(&of, HASHES, 4) != unique);
	of = subject();
	of.target_prefix = lc_view_of("");
	assert_true(lc_object_key_unique(&of, HASHES, 4) != unique);
	of = subject();
	of.target_bucket = lc_view_of("amzn-s3-demo-logsl");
	of.target_prefix = lc_view_of("ogs/");
	assert_true(lc_object_key_unique(&of, HASHES, 4) != unique);
}

static void a_replay_names_itself_and_makes_other_keys(void **state)
{
	struct lc_object_key_subject of = subject();
	uint64_t first = lc_object_key_unique(&of, HASHES, 4);
	uint64_t again;

	(void)state;
	of.replay = lc_view_of("20261130T081500Z-0");
	again = lc_object_key_unique(&of, HASHES, 4);
	assert_true(again != first);
	assert_true(again == lc_object_key_unique(&of, HASHES, 4));
	of.replay = lc_view_of("20261130T081501Z-0");
	assert_true(lc_object_key_unique(&of, HASHES, 4) != first);
	assert_true(lc_object_key_unique(&of, HASHES, 4) != again);

	assert_key(&(struct lc_object_key){.prefix = lc_view_of("logs/"),
					   .time_ms = INT64_C(1549411238999),
					   .replay = of.replay,
					   .unique = 10},
		   "logs/2019-02-06-00-00-38-replay-20261130T081501Z-0-000000000000000A");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_key_names_the_second_in_utc_and_the_unique_part),
	    cmocka_unit_test(a_partitioned_key_names_the_source_and_the_day_before_the_time),
	    cmocka_unit_test(with_event_time_a_key_tells_the_day_alone),
	    cmocka_unit_test(no_name_adds_a_level_to_a_partitioned_key),
	    cmocka_unit_test(only_with_event_time_days_do_not_share_an_object),
	    cmocka_unit_test(the_unique_part_is_the_described_hash),
	    cmocka_unit_test(a_unique_part_never_changes_from_version_to_version),
	    cmocka_unit_test(another_subject_or_other_rows_make_another_key),
	    cmocka_unit_test(a_replay_names_itself_and_makes_other_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
