#include "formats/frame.h"

#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static bool decode(const void *bytes, size_t size, enum lc_frame_direction direction,
		   struct lc_frame *frame)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};
	bool read = lc_frame_decode((struct lc_view){bytes, size}, direction, frame, &error);

	assert_int_equal(error.kind, read ? LC_ERROR_NONE : LC_ERROR_CORRUPT);
	return read;
}

static void each_frame_comes_through_on_its_own_side_alone(void **state)
{
	static const struct {
		enum lc_frame_type type;
		enum lc_frame_direction direction;
	} frames[] = {
#define LC_FRAME(name, number, direction, head, help) {LC_FRAME_##name, LC_FRAME_##direction},
#include "tbl/frames.h"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		unsigned char packet[LC_FRAME_SIZE_MAX];
		struct lc_frame frame = {.type = frames[i].type};
		struct lc_frame again;
		enum lc_frame_direction other = frames[i].direction == LC_FRAME_TO_WORKER
						    ? LC_FRAME_TO_SUPERVISOR
						    : LC_FRAME_TO_WORKER;
		size_t size = lc_frame_encode(&frame, packet);

		assert_true(decode(packet, size, frames[i].direction, &again));
		assert_int_equal(again.type, frames[i].type);
		assert_false(decode(packet, size, other, &again));
	}
}

static void numbers_are_little_endian(void **state)
{
	static const unsigned char drain[] = {2, 0, 0, 0};
	static const unsigned char reply[] = {5, 0, 10, 0, 4, 3, 2, 1, 0xC8, 0, 1, 0, '{', '}'};
	struct lc_frame frame = {.type = LC_FRAME_DRAIN};
	unsigned char packet[LC_FRAME_SIZE_MAX];

	(void)state;
	assert_int_equal(lc_frame_encode(&frame, packet), sizeof(drain));
	assert_memory_equal(packet, drain, sizeof(drain));
	frame = (struct lc_frame){.type = LC_FRAME_REPLY,
				  .id = 0x01020304,
				  .status = 200,
				  .last = true,
				  .body = lc_view_of("{}")};
	assert_int_equal(lc_frame_encode(&frame, packet), sizeof(reply));
	assert_memory_equal(packet, reply, sizeof(reply));
}

static void a_reply_brings_its_piece(void **state)
{
	static char body[LC_FRAME_BODY_MAX];
	struct lc_frame frame = {.type = LC_FRAME_REPLY,
				 .id = UINT32_MAX,
				 .status = 65535,
				 .body = {body, sizeof(body)}};
	unsigned char packet[LC_FRAME_SIZE_MAX];
	struct lc_frame again;
	size_t size;

	(void)state;
	memset(body, 'x', sizeof(body));
	size = lc_frame_encode(&frame, packet);
	assert_int_equal(size, LC_FRAME_SIZE_MAX);
	assert_true(decode(packet, size, LC_FRAME_TO_SUPERVISOR, &again));
	assert_true(again.id == UINT32_MAX && again.status == 65535 && !again.last);
	assert_true(lc_view_equal(again.body, frame.body));
}

static void what_is_no_frame_is_refused(void **state)
{
	static const struct {
		unsigned char bytes[16];
		size_t size;
	} packets[] = {
	    {{0}, 0},                         /* nothing */
	    {{2}, 1},                         /* cut header */
	    {{2, 0, 0}, 3},                   /* cut header */
	    {{0, 0, 0, 0}, 4},                /* no type */
	    {{99, 0, 0, 0}, 4},               /* unknown type */
	    {{2, 1, 0, 0}, 4},                /* type 258 */
	    {{255, 255, 255, 255}, 4},        /* all bits */
	    {{2, 0, 1, 0}, 4},                /* payload announced, none there */
	    {{2, 0, 1, 0, 7}, 5},             /* payload where there is none */
	    {{2, 0, 0, 0, 7}, 5},             /* more than announced */
	    {{2, 0, 255, 255, 7, 7}, 6},      /* length beyond the packet */
	    {{4, 0, 0, 0}, 4},                /* a request without its head */
	    {{4, 0, 3, 0, 1, 2, 3}, 7},       /* with a cut head */
	    {{4, 0, 4, 0, 1, 2, 3, 4, 5}, 9}, /* less announced than there is */
	    {{4, 0, 6, 0, 1, 2, 3, 4, 5}, 9}, /* more announced than there is */
	};
	static const struct {
		unsigned char bytes[16];
		size_t size;
	} replies[] = {
	    {{5, 0, 7, 0, 1, 2, 3, 4, 5, 6, 0}, 11},    /* cut head */
	    {{5, 0, 8, 0, 1, 2, 3, 4, 5, 6, 2, 0}, 12}, /* the last but one? */
	    {{5, 0, 8, 0, 1, 2, 3, 4, 5, 6, 0, 1}, 12}, /* the same */
	    {{1, 0, 1, 0, 1}, 5},                       /* READY with a word */
	};
	struct lc_frame frame;

	(void)state;
	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++)
		assert_false(decode(packets[i].bytes, packets[i].size, LC_FRAME_TO_WORKER, &frame));
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++)
		assert_false(
		    decode(replies[i].bytes, replies[i].size, LC_FRAME_TO_SUPERVISOR, &frame));
}

static void a_packet_that_is_too_long_is_refused(void **state)
{
	static unsigned char packet[LC_FRAME_SIZE_MAX + 1];
	size_t payload = sizeof(packet) - LC_FRAME_HEADER_SIZE;
	struct lc_frame frame;

	(void)state;
	packet[0] = 5;
	packet[2] = (unsigned char)(payload & 0xFF);
	packet[3] = (unsigned char)(payload >> 8);
	assert_false(decode(packet, sizeof(packet), LC_FRAME_TO_SUPERVISOR, &frame));
}

static void every_header_is_either_a_frame_or_refused(void **state)
{
	unsigned accepted = 0;

	(void)state;
	for (unsigned header = 0; header < 0x10000; header++) {
		unsigned char packet[] = {(unsigned char)(header & 0xFF),
					  (unsigned char)(header >> 8), 0, 0};
		struct lc_frame frame;

		accepted += decode(packet, sizeof(packet), LC_FRAME_TO_WORKER, &frame);
	}
	assert_int_equal(accepted, 2); /* DRAIN and ABANDON */
}

static void names_are_for_the_log(void **state)
{
	(void)state;
	assert_string_equal(lc_frame_name(LC_FRAME_ABANDON), "ABANDON");
	assert_string_equal(lc_frame_name((enum lc_frame_type)77), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_frame_comes_through_on_its_own_side_alone),
	    cmocka_unit_test(numbers_are_little_endian),
	    cmocka_unit_test(a_reply_brings_its_piece),
	    cmocka_unit_test(what_is_no_frame_is_refused),
	    cmocka_unit_test(a_packet_that_is_too_long_is_refused),
	    cmocka_unit_test(every_header_is_either_a_frame_or_refused),
	    cmocka_unit_test(names_are_for_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
