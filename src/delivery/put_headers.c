#include "delivery/put_headers.h"

#include "base/clock.h"
#include "clients/s3_headers.h"
#include "config/setting.h"
#include "delivery/object.h"
#include "delivery/source.h"
#include "delivery/target.h"
#include "formats/sigv4.h"

#include <stdio.h>
#include <string.h>

enum {
	TAGGING_MAX = 16 * 1024, /* ten tags, each byte encoded */
	NAME_MAX_BYTES = 700,    /* of an encoded name in the metadata */
	COUNT_SIZE = 24,
};

/* The choice for which no header is sent. */
static const char NONE[] = "none";

/* The text of a choice. */
static void add_choice(struct lc_s3_headers *headers, const char *name,
		       const struct lc_settings *settings, enum lc_settings_index index)
{
	const char *text = lc_setting_text(settings, lc_setting_at(index));

	if (strcmp(text, NONE) != 0)
		lc_s3_headers_add(headers, name, lc_view_of(text));
}

/* Amazon S3 API Reference, "PutObject", x-amz-tagging: as URL query parameters. */
static void add_tags(struct lc_s3_headers *headers, const struct lc_settings *settings)
{
	const char *rest = settings->s3_tags;
	struct lc_buffer tagging;
	struct lc_view value;
	struct lc_view key;

	lc_buffer_init(&tagging, TAGGING_MAX);
	while (lc_setting_form_next_tag(&rest, &key, &value)) {
		if (tagging.size > 0)
			lc_buffer_append_char(&tagging, '&');
		lc_sigv4_append_encoded(&tagging, key, false);
		lc_buffer_append_char(&tagging, '=');
		lc_sigv4_append_encoded(&tagging, value, false);
	}
	lc_s3_headers_add(headers, "x-amz-tagging", lc_buffer_view(&tagging));
	lc_buffer_free(&tagging);
}

void lc_put_headers_of_settings(const struct lc_settings *settings, struct lc_s3_headers *headers)
{
	add_choice(headers, "x-amz-acl", settings, LC_SETTINGS_s3_acl);
	add_choice(headers, "x-amz-server-side-encryption", settings, LC_SETTINGS_s3_encryption);
	lc_s3_headers_add(headers, "x-amz-server-side-encryption-aws-kms-key-id",
			  lc_view_of(settings->s3_encryption_key_id));
	lc_s3_headers_add(headers, "x-amz-storage-class", lc_view_of(settings->s3_storage_class));
	add_tags(headers, settings);
}

/* ---- user metadata ---- */

static void add_time(struct lc_s3_headers *headers, const char *name, int64_t wall_ms)
{
	char text[LC_CLOCK_TEXT_SIZE];

	lc_clock_format(wall_ms, text);
	lc_s3_headers_add(headers, name, lc_view_of(text));
}

/* At most NAME_MAX_BYTES of the text, and of none of its bytes a part of the encoding. */
static struct lc_view cut(struct lc_view text)
{
	if (text.size <= NAME_MAX_BYTES)
		return text;
	text.size = NAME_MAX_BYTES;
	if (text.data[NAME_MAX_BYTES - 1] == '%')
		text.size = NAME_MAX_BYTES - 1;
	else if (text.data[NAME_MAX_BYTES - 2] == '%')
		text.size = NAME_MAX_BYTES - 2;
	return text;
}

/* Of one name, or of two with a slash between them. */
static void add_name(struct lc_s3_headers *headers, const char *name, struct lc_view first,
		     const struct lc_view *second)
{
	struct lc_buffer text;

	lc_buffer_init(&text, LC_S3_HEADERS_BYTES_MAX / 4);
	lc_sigv4_append_encoded(&text, first, true);
	if (second != NULL) {
		lc_buffer_append_char(&text, '/');
		lc_sigv4_append_encoded(&text, *second, true);
	}
	lc_s3_headers_add(headers, name, cut(lc_buffer_view(&text)));
	lc_buffer_free(&text);
}

static void add_metadata(const struct lc_object *object, struct lc_s3_headers *headers)
{
	char rows[COUNT_SIZE];

	snprintf(rows, sizeof(rows), "%zu", object->line_count);
	lc_s3_headers_add(headers, "x-amz-meta-rows", lc_view_of(rows));
	add_time(headers, "x-amz-meta-first-time", object->oldest_start_ms);
	add_time(headers, "x-amz-meta-last-time", object->newest_start_ms);
	add_name(headers, "x-amz-meta-source", object->source->bucket, NULL);
	add_name(headers, "x-amz-meta-target", object->target->bucket->name,
		 &object->target->prefix);
}

void lc_put_headers_of_object(const struct lc_object *object, struct lc_s3_headers *headers)
{
	const struct lc_settings *settings = object->target->bucket->settings;

	lc_put_headers_of_settings(settings, headers);
	lc_s3_headers_add(headers, "content-encoding",
			  lc_view_of(lc_compression_encoding(
			      lc_compression_of_key(lc_buffer_view(&object->key)))));
	if (settings->s3_metadata)
		add_metadata(object, headers);
}
