/* A machine's beat, any bytes: read whole or refused, and what is read is written as the same text. */
#include "fuzz/fuzz.h"

#include "formats/machine_beat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lc_view text = {.data = (const char *)data, .size = size};
	struct lc_machine_beat beat;
	struct lc_buffer written;
	struct lc_error error;

	if (!lc_machine_beat_read(text, &beat, &error)) {
		LC_ASSERT(error.kind == LC_ERROR_CORRUPT || error.kind == LC_ERROR_OUTDATED);
		return 0;
	}
	lc_buffer_init(&written, LC_MACHINE_BEAT_MAX);
	lc_machine_beat_append(&written, &beat);
	LC_ASSERT(!lc_buffer_failed(&written) && lc_view_equal(text, lc_buffer_view(&written)));
	lc_buffer_free(&written);
	return 0;
}
