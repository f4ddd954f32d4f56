#include "formats/compression.h"

#include "base/memory.h"
#include "support/decompression.h"
#include "support/story.h"

#include <stdlib.h>
#include <zstd.h>

enum { BODY_SIZE = 3 * 1024 * 1024 + 7, SMALL = 17, PACKED_MAX = 4 * 1024 * 1024 };

struct story {
	char *body;
	char *packed;
	char *again;
};

static const char REQUEST[] = "GET /photos/puppy.jpg HTTP/1.1";

/* Lines that repeat, with digits between them that do not. */
static int set_up(void **state)
{
	struct story *story = lc_memory_zero(1, sizeof(*story));
	unsigned digits = 1;

	story->body = lc_memory_zero(1, BODY_SIZE);
	story->packed = lc_memory_zero(1, PACKED_MAX);
	story->again = lc_memory_zero(1, PACKED_MAX);
	for (size_t i = 0; i < BODY_SIZE; i++) {
		digits = (digits * 75 + 74) % 65537;
		story->body[i] = REQUEST[i % 30];
		if (i % 100 >= 60)
			story->body[i] = (char)('0' + digits % 10);
	}
	*state = story;
	return 0;
}

static int tear_down(void **state)
{
	struct story *story = *state;

	free(story->body);
	free(story->packed);
	free(story->again);
	free(story);
	return 0;
}

/* The body in pieces of `step` bytes, with `room` for what comes of each call. */
static size_t compressed(enum lc_compression kind, struct lc_view body, size_t step, size_t room,
			 char *packed)
{
	struct lc_compressor *compressor = lc_compressor_new(kind, body.size);
	bool ended = false;
	size_t used = 0;

	for (size_t at = 0; at < body.size; at += step) {
		struct lc_view piece = {.data = body.data + at,
					.size = body.size - at < step ? body.size - at : step};

		while (piece.size > 0)
			used += lc_compressor_add(compressor, &piece, packed + used, room);
	}
	while (!ended)
		used += lc_compressor_end(compressor, packed + used, room, &ended);
	lc_compressor_free(compressor);
	return used;
}

static void a_body_comes_back_whole(void **state)
{
	struct story *story = *state;

	for (enum lc_compression kind = LC_COMPRESSION_GZIP; kind <= LC_COMPRESSION_ZSTD; kind++) {
		static const size_t SIZES[] = {1, SMALL, 100 * 1000, BODY_SIZE};

		for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
			struct lc_view body = {.data = story->body, .size = SIZES[i]};
			struct lc_view packed = {.data = story->packed};
			struct lc_buffer again;

			packed.size = compressed(kind, body, 500, 4096, story->packed);
			lc_buffer_init(&again, PACKED_MAX);
			assert_true(decompression_append(kind, packed, &again));
			assert_true(lc_view_equal(lc_buffer_view(&again), body));
			lc_buffer_free(&again);
		}
	}
}

static void it_is_much_smaller(void **state)
{
	struct story *story = *state;
	struct lc_view body = {.data = story->body, .size = BODY_SIZE};

	assert_in_range(compressed(LC_COMPRESSION_GZIP, body, 500, 4096, story->packed), 1,
			BODY_SIZE / 3);
	assert_in_range(compressed(LC_COMPRESSION_ZSTD, body, 500, 4096, story->packed), 1,
			BODY_SIZE / 3);
}

/* However little room there is, and whatever is in memory. */
static void the_same_pieces_give_the_same_bytes(void **state)
{
	static const size_t ROOMS[] = {1, 100, 65536};
	struct story *story = *state;
	struct lc_view body = {.data = story->body, .size = 300 * 1000};

	for (enum lc_compression kind = LC_COMPRESSION_GZIP; kind <= LC_COMPRESSION_ZSTD; kind++) {
		size_t size = compressed(kind, body, 500, 4096, story->packed);

		for (size_t i = 0; i < sizeof(ROOMS) / sizeof(ROOMS[0]); i++) {
			assert_int_equal(compressed(kind, body, 500, ROOMS[i], story->again), size);
			assert_memory_equal(story->again, story->packed, size);
		}
	}
}

/* RFC 1952, section 2.3: no flags, no time, fastest, system unknown. */
static void a_gzip_header_tells_nothing_of_when_and_where(void **state)
{
	static const unsigned char HEADER[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255};
	struct story *story = *state;
	struct lc_view body = {.data = story->body, .size = SMALL};

	compressed(LC_COMPRESSION_GZIP, body, 500, 4096, story->packed);
	assert_memory_equal(story->packed, HEADER, sizeof(HEADER));
}

/* RFC 8878, section 3.1.1: readers can tell the size beforehand, and what is damaged. */
static void a_zstd_frame_has_its_size_and_a_checksum(void **state)
{
	struct story *story = *state;
	struct lc_view body = {.data = story->body, .size = BODY_SIZE};
	size_t size = compressed(LC_COMPRESSION_ZSTD, body, 500, 4096, story->packed);

	assert_int_equal(ZSTD_getFrameContentSize(story->packed, size), BODY_SIZE);
	story->packed[size - 1] ^= 1;
	assert_true(ZSTD_isError(ZSTD_decompress(story->again, PACKED_MAX, story->packed, size)));
}

static void a_key_tells_how_its_body_is_compressed(void **state)
{
	(void)state;
	assert_int_equal(lc_compression_of_key(lc_view_of("a.gz/2019-08-01-00-00-00-0123")),
			 LC_COMPRESSION_NONE);
	assert_int_equal(lc_compression_of_key(lc_view_of("")), LC_COMPRESSION_NONE);
	assert_int_equal(lc_compression_of_key(lc_view_of("a/2019-0123.gz")), LC_COMPRESSION_GZIP);
	assert_int_equal(lc_compression_of_key(lc_view_of("a/2019-0123.zst")), LC_COMPRESSION_ZSTD);
	assert_string_equal(lc_compression_suffix(LC_COMPRESSION_NONE), "");
	assert_string_equal(lc_compression_suffix(LC_COMPRESSION_ZSTD), ".zst");
	assert_string_equal(lc_compression_encoding(LC_COMPRESSION_NONE), "");
	assert_string_equal(lc_compression_encoding(LC_COMPRESSION_GZIP), "gzip");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_body_comes_back_whole),
	    TEST(it_is_much_smaller),
	    TEST(the_same_pieces_give_the_same_bytes),
	    TEST(a_gzip_header_tells_nothing_of_when_and_where),
	    TEST(a_zstd_frame_has_its_size_and_a_checksum),
	    cmocka_unit_test(a_key_tells_how_its_body_is_compressed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
