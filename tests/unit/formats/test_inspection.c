/* The inspection document: there and back, merged, cut, and what is none. */
#include "formats/inspection.h"

#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { CAP = 1 << 20 };

static void add_source(struct lc_inspection *document, unsigned shard, uint32_t oldest,
		       const char *bucket)
{
	struct lc_inspection_source source = {.shard = shard,
					      .raft_session_id = 7,
					      .bucket = lc_view_of(bucket),
					      .oldest_undelivered = oldest,
					      .lag_seconds = LC_INSPECTION_NO_AGE};

	lc_inspection_add(document, LC_INSPECTION_SOURCES, &source);
}

static const struct lc_inspection_source *source_of(const struct lc_inspection *document,
						    size_t index)
{
	return lc_inspection_row(document, LC_INSPECTION_SOURCES, index);
}

static struct lc_inspection recode(const struct lc_inspection *document)
{
	struct lc_inspection again;
	struct lc_buffer json;
	struct lc_error error;

	lc_buffer_init(&json, CAP);
	lc_inspection_encode(document, &json);
	if (!lc_inspection_decode(lc_buffer_view(&json), &again, &error))
		fail_msg("%s: %s", error.message, lc_buffer_text(&json));
	lc_buffer_free(&json);
	return again;
}

static void a_document_comes_through_whole(void **state)
{
	static const struct lc_inspection_object object = {
	    .shard = 3, .id = 9, .rows = 1000, .bytes = UINT32_MAX, .first_second = 5};
	struct lc_inspection_target target = {.bucket = lc_view_of("logs"),
					      .prefix = lc_view_of("team \"a\"/"),
					      .state = LC_TARGET_ASIDE,
					      .whole_bucket = true,
					      .refused = true,
					      .slow = true,
					      .given_up = lc_view_of("ignored"),
					      .failures = 4,
					      .last_error = lc_view_of("403 \"AccessDenied\""),
					      .next_probe_seconds = 12};
	struct lc_inspection_range range = {.from = 10, .to = 20, .doubtful = true};
	struct lc_inspection document;
	struct lc_inspection again;
	const struct lc_inspection_target *read;

	(void)state;
	lc_inspection_init(&document);
	add_source(&document, 3, 1700000000, "photos");
	lc_inspection_add(&document, LC_INSPECTION_OBJECTS, &object);
	lc_inspection_add(&document, LC_INSPECTION_TARGETS, &target);
	lc_inspection_add(&document, LC_INSPECTION_RANGES, &range);
	lc_inspection_complain(&document, 2, "shard 2 is not running");
	document.more = 5;
	document.affected = 6;
	again = recode(&document);
	assert_true(again.more == 5 && again.affected == 6);
	assert_int_equal(source_of(&again, 0)->oldest_undelivered, 1700000000);
	assert_int_equal(source_of(&again, 0)->lag_seconds, LC_INSPECTION_NO_AGE);
	assert_true(lc_view_equal(source_of(&again, 0)->bucket, lc_view_of("photos")));
	read = lc_inspection_row(&again, LC_INSPECTION_TARGETS, 0);
	assert_true(read->refused && read->failures == 4 && read->next_probe_seconds == 12);
	assert_true(read->whole_bucket && read->slow);
	assert_int_equal(read->state, LC_TARGET_ASIDE);
	assert_true(lc_view_equal(read->prefix, target.prefix));
	assert_true(lc_view_equal(read->given_up, target.given_up));
	assert_true(lc_view_equal(read->last_error, target.last_error));
	assert_int_equal(again.lists[LC_INSPECTION_PROBLEMS].count, 1);
	assert_int_equal(again.lists[LC_INSPECTION_RANGES].count, 1);
	assert_int_equal(again.lists[LC_INSPECTION_OBJECTS].count, 1);
	lc_inspection_free(&document);
	lc_inspection_free(&again);
}

static void names_of_any_bytes_can_be_told(void **state)
{
	static const char bytes[] = {'a', '\0', (char)0xFF, '"', '\n'};
	struct lc_inspection_source source = {.bucket = {bytes, sizeof(bytes)}};
	struct lc_inspection document;
	struct lc_inspection again;

	(void)state;
	lc_inspection_init(&document);
	lc_inspection_add(&document, LC_INSPECTION_SOURCES, &source);
	source.bucket = lc_view_of("gr\xC3\xBC\xC3\x9F"
				   "e");
	lc_inspection_add(&document, LC_INSPECTION_SOURCES, &source);
	again = recode(&document);
	assert_true(lc_view_equal(source_of(&again, 0)->bucket, lc_view_of("a\?\?\"\n")));
	assert_true(lc_view_equal(source_of(&again, 1)->bucket, source.bucket));
	lc_inspection_free(&document);
	lc_inspection_free(&again);
}

