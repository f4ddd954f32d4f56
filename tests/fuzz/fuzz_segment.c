/*
 * Any bytes as a segment: as they are; between a beginning that is right and a hash that is theirs;
 * and as commands after a header that is right, too. Checked: what is read is written as the same
 * bytes, and its commands are such as the store takes.
 */
#include "fuzz/fuzz.h"

#include "ledger/segment.h"

enum { HASH_SIZE = 16, VERSIONS_END = 16 };

static void check(struct lc_view bytes)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};
	struct lc_ledger_command_list commands;
	struct lc_ledger_command *command;
	struct lc_segment_header header;
	struct lc_chain_hash hash;
	struct lc_buffer again;

	if (!lc_segment_decode(bytes, &header, &commands, &error)) {
		LC_ASSERT(error.kind == LC_ERROR_CORRUPT && STAILQ_EMPTY(&commands));
		return;
	}
	LC_ASSERT(error.kind == LC_ERROR_NONE);
	STAILQ_FOREACH(command, &commands, next)
	{
		LC_ASSERT(lc_ledger_command_writes(command));
		LC_ASSERT(!lc_ledger_command_has_callback(command));
	}
	lc_buffer_init(&again, SIZE_MAX);
	lc_segment_encode(&header, &commands, &again, &hash);
	LC_ASSERT(lc_view_equal(bytes, lc_buffer_view(&again)));
	lc_buffer_free(&again);
	lc_ledger_command_free_all(&commands);
}

static void append_number(struct lc_buffer *bytes, uint64_t number)
{
	for (unsigned i = 0; i < 8; i++)
		lc_buffer_append_char(bytes, (char)(number >> 8 * i & 0xFF));
}

/* The beginning of a segment without commands, up to `end`, then the data, and the hash of both. */
static void check_after(size_t end, struct lc_view data)
{
	struct lc_segment_header header = {.shard_count = 1, .seq = 1};
	struct lc_ledger_command_list none = STAILQ_HEAD_INITIALIZER(none);
	struct lc_chain_hash hash;
	struct lc_buffer bytes;

	lc_buffer_init(&bytes, SIZE_MAX);
	lc_segment_encode(&header, &none, &bytes, &hash);
	bytes.size = end == 0 ? bytes.size - HASH_SIZE - sizeof(uint32_t) : end;
	lc_buffer_append_view(&bytes, data);
	hash = lc_chain_hash_of(lc_buffer_view(&bytes));
	append_number(&bytes, hash.high);
	append_number(&bytes, hash.low);
	check(lc_buffer_view(&bytes));
	lc_buffer_free(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lc_view bytes = {.data = (const char *)data, .size = size};

	check(bytes);
	check_after(VERSIONS_END, bytes);
	check_after(0, bytes);
	return 0;
}
