#include "ledger/checkpoint.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "ledger/file_name.h"
#include "ledger/manifest.h"
#include "ledger/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	FILE_MODE = 0640,
	SLICE_CHUNKS = 32, /* that are compared at each turn of the loop: 2 MiB */
	FETCHES = 8,
	FETCH_MAX = 2 * 1024 * 1024,
	GAP_MAX = 2 * LC_MANIFEST_CHUNK, /* that is fetched, too, to spare a GET */
	UNSYNCED_MAX = 64 * 1024 * 1024, /* written before it is brought to the disk */
	DAMAGED_MAX = 3,                 /* a part whose hashes are wrong is fetched so often */
	TELL_MS = 5000,
};

static const char SUFFIX[] = ".fetch";

/* A chunk that is to be fetched. */
struct missing {
	uint32_t pack;
	uint32_t offset;
	size_t chunk;
};

/* Some that lie together in a pack. */
struct fetch {
	struct lc_checkpoint_restore *restore;
	struct lc_remote_call *call; /* NULL: none is under way */
	size_t first;                /* of the missing ones */
	size_t count;
	uint32_t from;
	uint32_t length;
	unsigned damaged;
};

struct lc_checkpoint_restore {
	struct lc_loop *loop;
	struct lc_remote *remote;
	char *name;
	char *path;
	char *draft_path;
	lc_checkpoint_restored_callback *callback;
	void *context;

	struct lc_loop_timer *timer; /* the next slice */
	struct lc_remote_call *call; /* for the manifest */
	struct lc_manifest manifest;
	int draft;               /* descriptors; -1: not open */
	int former;              /* the file that is there */
	size_t next;             /* chunk to be compared */
	char *slices;            /* of both, while they are compared */
	struct missing *missing; /* in the order of packs and offsets */
	size_t missing_count;
	size_t missing_capacity;
	size_t next_missing;
	struct fetch fetches[FETCHES];
	size_t active;
	uint64_t wanted_bytes; /* of the missing chunks */
	uint64_t written_bytes;
	uint64_t unsynced_bytes;
	uint64_t began_ms;
	uint64_t told_ms;
};

static void release(struct lc_checkpoint_restore *restore)
{
	lc_remote_free(restore->remote);
	lc_loop_timer_free(restore->timer);
	lc_manifest_free(&restore->manifest);
	if (restore->draft >= 0)
		close(restore->draft);
	if (restore->former >= 0)
		close(restore->former);
	free(restore->slices);
	free(restore->missing);
	free(restore->draft_path);
	free(restore->path);
	free(restore->name);
	free(restore);
}

void lc_checkpoint_restore_cancel(struct lc_checkpoint_restore *restore)
{
	if (restore != NULL)
		release(restore);
}

static void end(struct lc_checkpoint_restore *restore, const struct lc_error *error)
{
	restore->callback(restore->context, error);
	release(restore);
}

static bool fail_to_write(const struct lc_checkpoint_restore *restore, struct lc_error *error)
{
	return lc_error_set_errno(error, errno, "%s cannot be written", restore->draft_path);
}

/* ---- the file ---- */

static bool write_chunk(struct lc_checkpoint_restore *restore, size_t chunk, struct lc_view bytes,
			struct lc_error *error)
{
	off_t at = (off_t)chunk * LC_MANIFEST_CHUNK;

	restore->unsynced_bytes += bytes.size;
	while (bytes.size > 0) {
		ssize_t size = pwrite(restore->draft, bytes.data, bytes.size, at);

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return fail_to_write(restore, error);
		bytes.data += size;
		bytes.size -= (size_t)size;
		at += size;
	}
	/* So that the last sync does not hold up the loop for long. */
	if (restore->unsynced_bytes < UNSYNCED_MAX)
		return true;
	restore->unsynced_bytes = 0;
	return fdatasync(restore->draft) == 0 || fail_to_write(restore, error);
}

/* As much as there is of it. What cannot be read is not there. */
static size_t read_some(int fd, uint64_t from, char *place, size_t size)
{
	size_t total = 0;

	while (fd >= 0 && total < size) {
		ssize_t count = pread(fd, place + total, size - total, (off_t)(from + total));

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			break;
		total += (size_t)count;
	}
	return total;
}

