#include "config/wrap.h"

#include <string.h>

void lc_wrap_append(struct lc_buffer *buffer, const char *prefix, const char *text, size_t width)
{
	size_t column = 0; /* characters in the line; 0 before the first word */

	for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ")) {
		size_t size = strcspn(text, " ");

		if (column > 0 && column + 1 + size > width) {
			lc_buffer_append_char(buffer, '\n');
			column = 0;
		}
		if (column == 0) {
			lc_buffer_append_text(buffer, prefix);
			column = strlen(prefix);
		} else {
			lc_buffer_append_char(buffer, ' ');
			column++;
		}
		lc_buffer_append(buffer, text, size);
		column += size;
		text += size;
	}
	if (column > 0)
		lc_buffer_append_char(buffer, '\n');
}
