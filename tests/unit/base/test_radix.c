#include "base/radix.h"

#include "base/memory.h"
#include "base/random.h"
#include "support/story.h"

#include <stdlib.h>
#include <string.h>

enum { COUNT_MAX = 5000 };

struct item {
	int64_t number;
	uint64_t place; /* where it stood */
	uint64_t rest;
};

_Static_assert(sizeof(struct item) == 24, "the size that is sorted");

/* Any numbers of so many bits, from `least` on. */
static void fill(struct item *items, size_t count, int64_t least, unsigned bits,
		 struct lc_random *random)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t number = bits == 0 ? 0 : lc_random_next(random) >> (64 - bits);

		items[i] = (struct item){
		    .number = (int64_t)((uint64_t)least + number), .place = i, .rest = ~number};
	}
}

/* In order, and what is equal in the order that it had. */
static void assert_sorted(const struct item *items, size_t count, int64_t least)
{
	uint64_t places = 0;

	for (size_t i = 0; i < count; i++) {
		places += items[i].place;
		assert_true(items[i].rest == ~((uint64_t)items[i].number - (uint64_t)least));
		if (i > 0)
			assert_true(items[i - 1].number < items[i].number ||
				    (items[i - 1].number == items[i].number &&
				     items[i - 1].place < items[i].place));
	}
	assert_true(places == (uint64_t)count * (count - 1) / 2);
}

static void items_are_sorted_by_their_numbers_and_what_is_equal_stays_in_order(void **state)
{
	static const int64_t leasts[] = {INT64_MIN, -1000, 0, 1549411238123};
	struct item *items = lc_memory_zero(COUNT_MAX, sizeof(*items));
	struct lc_random random;

	(void)state;
	lc_random_seed(&random, 5);
	for (size_t i = 0; i < sizeof(leasts) / sizeof(leasts[0]); i++) {
		for (unsigned bits = 0; bits <= 62; bits++) {
			size_t count =
			    1 + (size_t)lc_random_next(&random) % (bits % 4 == 0 ? COUNT_MAX : 40);

			fill(items, count, leasts[i], bits, &random);
			lc_radix_sort(items, count, sizeof(*items), (uint64_t)leasts[i]);
			assert_sorted(items, count, leasts[i]);
		}
	}
	free(items);
}

static int compare_numbers(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static void numbers_are_sorted_as_the_c_library_does(void **state)
{
	uint64_t *numbers = lc_memory_zero(COUNT_MAX, sizeof(*numbers));
	uint64_t *expected = lc_memory_zero(COUNT_MAX, sizeof(*expected));
	struct lc_random random;

	(void)state;
	lc_random_seed(&random, 6);
	for (size_t count = 0; count <= COUNT_MAX; count += count < 60 ? 1 : 977) {
		for (size_t i = 0; i < count; i++)
			numbers[i] = lc_random_next(&random) >> (i % 3 == 0 ? 60 : 0);
		memcpy(expected, numbers, count * sizeof(*numbers));
		qsort(expected, count, sizeof(*expected), compare_numbers);
		lc_radix_sort(numbers, count, sizeof(*numbers), 0);
		assert_memory_equal(numbers, expected, count * sizeof(*numbers));
		lc_radix_sort(numbers, count, sizeof(*numbers), 0);
		assert_memory_equal(numbers, expected, count * sizeof(*numbers));
	}
	free(expected);
	free(numbers);
}

static void nothing_is_sorted_already(void **state)
{
	(void)state;
	lc_radix_sort(NULL, 0, sizeof(uint64_t), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(items_are_sorted_by_their_numbers_and_what_is_equal_stays_in_order),
	    cmocka_unit_test(numbers_are_sorted_as_the_c_library_does),
	    cmocka_unit_test(nothing_is_sorted_already),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
