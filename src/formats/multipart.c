#include "formats/multipart.h"

#include "formats/checksum.h"
#include "formats/sigv4.h"
#include "formats/xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PARTS_BYTES_MAX = 2 * 1024 * 1024, /* of LC_MULTIPART_PARTS_MAX parts, each byte escaped */
	ETAG_SIZE = 257,
	KEY_SIZE = 3 * 1024 + 1, /* of a key, each byte encoded */
	NUMBER_SIZE = 24,
	ELEMENT_SIZE = 24,
};

void lc_multipart_init(struct lc_multipart *upload)
{
	upload->id[0] = '\0';
	upload->part_count = 0;
	upload->size = 0;
	lc_buffer_init(&upload->parts, PARTS_BYTES_MAX);
}

void lc_multipart_free(struct lc_multipart *upload)
{
	lc_buffer_free(&upload->parts);
	upload->id[0] = '\0';
}

const char *lc_multipart_algorithm(enum lc_s3_checksum kind)
{
	static const char *const names[] = {
#define LC_S3_CHECKSUM(name, text, header) [LC_S3_CHECKSUM_##name] = #name,
#include "tbl/s3_choices.h"
	};

	return kind == LC_S3_CHECKSUM_NONE || kind == LC_S3_CHECKSUM_MD5 ? "" : names[kind];
}

/* ---- what is read ---- */

/* Visible ASCII, as all that S3 names. */
static bool is_plain(struct lc_view text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] <= ' ' || text.data[i] > '~')
			return false;
	}
	return text.size > 0;
}

bool lc_multipart_read_created(struct lc_view body, struct lc_multipart *upload)
{
	static const char *const ID[] = {"InitiateMultipartUploadResult", "UploadId", NULL};
	struct lc_xml_text text = {.path = ID, .text = upload->id, .room = sizeof(upload->id)};

	lc_xml_read(body, &text, 1);
	if (text.whole && is_plain(lc_view_of(upload->id)))
		return true;
	upload->id[0] = '\0';
	return false;
}

enum lc_multipart_completion lc_multipart_read_completed(struct lc_view body,
							 struct lc_s3_error *error)
{
	static const char *const ETAG[] = {"CompleteMultipartUploadResult", "ETag", NULL};
	static const char *const KEY[] = {"CompleteMultipartUploadResult", "Key", NULL};
	char etag[ETAG_SIZE] = "";
	char key[2]; /* only whether there is one */
	struct lc_xml_text texts[] = {
	    {.path = ETAG, .text = etag, .room = sizeof(etag)},
	    {.path = KEY, .text = key, .room = sizeof(key)},
	};

	if (lc_s3_error_parse(body, error))
		return LC_MULTIPART_FAILED;
	lc_xml_read(body, texts, sizeof(texts) / sizeof(texts[0]));
	if (etag[0] != '\0' && texts[0].whole)
		return LC_MULTIPART_COMPLETED;
	return key[0] != '\0' ? LC_MULTIPART_UNTAGGED : LC_MULTIPART_NONSENSE;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* True if `text` is the key, URL-encoded. */
static bool encodes(const char *text, struct lc_view key)
{
	size_t i = 0;

	for (; *text != '\0' && i < key.size; i++) {
		char c = *text++;

		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			int high = digit_of(text[0]);
			int low = high < 0 ? -1 : digit_of(text[1]);

			if (low < 0)
				return false;
			c = (char)(high << 4 | low);
			text += 2;
		}
		if (c != key.data[i])
			return false;
	}
	return *text == '\0' && i == key.size;
}

/* What is looked for in a list of uploads. */
struct uploads {
	struct lc_view key;
	struct lc_buffer *ids;
};

static void read_upload(void *context, struct lc_view element)
{
	static const char *const KEY[] = {"Upload", "Key", NULL};
	static const char *const ID[] = {"Upload", "UploadId", NULL};
	const struct uploads *uploads = context;
	char key[KEY_SIZE] = "";
	char id[LC_MULTIPART_ID_SIZE] = "";
	struct lc_xml_text texts[] = {
	    {.path = KEY, .text = key, .room = sizeof(key)},
	    {.path = ID, .text = id, .room = sizeof(id)},
	};

	lc_xml_read(element, texts, sizeof(texts) / sizeof(texts[0]));
	if (texts[0].whole && texts[1].whole && is_plain(lc_view_of(id)) &&
	    (encodes(key, uploads->key) || lc_view_equal(lc_view_of(key), uploads->key)))
		lc_buffer_append(uploads->ids, id, strlen(id) + 1);
}

bool lc_multipart_read_uploads(struct lc_view body, struct lc_view key, struct lc_buffer *ids)
{
	static const char *const UPLOADS[] = {"ListMultipartUploadsResult", "Upload", NULL};
	struct uploads uploads = {.key = key, .ids = ids};

	return lc_xml_each(body, UPLOADS, read_upload, &uploads);
}

/* A number of decimal digits; false if it is none. */
static bool number_of(const struct lc_xml_text *text, uint64_t *number)
{
	char *end;

	if (!text->whole || text->text[0] < '0' || text->text[0] > '9' || strlen(text->text) > 18)
		return false;
	*number = strtoull(text->text, &end, 10);
	return *end == '\0';
}

