/* How the checks of a preflight read, for log-courier --preflight and for log-courier-ctl. Pure. */
#ifndef LC_FORMATS_CHECK_LINE_H
#define LC_FORMATS_CHECK_LINE_H

#include "base/buffer.h"
#include "formats/document_names.h"

#include <stddef.h>

/* Appends "ok    <subject>: <text>" and a line end. */
void lc_check_line_append(struct lc_buffer *text, enum lc_verdict_grade grade, const char *subject,
			  const char *found);

/* Appends "18 passed, 1 failed": how many there are of each grade; nothing if there are none. */
void lc_check_line_append_counts(struct lc_buffer *text,
				 const size_t counts[LC_VERDICT_GRADES + 1]);

#endif
