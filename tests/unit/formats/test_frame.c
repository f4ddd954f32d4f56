#include "formats/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool decode(const void *bytes, size_t size, enum lc_frame_direction direction,
		   enum lc_frame_type *type)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};
	bool read = lc_frame_decode((struct lc_view){bytes, size}, direction, type, &error);

	assert_int_equal(error.kind, read ? LC_ERROR_NONE : LC_ERROR_CORRUPT);
	return read;
}

static void each_frame_comes_through_on_its_own_side_alone(void **state)
{
	static const struct {
		enum lc_frame_type type;
		enum lc_frame_direction direction;
	} frames[] = {
#define LC_FRAME(name, number, direction, help) {LC_FRAME_##name, LC_FRAME_##direction},
#include "tbl/frames.h"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		unsigned char packet[LC_FRAME_SIZE];
		enum lc_frame_type type;
		enum lc_frame_direction other = frames[i].direction == LC_FRAME_TO_WORKER
						    ? LC_FRAME_TO_SUPERVISOR
						    : LC_FRAME_TO_WORKER;

		lc_frame_encode(frames[i].type, packet);
		assert_true(decode(packet, sizeof(packet), frames[i].direction, &type));
		assert_int_equal(type, frames[i].type);
		assert_false(decode(packet, sizeof(packet), other, &type));
	}
}

static void the_header_is_little_endian(void **state)
{
	static const unsigned char expected[LC_FRAME_SIZE] = {2, 0, 0, 0};
	unsigned char packet[LC_FRAME_SIZE];

	(void)state;
	lc_frame_encode(LC_FRAME_DRAIN, packet);
	assert_memory_equal(packet, expected, sizeof(expected));
}

static void what_is_no_frame_is_refused(void **state)
{
	static const struct {
		unsigned char bytes[8];
		size_t size;
	} packets[] = {
	    {{0}, 0},                    /* nothing */
	    {{2}, 1},                    /* cut header */
	    {{2, 0, 0}, 3},              /* cut header */
	    {{0, 0, 0, 0}, 4},           /* no type */
	    {{99, 0, 0, 0}, 4},          /* unknown type */
	    {{2, 1, 0, 0}, 4},           /* type 258 */
	    {{255, 255, 255, 255}, 4},   /* all bits */
	    {{2, 0, 1, 0}, 4},           /* payload announced, none there */
	    {{2, 0, 1, 0, 7}, 5},        /* payload where there is none */
	    {{2, 0, 0, 0, 7}, 5},        /* more than announced */
	    {{2, 0, 255, 255, 7, 7}, 6}, /* length beyond the packet */
	};
	enum lc_frame_type type;

	(void)state;
	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++)
		assert_false(decode(packets[i].bytes, packets[i].size, LC_FRAME_TO_WORKER, &type));
}

static void every_header_is_either_a_frame_or_refused(void **state)
{
	unsigned accepted = 0;

	(void)state;
	for (unsigned header = 0; header < 0x10000; header++) {
		unsigned char packet[LC_FRAME_SIZE] = {(unsigned char)(header & 0xFF),
						       (unsigned char)(header >> 8), 0, 0};
		enum lc_frame_type type;

		accepted += decode(packet, sizeof(packet), LC_FRAME_TO_WORKER, &type);
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
	    cmocka_unit_test(the_header_is_little_endian),
	    cmocka_unit_test(what_is_no_frame_is_refused),
	    cmocka_unit_test(every_header_is_either_a_frame_or_refused),
	    cmocka_unit_test(names_are_for_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
