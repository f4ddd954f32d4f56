/* What goes with a log object: from the settings of its bucket, and from its rows. */
#include "delivery/put_headers.h"

#include "base/memory.h"
#include "clients/s3_headers.h"
#include "config/setting.h"
#include "config/settings.h"
#include "config/settings_yaml.h"
#include "delivery/object.h"
#include "delivery/source.h"
#include "formats/credentials.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 8192 };

struct story {
	struct lc_settings settings;
	struct lc_target_bucket bucket;
	struct lc_target target;
	struct lc_source source;
	struct lc_object object;
	char said[TEXT_MAX]; /* the headers, a line each */
};

static int set_up(void **state)
{
	static struct story story;

	story = (struct story){.bucket = {.name = lc_view_of("audit")},
			       .target = {.prefix = lc_view_of("team a/\xC3\xA9\"")},
			       .source = {.raft_session_id = 7, .bucket = lc_view_of("photos")}};
	lc_settings_default(&story.settings);
	story.bucket.settings = &story.settings;
	story.target.bucket = &story.bucket;
	story.object = (struct lc_object){.source = &story.source,
					  .target = &story.target,
					  .line_count = 3,
					  .oldest_start_ms = 1549411238123,
					  .newest_start_ms = 1549411298000};
	*state = &story;
	return 0;
}

static int tear_down(void **state)
{
	struct story *story = *state;

	lc_settings_free(&story->settings);
	return 0;
}

/* The settings are those of this file, besides what they were. */
static void configure(struct story *story, const char *yaml)
{
	struct lc_errors errors = {0};

	if (!lc_settings_yaml_parse(&story->settings, "x", lc_view_of(yaml), &errors))
		fail_msg("%s", errors.list[0].message);
}

static const char *headers_of(struct story *story)
{
	struct lc_s3_headers headers;
	size_t used = 0;

	story->said[0] = '\0';
	lc_s3_headers_init(&headers);
	lc_put_headers_of_object(&story->object, &headers);
	for (size_t i = 0; i < headers.count; i++) {
		struct lc_view name = lc_s3_headers_name(&headers, i);
		struct lc_view value = lc_s3_headers_value(&headers, i);

		used += (size_t)snprintf(story->said + used, TEXT_MAX - used, "%.*s: %.*s\n",
					 (int)name.size, name.data, (int)value.size, value.data);
	}
	lc_s3_headers_free(&headers);
	return story->said;
}

static void who_asks_for_nothing_sends_nothing(void **state)
{
	assert_string_equal(headers_of(*state), "");
}

static void what_the_settings_ask_for_is_sent_in_the_order_of_names(void **state)
{
	configure(*state, "s3:\n"
			  "  acl: bucket-owner-full-control\n"
			  "  storage-class: STANDARD_IA\n"
			  "  encryption: aws:kms\n"
			  "  encryption-key-id: arn:aws:kms:eu-west-1:1:key/k\n"
			  "  tags: [team=a/b c, empty=, \"x=a=b\"]\n");
	assert_string_equal(headers_of(*state), "x-amz-acl: bucket-owner-full-control\n"
						"x-amz-server-side-encryption: aws:kms\n"
						"x-amz-server-side-encryption-aws-kms-key-id: "
						"arn:aws:kms:eu-west-1:1:key/k\n"
						"x-amz-storage-class: STANDARD_IA\n"
						"x-amz-tagging: team=a%2Fb%20c&empty=&x=a%3Db\n");
}

static void a_compressed_body_is_told(void **state)
{
	struct story *story = *state;

	lc_buffer_init(&story->object.key, TEXT_MAX);
	lc_buffer_append_text(&story->object.key, "logs/2019-02-06-00-00-38-01.zst");
	configure(story, "s3.acl: private\nconsumer.compression: gzip\n");
	assert_string_equal(headers_of(story), "content-encoding: zstd\nx-amz-acl: private\n");
	lc_buffer_free(&story->object.key);
}

static void metadata_say_what_the_object_holds(void **state)
{
	configure(*state, "s3.metadata: true\n");
	assert_string_equal(headers_of(*state), "x-amz-meta-first-time: 2019-02-06T00:00:38.123Z\n"
						"x-amz-meta-last-time: 2019-02-06T00:01:38.000Z\n"
						"x-amz-meta-rows: 3\n"
						"x-amz-meta-source: photos\n"
						"x-amz-meta-target: audit/team%20a/%C3%A9%22\n");
}

/* S3 takes 2 KB of user metadata, names and values together. */
static void metadata_of_the_longest_names_fit(void **state)
{
	static char name[1024];
	struct story *story = *state;

	memset(name, ' ', sizeof(name));
	story->target.prefix = (struct lc_view){.data = name, .size = sizeof(name)};
	story->source.bucket = (struct lc_view){.data = name, .size = sizeof(name)};
	configure(story, "s3.metadata: true\n");
	assert_true(strlen(headers_of(story)) < 2048);
	/* What is cut off ends between two bytes of the name. */
	assert_non_null(strstr(story->said, "x-amz-meta-source: %20"));
	assert_null(strstr(story->said, "%\n"));
	assert_null(strstr(story->said, "%2\n"));
}

/* However long the texts of the settings are. */
static void the_largest_settings_fit(void **state)
{
	static char text[LC_SETTING_TEXT_MAX + 1];
	struct story *story = *state;
	struct lc_s3_headers headers;

	memset(text, 'x', sizeof(text) - 1);
	free(story->settings.s3_storage_class);
	free(story->settings.s3_encryption_key_id);
	story->settings.s3_storage_class = lc_memory_copy_text(text);
	story->settings.s3_encryption_key_id = lc_memory_copy_text(text);
	lc_s3_headers_init(&headers);
	lc_put_headers_of_object(&story->object, &headers);
	lc_s3_headers_add(&headers, "x-amz-security-token",
			  (struct lc_view){.data = text, .size = LC_CREDENTIALS_TOKEN_MAX});
	assert_int_equal(headers.count, 3);
	lc_s3_headers_free(&headers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(who_asks_for_nothing_sends_nothing),
	    STORY(what_the_settings_ask_for_is_sent_in_the_order_of_names),
	    STORY(a_compressed_body_is_told),
	    STORY(metadata_say_what_the_object_holds),
	    STORY(metadata_of_the_longest_names_fit),
	    STORY(the_largest_settings_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
