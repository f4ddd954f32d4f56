/* Any bytes as the end of an answer, with any tag: what is found lies within the bytes, and only
 * the tag makes it certain. The first byte says how many of the next are the tag. */
#include "fuzz/fuzz.h"

#include "clients/clickhouse_exception.h"

static void check(struct lc_view bytes, const struct lc_clickhouse_exception *exception)
{
	LC_ASSERT(exception->code >= 0);
	if (exception->text.size == 0)
		return;
	LC_ASSERT(exception->text.data >= bytes.data);
	LC_ASSERT(exception->text.data + exception->text.size <= bytes.data + bytes.size);
	LC_ASSERT(memchr(exception->text.data, '\n', exception->text.size) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lc_clickhouse_exception exception;
	struct lc_view tag = {.data = (const char *)data + 1, .size = size == 0 ? 0 : data[0] % 17};
	struct lc_view bytes;

	if (size == 0 || tag.size > size - 1)
		return 0;
	bytes = (struct lc_view){.data = tag.data + tag.size, .size = size - 1 - tag.size};
	if (lc_clickhouse_exception_find(bytes, tag, &exception)) {
		check(bytes, &exception);
		LC_ASSERT(!exception.certain || tag.size > 0);
	}
	if (lc_clickhouse_exception_read(bytes, &exception)) {
		check(bytes, &exception);
		LC_ASSERT(exception.code > 0 && !exception.certain);
	}
	return 0;
}
