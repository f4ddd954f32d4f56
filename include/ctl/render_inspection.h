/* What shards tell, as text for people. Pure: a document in, text out. */
#ifndef LC_CTL_RENDER_INSPECTION_H
#define LC_CTL_RENDER_INSPECTION_H

#include "base/buffer.h"
#include "ctl/render.h"
#include "formats/control_request.h"
#include "formats/inspection.h"

/* The answer to the request, tables at most as wide as the terminal. Shards that did not answer
 * stand at the end. */
void lc_render_inspection(const struct lc_control_request *request,
			  const struct lc_inspection *document, struct lc_render_style style,
			  struct lc_buffer *text);

#endif
