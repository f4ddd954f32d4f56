#include "base/memory.h"

#include "base/buffer.h"
#include "support/stderr_capture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

static void a_size_that_overflows_ends_the_process_with_a_word(void **state)
{
	struct lc_buffer said;

	(void)state;
	lc_buffer_init(&said, 100000);
	/* Under a sanitizer it is the allocator that says it and ends the process. */
	assert_int_not_equal(stderr_capture_child(&said, resize_over_every_bound, NULL), 0);
	assert_true(said.size > 0);
	lc_buffer_free(&said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(zeroed_memory_is_zero),
	    cmocka_unit_test(nothing_is_still_a_place),
	    cmocka_unit_test(resized_memory_keeps_its_beginning),
	    cmocka_unit_test(copies_are_terminated_and_hold_every_byte),
	    cmocka_unit_test(a_size_that_overflows_ends_the_process_with_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