static void the_oldest_stands_first_and_none_last(void **state)
{
	struct lc_inspection document;
	struct lc_inspection other;

	(void)state;
	lc_inspection_init(&document);
	lc_inspection_init(&other);
	add_source(&document, 0, 0, "none");
	add_source(&document, 0, 300, "young");
	add_source(&other, 1, 100, "old");
	add_source(&other, 1, 300, "also-young");
	other.more = 2;
	other.affected = 1;
	document.affected = 1;
	lc_inspection_merge(&document, &other);
	lc_inspection_free(&other);
	lc_inspection_sort(&document);
	assert_true(lc_view_equal(source_of(&document, 0)->bucket, lc_view_of("old")));
	assert_true(lc_view_equal(source_of(&document, 1)->bucket, lc_view_of("also-young")));
	assert_true(lc_view_equal(source_of(&document, 3)->bucket, lc_view_of("none")));
	lc_inspection_cut(&document, 3);
	assert_int_equal(document.lists[LC_INSPECTION_SOURCES].count, 3);
	assert_true(document.more == 3 && document.affected == 2);
	lc_inspection_free(&document);
}

static void what_does_not_fit_is_cut_and_counted(void **state)
{
	struct lc_inspection document;
	struct lc_inspection again;
	struct lc_buffer json;

	(void)state;
	lc_inspection_init(&document);
	for (unsigned i = 0; i < 1000; i++)
		add_source(&document, i, i + 1, "photos");
	lc_inspection_complain(&document, 2, "shard 2 is not running");
	lc_buffer_init(&json, 10000);
	lc_inspection_encode_within(&document, &json);
	assert_false(lc_buffer_failed(&json));
	assert_true(lc_inspection_decode(lc_buffer_view(&json), &again, NULL));
	assert_true(again.lists[LC_INSPECTION_SOURCES].count > 10);
	assert_int_equal(again.lists[LC_INSPECTION_SOURCES].count + again.more, 1000);
	assert_int_equal(source_of(&again, 0)->oldest_undelivered, 1);
	assert_int_equal(again.lists[LC_INSPECTION_PROBLEMS].count, 1);
	lc_buffer_free(&json);
	lc_inspection_free(&document);
	lc_inspection_free(&again);
}

static void a_word_of_a_newer_release_is_unknown(void **state)
{
	struct lc_inspection_reader reader = {.step = LC_CYCLE_BACKING_OFF};
	const struct lc_inspection_reader *read;
	struct lc_inspection document;
	struct lc_inspection again;
	struct lc_buffer json;
	struct lc_error error;
	char *word;

	(void)state;
	lc_inspection_init(&document);
	lc_inspection_add(&document, LC_INSPECTION_READERS, &reader);
	lc_buffer_init(&json, CAP);
	lc_inspection_encode(&document, &json);
	word = strstr(lc_buffer_text(&json), "\"backing off\"");
	assert_non_null(word);
	word[1] = 'p';
	assert_true(lc_inspection_decode(lc_buffer_view(&json), &again, &error));
	read = lc_inspection_row(&again, LC_INSPECTION_READERS, 0);
	assert_string_equal(lc_cycle_step_name(read->step), "unknown");
	lc_buffer_clear(&json);
	lc_inspection_encode(&again, &json);
	assert_non_null(strstr(lc_buffer_text(&json), "\"unknown\""));
	lc_buffer_free(&json);
	lc_inspection_free(&again);
	lc_inspection_free(&document);
}

static void what_is_no_document_is_refused(void **state)
{
	static const char *const texts[] = {
	    "",
	    "null",
	    "[]",
	    "{}",
	    "{\"affected\":0,\"more\":0}",
	    "{\"affected\":-1,\"more\":0,\"sources\":[],\"ranges\":[],\"objects\":[],"
	    "\"targets\":[],\"problems\":[]}",
	    "{\"affected\":0,\"more\":0,\"sources\":{},\"ranges\":[],\"objects\":[],"
	    "\"targets\":[],\"problems\":[]}",
	    "{\"affected\":0,\"more\":0,\"sources\":[],\"ranges\":[],\"objects\":[],"
	    "\"targets\":[],\"problems\":[3]}",
	    "{\"affected\":0,\"more\":0,\"sources\":[],\"ranges\":[],\"objects\":[],"
	    "\"targets\":[],\"problems\":[{\"shard\":1}]}",
	    "{\"affected\":0,\"more\":0,\"sources\":[],\"ranges\":[],\"objects\":[],"
	    "\"targets\":[],\"problems\":[{\"shard\":1,\"text\":null}]}",
	    "{\"affected\":0,\"more\":0,\"sources\":[],\"ranges\":[{\"shard\":0,\"from\":"
	    "4294967296,"
	    "\"to\":1,\"since\":1,\"doubtful\":false,\"being_read\":false}],\"objects\":[],"
	    "\"targets\":[],\"problems\":[]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct lc_inspection document;
		struct lc_error error;

		assert_false(lc_inspection_decode(lc_view_of(texts[i]), &document, &error));
		assert_int_equal(error.kind, LC_ERROR_CORRUPT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_document_comes_through_whole),
	    cmocka_unit_test(names_of_any_bytes_can_be_told),
	    cmocka_unit_test(the_oldest_stands_first_and_none_last),
	    cmocka_unit_test(what_does_not_fit_is_cut_and_counted),
	    cmocka_unit_test(a_word_of_a_newer_release_is_unknown),
	    cmocka_unit_test(what_is_no_document_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
