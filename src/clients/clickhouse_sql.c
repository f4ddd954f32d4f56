#include "clients/clickhouse_sql.h"

#include <stddef.h>

/* The list is long and often asked for: made once, by the compiler. */
#define LC_ANSWER_SETTING(name, value) ", " name "=" value
static const char SETTINGS[] =
#include "tbl/answer_settings.h"
    "";

enum { SETTINGS_COMMA = 2 }; /* before the first */

void lc_clickhouse_sql_append_settings(struct lc_buffer *sql)
{
	lc_buffer_append_text(sql, " SETTINGS ");
	lc_buffer_append(sql, SETTINGS + SETTINGS_COMMA, sizeof(SETTINGS) - 1 - SETTINGS_COMMA);
}

void lc_clickhouse_sql_append_literal(struct lc_buffer *sql, struct lc_view text)
{
	lc_buffer_append_char(sql, '\'');
	for (size_t i = 0; i < text.size; i++) {
		char c = text.data[i];

		if (c == '\0') {
			lc_buffer_append_text(sql, "\\0");
			continue;
		}
		if (c == '\'' || c == '\\')
			lc_buffer_append_char(sql, '\\');
		lc_buffer_append_char(sql, c);
	}
	lc_buffer_append_char(sql, '\'');
}
