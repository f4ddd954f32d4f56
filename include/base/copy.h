/* Copying texts of a row: some bytes, or some dozens of them, with no call. */
#ifndef LC_BASE_COPY_H
#define LC_BASE_COPY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* As memcpy, without a call up to 32 bytes: two pieces of one fixed size that may overlap each
 * other. No byte outside of either place is touched. */
static inline void lc_copy_bytes(char *to, const char *from, size_t size)
{
	if (size > 32) {
		memcpy(to, from, size);
	} else if (size >= 16) {
		memcpy(to, from, 16);
		memcpy(to + size - 16, from + size - 16, 16);
	} else if (size >= 8) {
		memcpy(to, from, 8);
		memcpy(to + size - 8, from + size - 8, 8);
	} else if (size >= 4) {
		memcpy(to, from, 4);
		memcpy(to + size - 4, from + size - 4, 4);
	} else if (size > 0) {
		to[0] = from[0];
		to[size / 2] = from[size / 2];
		to[size - 1] = from[size - 1];
	}
}

/* So many bytes after a text that is copied spaciously are read, and so many after its copy are
 * written. */
enum { LC_COPY_SLACK = 32 };

/* As lc_copy_bytes for a place with room around it: whole pieces are copied, the last of them with
 * bytes of no account. The places do not overlap. */
static inline void lc_copy_spacious(char *restrict to, const char *restrict from, size_t size)
{
	size_t at = 0;

	do {
		memcpy(to + at, from + at, LC_COPY_SLACK);
		at += LC_COPY_SLACK;
	} while (at < size);
}

#endif
