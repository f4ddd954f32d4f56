/* What S3 answers in multipart uploads, and the list of parts that completes one. */
#include "formats/multipart.h"

#include "support/story.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOT(name, content)               \
	"<?xml version=\"1.0\"?>\n<" name \
	" xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" content "</" name ">"

static bool read_created(const char *body, struct lc_multipart *upload)
{
	lc_multipart_init(upload);
	return lc_multipart_read_created(lc_view_of(body), upload);
}

static void an_upload_has_an_id(void **state)
{
	struct lc_multipart upload;

	(void)state;
	assert_true(
	    read_created(ROOT("InitiateMultipartUploadResult",
			      "<Bucket>b</Bucket><Key>k</Key><UploadId>2~a&amp;b</UploadId>"),
			 &upload));
	assert_string_equal(upload.id, "2~a&b");
}

static void what_names_no_upload_is_no_answer(void **state)
{
	static const char *const bodies[] = {
	    "",
	    "<html><UploadId>x</UploadId></html>",
	    "<InitiateMultipartUploadResult><UploadId>abc",
	    "<InitiateMultipartUploadResult><UploadId></UploadId></InitiateMultipartUploadResult>",
	    "<InitiateMultipartUploadResult><UploadId>a b</UploadId></x>",
	    "<InitiateMultipartUploadResult><UploadId>a&#10;b</UploadId></x>",
	    "<InitiateMultipartUploadResult><UploadId>\xC3\xA9</UploadId></x>",
	    "<Error><Code>InternalError</Code></Error>",
	};
	struct lc_multipart upload;
	char *longest = malloc(5000);

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		assert_false(read_created(bodies[i], &upload));
		assert_string_equal(upload.id, "");
	}
	assert_non_null(longest);
	snprintf(longest, 5000, "<InitiateMultipartUploadResult><UploadId>%01024d</UploadId></x>",
		 1);
	assert_false(read_created(longest, &upload));
	snprintf(longest, 5000, "<InitiateMultipartUploadResult><UploadId>%01023d</UploadId></x>",
		 1);
	assert_true(read_created(longest, &upload));
	free(longest);
}

static enum lc_multipart_completion read_completed(const char *body, struct lc_s3_error *error)
{
	return lc_multipart_read_completed(lc_view_of(body), error);
}

static void a_completion_succeeds_or_fails_in_its_body(void **state)
{
	struct lc_s3_error error;

	(void)state;
	assert_int_equal(read_completed("  \n \n" ROOT("CompleteMultipartUploadResult",
						       "<Key>k</Key><ETag>\"a-2\"</ETag>"),
					&error),
			 LC_MULTIPART_COMPLETED);
	assert_int_equal(
	    read_completed(ROOT("CompleteMultipartUploadResult", "<Key>key</Key><ETag></ETag>"),
			   &error),
	    LC_MULTIPART_UNTAGGED);
	assert_int_equal(
	    read_completed(ROOT("CompleteMultipartUploadResult", "<Key>key</Key>"), &error),
	    LC_MULTIPART_UNTAGGED);
	assert_int_equal(read_completed(" <Error><Code>InternalError</Code>"
					"<Message>Try again</Message></Error>",
					&error),
			 LC_MULTIPART_FAILED);
	assert_string_equal(error.code, "InternalError");
	assert_string_equal(error.message, "Try again");
}

static void what_is_no_result_confirms_nothing(void **state)
{
	static const char *const bodies[] = {
	    "",
	    "    ",
	    "OK",
	    "<html><ETag>x</ETag><Key>k</Key></html>",
	    "<CompleteMultipartUploadResult/>",
	    "<CompleteMultipartUploadResult><ETag>\"a",
	    "<CompleteMultipartUploadResult><x><ETag>\"a\"</ETag></x></y>",
	    "<Error></Error>",
	};
	struct lc_s3_error error;

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		assert_int_equal(read_completed(bodies[i], &error), LC_MULTIPART_NONSENSE);
}

#define UPLOAD(key, id) "<Upload><Key>" key "</Key><UploadId>" id "</UploadId></Upload>"

static bool whole; /* the list that was read last */

/* The ids that are found of a key, with a blank after each. */
static const char *find(const char *list, struct lc_view key)
{
	static char found[200];
	struct lc_buffer ids;

	lc_buffer_init(&ids, sizeof(found) - 1);
	whole = lc_multipart_read_uploads(lc_view_of(list), key, &ids);
	for (size_t i = 0; i < ids.size; i++)
		found[i] = ids.data[i];
	for (size_t i = 0; i < ids.size; i++) {
		if (found[i] == '\0')
			found[i] = ' ';
	}
	found[ids.size] = '\0';
	lc_buffer_free(&ids);
	return found;
}

