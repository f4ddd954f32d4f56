/* UTF-8, as The Unicode Standard, table 3-7, defines it: no overlong forms, no surrogates, nothing
 * over U+10FFFF. */
#ifndef LC_BASE_UTF8_H
#define LC_BASE_UTF8_H

#include <stddef.h>

/* Bytes of the well-formed character that begins at `text`, 1 to 4; 0 if none does. `size` is at
 * least 1. */
size_t lc_utf8_size(const unsigned char *text, size_t size);

#endif
