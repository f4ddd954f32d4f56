/* Which target buckets share a client of S3, and which have one of their own. */
#include "delivery/servers.h"

#include "base/loop.h"
#include "config/settings_targets.h"
#include "support/config_case.h"
#include "support/story.h"

#include <string.h>

struct story {
	struct lc_loop *loop;
	struct lc_settings settings;
	struct lc_servers servers;
	struct lc_error error;
};

static int set_up(void **state)
{
	static struct story story;

	story = (struct story){.loop = lc_loop_new(NULL)};
	*state = &story;
	return 0;
}

static int tear_down(void **state)
{
	struct story *story = *state;

	lc_servers_close(&story->servers);
	lc_settings_free(&story->settings);
	lc_loop_free(story->loop);
	return 0;
}

static bool open_with(struct story *story, const char *yaml)
{
	struct config_case example = {.yaml = yaml};

	config_case_succeed(&example, &story->settings);
	return lc_servers_open(&story->servers, story->loop, &story->settings, &story->error);
}

static const struct lc_s3 *client_of(const struct story *story, const char *bucket)
{
	size_t entry = lc_settings_of_bucket(&story->settings, lc_view_of(bucket))->entry;

	return story->servers.s3_of[entry];
}

static void without_entries_there_is_one_client(void **state)
{
	struct story *story = *state;

	assert_true(open_with(story, ""));
	assert_int_equal(story->servers.s3_count, 1);
	assert_ptr_equal(client_of(story, "any"), story->servers.s3[0].client);
}

/* Connections, the clock offset and what is known of the service are one client's. */
static void what_goes_with_objects_needs_no_other_client(void **state)
{
	struct story *story = *state;

	assert_true(open_with(story, "targets:\n"
				     "  - {buckets: a, s3: {acl: private, checksum: md5}}\n"
				     "  - {buckets: b, s3: {metadata: true, tags: [x=y]}}\n"
				     "  - {buckets: c, s3.region: us-east-1}\n"));
	assert_int_equal(story->servers.s3_count, 1);
	assert_ptr_equal(client_of(story, "a"), client_of(story, "other"));
	assert_ptr_equal(client_of(story, "c"), client_of(story, "other"));
}

static void another_endpoint_key_or_region_needs_one(void **state)
{
	struct story *story = *state;

	assert_true(open_with(
	    story, "targets:\n"
		   "  - {buckets: a1, s3.endpoint: \"http://a\"}\n"
		   "  - {buckets: a2, s3: {endpoint: \"http://a\", checksum: sha256}}\n"
		   "  - {buckets: r, s3.region: eu-west-1}\n"
		   "  - {buckets: k, s3: {access-key-id: other, secret-access-key: secret}}\n"
		   "  - {buckets: t, s3.tls-skip-verify: true}\n"));
	assert_int_equal(story->servers.s3_count, 5);
	assert_ptr_equal(client_of(story, "a1"), client_of(story, "a2"));
	assert_ptr_not_equal(client_of(story, "a1"), client_of(story, "other"));
	assert_ptr_not_equal(client_of(story, "r"), client_of(story, "other"));
	assert_ptr_not_equal(client_of(story, "k"), client_of(story, "other"));
	assert_ptr_not_equal(client_of(story, "t"), client_of(story, "other"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(without_entries_there_is_one_client),
	    STORY(what_goes_with_objects_needs_no_other_client),
	    STORY(another_endpoint_key_or_region_needs_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
