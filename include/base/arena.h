/*
 * An arena: memory that is handed out in pieces and given back all at once. Pieces never move. It
 * grows by chunks, each twice as large as the one before up to LC_ARENA_CHUNK_MAX, so that a small
 * arena stays small and a large one has few chunks; a piece larger than a chunk gets a chunk of its
 * own.
 */
#ifndef LC_BASE_ARENA_H
#define LC_BASE_ARENA_H

#include "base/view.h"

#include <stddef.h>

enum { LC_ARENA_CHUNK_MAX = 1024 * 1024 };

struct lc_arena_chunk;

struct lc_arena {
	struct lc_arena_chunk *newest;
	size_t first_chunk_size;
	size_t next_chunk_size;
	size_t allocated; /* bytes taken from the system, chunk headers included */
};

/* An empty arena whose first chunk has `first_chunk_size` bytes, allocated when needed. */
void lc_arena_init(struct lc_arena *arena, size_t first_chunk_size);

/* Releases everything; the arena is empty and may be used again. */
void lc_arena_free(struct lc_arena *arena);

/* `size` bytes aligned for any object, not zeroed. Aborts when the system is out of memory. */
void *lc_arena_alloc(struct lc_arena *arena, size_t size);

/* A place of at least `size` bytes without alignment, of which lc_arena_commit then keeps the first
 * `used` (<= size). No other call to the arena may stand between the two. For text whose length is
 * known only once it is written. */
char *lc_arena_reserve(struct lc_arena *arena, size_t size);
void lc_arena_commit(struct lc_arena *arena, size_t used);

/* A copy of the view's bytes, owned by the arena. */
struct lc_view lc_arena_copy(struct lc_arena *arena, struct lc_view view);

#endif
