#include "base/arena.h"

#include "base/buffer.h"
#include "support/stderr_capture.h"
#include "support/story.h"

#include <signal.h>
#include <stdalign.h>
#include <stdint.h>
#include <sys/wait.h>

enum { PIECES = 20000 };

/* A chunk's header: small, and in front of every chunk. */
enum { HEADER_MAX = 64 };

static size_t size_of_piece(size_t i)
{
	return i * 7919 % 300;
}

static void pieces_never_move_and_keep_their_bytes(void **state)
{
	static unsigned char *pieces[PIECES];
	struct lc_arena arena;

	(void)state;
	lc_arena_init(&arena, 128);
	for (size_t i = 0; i < PIECES; i++) {
		pieces[i] = lc_arena_alloc(&arena, size_of_piece(i));
		assert_non_null(pieces[i]);
		memset(pieces[i], (int)(i % 251), size_of_piece(i));
	}
	for (size_t i = 0; i < PIECES; i++) {
		for (size_t byte = 0; byte < size_of_piece(i); byte++)
			assert_int_equal(pieces[i][byte], i % 251);
	}
	lc_arena_free(&arena);
}

static void every_piece_is_aligned_for_any_object(void **state)
{
	struct lc_arena arena;

	(void)state;
	lc_arena_init(&arena, 100);
	for (size_t size = 0; size < 500; size++) {
		void *piece = lc_arena_alloc(&arena, size);

		assert_int_equal((uintptr_t)piece % alignof(max_align_t), 0);
		/* An odd number of bytes in between does not disturb the next one. */
		(void)lc_arena_copy(&arena, lc_view_of("odd"));
	}
	lc_arena_free(&arena);
}

static void an_arena_begins_small_and_doubles_up_to_the_largest_chunk(void **state)
{
	struct lc_arena arena;
	size_t before;
	size_t expected = 4096;

	(void)state;
	lc_arena_init(&arena, 4096);
	assert_int_equal(arena.allocated, 0);
	for (int chunk = 0; chunk < 12; chunk++) {
		before = arena.allocated;
		while (arena.allocated == before)
			(void)lc_arena_alloc(&arena, 1024);
		assert_in_range(arena.allocated - before, expected, expected + HEADER_MAX);
		if (expected < LC_ARENA_CHUNK_MAX)
			expected *= 2;
	}
	assert_int_equal(expected, LC_ARENA_CHUNK_MAX);
	lc_arena_free(&arena);
}

static void a_chunk_is_filled_before_the_next_one_begins(void **state)
{
	struct lc_arena arena;
	size_t allocated;

	(void)state;
	lc_arena_init(&arena, 4096);
	(void)lc_arena_alloc(&arena, 2048);
	allocated = arena.allocated;
	(void)lc_arena_alloc(&arena, 2048);
	assert_int_equal(arena.allocated, allocated);
	(void)lc_arena_alloc(&arena, 1);
	assert_true(arena.allocated > allocated);
	lc_arena_free(&arena);
}

static void a_piece_larger_than_a_chunk_gets_one_of_its_own(void **state)
{
	const size_t large = 3 * (size_t)LC_ARENA_CHUNK_MAX + 5;
	struct lc_arena arena;
	char *small;
	char *piece;

	(void)state;
	lc_arena_init(&arena, 256);
	small = lc_arena_alloc(&arena, 10);
	memset(small, 's', 10);
	piece = lc_arena_alloc(&arena, large);
	memset(piece, 'l', large);
	assert_in_range(arena.allocated, large + 256, large + 256 + (size_t)(2 * HEADER_MAX));
	assert_memory_equal(small, "ssssssssss", 10);

	/* Growth goes on from where it was, not from the large piece. */
	(void)lc_arena_alloc(&arena, 10);
	assert_true(arena.allocated < large + 256 + 1024 + (size_t)(3 * HEADER_MAX));
	assert_true(piece[0] == 'l' && piece[large - 1] == 'l');
	lc_arena_free(&arena);
}

static void a_reserved_place_costs_only_what_is_committed(void **state)
{
	struct lc_arena arena;
	size_t allocated;

	(void)state;
	lc_arena_init(&arena, 4096);
	memset(lc_arena_reserve(&arena, 4000), 'a', 4000);
	lc_arena_commit(&arena, 100);
	allocated = arena.allocated;
	for (int i = 0; i < 39; i++) {
		char *place = lc_arena_reserve(&arena, 100);

		memset(place, 'b', 100);
		lc_arena_commit(&arena, 100);
	}
	assert_int_equal(arena.allocated, allocated);
	lc_arena_free(&arena);
}

