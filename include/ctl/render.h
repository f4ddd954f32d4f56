/* The service's account as text for people. Pure: a document in, text out. */
#ifndef LC_CTL_RENDER_H
#define LC_CTL_RENDER_H

#include "base/buffer.h"
#include "formats/status_document.h"

#include <stdbool.h>

struct lc_render_style {
	unsigned width; /* columns of the terminal; 0 for no bound */
	bool colour;
};

/* One line about the service, a table of its shards, and what is wrong. Columns that do not fit are
 * left out, the least telling first; SHARD and STATE always stay. */
void lc_render_status(const struct lc_status_document *document, struct lc_render_style style,
		      struct lc_buffer *text);

/* "healthy", or "unhealthy" and what is wrong. */
void lc_render_health(const struct lc_status_document *document, struct lc_render_style style,
		      struct lc_buffer *text);

#endif
