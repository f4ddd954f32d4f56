/*
 * Sorting by a 64-bit number, in time that follows how many items there are and how far apart their
 * numbers, whatever these are: least significant digit first (Knuth, The Art of Computer
 * Programming, volume 3, section 5.2.5). Stable.
 */
#ifndef LC_BASE_RADIX_H
#define LC_BASE_RADIX_H

#include <stddef.h>
#include <stdint.h>

/*
 * Sorts items of `size` bytes, 8 or 24, that begin with their number. No number may be below
 * `least`: numbers with a sign are sorted as such when `least` is the smallest of them, converted.
 * Takes as much memory as the items have for as long as it runs.
 */
void lc_radix_sort(void *items, size_t count, size_t size, uint64_t least);

#endif
