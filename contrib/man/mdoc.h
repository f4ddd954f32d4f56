/* Text of ours as mdoc, the language of manual pages: nothing in it may be taken for a request. */
#ifndef LC_MAN_MDOC_H
#define LC_MAN_MDOC_H

#include "base/buffer.h"

/* Appends `text` as lines of running text. */
void lc_mdoc_append_text(struct lc_buffer *page, const char *text);

/* The same with a full stop after it, and a capital letter first: what the tables say in half a
 * sentence. */
void lc_mdoc_append_sentence(struct lc_buffer *page, const char *text);

/* Appends ".MACRO TEXT", where the text is one argument. */
void lc_mdoc_append_macro(struct lc_buffer *page, const char *macro, const char *text);

#endif
