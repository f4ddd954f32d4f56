#include "formats/row_binary.h"

#include "support/story.h"

static struct lc_view view(const char *bytes, size_t size)
{
	return (struct lc_view){.data = bytes, .size = size};
}

static void every_number_reads_back(void **state)
{
	(void)state;
	for (unsigned shift = 0; shift < 64; shift++) {
		for (uint64_t step = 0; step < 3; step++) {
			uint64_t value = (UINT64_C(1) << shift) - 1 + step;
			char bytes[LC_ROW_BINARY_LEB128_SIZE_MAX];
			size_t size = lc_row_binary_leb128_write(value, bytes);
			uint64_t read = 0;
			size_t used = 0;

			assert_in_range(size, 1, LC_ROW_BINARY_LEB128_SIZE_MAX);
			assert_int_equal(lc_row_binary_leb128_read(view(bytes, size), &read, &used),
					 LC_ROW_BINARY_LEB128_READ);
			assert_true(read == value);
			assert_int_equal(used, size);
			for (size_t cut = 0; cut < size; cut++)
				assert_int_equal(
				    lc_row_binary_leb128_read(view(bytes, cut), &read, &used),
				    LC_ROW_BINARY_LEB128_INCOMPLETE);
		}
	}
}

static void the_published_example_is_written(void **state)
{
	char bytes[LC_ROW_BINARY_LEB128_SIZE_MAX];

	(void)state;
	assert_int_equal(lc_row_binary_leb128_write(624485, bytes), 3);
	assert_memory_equal(bytes, "\xE5\x8E\x26", 3);
}

static void more_than_64_bits_are_refused(void **state)
{
	uint64_t value;
	size_t used;

	(void)state;
	assert_int_equal(lc_row_binary_leb128_read(
			     view("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02", 10), &value, &used),
			 LC_ROW_BINARY_LEB128_OVERFLOW);
	assert_int_equal(
	    lc_row_binary_leb128_read(view("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11),
				      &value, &used),
	    LC_ROW_BINARY_LEB128_OVERFLOW);
	assert_int_equal(lc_row_binary_leb128_read(
			     view("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10), &value, &used),
			 LC_ROW_BINARY_LEB128_READ);
	assert_true(value == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_number_reads_back),
	    cmocka_unit_test(the_published_example_is_written),
	    cmocka_unit_test(more_than_64_bits_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
