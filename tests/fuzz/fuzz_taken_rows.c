/* A blob of taken rows, any bytes: read whole or refused, and what is read writes the same blob. */
#include "fuzz/fuzz.h"

#include "formats/taken_rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lc_view blob = {.data = (const char *)data, .size = size};
	struct lc_taken_second second = {0};
	struct lc_taken_rows rows;
	struct lc_error error;
	size_t position = 0;

	lc_taken_rows_init(&rows);
	while (lc_taken_rows_next(blob, &position, &second, &error)) {
		for (uint32_t i = 0; i < second.count; i++)
			lc_taken_rows_add(&rows, second.second, lc_taken_rows_hash(&second, i));
	}
	if (error.kind == LC_ERROR_NONE)
		LC_ASSERT(lc_view_equal(blob, lc_taken_rows_blob(&rows)));
	lc_taken_rows_free(&rows);
	return 0;
}
