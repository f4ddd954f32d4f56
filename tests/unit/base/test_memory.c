#include "base/memory.h"

#include "base/buffer.h"
#include "support/stderr_capture.h"
#include "support/story.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static void zeroed_memory_is_zero(void **state)
{
	unsigned char *memory = lc_memory_zero(100, 7);

	(void)state;
	for (size_t i = 0; i < 700; i++)
		assert_int_equal(memory[i], 0);
	free(memory);
}

static void nothing_is_still_a_place(void **state)
{
	void *memory = lc_memory_zero(0, 8);

	(void)state;
	assert_non_null(memory);
	memory = lc_memory_resize(memory, 0, 8);
	assert_non_null(memory);
	free(memory);
}

static void resized_memory_keeps_its_beginning(void **state)
{
	uint64_t *numbers = NULL;

	(void)state;
	for (size_t count = 1; count <= 1000; count++) {
		numbers = lc_memory_resize(numbers, count, sizeof(numbers[0]));
		numbers[count - 1] = count;
	}
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(numbers[i], i + 1);
	free(numbers);
}

static void an_array_grows_to_twice_its_room(void **state)
{
	uint64_t *numbers = NULL;
	size_t capacity = 0;
	unsigned moves = 0;

	(void)state;
	for (size_t count = 0; count < 1000; count++) {
		size_t before = capacity;

		numbers = lc_memory_grow(numbers, &capacity, count + 1, sizeof(numbers[0]));
		assert_true(capacity > count);
		if (capacity != before) {
			assert_int_equal(capacity, before == 0 ? LC_MEMORY_GROW_FIRST : before * 2);
			moves++;
		}
		numbers[count] = count;
	}
	assert_int_equal(moves, 7); /* 16, 32, ... 1024 */
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(numbers[i], i);
	free(numbers);
}

/* The sanitizers and valgrind watch the last bytes. */
static void the_room_is_counted_in_objects_of_the_given_size(void **state)
{
	struct wide {
		unsigned char bytes[1000];
	} *array = NULL;
	size_t capacity = 0;

	(void)state;
	array = lc_memory_grow(array, &capacity, 1, sizeof(array[0]));
	assert_int_equal(capacity, LC_MEMORY_GROW_FIRST);
	assert_true(malloc_usable_size(array) >= LC_MEMORY_GROW_FIRST * sizeof(array[0]));
	memset(array, 1, capacity * sizeof(array[0]));
	free(array);
}

static void an_array_grows_by_as_many_as_are_needed(void **state)
{
	char *bytes = NULL;
	char *same;
	size_t capacity = 0;

	(void)state;
	bytes = lc_memory_grow(bytes, &capacity, 1000, 1);
	assert_int_equal(capacity, 1000);
	same = lc_memory_grow(bytes, &capacity, 1000, 1);
	assert_ptr_equal(same, bytes);
	assert_int_equal(capacity, 1000);
	assert_ptr_equal(lc_memory_grow(bytes, &capacity, 0, 1), bytes);
	bytes = lc_memory_grow(bytes, &capacity, 1001, 1);
	assert_int_equal(capacity, 2000);
	bytes = lc_memory_grow(bytes, &capacity, 5000, 1);
	assert_int_equal(capacity, 5000);
	free(bytes);
}

static void copies_are_terminated_and_hold_every_byte(void **state)
{
	char *copy = lc_memory_copy_text("text");

	(void)state;
	assert_string_equal(copy, "text");
	free(copy);
	copy = lc_memory_copy_bytes("a\0b", 3);
	assert_memory_equal(copy, "a\0b\0", 4);
	free(copy);
	copy = lc_memory_copy_bytes(NULL, 0);
	assert_string_equal(copy, "");
	free(copy);
}

static void resize_over_every_bound(void *context)
{
	(void)context;
	(void)lc_memory_resize(NULL, SIZE_MAX / 4, 8);
}

static void grow_over_every_bound(void *context)
{
	size_t capacity = SIZE_MAX / 2 + 2;

	(void)context;
	(void)lc_memory_grow(NULL, &capacity, capacity + 1, 8);
}

static void a_size_that_overflows_ends_the_process_with_a_word(void **state)
{
	struct lc_buffer said;

	(void)state;
	lc_buffer_init(&said, 100000);
	/* Under a sanitizer it is the allocator that says it and ends the process. */
	assert_int_not_equal(stderr_capture_child(&said, resize_over_every_bound, NULL), 0);
	assert_true(said.size > 0);
	lc_buffer_free(&said);
	lc_buffer_init(&said, 100000);
	assert_int_not_equal(stderr_capture_child(&said, grow_over_every_bound, NULL), 0);
	assert_true(said.size > 0);
	lc_buffer_free(&said);
}

static void memory_that_is_kept_serves_what_comes_next(void **state)
{
	enum { SIZE = 16 * 1024 * 1024 };
	struct rusage before;
	struct rusage after;
	void *memory;

	(void)state;
	if (mallinfo2().arena == 0)
		skip(); /* a sanitizer's allocator */
	lc_memory_keep();
	memory = lc_memory_resize(NULL, SIZE, 1);
	memset(memory, 1, SIZE);
	free(memory);
	assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
	memory = lc_memory_resize(NULL, SIZE, 1);
	memset(memory, 2, SIZE);
	free(memory);
	assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
	/* A page that is new to the process is a fault: there would be thousands. */
	assert_in_range(after.ru_minflt - before.ru_minflt, 0, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(zeroed_memory_is_zero),
	    cmocka_unit_test(nothing_is_still_a_place),
	    cmocka_unit_test(resized_memory_keeps_its_beginning),
	    cmocka_unit_test(an_array_grows_to_twice_its_room),
	    cmocka_unit_test(the_room_is_counted_in_objects_of_the_given_size),
	    cmocka_unit_test(an_array_grows_by_as_many_as_are_needed),
	    cmocka_unit_test(copies_are_terminated_and_hold_every_byte),
	    cmocka_unit_test(memory_that_is_kept_serves_what_comes_next),
	    cmocka_unit_test(a_size_that_overflows_ends_the_process_with_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
