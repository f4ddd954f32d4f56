/* Any text as an inspection document. What is accepted says the same once written and read again.
 */
#include "base/assert.h"
#include "formats/inspection.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lc_inspection document;
	struct lc_inspection again;
	struct lc_buffer first;
	struct lc_buffer second;
	struct lc_error error;

	if (!lc_inspection_decode((struct lc_view){(const char *)data, size}, &document, &error))
		return 0;
	lc_inspection_sort(&document);
	lc_buffer_init(&first, SIZE_MAX / 4);
	lc_inspection_encode(&document, &first);
	LC_ASSERT(lc_inspection_decode(lc_buffer_view(&first), &again, &error));
	lc_buffer_init(&second, SIZE_MAX / 4);
	lc_inspection_encode(&again, &second);
	LC_ASSERT(lc_view_equal(lc_buffer_view(&first), lc_buffer_view(&second)));
	lc_buffer_free(&first);
	lc_buffer_free(&second);
	lc_inspection_free(&document);
	lc_inspection_free(&again);
	return 0;
}
