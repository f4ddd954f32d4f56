#include "support/record_rows.h"

#include "formats/record_block.h"
#include "formats/row_binary.h"

struct lc_record record_rows_example(void)
{
	return (struct lc_record){
	    .raft_session_id = 7,
	    .bucket = lc_view_of("amzn-s3-demo-bucket"),
	    .inserted_at = 1549411240,
	    .start_time_ms = 1549411238123,
	    .req_id = lc_view_of("3E57427F3EXAMPLE"),
	    .target_bucket = lc_view_of("amzn-s3-demo-logs"),
	    .target_prefix = lc_view_of("logs/"),
	    .bucket_owner =
		lc_view_of("79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"),
	    .client_ip = lc_view_of("192.0.2.3"),
	    .requester = lc_view_of("arn:aws:iam::123456789012:user/Anna"),
	    .operation = lc_view_of("REST.GET.OBJECT"),
	    .object_key = lc_view_of("photos/2019/08/puppy.jpg"),
	    .request_uri =
		lc_view_of("GET /amzn-s3-demo-bucket/photos/2019/08/puppy.jpg?x-foo=bar HTTP/1.1"),
	    .http_code = {.value = 200, .present = true},
	    .error_code = lc_view_of(""),
	    .bytes_sent = {.value = 2662992, .present = true},
	    .object_size = {.value = 3462992, .present = true},
	    .total_time = {.value = 70.25F, .present = true},
	    .turn_around_time = {.value = 10.123F, .present = true},
	    .referer = lc_view_of("http://www.example.com/webservices"),
	    .user_agent = lc_view_of("curl/7.15.1 (x86_64; linux)"),
	    .version_id = lc_view_of("3HL4kqtJvjVBH40Nrjfkd"),
	    .signature_version = lc_view_of("SigV4"),
	    .cipher_suite = lc_view_of("ECDHE-RSA-AES128-GCM-SHA256"),
	    .authentication_type = lc_view_of("AuthHeader"),
	    .host_header = lc_view_of("amzn-s3-demo-bucket.s3.us-west-1.amazonaws.com"),
	    .tls_version = lc_view_of("TLSv1.2"),
	    .acl_required = lc_view_of("Yes"),
	    .hostname = lc_view_of("connector-12.example.com"),
	    .log_format_version = lc_view_of("1.0"),
	    .aws_access_key_id = lc_view_of("AKIAIOSFODNN7EXAMPLE"),
	};
}

static uint32_t bits_of(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof bits);
	return bits;
}

/* What stands before a column. Names are of no account. */
static void append_head(struct lc_buffer *blocks, const char *name, const char *type)
{
	lc_row_binary_append_text(blocks, lc_view_of(name));
	lc_row_binary_append_text(blocks, lc_view_of(type));
}

static void append_markers(struct lc_buffer *blocks, size_t count, uint64_t marker)
{
	append_head(blocks, "marker", "UInt64");
	for (size_t i = 0; i < count; i++)
		lc_row_binary_append_number(blocks, marker, 8);
}

void record_rows_append_block(struct lc_buffer *blocks, const struct lc_record *records,
			      size_t count, uint64_t marker)
{
	char size[LC_ROW_BINARY_LEB128_SIZE_MAX];

	lc_buffer_append_char(blocks, LC_RECORD_BLOCK_COLUMNS);
	lc_buffer_append(blocks, size, lc_row_binary_leb128_write(count, size));
	append_markers(blocks, count, marker);
#define EACH(append)                         \
	for (size_t i = 0; i < count; i++) { \
		append;                      \
	}
#define FLAGS(present) EACH(lc_buffer_append_char(blocks, (present) ? 0 : 1))
#define LC_FIELD_TIME(name, expression)      \
	append_head(blocks, #name, "Int64"); \
	EACH(lc_row_binary_append_number(blocks, (uint64_t)records[i].name, 8))
#define LC_FIELD_NUMBER(name, expression)     \
	append_head(blocks, #name, "UInt32"); \
	EACH(lc_row_binary_append_number(blocks, records[i].name, 4))
#define LC_FIELD_TEXT(name, expression)                 \
	append_head(blocks, #name, "Nullable(String)"); \
	FLAGS(records[i].name.size > 0)                 \
	EACH(lc_row_binary_append_text(blocks, records[i].name))
#define LC_FIELD_UINT(name, expression)                 \
	append_head(blocks, #name, "Nullable(UInt64)"); \
	FLAGS(records[i].name.present)                  \
	EACH(lc_row_binary_append_number(blocks,        \
					 records[i].name.present ? records[i].name.value : 0, 8))
#define LC_FIELD_FLOAT(name, expression)                 \
	append_head(blocks, #name, "Nullable(Float32)"); \
	FLAGS(records[i].name.present)                   \
	EACH(lc_row_binary_append_number(                \
	    blocks, records[i].name.present ? bits_of(records[i].name.value) : 0, 4))
#include "tbl/record_fields.h"
	append_markers(blocks, count, marker);
}

void record_rows_append(struct lc_buffer *blocks, const struct lc_record *record, uint64_t marker)
{
	record_rows_append_block(blocks, record, 1, marker);
}

bool record_rows_equal(const struct lc_record *a, const struct lc_record *b)
{
	bool equal = true;

#define LC_FIELD_TIME(name, expression) equal = equal && a->name == b->name;
#define LC_FIELD_NUMBER(name, expression) equal = equal && a->name == b->name;
#define LC_FIELD_TEXT(name, expression) equal = equal && lc_view_equal(a->name, b->name);
#define LC_FIELD_UINT(name, expression)                        \
	equal = equal && a->name.present == b->name.present && \
		(!a->name.present || a->name.value == b->name.value);
#define LC_FIELD_FLOAT(name, expression)                       \
	equal = equal && a->name.present == b->name.present && \
		(!a->name.present || bits_of(a->name.value) == bits_of(b->name.value));
#include "tbl/record_fields.h"
	return equal;
}