/* The former file goes before its write-ahead log does: without it, it might not be whole. And its
 * log goes before the new file comes, which it does not belong to. */
static bool replace_file(struct lc_checkpoint_restore *restore, struct lc_error *error)
{
	if (ftruncate(restore->draft, (off_t)restore->manifest.file_size) != 0 ||
	    fsync(restore->draft) != 0)
		return fail_to_write(restore, error);
	if (!lc_file_remove(restore->path, error) ||
	    !lc_file_sync_directory_of(restore->path, error) ||
	    !lc_file_name_remove_all(restore->path, error))
		return false;
	if (rename(restore->draft_path, restore->path) != 0)
		return lc_error_set_errno(error, errno, "%s cannot be renamed",
					  restore->draft_path);
	return lc_file_sync_directory_of(restore->path, error);
}

static void finish(struct lc_checkpoint_restore *restore)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};

	if (replace_file(restore, &error))
		lc_log(
		    LC_LOG_INFO, "the ledger was restored from its checkpoint",
		    LC_LOG_TEXT("checkpoint", restore->name),
		    LC_LOG_UINT("bytes", restore->manifest.file_size),
		    LC_LOG_UINT("fetched_bytes", restore->written_bytes),
		    LC_LOG_UINT("milliseconds", lc_loop_now_ms(restore->loop) - restore->began_ms));
	end(restore, &error);
}

/* ---- fetching what is not there ---- */

static int compare_missing(const void *left, const void *right)
{
	const struct missing *a = left;
	const struct missing *b = right;

	if (a->pack != b->pack)
		return a->pack < b->pack ? -1 : 1;
	return (a->offset > b->offset) - (a->offset < b->offset);
}

static void tell_progress(struct lc_checkpoint_restore *restore)
{
	uint64_t now_ms = lc_loop_now_ms(restore->loop);

	if (now_ms - restore->told_ms < TELL_MS)
		return;
	restore->told_ms = now_ms;
	lc_log(LC_LOG_INFO, "the ledger is being restored from its checkpoint",
	       LC_LOG_UINT("fetched_bytes", restore->written_bytes),
	       LC_LOG_UINT("of_bytes", restore->wanted_bytes));
}

static size_t size_of_chunk(const struct lc_checkpoint_restore *restore, size_t chunk)
{
	return lc_manifest_chunk_size(restore->manifest.file_size, chunk);
}

static void fill_fetches(struct lc_checkpoint_restore *restore);
static void start_fetch(struct fetch *fetch);

static struct lc_view chunk_in(const struct fetch *fetch, const struct missing *missing,
			       struct lc_view body)
{
	return (struct lc_view){
	    .data = body.data + (missing->offset - fetch->from),
	    .size = size_of_chunk(fetch->restore, missing->chunk),
	};
}

static bool is_whole(const struct fetch *fetch, struct lc_view body)
{
	const struct lc_checkpoint_restore *restore = fetch->restore;

	for (size_t i = 0; i < fetch->count; i++) {
		const struct missing *missing = &restore->missing[fetch->first + i];
		struct lc_chain_hash hash = lc_chain_hash_of(chunk_in(fetch, missing, body));

		if (!lc_chain_hash_equal(hash, restore->manifest.chunks[missing->chunk].hash))
			return false;
	}
	return true;
}

static bool write_fetched(struct fetch *fetch, struct lc_view body, struct lc_error *error)
{
	struct lc_checkpoint_restore *restore = fetch->restore;

	for (size_t i = 0; i < fetch->count; i++) {
		const struct missing *missing = &restore->missing[fetch->first + i];
		struct lc_view chunk = chunk_in(fetch, missing, body);

		if (!write_chunk(restore, missing->chunk, chunk, error))
			return false;
		restore->written_bytes += chunk.size;
	}
	return true;
}

