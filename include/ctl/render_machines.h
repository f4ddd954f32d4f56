/* The machines that stand in for each other, as text for people. Pure: a document in, text out. */
#ifndef LC_CTL_RENDER_MACHINES_H
#define LC_CTL_RENDER_MACHINES_H

#include "base/buffer.h"
#include "ctl/terminal.h"
#include "formats/status_document.h"

/* A table of the machines, this one marked, or a line that says why there is none. Columns that do
 * not fit are left out, the least telling first; MACHINE, STATE and SHARDS always stay. */
void lc_render_machines(const struct lc_status_document *document, struct lc_terminal_style style,
			struct lc_buffer *text);

#endif
