/*
 * Any bytes as a segment: as they are; between a beginning that is right and a hash that is theirs;
 * as commands after a header that is right, too; and as changes of a segment that has every kind of
 * command. Checked: what is read is written as the same bytes.
 */
#include "fuzz/fuzz.h"

#include "ledger/segment.h"
#include "support/command_maker.h"

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

/* Gives the bytes their hash. */
static void seal_and_check(struct lc_buffer *bytes)
{
	struct lc_chain_hash hash = lc_chain_hash_of(lc_buffer_view(bytes));

	append_number(bytes, hash.high);
	append_number(bytes, hash.low);
	check(lc_buffer_view(bytes));
}

/* A segment of these commands, without its hash. */
static void begin(struct lc_buffer *bytes, const struct lc_ledger_command_list *commands)
{
	struct lc_segment_header header = {.shard_count = 1, .seq = 1};
	struct lc_chain_hash hash;

	lc_buffer_init(bytes, SIZE_MAX);
	lc_segment_encode(&header, commands, bytes, &hash);
	bytes->size -= HASH_SIZE;
}

/* The data after the versions, or in the place of a header's list of commands. */
static void check_after(bool header, struct lc_view data)
{
	struct lc_ledger_command_list none = STAILQ_HEAD_INITIALIZER(none);
	struct lc_buffer bytes;

	begin(&bytes, &none);
	bytes.size = header ? bytes.size - sizeof(uint32_t) : VERSIONS_END;
	lc_buffer_append_view(&bytes, data);
	seal_and_check(&bytes);
	lc_buffer_free(&bytes);
}

/* Each three bytes of the data: where, from the versions on, and what stands there instead. */
static void check_changed(const uint8_t *data, size_t size)
{
	struct lc_ledger_command_list commands = STAILQ_HEAD_INITIALIZER(commands);
	struct lc_command_maker maker;
	struct lc_buffer bytes;

	lc_command_maker_init(&maker, 1);
	lc_command_maker_each(&maker, &commands);
	begin(&bytes, &commands);
	for (size_t i = 0; i + 2 < size; i += 3) {
		size_t at = (size_t)(data[i] << 8 | data[i + 1]) % (bytes.size - VERSIONS_END);

		bytes.data[VERSIONS_END + at] = (char)data[i + 2];
	}
	seal_and_check(&bytes);
	lc_buffer_free(&bytes);
	lc_ledger_command_free_all(&commands);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lc_view bytes = {.data = (const char *)data, .size = size};

	check(bytes);
	check_after(false, bytes);
	check_after(true, bytes);
	check_changed(data, size);
	return 0;
}
