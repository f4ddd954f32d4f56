/*
 * An answer of numbers, any bytes in pieces of any size: it is whole only if as many rows were
 * called back as its last row says, and the pieces do not matter.
 *
 * Input: a byte that sets the size of the pieces, then the answer, whose marker is 0.
 */
#include "fuzz/fuzz.h"

#include "formats/discovery_row.h"

struct taken {
	uint64_t rows;
	uint64_t sum;
};

static void take(void *context, const struct lc_discovery_row *row)
{
	struct taken *taken = context;

	taken->rows++;
	taken->sum += row->rows + row->oldest + row->bucket.size + row->floor.req_id.size;
	for (size_t i = 0; i < row->bucket.size; i++)
		taken->sum += (unsigned char)row->bucket.data[i];
}

static bool read_in_pieces(struct lc_view bytes, size_t size, struct taken *taken)
{
	struct lc_discovery_answer answer = {.rows = 0};
	struct lc_error error;
	bool good = true;

	lc_discovery_answer_begin(&answer, 0);
	while (good && bytes.size > 0) {
		struct lc_view piece = {.data = bytes.data,
					.size = bytes.size < size ? bytes.size : size};

		good = lc_discovery_answer_feed(&answer, piece, take, taken, &error);
		bytes.data += piece.size;
		bytes.size -= piece.size;
	}
	good = good && lc_discovery_answer_end(&answer, &error);
	LC_ASSERT(answer.rows == taken->rows);
	lc_discovery_answer_free(&answer);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct taken whole = {.rows = 0};
	struct taken cut = {.rows = 0};
	struct lc_view bytes;

	if (size == 0)
		return 0;
	bytes = (struct lc_view){.data = (const char *)data + 1, .size = size - 1};
	LC_ASSERT(read_in_pieces(bytes, bytes.size + 1, &whole) ==
		  read_in_pieces(bytes, (size_t)data[0] + 1, &cut));
	LC_ASSERT(whole.rows == cut.rows && whole.sum == cut.sum);
	return 0;
}
