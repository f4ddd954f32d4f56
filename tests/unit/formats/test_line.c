#include "formats/line.h"

#include "base/copy.h"
#include "base/random.h"
#include "formats/decimal.h"
#include "support/line_check.h"
#include "support/record_rows.h"
#include "support/story.h"

#include <regex.h>
#include <stdio.h>

enum { TEXT_MAX = 60, ROOM = 16384 };

static const struct lc_view NO_REGION = {.data = "", .size = 0};

/* A line as the regular expressions of Athena and Glue see it: 26 fields, or 27. */
#define FIELD "([^ ]*)"
#define QUOTED "(\"[^\"]*\")"
static const char ATHENA_26[] =
    "^" FIELD " " FIELD " \\[([^]]*)\\] " FIELD " " FIELD " " FIELD " " FIELD " " FIELD " " QUOTED
    " (-|[0-9]*) " FIELD " " FIELD " " FIELD " " FIELD " " FIELD " " QUOTED " " QUOTED " " FIELD
    " " FIELD " " FIELD " " FIELD " " FIELD " " FIELD " " FIELD " " FIELD " " FIELD "$";
static const char ATHENA_27[] =
    "^" FIELD " " FIELD " \\[([^]]*)\\] " FIELD " " FIELD " " FIELD " " FIELD " " FIELD " " QUOTED
    " (-|[0-9]*) " FIELD " " FIELD " " FIELD " " FIELD " " FIELD " " QUOTED " " QUOTED " " FIELD
    " " FIELD " " FIELD " " FIELD " " FIELD " " FIELD " " FIELD " " FIELD " " FIELD " " FIELD "$";

static struct lc_view write_in_style(const struct lc_record *record,
				     const struct lc_line_style *style)
{
	static char out[ROOM];
	size_t room = lc_line_max_size(record, style);
	size_t size;

	assert_true(room < ROOM);
	out[room] = '\x55';
	size = lc_line_write(record, style, out);
	assert_in_range(size, 1, room);
	assert_int_equal(out[room], '\x55');
	return (struct lc_view){.data = out, .size = size};
}

static struct lc_view write_line(const struct lc_record *record, struct lc_view region)
{
	struct lc_line_style style = {.region = region, .fractional_times = true};

	return write_in_style(record, &style);
}

static void assert_line(const struct lc_record *record, struct lc_view region, const char *expected)
{
	struct lc_view line = write_line(record, region);

	assert_int_equal(line.size, strlen(expected));
	assert_memory_equal(line.data, expected, line.size);
}

/* The example of docs/log-format.md, but for the two times. */
#define EXAMPLE(times)                                                                           \
	"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be "                      \
	"amzn-s3-demo-bucket [06/Feb/2019:00:00:38 +0000] 192.0.2.3 "                            \
	"arn:aws:iam::123456789012:user/Anna 3E57427F3EXAMPLE REST.GET.OBJECT "                  \
	"photos/2019/08/puppy.jpg "                                                              \
	"\"GET /amzn-s3-demo-bucket/photos/2019/08/puppy.jpg?x-foo=bar HTTP/1.1\" 200 - "        \
	"2662992 3462992 " times " \"http://www.example.com/webservices\" "                      \
	"\"curl/7.15.1 (x86_64; linux)\" 3HL4kqtJvjVBH40Nrjfkd - SigV4 "                         \
	"ECDHE-RSA-AES128-GCM-SHA256 AuthHeader amzn-s3-demo-bucket.s3.us-west-1.amazonaws.com " \
	"TLSv1.2 - Yes\n"

static void a_row_becomes_a_line_of_26_fields(void **state)
{
	struct lc_record record = record_rows_example();
	struct lc_line_style style = {.region = NO_REGION};

	(void)state;
	assert_line(&record, NO_REGION, EXAMPLE("70.25 10.123"));
	assert_true(lc_view_equal(write_in_style(&record, &style), lc_view_of(EXAMPLE("70 10"))));
}

