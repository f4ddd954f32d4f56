/* Text from elsewhere on its way to a terminal. */
#ifndef LC_CTL_CLEAN_H
#define LC_CTL_CLEAN_H

#include "base/buffer.h"

#include <stddef.h>

/* Appends the words with '?' for what could steer a terminal or fool its reader: control
 * characters, marks that turn the direction of text or take no room, and bytes that are not UTF-8.
 */
void lc_clean_append(const char *words, size_t size, struct lc_buffer *text);

/* Appends the words, cleaned, in lines that begin with an indent and fit `width` columns; 0 for one
 * line. */
void lc_clean_append_wrapped(const char *words, unsigned width, struct lc_buffer *text);

/* Columns that cleaned text takes: one for each character. */
size_t lc_clean_width(const char *words, size_t size);

#endif
