/* The tables of what shards tell: which columns there are, how their cells are written, and which
 * are left out first. */
#ifndef LC_CTL_INSPECTION_TABLES_H
#define LC_CTL_INSPECTION_TABLES_H

#include "base/buffer.h"
#include "ctl/terminal.h"
#include "formats/control_request.h"
#include "formats/inspection.h"

#include <stdint.h>

/* What tables are made of, and what goes with all of them. */
struct lc_inspection_tables_page {
	const struct lc_control_request *request;
	const struct lc_inspection *document;
	const struct lc_inspection *before; /* NULL when there is no earlier look */
	uint64_t milliseconds;              /* between the two */
	struct lc_terminal_style style;
	struct lc_buffer *text;
};

/* Appends the table of the document's list: sources, ranges, log objects or targets. */
void lc_inspection_tables_append(const struct lc_inspection_tables_page *page,
				 enum lc_inspection_kind kind);

/* Appends "2026-02-06 00:00:38", UTC; nothing for 0. */
void lc_inspection_tables_append_second(uint32_t second, struct lc_buffer *text);

#endif
