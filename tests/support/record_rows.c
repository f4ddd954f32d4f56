#include "support/record_rows.h"

#include "formats/row_binary.h"

#include <endian.h>

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

static void append_text(struct lc_buffer *rows, struct lc_view text)
{
	lc_buffer_append_char(rows, text.size == 0 ? 1 : 0);
	if (text.size > 0)
		lc_row_binary_append_text(rows, text);
}

static void append_nullable_uint(struct lc_buffer *rows, struct lc_record_uint number)
{
	lc_buffer_append_char(rows, number.present ? 0 : 1);
	if (number.present)
		lc_row_binary_append_number(rows, number.value, 8);
}

static uint32_t bits_of(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof bits);
	return bits;
}

static void append_nullable_float(struct lc_buffer *rows, struct lc_record_float number)
{
	lc_buffer_append_char(rows, number.present ? 0 : 1);
	if (number.present)
		lc_row_binary_append_number(rows, bits_of(number.value), 4);
}

void record_rows_append(struct lc_buffer *rows, const struct lc_record *record, uint64_t marker)
{
	lc_row_binary_append_number(rows, marker, 8);
#define LC_FIELD_TIME(name, expression) \
	lc_row_binary_append_number(rows, (uint64_t)record->name, 8);
#define LC_FIELD_NUMBER(name, expression) lc_row_binary_append_number(rows, record->name, 4);
#define LC_FIELD_TEXT(name, expression) append_text(rows, record->name);
#define LC_FIELD_UINT(name, expression) append_nullable_uint(rows, record->name);
#define LC_FIELD_FLOAT(name, expression) append_nullable_float(rows, record->name);
#include "tbl/record_fields.h"
	lc_row_binary_append_number(rows, marker, 8);
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
