#include "formats/line.h"

#include "base/clock.h"
#include "formats/decimal.h"
#include "formats/percent.h"

enum {
	FIELD_COUNT = 27,
	TIME_SIZE = 28, /* [06/Feb/2019:00:00:38 +0000] */
	UINT_COUNT = 3,
	FLOAT_COUNT = 2,
	QUOTED_COUNT = 3,
	/* What is not text, with a "-", a separator and quotes wherever they may stand. */
	FIXED_SIZE = TIME_SIZE + UINT_COUNT * LC_DECIMAL_UINT_SIZE +
		     FLOAT_COUNT * LC_DECIMAL_FLOAT_SIZE + QUOTED_COUNT * 2 + FIELD_COUNT * 2,
};

size_t lc_line_max_size(const struct lc_record *record, struct lc_view region)
{
	size_t texts = region.size;

#define LC_FIELD_TEXT(name, expression) texts += record->name.size;
#include "tbl/record_fields.h"
	return FIXED_SIZE + LC_PERCENT_GROWTH * texts;
}

static char *put_bytes(char *at, const char *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

/* Each of these writes a field and a space behind it, and returns where the next one begins. */

static char *put_nothing(char *at)
{
	return put_bytes(at, "- ", 2);
}

static char *put_text(char *at, struct lc_view text, enum lc_percent_keep keep)
{
	if (text.size == 0)
		return put_nothing(at);
	at += lc_percent_write(text, keep, at);
	*at++ = ' ';
	return at;
}

static char *put_plain(char *at, struct lc_view text)
{
	return put_text(at, text, LC_PERCENT_KEEP_FIELD);
}

static char *put_quoted(char *at, struct lc_view text)
{
	*at++ = '"';
	at = put_text(at, text, LC_PERCENT_KEEP_QUOTED);
	return put_bytes(at - 1, "\" ", 2);
}

static char *put_uint(char *at, struct lc_record_uint number)
{
	if (!number.present)
		return put_nothing(at);
	at += lc_decimal_write_uint(number.value, at);
	*at++ = ' ';
	return at;
}

static char *put_float(char *at, struct lc_record_float number)
{
	if (!number.present)
		return put_nothing(at);
	at += lc_decimal_write_float(number.value, at);
	*at++ = ' ';
	return at;
}

static char *put_two_digits(char *at, int number)
{
	at[0] = (char)('0' + number / 10);
	at[1] = (char)('0' + number % 10);
	return at + 2;
}

static char *put_time(char *at, int64_t time_ms)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64_t seconds = time_ms / 1000 - (time_ms % 1000 < 0);
	struct lc_clock_date date = lc_clock_date_of(seconds);

	*at++ = '[';
	at = put_two_digits(at, date.day);
	*at++ = '/';
	at = put_bytes(at, months + (size_t)(3 * (date.month - 1)), 3);
	*at++ = '/';
	at = put_two_digits(at, date.year / 100);
	at = put_two_digits(at, date.year % 100);
	*at++ = ':';
	at = put_two_digits(at, date.hour);
	*at++ = ':';
	at = put_two_digits(at, date.minute);
	*at++ = ':';
	at = put_two_digits(at, date.second);
	return put_bytes(at, " +0000] ", 8);
}

size_t lc_line_write(const struct lc_record *record, struct lc_view region, char *out)
{
	char *at = out;

	at = put_plain(at, record->bucket_owner);
	at = put_plain(at, record->bucket);
	at = put_time(at, record->start_time_ms);
	at = put_plain(at, record->client_ip);
	at = put_plain(at, record->requester);
	at = put_plain(at, record->req_id);
	at = put_plain(at, record->operation);
	at = put_text(at, record->object_key, LC_PERCENT_KEEP_PATH);
	at = put_quoted(at, record->request_uri);
	at = put_uint(at, record->http_code);
	at = put_plain(at, record->error_code);
	at = put_uint(at, record->bytes_sent);
	at = put_uint(at, record->object_size);
	at = put_float(at, record->total_time);
	at = put_float(at, record->turn_around_time);
	at = put_quoted(at, record->referer);
	at = put_quoted(at, record->user_agent);
	at = put_plain(at, record->version_id);
	at = put_nothing(at); /* host id */
	at = put_plain(at, record->signature_version);
	at = put_plain(at, record->cipher_suite);
	at = put_plain(at, record->authentication_type);
	at = put_plain(at, record->host_header);
	at = put_plain(at, record->tls_version);
	at = put_nothing(at); /* access point ARN */
	at = put_plain(at, record->acl_required);
	if (region.size > 0)
		at = put_plain(at, region);
	at[-1] = '\n';
	return (size_t)(at - out);
}
