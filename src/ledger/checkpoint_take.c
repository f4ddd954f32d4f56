#include "ledger/checkpoint.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"
#include "formats/row_hash.h"
#include "ledger/ledger.h"
#include "ledger/manifest.h"
#include "ledger/remote.h"
#include "ledger/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SLICE_CHUNKS = 32 }; /* that are read at each turn of the loop: 2 MiB */

enum step {
	STEP_BASE,     /* the manifest of the checkpoint before is read */
	STEP_FREEZING, /* the ledger's thread lets the file stand still */
	STEP_HASHING,  /* all of the file */
	STEP_PACKING,  /* what has changed is read into a pack */
	STEP_STORING,  /* the pack */
	STEP_MANIFEST, /* is stored */
};

static const char *const STEP_NAMES[] = {"base",    "freezing", "hashing",
					 "packing", "storing",  "manifest"};

struct lc_checkpoint_take {
	struct lc_remote *remote;
	struct lc_ledger *ledger;
	struct lc_random *random;
	char *base_name;
	lc_checkpoint_taken_callback *callback;
	void *context;

	enum step step;
	struct lc_loop_timer *timer;    /* the next slice */
	struct lc_loop_timer *deadline; /* runs while the file stands still */
	struct lc_remote_call *call;
	struct lc_ledger_command *freeze; /* until it has called back */
	struct lc_manifest base;          /* empty: none */
	struct lc_manifest manifest;
	struct lc_ledger_frozen file;
	struct timespec file_modified; /* when it began to stand still */
	bool frozen;
	size_t next;           /* chunk to be hashed, or looked at */
	struct lc_buffer body; /* a slice, a pack, or the manifest */
	struct lc_checkpoint_taken taken;
};

static void enter(struct lc_checkpoint_take *take, enum step step)
{
	lc_log(LC_LOG_DEBUG, "checkpoint", LC_LOG_TEXT("from", STEP_NAMES[take->step]),
	       LC_LOG_TEXT("to", STEP_NAMES[step]));
	take->step = step;
}

static void thaw(struct lc_checkpoint_take *take)
{
	if (!take->frozen)
		return;
	lc_ledger_thaw(take->ledger);
	lc_loop_timer_stop(take->deadline);
	take->frozen = false;
}

static void release(struct lc_checkpoint_take *take)
{
	/* A freeze that is still under way ends before this thaw does. */
	take->frozen = take->frozen || take->freeze != NULL;
	lc_ledger_cancel(take->freeze);
	thaw(take);
	lc_remote_free(take->remote);
	lc_loop_timer_free(take->deadline);
	lc_loop_timer_free(take->timer);
	lc_manifest_free(&take->base);
	lc_manifest_free(&take->manifest);
	lc_buffer_free(&take->body);
	free(take->base_name);
	free(take);
}

void lc_checkpoint_take_cancel(struct lc_checkpoint_take *take)
{
	if (take != NULL)
		release(take);
}

static void end(struct lc_checkpoint_take *take, const struct lc_error *error)
{
	take->callback(take->context, error, &take->taken);
	release(take);
}

static void go_on(struct lc_checkpoint_take *take)
{
	lc_loop_timer_start(take->timer, 0);
}

/* ---- the file ---- */

/* `size` bytes of the file, all of which are there. */
static bool read_file(const struct lc_checkpoint_take *take, uint64_t from, char *place,
		      size_t size, struct lc_error *error)
{
	while (size > 0) {
		ssize_t count = pread(take->file.descriptor, place, size, (off_t)from);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return lc_error_set_errno(error, errno, "reading the ledger's file");
		if (count == 0)
			return lc_error_set(
			    error, LC_ERROR_CORRUPT,
			    "the ledger's file has become shorter while it was read");
		place += count;
		from += (uint64_t)count;
		size -= (size_t)count;
	}
	return true;
}

static bool stood_still(const struct lc_checkpoint_take *take, struct lc_error *error)
{
	struct stat file;

	if (fstat(take->file.descriptor, &file) != 0)
		return lc_error_set_errno(error, errno, "the ledger's file");
	return ((uint64_t)file.st_size == take->file.size &&
		file.st_mtim.tv_sec == take->file_modified.tv_sec &&
		file.st_mtim.tv_nsec == take->file_modified.tv_nsec) ||
	       lc_error_set(error, LC_ERROR_CORRUPT,
			    "the ledger's file was written to by somebody else while a checkpoint "
			    "was taken");
}

static struct lc_view chunk_of(const char *slice, size_t size, size_t index)
{
	size_t begin = index * LC_MANIFEST_CHUNK;

	return (struct lc_view){
	    .data = slice + begin,
	    .size = size - begin < LC_MANIFEST_CHUNK ? size - begin : LC_MANIFEST_CHUNK,
	};
}

