/* Readers of compressed log objects, by the libraries' own means. */
#ifndef LC_TESTS_SUPPORT_DECOMPRESSION_H
#define LC_TESTS_SUPPORT_DECOMPRESSION_H

#include "base/buffer.h"
#include "base/view.h"
#include "formats/compression.h"

#include <stdbool.h>

/* Appends what the bytes hold, which is one gzip member or one Zstandard frame and nothing else, or
 * the bytes themselves for NONE. False if it is not, or damaged. */
bool decompression_append(enum lc_compression kind, struct lc_view bytes, struct lc_buffer *body);

#endif