static void committed_texts_stand_back_to_back(void **state)
{
	struct lc_arena arena;
	char *first;
	char *second;

	(void)state;
	lc_arena_init(&arena, 4096);
	first = lc_arena_reserve(&arena, 50);
	memcpy(first, "one", 3);
	lc_arena_commit(&arena, 3);
	second = lc_arena_reserve(&arena, 50);
	memcpy(second, "two", 3);
	lc_arena_commit(&arena, 3);
	assert_ptr_equal(second, first + 3);
	assert_memory_equal(first, "onetwo", 6);
	lc_arena_free(&arena);
}

static void a_place_may_be_reserved_and_given_up(void **state)
{
	struct lc_arena arena;
	char *first;

	(void)state;
	lc_arena_init(&arena, 64);
	first = lc_arena_reserve(&arena, 30);
	lc_arena_commit(&arena, 0);
	assert_ptr_equal(lc_arena_reserve(&arena, 64), first);
	lc_arena_commit(&arena, 64);
	assert_true(lc_arena_reserve(&arena, 1) != first + 64);
	lc_arena_commit(&arena, 1);
	lc_arena_free(&arena);
}

static void a_copy_has_bytes_of_its_own(void **state)
{
	char bytes[] = {'a', '\0', 'b'};
	struct lc_arena arena;
	struct lc_view copy;

	(void)state;
	lc_arena_init(&arena, 16);
	copy = lc_arena_copy(&arena, (struct lc_view){.data = bytes, .size = sizeof bytes});
	memset(bytes, 'x', sizeof bytes);
	assert_int_equal(copy.size, 3);
	assert_memory_equal(copy.data, "a\0b", 3);
	copy = lc_arena_copy(&arena, (struct lc_view){.data = NULL, .size = 0});
	assert_int_equal(copy.size, 0);
	lc_arena_free(&arena);
}

static void a_freed_arena_is_empty_and_starts_small_again(void **state)
{
	struct lc_arena arena;

	(void)state;
	lc_arena_init(&arena, 512);
	for (int i = 0; i < 1000; i++)
		(void)lc_arena_alloc(&arena, 100);
	lc_arena_free(&arena);
	assert_int_equal(arena.allocated, 0);
	(void)lc_arena_alloc(&arena, 100);
	assert_in_range(arena.allocated, 512, 512 + HEADER_MAX);
	lc_arena_free(&arena);
	lc_arena_free(&arena);
}

static void commit_too_much(void *context)
{
	struct lc_arena *arena = context;

	(void)lc_arena_reserve(arena, 10);
	lc_arena_commit(arena, 1000);
}

static void ask_for_everything(void *context)
{
	(void)lc_arena_alloc(context, SIZE_MAX - 8);
}

static void what_cannot_be_had_ends_the_process(void **state)
{
	struct lc_arena arena;
	struct lc_buffer said;
	int status;

	(void)state;
	lc_arena_init(&arena, 64);
	lc_buffer_init(&said, 100000);
	status = stderr_capture_child(&said, commit_too_much, &arena);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	status = stderr_capture_child(&said, ask_for_everything, &arena);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	lc_buffer_free(&said);
	lc_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pieces_never_move_and_keep_their_bytes),
	    cmocka_unit_test(every_piece_is_aligned_for_any_object),
	    cmocka_unit_test(an_arena_begins_small_and_doubles_up_to_the_largest_chunk),
	    cmocka_unit_test(a_chunk_is_filled_before_the_next_one_begins),
	    cmocka_unit_test(a_piece_larger_than_a_chunk_gets_one_of_its_own),
	    cmocka_unit_test(a_reserved_place_costs_only_what_is_committed),
	    cmocka_unit_test(committed_texts_stand_back_to_back),
	    cmocka_unit_test(a_place_may_be_reserved_and_given_up),
	    cmocka_unit_test(a_copy_has_bytes_of_its_own),
	    cmocka_unit_test(a_freed_arena_is_empty_and_starts_small_again),
	    cmocka_unit_test(what_cannot_be_had_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
