#include "formats/line.h"

#include "base/clock.h"
#include "base/copy.h"
#include "formats/decimal.h"
#include "formats/percent.h"

#include <math.h>
#include <string.h>

/* What a field may take beside the bytes of its text, a "-" and the space that follows included. */
enum {
	PLAIN_SIZE = sizeof("- ") - 1,
	QUOTED_SIZE = sizeof("\"-\" ") - 1,
	TIME_SIZE = sizeof("[06/Feb/2019:00:00:38 +0000] ") - 1,
	UINT_SIZE = LC_DECIMAL_UINT_SIZE + 1,
	DURATION_SIZE = LC_DECIMAL_FLOAT_SIZE + 1,
	FIXED_SIZE = LC_COPY_SLACK + PLAIN_SIZE /* of the region */
#define LC_LINE_PLAIN(name) +PLAIN_SIZE
#define LC_LINE_PATH(name) +PLAIN_SIZE
#define LC_LINE_QUOTED(name) +QUOTED_SIZE
#define LC_LINE_WORD(name) +QUOTED_SIZE
#define LC_LINE_UINT(name) +UINT_SIZE
#define LC_LINE_DURATION(name) +DURATION_SIZE
#define LC_LINE_TIME(name) +TIME_SIZE
#define LC_LINE_NOTHING(what) +PLAIN_SIZE
#include "tbl/line_fields.h"
};

static const float WHOLE_MIN = 16777216.0F; /* floats from here on are whole numbers */

size_t lc_line_max_size(const struct lc_record *record, const struct lc_line_style *style)
{
	size_t texts = style->region.size;

#define LC_LINE_PLAIN(name) texts += record->name.size;
#define LC_LINE_PATH(name) texts += record->name.size;
#define LC_LINE_QUOTED(name) texts += record->name.size;
#define LC_LINE_WORD(name) texts += record->name.size;
#include "tbl/line_fields.h"
	return FIXED_SIZE + LC_PERCENT_GROWTH * texts;
}

static char *put_bytes(char *at, const char *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

/* Each of these writes a field and a space after it, and returns where the next one begins. */

static char *put_nothing(char *at)
{
	return put_bytes(at, "- ", 2);
}

static char *put_text(char *at, struct lc_view text, enum lc_percent_keep keep, bool spacious)
{
	if (text.size == 0)
		return put_nothing(at);
	at += lc_percent_write(text, keep, spacious, at);
	*at++ = ' ';
	return at;
}

static char *put_plain(char *at, struct lc_view text, bool spacious)
{
	return put_text(at, text, LC_PERCENT_KEEP_FIELD, spacious);
}

static char *put_quoted(char *at, struct lc_view text, enum lc_percent_keep keep, bool spacious)
{
	*at++ = '"';
	at = put_text(at, text, keep, spacious);
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

static char *put_duration(char *at, struct lc_record_float ms, const struct lc_line_style *style)
{
	if (!ms.present)
		return put_nothing(at);
	if (style->fractional_times)
		at += lc_decimal_write_float(ms.value, at);
	else if (ms.value >= 0 && ms.value < WHOLE_MIN) /* the sum is exact in a double */
		at += lc_decimal_write_uint((uint64_t)((double)ms.value + 0.5), at);
	else
		at += lc_decimal_write_float(roundf(ms.value), at);
	*at++ = ' ';
	return at;
}

static char *put_two_digits(char *at, int number)
{
	unsigned tens = (unsigned)number / 10;

	at[0] = (char)('0' + tens);
	at[1] = (char)('0' + (unsigned)number - 10 * tens);
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

size_t lc_line_write(const struct lc_record *record, const struct lc_line_style *style, char *out)
{
	char *at = out;
	bool spacious = record->spacious;

#define LC_LINE_PLAIN(name) at = put_plain(at, record->name, spacious);
#define LC_LINE_PATH(name) at = put_text(at, record->name, LC_PERCENT_KEEP_PATH, spacious);
#define LC_LINE_QUOTED(name) at = put_quoted(at, record->name, LC_PERCENT_KEEP_QUOTED, spacious);
#define LC_LINE_WORD(name) at = put_quoted(at, record->name, LC_PERCENT_KEEP_WORD, spacious);
#define LC_LINE_UINT(name) at = put_uint(at, record->name);
#define LC_LINE_DURATION(name) at = put_duration(at, record->name, style);
#define LC_LINE_TIME(name) at = put_time(at, record->name);
#define LC_LINE_NOTHING(what) at = put_nothing(at);
#include "tbl/line_fields.h"
	if (style->region.size > 0)
		at = put_plain(at, style->region, false);
	at[-1] = '\n';
	return (size_t)(at - out);
}

struct lc_view lc_line_owner(struct lc_view line)
{
	const char *end = memchr(line.data, ' ', line.size);

	return (struct lc_view){.data = line.data,
				.size = end == NULL ? line.size : (size_t)(end - line.data)};
}
