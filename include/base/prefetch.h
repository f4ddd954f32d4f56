/*
 * Memory that is needed soon: the processor fetches it while it works on something else. That pays
 * for a few hundred bytes at a place which it cannot guess, half a microsecond ahead.
 */
#ifndef LC_BASE_PREFETCH_H
#define LC_BASE_PREFETCH_H

#include <stddef.h>

enum { LC_PREFETCH_STEP = 64 }; /* bytes that caches hold together, or a multiple */

/* These bytes are read soon. */
static inline void lc_prefetch_to_read(const char *bytes, size_t size)
{
	for (size_t at = 0; at < size; at += LC_PREFETCH_STEP)
		__builtin_prefetch(bytes + at, 0);
}

/* These bytes are written soon. */
static inline void lc_prefetch_to_write(const char *bytes, size_t size)
{
	for (size_t at = 0; at < size; at += LC_PREFETCH_STEP)
		__builtin_prefetch(bytes + at, 1);
}

#endif