static void on_fetched(void *context, const struct lc_error *fault, struct lc_buffer *body)
{
	struct fetch *fetch = context;
	struct lc_checkpoint_restore *restore = fetch->restore;
	struct lc_error error;

	fetch->call = NULL;
	if (body == NULL) {
		end(restore, fault);
		return;
	}
	if (!is_whole(fetch, lc_buffer_view(body))) {
		if (++fetch->damaged < DAMAGED_MAX) {
			start_fetch(fetch);
			return;
		}
		lc_error_set(&error, LC_ERROR_CORRUPT,
			     "the object %s of the shared ledger is damaged: its bytes do not have "
			     "the hashes that checkpoint %s says",
			     restore->manifest.packs[restore->missing[fetch->first].pack].name,
			     restore->name);
		end(restore, &error);
		return;
	}
	if (!write_fetched(fetch, lc_buffer_view(body), &error)) {
		end(restore, &error);
		return;
	}
	restore->active--;
	tell_progress(restore);
	fill_fetches(restore);
}

static void start_fetch(struct fetch *fetch)
{
	struct lc_checkpoint_restore *restore = fetch->restore;
	uint32_t pack = restore->missing[fetch->first].pack;

	fetch->call = lc_remote_get(restore->remote, restore->manifest.packs[pack].name,
				    fetch->from, fetch->length, 0, on_fetched, fetch);
}

/* Takes the next missing chunks that lie together. */
static void choose(struct fetch *fetch)
{
	struct lc_checkpoint_restore *restore = fetch->restore;
	const struct missing *first = &restore->missing[restore->next_missing];
	uint64_t end = (uint64_t)first->offset + size_of_chunk(restore, first->chunk);

	fetch->first = restore->next_missing++;
	fetch->count = 1;
	fetch->from = first->offset;
	fetch->damaged = 0;
	while (restore->next_missing < restore->missing_count) {
		const struct missing *next = &restore->missing[restore->next_missing];
		uint64_t next_end = (uint64_t)next->offset + size_of_chunk(restore, next->chunk);

		if (next->pack != first->pack || next->offset > end + GAP_MAX ||
		    next_end - first->offset > FETCH_MAX)
			break;
		end = next_end > end ? next_end : end;
		restore->next_missing++;
		fetch->count++;
	}
	fetch->length = (uint32_t)(end - first->offset);
}

static void fill_fetches(struct lc_checkpoint_restore *restore)
{
	for (size_t i = 0; i < FETCHES; i++) {
		struct fetch *fetch = &restore->fetches[i];

		if (fetch->call != NULL || restore->next_missing == restore->missing_count)
			continue;
		choose(fetch);
		start_fetch(fetch);
		restore->active++;
	}
	if (restore->active == 0)
		finish(restore);
}

/* ---- comparing with what is there ---- */

static void miss(struct lc_checkpoint_restore *restore, size_t chunk)
{
	restore->missing = lc_memory_grow(restore->missing, &restore->missing_capacity,
					  restore->missing_count + 1, sizeof(restore->missing[0]));
	restore->missing[restore->missing_count++] = (struct missing){
	    .pack = restore->manifest.chunks[chunk].pack,
	    .offset = restore->manifest.chunks[chunk].offset,
	    .chunk = chunk,
	};
	restore->wanted_bytes += size_of_chunk(restore, chunk);
}

/* The chunk at `place` of a slice of which `size` bytes are there, or an empty view if it is not the
 * one that is wanted. */
static struct lc_view find_chunk(const struct lc_checkpoint_restore *restore, size_t chunk,
				 const char *slice, size_t size, size_t place)
{
	struct lc_view found = {.data = slice + place, .size = size_of_chunk(restore, chunk)};

	if (place + found.size <= size &&
	    lc_chain_hash_equal(lc_chain_hash_of(found), restore->manifest.chunks[chunk].hash))
		return found;
	return (struct lc_view){.data = NULL, .size = 0};
}

static bool compare_slice(struct lc_checkpoint_restore *restore, struct lc_error *error)
{
	size_t most = (size_t)SLICE_CHUNKS * LC_MANIFEST_CHUNK;
	char *slice = restore->slices;
	uint64_t from = (uint64_t)restore->next * LC_MANIFEST_CHUNK;
	size_t in_draft = read_some(restore->draft, from, slice, most);
	size_t in_former = read_some(restore->former, from, slice + most, most);

	for (size_t i = 0; i < SLICE_CHUNKS && restore->next < restore->manifest.chunk_count;
	     i++, restore->next++) {
		size_t place = i * LC_MANIFEST_CHUNK;
		struct lc_view former;

		if (find_chunk(restore, restore->next, slice, in_draft, place).size > 0)
			continue;
		former = find_chunk(restore, restore->next, slice + most, in_former, place);
		if (former.size == 0)
			miss(restore, restore->next);
		else if (!write_chunk(restore, restore->next, former, error))
			return false;
	}
	return true;
}