static void a_region_is_the_27th_field(void **state)
{
	struct lc_record record = {.bucket = lc_view_of("b")};

	(void)state;
	assert_line(
	    &record, lc_view_of("us-east-1"),
	    "- b [01/Jan/1970:00:00:00 +0000] - - - - - \"-\" - - - - - - \"-\" \"-\" - - - - - "
	    "- - - - us-east-1\n");
	assert_line(
	    &record, lc_view_of("a \"b\n"),
	    "- b [01/Jan/1970:00:00:00 +0000] - - - - - \"-\" - - - - - - \"-\" \"-\" - - - - - "
	    "- - - - a%20%22b%0A\n");
}

static void a_line_tells_its_bucket_owner(void **state)
{
	struct lc_record record = record_rows_example();
	struct lc_line_style style = {.region = NO_REGION};

	(void)state;
	assert_true(lc_view_equal(
	    lc_line_owner(write_in_style(&record, &style)),
	    lc_view_of("79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be")));
	record.bucket_owner = lc_view_of("");
	assert_true(lc_view_equal(lc_line_owner(write_in_style(&record, &style)), lc_view_of("-")));
}

static void what_is_missing_is_a_dash_and_zero_is_zero(void **state)
{
	struct lc_record record = {.bucket = {.data = NULL}};

	(void)state;
	assert_line(
	    &record, NO_REGION,
	    "- - [01/Jan/1970:00:00:00 +0000] - - - - - \"-\" - - - - - - \"-\" \"-\" - - - - - "
	    "- - - -\n");
	record.http_code.present = true;
	record.bytes_sent.present = true;
	record.object_size = (struct lc_record_uint){.value = UINT64_MAX, .present = true};
	record.total_time.present = true;
	record.turn_around_time = (struct lc_record_float){.value = 0.1F, .present = true};
	assert_line(
	    &record, NO_REGION,
	    "- - [01/Jan/1970:00:00:00 +0000] - - - - - \"-\" 0 - 0 18446744073709551615 0 0.1 "
	    "\"-\" \"-\" - - - - - - - - -\n");
}

/* write_line looks at the bounds. */
static void the_longest_values_of_all_fields_have_room(void **state)
{
	struct lc_record record = {.start_time_ms = INT64_MAX};
	struct lc_view fields[LINE_CHECK_FIELDS_MAX];
	struct lc_view line;

	(void)state;
#define LC_FIELD_TEXT(name, expression) record.name = lc_view_of("\x01");
#define LC_FIELD_UINT(name, expression) \
	record.name = (struct lc_record_uint){.value = UINT64_MAX, .present = true};
#define LC_FIELD_FLOAT(name, expression) \
	record.name = (struct lc_record_float){.value = -1.0000001e-38F, .present = true};
#include "tbl/record_fields.h"
	line = write_line(&record, lc_view_of("\x01"));
	assert_int_equal(line_check_split(line, fields), 27);
	assert_int_equal(fields[12].size, LC_DECIMAL_UINT_SIZE);
}

static void durations_are_whole_milliseconds_unless_fractions_are_asked_for(void **state)
{
	static const struct {
		float ms;
		const char *whole;
		const char *fractional;
	} durations[] = {
	    {70.25F, "70", "70.25"},
	    {10.5F, "11", "10.5"},
	    {0.4999F, "0", "0.4999"},
	    {8388607.5F, "8388608", "8388607.5"},
	    {3.4028234e38F, "340282350000000000000000000000000000000",
	     "340282350000000000000000000000000000000"},
	};
	struct lc_line_style styles[] = {{.region = NO_REGION},
					 {.region = NO_REGION, .fractional_times = true}};
	struct lc_record record = record_rows_example();
	struct lc_view fields[LINE_CHECK_FIELDS_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
		record.total_time.value = durations[i].ms;
		record.turn_around_time.value = durations[i].ms;
		assert_int_equal(line_check_split(write_in_style(&record, &styles[0]), fields), 26);
		assert_true(lc_view_equal(fields[13], lc_view_of(durations[i].whole)));
		assert_true(lc_view_equal(fields[14], lc_view_of(durations[i].whole)));
		assert_int_equal(line_check_split(write_in_style(&record, &styles[1]), fields), 26);
		assert_true(lc_view_equal(fields[13], lc_view_of(durations[i].fractional)));
		assert_true(lc_view_equal(fields[14], lc_view_of(durations[i].fractional)));
	}
}

