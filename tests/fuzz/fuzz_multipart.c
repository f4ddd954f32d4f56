/*
 * Any bytes as what S3 answers in a multipart upload. Checked: an id could be part of a query, a list
 * of parts is written as XML with as many parts.
 */
#include "fuzz/fuzz.h"

#include "formats/multipart.h"
#include "formats/xml.h"

#include <stdlib.h>

static void check_plain(const char *text)
{
	for (; *text != '\0'; text++)
		LC_ASSERT(*text > ' ' && *text <= '~');
}

static void check_created(struct lc_view body)
{
	struct lc_multipart upload;

	lc_multipart_init(&upload);
	LC_ASSERT(lc_multipart_read_created(body, &upload) == (upload.id[0] != '\0'));
	check_plain(upload.id);
}

static void check_list(struct lc_view body)
{
	struct lc_buffer ids;
	size_t place = 0;

	lc_buffer_init(&ids, SIZE_MAX / 2);
	(void)lc_multipart_read_uploads(body, lc_view_of("k e/y%"), &ids);
	while (place < ids.size) {
		const char *id = ids.data + place;

		LC_ASSERT(memchr(id, '\0', ids.size - place) != NULL && id[0] != '\0');
		LC_ASSERT(strlen(id) < LC_MULTIPART_ID_SIZE);
		check_plain(id);
		place += strlen(id) + 1;
	}
	lc_buffer_free(&ids);
}

static void count_part(void *context, struct lc_view element)
{
	unsigned *count = context;

	(void)element;
	(*count)++;
}

static void check_parts(struct lc_view body, enum lc_s3_checksum kind)
{
	static const char *const PARTS[] = {"CompleteMultipartUpload", "Part", NULL};
	struct lc_multipart upload;
	struct lc_buffer xml;
	unsigned count = 0;

	lc_multipart_init(&upload);
	lc_buffer_init(&xml, SIZE_MAX / 2);
	if (lc_multipart_read_parts(body, kind, &upload)) {
		lc_multipart_append_completion(&upload, &xml);
		LC_ASSERT(lc_xml_each(lc_buffer_view(&xml), PARTS, count_part, &count));
		LC_ASSERT(count == upload.part_count);
	}
	lc_buffer_free(&xml);
	lc_multipart_free(&upload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lc_view body = {.data = (const char *)data, .size = size};
	struct lc_s3_error error;

	check_created(body);
	check_list(body);
	check_parts(body, LC_S3_CHECKSUM_NONE);
	check_parts(body, LC_S3_CHECKSUM_SHA256);
	if (lc_multipart_read_completed(body, &error) == LC_MULTIPART_FAILED)
		check_plain(error.code);
	return 0;
}
