/* What --json writes, as a reference for those who write scripts. */
#ifndef LC_CTL_REFERENCE_H
#define LC_CTL_REFERENCE_H

#include "base/buffer.h"

/* Appends the reference in Markdown, made from the tables of the documents: docs/ctl-json.md. */
void lc_reference_append(struct lc_buffer *text);

#endif
