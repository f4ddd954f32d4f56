#include "base/radix.h"

#include "base/assert.h"
#include "base/memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	DIGIT_BITS = 11,
	DIGITS = 1 << DIGIT_BITS,
	FEW = 24, /* these are sorted faster by insertion */
	ITEM_SIZE_MAX = 24,
};

/* A function that is given a size has a copy for each size. */
#define FOR_EACH_SIZE __attribute__((always_inline)) static inline

FOR_EACH_SIZE uint64_t number_of(const char *item, uint64_t least)
{
	uint64_t number;

	memcpy(&number, item, sizeof number);
	return number - least;
}

FOR_EACH_SIZE void insert_each(char *items, size_t count, size_t size, uint64_t least)
{
	for (size_t i = 1; i < count; i++) {
		char item[ITEM_SIZE_MAX];
		uint64_t number = number_of(items + i * size, least);
		size_t at = i;

		if (number_of(items + (i - 1) * size, least) <= number)
			continue;
		memcpy(item, items + i * size, size);
		for (; at > 0 && number_of(items + (at - 1) * size, least) > number; at--)
			memcpy(items + at * size, items + (at - 1) * size, size);
		memcpy(items + at * size, item, size);
	}
}

/* All bits that are set in any number; 0 if the items are sorted. */
FOR_EACH_SIZE uint64_t spread_of(const char *items, size_t count, size_t size, uint64_t least)
{
	uint64_t spread = 0;
	uint64_t last = 0;
	bool sorted = true;

	for (size_t i = 0; i < count; i++) {
		uint64_t number = number_of(items + i * size, least);

		sorted = sorted && last <= number;
		spread |= number;
		last = number;
	}
	return sorted ? 0 : spread;
}

/* Sorts by one digit, from one place to the other. */
FOR_EACH_SIZE void distribute(const char *from, char *to, size_t count, size_t size, uint64_t least,
			      unsigned shift)
{
	size_t places[DIGITS] = {0};
	size_t place = 0;

	for (size_t i = 0; i < count; i++)
		places[number_of(from + i * size, least) >> shift & (DIGITS - 1)]++;
	for (size_t digit = 0; digit < DIGITS; digit++) {
		size_t with_it = places[digit];

		places[digit] = place;
		place += with_it;
	}
	for (size_t i = 0; i < count; i++) {
		const char *item = from + i * size;
		size_t digit = number_of(item, least) >> shift & (DIGITS - 1);

		memcpy(to + places[digit]++ * size, item, size);
	}
}

FOR_EACH_SIZE void sort(char *items, size_t count, size_t size, uint64_t least)
{
	uint64_t spread = spread_of(items, count, size, least);
	char *scratch;
	char *from = items;
	char *to;

	if (spread == 0)
		return;
	if (count <= FEW) {
		insert_each(items, count, size, least);
		return;
	}
	scratch = lc_memory_resize(NULL, count, size);
	to = scratch;
	for (unsigned shift = 0; shift < 64 && spread >> shift != 0; shift += DIGIT_BITS) {
		char *sorted = to;

		distribute(from, to, count, size, least, shift);
		to = from;
		from = sorted;
	}
	if (from != items)
		memcpy(items, from, count * size);
	free(scratch);
}

void lc_radix_sort(void *items, size_t count, size_t size, uint64_t least)
{
	LC_ASSERT(size == 8 || size == 24);
	if (size == 8)
		sort(items, count, 8, least);
	else
		sort(items, count, 24, least);
}