static void times_are_whole_seconds_in_utc(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} times[] = {
	    {-1, "[31/Dec/1969:23:59:59 +0000]"},
	    {999, "[01/Jan/1970:00:00:00 +0000]"},
	    {INT64_C(951827696789), "[29/Feb/2000:12:34:56 +0000]"},
	    {INT64_C(4102444799999), "[31/Dec/2099:23:59:59 +0000]"},
	    {INT64_MAX, "[31/Dec/9999:23:59:59 +0000]"},
	    {INT64_MIN, "[01/Jan/0000:00:00:00 +0000]"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		struct lc_record record = {.start_time_ms = times[i].ms};
		struct lc_view fields[LINE_CHECK_FIELDS_MAX];

		assert_int_equal(line_check_split(write_line(&record, NO_REGION), fields), 26);
		assert_int_equal(fields[2].size, strlen(times[i].text));
		assert_memory_equal(fields[2].data, times[i].text, fields[2].size);
	}
}

static void a_line_in_a_user_agent_stays_in_its_field(void **state)
{
	struct lc_record record = record_rows_example();
	struct lc_view fields[LINE_CHECK_FIELDS_MAX];
	const char *forged = "\"x\" 1 - -\nowner bucket [06/Feb/2019:00:00:38 +0000] \\\" forged";

	(void)state;
	record.user_agent = lc_view_of(forged);
	assert_int_equal(line_check_split(write_line(&record, NO_REGION), fields), 26);
	assert_true(lc_view_equal(
	    fields[16], lc_view_of("\"%22x%22 1 - -%0Aowner bucket [06/Feb/2019:00:00:38 +0000] "
				   "%5C%22 forged\"")));
}

static void a_referer_is_one_word(void **state)
{
	struct lc_record record = record_rows_example();
	struct lc_view fields[LINE_CHECK_FIELDS_MAX];

	(void)state;
	record.referer = lc_view_of("http://x/a b\\\xC3\xA9 ");
	record.request_uri = lc_view_of("GET /a\\ HTTP/1.1");
	assert_int_equal(line_check_split(write_line(&record, NO_REGION), fields), 26);
	assert_true(lc_view_equal(fields[15], lc_view_of("\"http://x/a%20b%5C\xC3\xA9%20\"")));
	assert_true(lc_view_equal(fields[8], lc_view_of("\"GET /a%5C HTTP/1.1\"")));
}

static void a_key_with_spaces_and_slashes_is_url_encoded(void **state)
{
	struct lc_record record = record_rows_example();
	struct lc_view fields[LINE_CHECK_FIELDS_MAX];

	(void)state;
	record.object_key = lc_view_of("a b/\xC3\xA9+100%.txt~\r\n");
	assert_int_equal(line_check_split(write_line(&record, NO_REGION), fields), 26);
	assert_true(lc_view_equal(fields[7], lc_view_of("a%20b/%C3%A9%2B100%25.txt~%0D%0A")));
}

/* Bytes that have broken readers before stand more often than chance would have it. */
static struct lc_view random_text(struct lc_random *random, char *place)
{
	static const char evil[] = " \"\n\r\t\0\\%-[]'\x7F\x80\xC3\xA9\xC0\xE2\x80\xA8\xFF\x85,";
	size_t size = (size_t)(lc_random_next(random) % TEXT_MAX);
	bool all = lc_random_next(random) % 2 == 0;

	for (size_t i = 0; i < size; i++) {
		uint64_t number = lc_random_next(random) >> 8;

		place[i] = evil[number % (sizeof evil - 1)];
		if (all)
			place[i] = (char)(unsigned char)number;
	}
	return (struct lc_view){.data = place, .size = size};
}

static struct lc_record random_record(struct lc_random *random, char *places)
{
	struct lc_record record = {.spacious = false};
	uint32_t bits;

#define LC_FIELD_TIME(name, expression) record.name = (int64_t)lc_random_next(random);
#define LC_FIELD_NUMBER(name, expression) record.name = (uint32_t)lc_random_next(random);
#define LC_FIELD_TEXT(name, expression)            \
	record.name = random_text(random, places); \
	places += TEXT_MAX;
#define LC_FIELD_UINT(name, expression)             \
	record.name.value = lc_random_next(random); \
	record.name.present = lc_random_next(random) % 4 != 0;
#define LC_FIELD_FLOAT(name, expression)                \
	bits = (uint32_t)lc_random_next(random);        \
	memcpy(&record.name.value, &bits, sizeof bits); \
	record.name.present = lc_random_next(random) % 4 != 0;
#include "tbl/record_fields.h"
	return record;
}