static void on_slice(void *context)
{
	struct lc_checkpoint_restore *restore = context;
	struct lc_error error;

	if (!compare_slice(restore, &error)) {
		end(restore, &error);
	} else if (restore->next < restore->manifest.chunk_count) {
		lc_loop_timer_start(restore->timer, 0);
	} else {
		free(restore->slices);
		restore->slices = NULL;
		if (restore->missing_count > 0)
			qsort(restore->missing, restore->missing_count, sizeof(restore->missing[0]),
			      compare_missing);
		fill_fetches(restore);
	}
}

/* ---- the beginning ---- */

/* Of the place in the chain that its name says. */
static bool check_manifest(const struct lc_checkpoint_restore *restore, struct lc_error *error)
{
	const struct lc_chain_position *position = &restore->manifest.position;
	uint64_t epoch;
	uint64_t seq;

	return (lc_chain_name_parse(lc_view_of(restore->name), LC_CHAIN_CHECKPOINT, &epoch, &seq) &&
		epoch == position->epoch && seq == position->seq) ||
	       lc_error_set(error, LC_ERROR_CORRUPT, "it is of another place in the chain");
}

static void on_manifest(void *context, const struct lc_error *fault, struct lc_buffer *body)
{
	struct lc_checkpoint_restore *restore = context;
	struct lc_error error;

	restore->call = NULL;
	if (body == NULL) {
		end(restore, fault);
		return;
	}
	if (!lc_manifest_decode(lc_buffer_view(body), &restore->manifest, &error) ||
	    !check_manifest(restore, &error)) {
		lc_error_prefix(&error, "the object %s of the shared ledger", restore->name);
		end(restore, &error);
		return;
	}
	restore->draft =
	    open(restore->draft_path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	if (restore->draft < 0) {
		fail_to_write(restore, &error);
		end(restore, &error);
		return;
	}
	restore->former = open(restore->path, O_RDONLY | O_CLOEXEC);
	restore->slices = lc_memory_zero(2 * (size_t)SLICE_CHUNKS, LC_MANIFEST_CHUNK);
	restore->told_ms = lc_loop_now_ms(restore->loop);
	lc_loop_timer_start(restore->timer, 0);
}

static char *draft_of(const char *path)
{
	size_t size = strlen(path) + sizeof(SUFFIX);
	char *draft = lc_memory_zero(size, 1);

	snprintf(draft, size, "%s%s", path, SUFFIX);
	return draft;
}

struct lc_checkpoint_restore *
lc_checkpoint_restore(struct lc_loop *loop, const struct lc_checkpoint_restore_options *options,
		      lc_checkpoint_restored_callback *callback, void *context)
{
	const struct lc_remote_options place = {.loop = loop,
						.s3 = options->s3,
						.bucket = options->bucket,
						.folder = options->folder,
						.random = options->random};
	struct lc_checkpoint_restore *restore = lc_memory_zero(1, sizeof(*restore));

	restore->loop = loop;
	restore->remote = lc_remote_new(&place);
	restore->name = lc_memory_copy_text(options->name);
	restore->path = lc_memory_copy_text(options->path);
	restore->draft_path = draft_of(options->path);
	restore->callback = callback;
	restore->context = context;
	restore->timer = lc_loop_timer_new(loop, on_slice, restore);
	restore->draft = -1;
	restore->former = -1;
	restore->began_ms = lc_loop_now_ms(loop);
	for (size_t i = 0; i < FETCHES; i++)
		restore->fetches[i].restore = restore;
	restore->call = lc_remote_get(restore->remote, restore->name, 0, 0, LC_MANIFEST_BYTES_MAX,
				      on_manifest, restore);
	return restore;
}