static bool hash_slice(struct lc_checkpoint_take *take, struct lc_error *error)
{
	uint64_t from = (uint64_t)take->next * LC_MANIFEST_CHUNK;
	size_t left = take->manifest.chunk_count - take->next;
	size_t count = left < SLICE_CHUNKS ? left : SLICE_CHUNKS;
	size_t size = (size_t)count * LC_MANIFEST_CHUNK;
	char *slice;

	if (size > take->file.size - from)
		size = (size_t)(take->file.size - from);
	lc_buffer_clear(&take->body);
	slice = lc_buffer_reserve(&take->body, size);
	LC_ASSERT(slice != NULL);
	if (!read_file(take, from, slice, size, error))
		return false;
	/* So that the loop does not wait for the disk at its next turn. */
	(void)posix_fadvise(take->file.descriptor, (off_t)(from + size),
			    (off_t)SLICE_CHUNKS * LC_MANIFEST_CHUNK, POSIX_FADV_WILLNEED);
	for (size_t i = 0; i < count; i++)
		take->manifest.chunks[take->next + i].hash =
		    lc_chain_hash_of(chunk_of(slice, size, i));
	take->next += count;
	return true;
}

/* ---- packs ---- */

static void make_name(struct lc_checkpoint_take *take, enum lc_chain_object kind,
		      char name[LC_CHAIN_NAME_SIZE])
{
	char nonce[LC_CHAIN_NONCE_SIZE];

	lc_chain_nonce_format(lc_random_next(take->random), nonce);
	lc_chain_name_format(kind, take->file.position.epoch, take->file.position.seq, nonce, name);
}

static void on_all_stored(void *context)
{
	static const struct lc_error NONE = {.kind = LC_ERROR_NONE};
	struct lc_checkpoint_take *take = context;

	take->call = NULL;
	take->taken.stored_bytes += take->body.size;
	end(take, &NONE);
}

static void store_manifest(struct lc_checkpoint_take *take)
{
	enter(take, STEP_MANIFEST);
	lc_manifest_encode(&take->manifest, &take->body);
	make_name(take, LC_CHAIN_CHECKPOINT, take->taken.name);
	take->call = lc_remote_put(take->remote, take->taken.name, lc_buffer_view(&take->body),
				   on_all_stored, take);
}

static void go_on_packing(struct lc_checkpoint_take *take)
{
	lc_buffer_clear(&take->body);
	if (take->next == take->manifest.chunk_count) {
		store_manifest(take);
		return;
	}
	enter(take, STEP_PACKING);
	go_on(take);
}

static void on_pack_stored(void *context)
{
	struct lc_checkpoint_take *take = context;

	take->call = NULL;
	take->taken.stored_bytes += take->body.size;
	take->taken.packs++;
	go_on_packing(take);
}

static void store_pack(struct lc_checkpoint_take *take)
{
	char name[LC_CHAIN_NAME_SIZE];

	if (take->body.size == 0) {
		go_on_packing(take);
		return;
	}
	enter(take, STEP_STORING);
	make_name(take, LC_CHAIN_PACK, name);
	(void)lc_manifest_add_pack(&take->manifest, name, (uint32_t)take->body.size);
	take->call =
	    lc_remote_put(take->remote, name, lc_buffer_view(&take->body), on_pack_stored, take);
}

static bool pack_chunk(struct lc_checkpoint_take *take, struct lc_error *error)
{
	struct lc_manifest_chunk *chunk = &take->manifest.chunks[take->next];
	size_t size = lc_manifest_chunk_size(take->file.size, take->next);
	char *place = lc_buffer_reserve(&take->body, size);

	LC_ASSERT(place != NULL);
	if (!read_file(take, (uint64_t)take->next * LC_MANIFEST_CHUNK, place, size, error))
		return false;
	if (!lc_chain_hash_equal(lc_chain_hash_of((struct lc_view){.data = place, .size = size}),
				 chunk->hash))
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "the ledger's file has changed while a checkpoint was taken");
	chunk->pack = (uint32_t)take->manifest.pack_count;
	chunk->offset = (uint32_t)take->body.size;
	lc_buffer_commit(&take->body, size);
	return true;
}

/* Reads a slice of what is in no pack yet. */
static bool pack_slice(struct lc_checkpoint_take *take, struct lc_error *error)
{
	size_t count = 0;

	while (take->next < take->manifest.chunk_count && count < SLICE_CHUNKS &&
	       take->body.size <= LC_MANIFEST_PACK_MAX - LC_MANIFEST_CHUNK) {
		if (take->manifest.chunks[take->next].pack == LC_MANIFEST_UNPACKED) {
			if (!pack_chunk(take, error))
				return false;
			count++;
		}
		take->next++;
	}
	return true;
}