/* Texts end before other texts, which are no part of them. */
static void a_spacious_row_has_the_same_line(void **state)
{
	static char places[TEXT_MAX * 32 + LC_COPY_SLACK];
	struct lc_random random;

	(void)state;
	lc_random_seed(&random, 19);
	for (unsigned i = 0; i < 20000; i++) {
		struct lc_record record = random_record(&random, places);
		struct lc_view line = write_line(&record, NO_REGION);
		char expected[ROOM];

		memcpy(expected, line.data, line.size);
		record.spacious = true;
		assert_true(lc_view_equal(write_line(&record, NO_REGION),
					  (struct lc_view){.data = expected, .size = line.size}));
	}
}

static void assert_athena_reads(const regex_t *pattern, struct lc_view line, const char *text,
				struct lc_view fields[LINE_CHECK_FIELDS_MAX], size_t count)
{
	regmatch_t groups[LINE_CHECK_FIELDS_MAX + 1];

	assert_int_equal(strlen(text), line.size - 1);
	assert_int_equal(regexec(pattern, text, count + 1, groups, 0), 0);
	for (size_t i = 0; i < count; i++) {
		size_t brackets = i == 2 ? 1 : 0;

		assert_int_equal(groups[i + 1].rm_so, fields[i].data + brackets - line.data);
		assert_int_equal(groups[i + 1].rm_eo - groups[i + 1].rm_so,
				 fields[i].size - 2 * brackets);
	}
}

static void no_bytes_forge_a_field_or_a_line(void **state)
{
	static char places[TEXT_MAX * 32];
	struct lc_random random;
	regex_t pattern_26;
	regex_t pattern_27;

	(void)state;
	lc_random_seed(&random, 20190206);
	assert_int_equal(regcomp(&pattern_26, ATHENA_26, REG_EXTENDED), 0);
	assert_int_equal(regcomp(&pattern_27, ATHENA_27, REG_EXTENDED), 0);
	for (unsigned i = 0; i < 20000; i++) {
		struct lc_record record = random_record(&random, places);
		struct lc_view region = i % 2 == 0 ? NO_REGION : lc_view_of("eu-west-3");
		size_t count = i % 2 == 0 ? 26 : 27;
		struct lc_view line = write_line(&record, region);
		struct lc_view fields[LINE_CHECK_FIELDS_MAX];
		char text[ROOM] = "";
		char decoded[ROOM];

		assert_ptr_equal(memchr(line.data, '\n', line.size), line.data + line.size - 1);
		assert_int_equal(line_check_split(line, fields), count);
		if (i % 16 < 2) { /* the C library's matcher is slow */
			memcpy(text, line.data, line.size - 1);
			assert_athena_reads(i % 2 == 0 ? &pattern_26 : &pattern_27, line, text,
					    fields, count);
		}
		if (record.object_key.size > 0) {
			size_t size = line_check_decode(fields[7], decoded);

			assert_true(lc_view_equal((struct lc_view){.data = decoded, .size = size},
						  record.object_key));
		}
	}
	regfree(&pattern_26);
	regfree(&pattern_27);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_row_becomes_a_line_of_26_fields),
	    cmocka_unit_test(a_region_is_the_27th_field),
	    cmocka_unit_test(a_line_tells_its_bucket_owner),
	    cmocka_unit_test(what_is_missing_is_a_dash_and_zero_is_zero),
	    cmocka_unit_test(the_longest_values_of_all_fields_have_room),
	    cmocka_unit_test(durations_are_whole_milliseconds_unless_fractions_are_asked_for),
	    cmocka_unit_test(times_are_whole_seconds_in_utc),
	    cmocka_unit_test(a_line_in_a_user_agent_stays_in_its_field),
	    cmocka_unit_test(a_referer_is_one_word),
	    cmocka_unit_test(a_key_with_spaces_and_slashes_is_url_encoded),
	    cmocka_unit_test(a_spacious_row_has_the_same_line),
	    cmocka_unit_test(no_bytes_forge_a_field_or_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
