#include "formats/record.h"

#include <inttypes.h>

void lc_record_append_columns(struct lc_buffer *sql, uint64_t marker)
{
	lc_buffer_append_format(sql, "toUInt64(%" PRIu64 ")", marker);
#define LC_FIELD_TIME(name, expression) lc_buffer_append_text(sql, ", " expression);
#define LC_FIELD_NUMBER(name, expression) lc_buffer_append_text(sql, ", " expression);
#define LC_FIELD_TEXT(name, expression) lc_buffer_append_text(sql, ", " expression);
#define LC_FIELD_UINT(name, expression) lc_buffer_append_text(sql, ", " expression);
#define LC_FIELD_FLOAT(name, expression) lc_buffer_append_text(sql, ", " expression);
#include "tbl/record_fields.h"
	lc_buffer_append_format(sql, ", toUInt64(%" PRIu64 ")", marker);
}
