/* Allocation that cannot fail: when the system has no memory left, the process aborts with a clear
 * word and its supervisor starts it again. What must not abort is capped long before. */
#ifndef LC_BASE_MEMORY_H
#define LC_BASE_MEMORY_H

#include <stddef.h>

/* Zeroed memory for `count` objects of `size` bytes; released with free(). */
void *lc_memory_zero(size_t count, size_t size);

/* As realloc for `count` objects of `size` bytes, checked for overflow. */
void *lc_memory_resize(void *memory, size_t count, size_t size);

enum { LC_MEMORY_GROW_FIRST = 16 };

/* Room for at least `needed` objects of `size` bytes in an array that grows one object after the
 * other: the array, where it is now. `*capacity` is the number that it has room for; NULL and 0
 * begin an array, free() ends it. One that has no room is made twice as large, and at least large
 * enough for LC_MEMORY_GROW_FIRST and for `needed` objects. */
void *lc_memory_grow(void *array, size_t *capacity, size_t needed, size_t size);

/* Copies of text; released with free(). */
char *lc_memory_copy_text(const char *text);
char *lc_memory_copy_bytes(const char *bytes, size_t size); /* with a terminator after them */

/* From now on memory that is released is kept, whatever its size, and serves what is allocated next,
 * without a fault of each of its pages. For a process that allocates and releases much, and gives
 * back what it has when it is quiet. */
void lc_memory_keep(void);

/* Gives memory that is free back to the system, which the C library keeps for later otherwise.
 * Takes some milliseconds for each 100 MB: for quiet times after a peak. */
void lc_memory_give_back(void);

#endif
