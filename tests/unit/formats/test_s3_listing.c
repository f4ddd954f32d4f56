#include "formats/s3_listing.h"

#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>

#define ITEM(key, size, time)                                                            \
	"<Contents><Key>" key "</Key><LastModified>" time "</LastModified><ETag>&quot;x" \
	"&quot;</ETag><Size>" size "</Size><Owner><ID>Key</ID></Owner></Contents>"
#define TIME "2026-11-30T08:15:00.123Z"
#define LIST(truncated, items)                                                        \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult><Name>b</Name>"  \
	"<IsTruncated>" truncated "</IsTruncated>" items "<CommonPrefixes><Prefix>x/" \
	"</Prefix></CommonPrefixes></ListBucketResult>"

static bool parse(const char *body, struct lc_s3_listing *listing, struct lc_error *error)
{
	lc_s3_listing_init(listing);
	return lc_s3_listing_parse(lc_view_of(body), listing, error);
}

static void objects_are_read_in_order(void **state)
{
	struct lc_s3_listing listing;
	struct lc_error error;

	(void)state;
	assert_true(
	    parse(LIST("true", ITEM("a", "0", TIME) ITEM("b&amp;c", "18446744073709551615", TIME)),
		  &listing, &error));
	assert_int_equal(listing.count, 2);
	assert_true(listing.truncated);
	assert_true(lc_view_equal(listing.objects[0].key, lc_view_of("a")));
	assert_int_equal(listing.objects[0].size, 0);
	assert_int_equal(listing.objects[0].modified, 1796026500);
	assert_true(lc_view_equal(listing.objects[1].key, lc_view_of("b&c")));
	assert_true(listing.objects[1].size == UINT64_MAX);
	lc_s3_listing_free(&listing);
}

static void an_empty_page_is_whole(void **state)
{
	struct lc_s3_listing listing;
	struct lc_error error;

	(void)state;
	assert_true(parse(LIST("false", ""), &listing, &error));
	assert_int_equal(listing.count, 0);
	assert_false(listing.truncated);
	lc_s3_listing_free(&listing);
}

static void keys_are_decoded_where_they_are_encoded(void **state)
{
	struct lc_s3_listing listing;
	struct lc_error error;

	(void)state;
	assert_true(parse(LIST("false", ITEM("a%2Fb+c%00d", "1", TIME) "<EncodingType>url"
								       "</EncodingType>"),
			  &listing, &error));
	assert_true(
	    lc_view_equal(listing.objects[0].key, (struct lc_view){.data = "a/b c\0d", .size = 7}));
	lc_s3_listing_free(&listing);
	assert_true(parse(LIST("false", ITEM("a%2Fb+c", "1", TIME)), &listing, &error));
	assert_true(lc_view_equal(listing.objects[0].key, lc_view_of("a%2Fb+c")));
	lc_s3_listing_free(&listing);
}

static void what_is_not_a_whole_page_is_refused(void **state)
{
	static const char *const bodies[] = {
	    "",
	    "<html>no</html>",
	    "<ListBucketResult/>",
	    "<ListBucketResult></ListBucketResult>",
	    "<ListBucketResult><IsTruncated>maybe</IsTruncated></ListBucketResult>",
	    "<ListBucketResult><IsTruncated>false</IsTruncated>",
	    "<Other><IsTruncated>false</IsTruncated></Other>",
	    LIST("true", ""),
	    LIST("false", ITEM("", "1", TIME)),
	    LIST("false", "<Contents><Size>1</Size></Contents>"),
	    LIST("false", ITEM("a", "-1", TIME)),
	    LIST("false", ITEM("a", "1x", TIME)),
	    LIST("false", ITEM("a", "18446744073709551616", TIME)),
	    LIST("false", ITEM("a", "", TIME)),
	    LIST("false", ITEM("a", "1", "yesterday")),
	    LIST("false", ITEM("a", "1", "")),
	    LIST("false", ITEM("b", "1", TIME) ITEM("a", "1", TIME)),
	    LIST("false", ITEM("a", "1", TIME) ITEM("a", "1", TIME)),
	    LIST("false", ITEM("a%", "1", TIME) "<EncodingType>url</EncodingType>"),
	    LIST("false", ITEM("a%2", "1", TIME) "<EncodingType>url</EncodingType>"),
	    LIST("false", ITEM("a%zz", "1", TIME) "<EncodingType>url</EncodingType>"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct lc_s3_listing listing;
		struct lc_error error = {.kind = LC_ERROR_NONE};

		if (parse(bodies[i], &listing, &error))
			fail_msg("taken for a page: %s", bodies[i]);
		assert_int_equal(error.kind, LC_ERROR_CORRUPT);
		lc_s3_listing_free(&listing);
	}
}

/* Wherever the answer is cut, it is no page. */
static void a_page_that_is_cut_is_refused(void **state)
{
	static const char page[] = LIST("true", ITEM("a", "1", TIME) ITEM("b", "2", TIME));
	struct lc_s3_listing listing;
	struct lc_error error;

	(void)state;
	for (size_t size = 0; size < sizeof(page) - 1; size++) {
		lc_s3_listing_init(&listing);
		assert_false(lc_s3_listing_parse((struct lc_view){.data = page, .size = size},
						 &listing, &error));
		lc_s3_listing_free(&listing);
	}
}

static void a_key_is_as_long_as_s3_allows(void **state)
{
	char body[6000];
	char key[3200];
	struct lc_s3_listing listing;
	struct lc_error error;

	(void)state;
	for (size_t i = 0; i < 1025; i++)
		memcpy(key + 3 * i, "%41", 3);
	for (size_t count = 1024; count <= 1025; count++) {
		snprintf(body, sizeof(body),
			 LIST("false", ITEM("%.*s", "1", TIME) "<EncodingType>url"
							       "</EncodingType>"),
			 (int)(3 * count), key);
		assert_int_equal(parse(body, &listing, &error), count == 1024);
		lc_s3_listing_free(&listing);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(objects_are_read_in_order),
	    cmocka_unit_test(an_empty_page_is_whole),
	    cmocka_unit_test(keys_are_decoded_where_they_are_encoded),
	    cmocka_unit_test(what_is_not_a_whole_page_is_refused),
	    cmocka_unit_test(a_page_that_is_cut_is_refused),
	    cmocka_unit_test(a_key_is_as_long_as_s3_allows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