static void uploads_of_the_very_key_are_found(void **state)
{
	static const char list[] =
	    ROOT("ListMultipartUploadsResult",
		 "<Prefix>a b/\xC3\xA9&amp;+%</Prefix>" UPLOAD("a%20b/%C3%A9%26%2B%25", "one")
		     UPLOAD("a%20b/%C3%A9%26%2B%25x", "longer") UPLOAD("a%20b", "shorter")
			 UPLOAD("a+b/%c3%a9%26%2B%25", "two") UPLOAD("", "none")
			     UPLOAD("a b/\xC3\xA9&amp;+%", "three"));

	(void)state;
	assert_string_equal(find(list, lc_view_of("a b/\xC3\xA9&+%")), "one two three ");
	assert_string_equal(find(list, lc_view_of("a b")), "shorter ");
	assert_string_equal(find(list, lc_view_of("nothing")), "");
	assert_true(whole);
}

static void a_list_without_uploads_of_the_key_has_none(void **state)
{
	static const char *const lists[] = {
	    "",
	    "<Upload><Key>k</Key></Upload>",
	    UPLOAD("k", "a b"),
	    UPLOAD("k", ""),
	    UPLOAD("%k", "a"),
	    UPLOAD("k%", "a"),
	    UPLOAD("k%6", "a"),
	    "<Upload><UploadId>a</UploadId></Upload>",
	    "<!-- " UPLOAD("k", "a") " -->",
	    "<Upload/><Key>k</Key><UploadId>a</UploadId>",
	    "<Uploads>" UPLOAD("k", "a") "</Uploads>",
	};
	char list[500];

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		snprintf(list, sizeof(list),
			 "<ListMultipartUploadsResult>%s</ListMultipartUploadsResult>", lists[i]);
		assert_string_equal(find(list, lc_view_of("k")), "");
		assert_true(whole);
	}
	/* A key may have any bytes. */
	assert_string_equal(find(ROOT("ListMultipartUploadsResult", UPLOAD("%00%ff", "a")),
				 (struct lc_view){.data = "\0\xFF", .size = 2}),
			    "a ");
}

static void a_list_that_is_cut_or_none_is_not_whole(void **state)
{
	static const char *const lists[] = {
	    "",       "<",
	    "<html>", "<ListMultipartUploadsResult><Upload><Key>k</Key>",
	    "OK",     "<ListMultipartUploadsResult>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		assert_string_equal(find(lists[i], lc_view_of("k")), "");
		assert_false(whole);
	}
	assert_string_equal(
	    find("<ListMultipartUploadsResult>" UPLOAD("k", "a") "<Upload>", lc_view_of("k")),
	    "a ");
	assert_false(whole);
}

#define PART(number, size, more) \
	"<Part><PartNumber>" number "</PartNumber><Size>" size "</Size>" more "</Part>"
#define WHOLE "<IsTruncated>false</IsTruncated>"

static bool read_parts(const char *body, enum lc_s3_checksum kind, struct lc_multipart *upload)
{
	lc_multipart_init(upload);
	return lc_multipart_read_parts(lc_view_of(body), kind, upload);
}

static void parts_are_listed_as_they_were_sent(void **state)
{
	static const char body[] =
	    ROOT("ListPartsResult", WHOLE PART("1", "5242880",
					       "<ETag>&quot;a&lt;&amp;&quot;</ETag>"
					       "<ChecksumCRC32>AAAAAA==</ChecksumCRC32>")
					PART("2", "7", "<ETag>b</ETag>"));
	struct lc_multipart upload;
	struct lc_buffer xml;

	(void)state;
	lc_buffer_init(&xml, 10000);
	assert_true(read_parts(body, LC_S3_CHECKSUM_CRC32, &upload));
	assert_int_equal(upload.part_count, 2);
	assert_int_equal(upload.size, 5242887);
	lc_multipart_append_completion(&upload, &xml);
	assert_string_equal(
	    lc_buffer_text(&xml),
	    "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
	    "<Part><PartNumber>1</PartNumber><ETag>&quot;a&lt;&amp;&quot;</ETag>"
	    "<ChecksumCRC32>AAAAAA==</ChecksumCRC32></Part>"
	    "<Part><PartNumber>2</PartNumber><ETag>b</ETag></Part></CompleteMultipartUpload>");
	lc_buffer_free(&xml);
	lc_multipart_free(&upload);
	assert_true(read_parts(ROOT("ListPartsResult", WHOLE), LC_S3_CHECKSUM_NONE, &upload));
	assert_int_equal(upload.size, 0);
}