static void hash_some(struct lc_checkpoint_take *take)
{
	struct lc_error error;

	if (!hash_slice(take, &error)) {
		end(take, &error);
		return;
	}
	if (take->next == take->manifest.chunk_count) {
		lc_manifest_reuse(&take->manifest, &take->base);
		take->next = 0;
		lc_buffer_clear(&take->body);
		enter(take, STEP_PACKING);
	}
	go_on(take);
}

static void pack_some(struct lc_checkpoint_take *take)
{
	bool all;
	struct lc_error error;

	if (!pack_slice(take, &error)) {
		end(take, &error);
		return;
	}
	all = take->next == take->manifest.chunk_count;
	if (all && !stood_still(take, &error)) {
		end(take, &error);
	} else if (all) {
		thaw(take);
		store_pack(take);
	} else if (take->body.size > LC_MANIFEST_PACK_MAX - LC_MANIFEST_CHUNK) {
		store_pack(take);
	} else {
		go_on(take);
	}
}

static void on_slice(void *context)
{
	struct lc_checkpoint_take *take = context;

	if (take->step == STEP_HASHING)
		hash_some(take);
	else
		pack_some(take);
}

static void on_deadline(void *context)
{
	struct lc_checkpoint_take *take = context;
	struct lc_error error;

	lc_error_set(&error, LC_ERROR_LIMIT,
		     "a checkpoint of the ledger was not stored within %d minutes and is given up",
		     LC_CHECKPOINT_TAKE_MAX_MS / 60000);
	end(take, &error);
}

/* ---- the beginning ---- */

static void on_frozen(void *context, const struct lc_error *error,
		      const struct lc_ledger_frozen *frozen)
{
	struct lc_checkpoint_take *take = context;
	struct lc_error problem = *error;
	struct stat file;

	take->freeze = NULL;
	take->frozen = error->kind == LC_ERROR_NONE;
	if (take->frozen && fstat(frozen->descriptor, &file) != 0)
		lc_error_set_errno(&problem, errno, "the ledger's file");
	if (problem.kind != LC_ERROR_NONE) {
		end(take, &problem);
		return;
	}
	take->file = *frozen;
	take->file_modified = file.st_mtim;
	take->taken.position = frozen->position;
	take->taken.file_bytes = frozen->size;
	take->manifest.position = frozen->position;
	lc_manifest_begin(&take->manifest, frozen->size);
	lc_loop_timer_start(take->deadline, LC_CHECKPOINT_TAKE_MAX_MS);
	enter(take, STEP_HASHING);
	go_on(take);
}

static void freeze(struct lc_checkpoint_take *take)
{
	enter(take, STEP_FREEZING);
	take->freeze = lc_ledger_freeze(take->ledger, on_frozen, take);
}

static void on_base(void *context, const struct lc_error *error, struct lc_buffer *body)
{
	struct lc_checkpoint_take *take = context;
	struct lc_error problem;

	take->call = NULL;
	if (body != NULL && lc_manifest_decode(lc_buffer_view(body), &take->base, &problem))
		error = NULL;
	else if (body != NULL)
		error = &problem;
	if (error != NULL)
		lc_log(LC_LOG_WARNING,
		       "the checkpoint before cannot be read: all of the ledger is stored again",
		       LC_LOG_TEXT("checkpoint", take->base_name), LC_LOG_FAULT(error));
	freeze(take);
}

struct lc_checkpoint_take *lc_checkpoint_take(struct lc_loop *loop,
					      const struct lc_checkpoint_take_options *options,
					      lc_checkpoint_taken_callback *callback, void *context)
{
	const struct lc_remote_options place = {.loop = loop,
						.s3 = options->s3,
						.bucket = options->bucket,
						.folder = options->folder,
						.random = options->random};
	struct lc_checkpoint_take *take = lc_memory_zero(1, sizeof(*take));

	take->remote = lc_remote_new(&place);
	take->ledger = options->ledger;
	take->random = options->random;
	take->base_name = lc_memory_copy_text(options->base);
	take->callback = callback;
	take->context = context;
	take->timer = lc_loop_timer_new(loop, on_slice, take);
	take->deadline = lc_loop_timer_new(loop, on_deadline, take);
	lc_buffer_init(&take->body, SIZE_MAX / 2);
	take->manifest.schema = LC_SCHEMA_VERSION;
	take->manifest.row_hash = LC_ROW_HASH_VERSION;
	take->manifest.shard = options->shard;
	take->manifest.shard_count = options->shard_count;
	take->manifest.generation = options->generation;
	if (options->base[0] == '\0')
		freeze(take);
	else
		take->call = lc_remote_get(take->remote, take->base_name, 0, 0,
					   LC_MANIFEST_BYTES_MAX, on_base, take);
	return take;
}
