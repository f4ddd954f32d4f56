/* The service's account as text for people. Pure: a document in, text out. */
#ifndef LC_CTL_RENDER_STATUS_H
#define LC_CTL_RENDER_STATUS_H

#include "base/buffer.h"
#include "ctl/terminal.h"
#include "formats/status_document.h"

#include <stdint.h>

/* One line about the service, a table of its shards, and what is wrong. Where machines stand in for
 * each other, the table tells which of them has each shard. Columns that do not fit are
 * left out, the least telling first; SHARD and STATE always stay. With the document of an earlier
 * look, so many milliseconds before, rows per second are told; `before` may be NULL. */
void lc_render_status(const struct lc_status_document *document,
		      const struct lc_status_document *before, uint64_t milliseconds,
		      struct lc_terminal_style style, struct lc_buffer *text);

/* "healthy" or "unhealthy", and what is wrong; warnings are marked as such. */
void lc_render_status_health(const struct lc_status_document *document,
			     struct lc_terminal_style style, struct lc_buffer *text);

/* A line for each check of a preflight, as log-courier --preflight writes it, and an empty one. */
void lc_render_status_checks(const struct lc_status_document *document, struct lc_buffer *text);

#endif