/* Whoever takes it for whole deletes parts of an object. */
static void a_list_of_parts_that_is_not_whole_tells_nothing(void **state)
{
	static const char *const bodies[] = {
	    "",
	    "<Error><Code>NoSuchUpload</Code></Error>",
	    ROOT("ListPartsResult", PART("1", "5", "<ETag>a</ETag>")),
	    ROOT("ListPartsResult",
		 "<IsTruncated>true</IsTruncated>" PART("1", "5", "<ETag>a</ETag>")),
	    "<ListPartsResult>" WHOLE PART("1", "5", "<ETag>a</ETag>"),
	    ROOT("ListPartsResult", WHOLE PART("2", "5", "<ETag>a</ETag>")),
	    ROOT("ListPartsResult",
		 WHOLE PART("1", "5", "<ETag>a</ETag>") PART("1", "5", "<ETag>a</ETag>")),
	    ROOT("ListPartsResult", WHOLE PART("1", "", "<ETag>a</ETag>")),
	    ROOT("ListPartsResult", WHOLE PART("1", "-5", "<ETag>a</ETag>")),
	    ROOT("ListPartsResult", WHOLE PART("1", "5x", "<ETag>a</ETag>")),
	    ROOT("ListPartsResult", WHOLE PART("1", "99999999999999999999", "<ETag>a</ETag>")),
	    ROOT("ListPartsResult", WHOLE PART("1", "5", "")),
	    ROOT("ListPartsResult", WHOLE PART("1", "5", "<ETag>a b</ETag>")),
	};
	struct lc_multipart upload;

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		assert_false(read_parts(bodies[i], LC_S3_CHECKSUM_NONE, &upload));
		lc_multipart_free(&upload);
	}
}

static void checksums_are_listed_that_have_a_header_of_their_own(void **state)
{
	struct lc_multipart upload;

	(void)state;
	lc_multipart_init(&upload);
	assert_true(lc_multipart_add_part(&upload, 1, lc_view_of("\"a\""), LC_S3_CHECKSUM_MD5,
					  lc_view_of("x")));
	assert_null(strstr(lc_buffer_text(&upload.parts), "Checksum"));
	assert_true(lc_multipart_add_part(&upload, 1, lc_view_of("\"a\""), LC_S3_CHECKSUM_CRC64NVME,
					  lc_view_of("x=")));
	assert_non_null(
	    strstr(lc_buffer_text(&upload.parts), "<ChecksumCRC64NVME>x=</ChecksumCRC64NVME>"));
	assert_false(lc_multipart_add_part(&upload, 1, lc_view_of("\"a\""), LC_S3_CHECKSUM_SHA256,
					   lc_view_of("")));
	assert_string_equal(lc_multipart_algorithm(LC_S3_CHECKSUM_SHA256), "SHA256");
	assert_string_equal(lc_multipart_algorithm(LC_S3_CHECKSUM_MD5), "");
	assert_string_equal(lc_multipart_algorithm(LC_S3_CHECKSUM_NONE), "");
	lc_multipart_free(&upload);
}

static void there_are_bounds(void **state)
{
	char etag[300];
	struct lc_multipart upload;

	(void)state;
	lc_multipart_init(&upload);
	memset(etag, '"', sizeof(etag));
	assert_false(lc_multipart_add_part(&upload, 1, (struct lc_view){.data = etag, .size = 257},
					   LC_S3_CHECKSUM_NONE, lc_view_of("")));
	assert_false(
	    lc_multipart_add_part(&upload, 1, lc_view_of(""), LC_S3_CHECKSUM_NONE, lc_view_of("")));
	for (unsigned i = 0; i < LC_MULTIPART_PARTS_MAX; i++)
		assert_true(lc_multipart_add_part(&upload, 1,
						  (struct lc_view){.data = etag, .size = 256},
						  LC_S3_CHECKSUM_NONE, lc_view_of("")));
	assert_false(lc_multipart_add_part(&upload, 1, lc_view_of("a"), LC_S3_CHECKSUM_NONE,
					   lc_view_of("")));
	lc_multipart_free(&upload);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_upload_has_an_id),
	    cmocka_unit_test(what_names_no_upload_is_no_answer),
	    cmocka_unit_test(a_completion_succeeds_or_fails_in_its_body),
	    cmocka_unit_test(what_is_no_result_confirms_nothing),
	    cmocka_unit_test(uploads_of_the_very_key_are_found),
	    cmocka_unit_test(a_list_without_uploads_of_the_key_has_none),
	    cmocka_unit_test(a_list_that_is_cut_or_none_is_not_whole),
	    cmocka_unit_test(parts_are_listed_as_they_were_sent),
	    cmocka_unit_test(a_list_of_parts_that_is_not_whole_tells_nothing),
	    cmocka_unit_test(checksums_are_listed_that_have_a_header_of_their_own),
	    cmocka_unit_test(there_are_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