/* A list of parts while it is read. */
struct parts {
	struct lc_multipart *upload;
	enum lc_s3_checksum kind;
	bool failed;
};

static bool add_listed(struct parts *parts, struct lc_xml_text texts[4])
{
	enum lc_s3_checksum kind = texts[3].whole ? parts->kind : LC_S3_CHECKSUM_NONE;
	uint64_t number;
	uint64_t size;

	return number_of(&texts[0], &number) && number == parts->upload->part_count + 1 &&
	       number_of(&texts[1], &size) && texts[2].whole &&
	       lc_multipart_add_part(parts->upload, size, lc_view_of(texts[2].text), kind,
				     lc_view_of(texts[3].text));
}

static void read_part(void *context, struct lc_view element)
{
	static const char *const NUMBER[] = {"Part", "PartNumber", NULL};
	static const char *const SIZE[] = {"Part", "Size", NULL};
	static const char *const ETAG[] = {"Part", "ETag", NULL};
	struct parts *parts = context;
	char name[ELEMENT_SIZE];
	const char *const checksum_path[] = {"Part", name, NULL};
	char number[NUMBER_SIZE];
	char size[NUMBER_SIZE];
	char etag[ETAG_SIZE] = "";
	char checksum[LC_CHECKSUM_TEXT_SIZE];
	struct lc_xml_text texts[] = {
	    {.path = NUMBER, .text = number, .room = sizeof(number)},
	    {.path = SIZE, .text = size, .room = sizeof(size)},
	    {.path = ETAG, .text = etag, .room = sizeof(etag)},
	    {.path = checksum_path, .text = checksum, .room = sizeof(checksum)},
	};

	snprintf(name, sizeof(name), "Checksum%s", lc_multipart_algorithm(parts->kind));
	lc_xml_read(element, texts, sizeof(texts) / sizeof(texts[0]));
	parts->failed = parts->failed || !add_listed(parts, texts);
}

bool lc_multipart_read_parts(struct lc_view body, enum lc_s3_checksum kind,
			     struct lc_multipart *upload)
{
	static const char *const PARTS[] = {"ListPartsResult", "Part", NULL};
	static const char *const TRUNCATED[] = {"ListPartsResult", "IsTruncated", NULL};
	char truncated[NUMBER_SIZE] = "";
	struct lc_xml_text text = {.path = TRUNCATED, .text = truncated, .room = sizeof(truncated)};
	struct parts parts = {.upload = upload, .kind = kind};

	lc_xml_read(body, &text, 1);
	return text.whole && strcmp(truncated, "false") == 0 &&
	       lc_xml_each(body, PARTS, read_part, &parts) && !parts.failed;
}

/* ---- what is written ---- */

/* XML 1.0, "Character Data and Markup". */
static void append_escaped(struct lc_buffer *out, struct lc_view text)
{
	for (size_t i = 0; i < text.size; i++) {
		switch (text.data[i]) {
		case '&':
			lc_buffer_append_text(out, "&amp;");
			break;
		case '<':
			lc_buffer_append_text(out, "&lt;");
			break;
		case '>':
			lc_buffer_append_text(out, "&gt;");
			break;
		case '"':
			lc_buffer_append_text(out, "&quot;");
			break;
		default:
			lc_buffer_append_char(out, text.data[i]);
		}
	}
}

bool lc_multipart_add_part(struct lc_multipart *upload, uint64_t size, struct lc_view etag,
			   enum lc_s3_checksum kind, struct lc_view checksum)
{
	const char *name = lc_multipart_algorithm(kind);

	if (!is_plain(etag) || etag.size >= ETAG_SIZE || size > UINT64_MAX - upload->size ||
	    upload->part_count == LC_MULTIPART_PARTS_MAX)
		return false;
	if (name[0] != '\0' && (!is_plain(checksum) || checksum.size >= LC_CHECKSUM_TEXT_SIZE))
		return false;
	upload->part_count++;
	upload->size += size;
	lc_buffer_append_format(&upload->parts, "<Part><PartNumber>%u</PartNumber><ETag>",
				upload->part_count);
	append_escaped(&upload->parts, etag);
	lc_buffer_append_text(&upload->parts, "</ETag>");
	if (name[0] != '\0') {
		lc_buffer_append_format(&upload->parts, "<Checksum%s>", name);
		append_escaped(&upload->parts, checksum);
		lc_buffer_append_format(&upload->parts, "</Checksum%s>", name);
	}
	lc_buffer_append_text(&upload->parts, "</Part>");
	return !lc_buffer_failed(&upload->parts);
}

void lc_multipart_append_id(const struct lc_multipart *upload, struct lc_buffer *query)
{
	lc_buffer_append_text(query, "uploadId=");
	lc_sigv4_append_encoded(query, lc_view_of(upload->id), false);
}

void lc_multipart_append_completion(const struct lc_multipart *upload, struct lc_buffer *out)
{
	lc_buffer_append_text(out, "<CompleteMultipartUpload xmlns="
				   "\"http://s3.amazonaws.com/doc/2006-03-01/\">");
	lc_buffer_append_view(out, lc_buffer_view(&upload->parts));
	lc_buffer_append_text(out, "</CompleteMultipartUpload>");
}
