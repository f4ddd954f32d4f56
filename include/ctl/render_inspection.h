/* What shards tell, as text for people. Pure: a document in, text out. */
#ifndef LC_CTL_RENDER_INSPECTION_H
#define LC_CTL_RENDER_INSPECTION_H

#include "base/buffer.h"
#include "ctl/terminal.h"
#include "formats/control_request.h"
#include "formats/inspection.h"

#include <stdint.h>

/* The answer to the request, tables at most as wide as the terminal. Shards that did not answer
 * stand at the end. With the document of an earlier look, so many milliseconds before, sources and
 * targets tell how fast their rows become more or fewer; `before` may be NULL. */
void lc_render_inspection(const struct lc_control_request *request,
			  const struct lc_inspection *document, const struct lc_inspection *before,
			  uint64_t milliseconds, struct lc_terminal_style style,
			  struct lc_buffer *text);

#endif
