#include "base/memory.h"

#include <limits.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MMAP_THRESHOLD_MAX = 32 * 1024 * 1024 }; /* the most that the C library allows */

_Noreturn static void out_of_memory(size_t count, size_t size)
{
	fprintf(stderr, "out of memory: %zu objects of %zu bytes could not be allocated\n", count,
		size);
	abort();
}

void *lc_memory_zero(size_t count, size_t size)
{
	void *memory = calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);

	if (memory == NULL)
		out_of_memory(count, size);
	return memory;
}

void *lc_memory_resize(void *memory, size_t count, size_t size)
{
	void *resized = reallocarray(memory, count == 0 ? 1 : count, size == 0 ? 1 : size);

	if (resized == NULL)
		out_of_memory(count, size);
	return resized;
}

void *lc_memory_grow(void *array, size_t *capacity, size_t needed, size_t size)
{
	size_t grown = *capacity <= SIZE_MAX / 2 ? *capacity * 2 : SIZE_MAX;

	if (needed <= *capacity)
		return array;
	if (grown < LC_MEMORY_GROW_FIRST)
		grown = LC_MEMORY_GROW_FIRST;
	if (grown < needed)
		grown = needed;
	*capacity = grown;
	return lc_memory_resize(array, grown, size);
}

char *lc_memory_copy_bytes(const char *bytes, size_t size)
{
	char *copy = lc_memory_zero(size + 1, 1);

	if (size > 0)
		memcpy(copy, bytes, size);
	return copy;
}

char *lc_memory_copy_text(const char *text)
{
	return lc_memory_copy_bytes(text, strlen(text));
}

void lc_memory_keep(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD_MAX);
	(void)mallopt(M_TRIM_THRESHOLD, INT_MAX);
}

void lc_memory_give_back(void)
{
	malloc_trim(0);
}
