/*
 * Any bytes as the head of a shard, as they are and in the place of a word of a good one. Checked:
 * what is read can be written, and reads as the same.
 */
#include "fuzz/fuzz.h"

#include "base/buffer.h"
#include "formats/shard_head.h"

#include <string.h>

#define HASH "0123456789abcdef0123456789abcdef"
#define NAME "0000000000000002-0000000000000011-0123456789abcdef"

static const char *const WORDS[] = {
    "version=1",
    "generation=7",
    "epoch=3",
    "state=owned",
    "owner=courier-a",
    "nonce=0123456789abcdef",
    "change=12",
    "last=2:17:" HASH,
    "segment=segment/" NAME,
    "checkpointed=2:17:" HASH,
    "checkpoint=checkpoint/" NAME,
};

enum { WORD_COUNT = sizeof WORDS / sizeof WORDS[0] };

static void check(struct lc_view text)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};
	char first[LC_SHARD_HEAD_TEXT_MAX];
	char second[LC_SHARD_HEAD_TEXT_MAX];
	struct lc_shard_head head;

	if (!lc_shard_head_parse(text, &head, &error)) {
		LC_ASSERT(error.kind == LC_ERROR_CORRUPT && error.message[0] != '\0');
		return;
	}
	LC_ASSERT(error.kind == LC_ERROR_NONE);
	lc_shard_head_format(&head, first);
	LC_ASSERT(lc_shard_head_parse(lc_view_of(first), &head, NULL));
	lc_shard_head_format(&head, second);
	LC_ASSERT(strcmp(first, second) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lc_view bytes = {.data = (const char *)data, .size = size};
	struct lc_buffer buffer;

	check(bytes);
	if (size == 0)
		return 0;
	bytes = (struct lc_view){.data = (const char *)data + 1, .size = size - 1};
	lc_buffer_init(&buffer, SIZE_MAX);
	for (size_t i = 0; i < WORD_COUNT; i++) {
		if (i > 0)
			lc_buffer_append_char(&buffer, ' ');
		if (i == data[0] % WORD_COUNT)
			lc_buffer_append_view(&buffer, bytes);
		else
			lc_buffer_append_text(&buffer, WORDS[i]);
	}
	check(lc_buffer_view(&buffer));
	lc_buffer_free(&buffer);
	return 0;
}
