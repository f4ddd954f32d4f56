#include "base/arena.h"

#include "base/assert.h"
#include "base/memory.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

struct lc_arena_chunk {
	struct lc_arena_chunk *older;
	size_t size; /* bytes of data */
	size_t used;
	alignas(max_align_t) char data[];
};

void lc_arena_init(struct lc_arena *arena, size_t first_chunk_size)
{
	*arena = (struct lc_arena){.first_chunk_size = first_chunk_size,
				   .next_chunk_size = first_chunk_size};
}

void lc_arena_free(struct lc_arena *arena)
{
	struct lc_arena_chunk *chunk = arena->newest;

	while (chunk != NULL) {
		struct lc_arena_chunk *older = chunk->older;

		free(chunk);
		chunk = older;
	}
	lc_arena_init(arena, arena->first_chunk_size);
}

static struct lc_arena_chunk *add_chunk(struct lc_arena *arena, size_t size)
{
	size_t data_size = size > arena->next_chunk_size ? size : arena->next_chunk_size;
	struct lc_arena_chunk *chunk;

	LC_ASSERT(data_size <= SIZE_MAX - sizeof(*chunk));
	chunk = lc_memory_resize(NULL, 1, sizeof(*chunk) + data_size);
	*chunk = (struct lc_arena_chunk){.older = arena->newest, .size = data_size};
	arena->newest = chunk;
	if (arena->next_chunk_size <= LC_ARENA_CHUNK_MAX / 2)
		arena->next_chunk_size *= 2;
	arena->allocated += sizeof(*chunk) + data_size;
	return chunk;
}

char *lc_arena_reserve(struct lc_arena *arena, size_t size)
{
	struct lc_arena_chunk *chunk = arena->newest;

	if (chunk == NULL || chunk->size - chunk->used < size)
		chunk = add_chunk(arena, size);
	return chunk->data + chunk->used;
}

void lc_arena_commit(struct lc_arena *arena, size_t used)
{
	struct lc_arena_chunk *chunk = arena->newest;

	LC_ASSERT(chunk != NULL);
	LC_ASSERT(used <= chunk->size - chunk->used);
	chunk->used += used;
}

void *lc_arena_alloc(struct lc_arena *arena, size_t size)
{
	const size_t alignment = alignof(max_align_t);
	struct lc_arena_chunk *chunk = arena->newest;
	size_t start;

	if (chunk != NULL) {
		start = (chunk->used + alignment - 1) / alignment * alignment;
		if (start <= chunk->size && size <= chunk->size - start) {
			chunk->used = start + size;
			return chunk->data + start;
		}
	}
	chunk = add_chunk(arena, size);
	chunk->used = size;
	return chunk->data;
}

struct lc_view lc_arena_copy(struct lc_arena *arena, struct lc_view view)
{
	char *place = lc_arena_reserve(arena, view.size);

	if (view.size > 0)
		memcpy(place, view.data, view.size);
	lc_arena_commit(arena, view.size);
	return (struct lc_view){.data = place, .size = view.size};
}
