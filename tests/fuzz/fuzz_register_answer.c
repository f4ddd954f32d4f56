/*
 * The answer to a read of a register, any bytes: what is taken for whole lies within it, and is as
 * long as what it was read from.
 *
 * Input: the answer, whose marker is 0.
 */
#include "fuzz/fuzz.h"

#include "formats/register_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lc_view answer = {.data = (const char *)data, .size = size};
	struct lc_register_rows rows;
	struct lc_error error = {.kind = LC_ERROR_NONE};
	size_t sum = 0;

	if (!lc_register_answer_read(answer, 0, &rows, &error)) {
		LC_ASSERT(error.kind == LC_ERROR_CORRUPT && rows.count == 0);
		return 0;
	}
	for (size_t i = 0; i < rows.count; i++) {
		const struct lc_register_row *row = &rows.rows[i];

		LC_ASSERT(row->name.size <= LC_REGISTER_NAME_MAX);
		LC_ASSERT(row->value.size <= LC_REGISTER_VALUE_MAX);
		sum += row->name.size + row->value.size + 2;
	}
	LC_ASSERT(sum <= size);
	lc_register_rows_free(&rows);
	return 0;
}
