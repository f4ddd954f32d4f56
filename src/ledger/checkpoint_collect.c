#include "ledger/checkpoint.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"
#include "ledger/manifest.h"
#include "ledger/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DELETIONS = 4 };

/* What is looked through, one after the other. */
static const enum lc_chain_object KINDS[] = {LC_CHAIN_SEGMENT, LC_CHAIN_CHECKPOINT, LC_CHAIN_PACK};

enum { KIND_COUNT = sizeof(KINDS) / sizeof(KINDS[0]) };

struct deletion {
	struct lc_checkpoint_collect *collect;
	struct lc_s3_put *attempt; /* NULL: none is under way */
};

struct lc_checkpoint_collect {
	struct lc_remote *remote;
	char *name;
	lc_checkpoint_collected_callback *callback;
	void *context;
	struct lc_remote_call *call; /* for the manifest */
	struct lc_manifest manifest;
	char (*needed)[LC_CHAIN_NAME_SIZE]; /* packs, sorted */
	size_t kind;
	bool last_page;                        /* of the kind */
	char after[LC_S3_LISTING_KEY_MAX + 1]; /* the last name of the page before */
	struct lc_s3_put *list;
	char (*doomed)[LC_CHAIN_NAME_SIZE]; /* of this page */
	size_t doomed_count;
	size_t doomed_capacity;
	size_t next; /* of the doomed ones */
	struct deletion deletions[DELETIONS];
	size_t active;
	struct lc_checkpoint_collected result;
};

static void release(struct lc_checkpoint_collect *collect)
{
	if (collect->list != NULL)
		lc_s3_cancel(collect->list);
	for (size_t i = 0; i < DELETIONS; i++) {
		if (collect->deletions[i].attempt != NULL)
			lc_s3_cancel(collect->deletions[i].attempt);
	}
	lc_remote_free(collect->remote);
	lc_manifest_free(&collect->manifest);
	free(collect->needed);
	free(collect->doomed);
	free(collect->name);
	free(collect);
}

void lc_checkpoint_collect_cancel(struct lc_checkpoint_collect *collect)
{
	if (collect != NULL)
		release(collect);
}

static void end(struct lc_checkpoint_collect *collect)
{
	if (collect->result.deleted + collect->result.failed > 0)
		lc_log(LC_LOG_INFO, "objects of the shared ledger that nobody needs were deleted",
		       LC_LOG_UINT("deleted", collect->result.deleted),
		       LC_LOG_UINT("failed", collect->result.failed));
	collect->callback(collect->context, &collect->result);
	release(collect);
}

static void note_failure(struct lc_checkpoint_collect *collect, const char *message,
			 const struct lc_error *error)
{
	/* One line says it; the number of the others comes at the end. */
	if (collect->result.failed++ == 0)
		lc_log(LC_LOG_WARNING, message, LC_LOG_FAULT(error));
}

static void list_page(struct lc_checkpoint_collect *collect);

/* ---- deleting ---- */

static void fill_deletions(struct lc_checkpoint_collect *collect);

static void on_deleted(void *context, const struct lc_s3_answer *answer)
{
	struct deletion *deletion = context;
	struct lc_checkpoint_collect *collect = deletion->collect;

	deletion->attempt = NULL;
	collect->active--;
	if (answer->retry_class == LC_RETRY_DONE)
		collect->result.deleted++;
	else
		note_failure(collect, "an object of the shared ledger cannot be deleted",
			     &answer->error);
	fill_deletions(collect);
}

static void fill_deletions(struct lc_checkpoint_collect *collect)
{
	for (size_t i = 0; i < DELETIONS; i++) {
		struct deletion *deletion = &collect->deletions[i];

		if (deletion->attempt != NULL || collect->next == collect->doomed_count)
			continue;
		deletion->attempt = lc_remote_delete(
		    collect->remote, collect->doomed[collect->next++], on_deleted, deletion);
		collect->active++;
	}
	if (collect->active > 0)
		return;
	if (!collect->last_page) {
		list_page(collect);
	} else if (++collect->kind < KIND_COUNT) {
		collect->after[0] = '\0';
		list_page(collect);
	} else {
		end(collect);
	}
}

/* ---- what is to be deleted ---- */

static int compare_names(const void *left, const void *right)
{
	return memcmp(left, right, LC_CHAIN_NAME_SIZE);
}

static bool is_needed(const struct lc_checkpoint_collect *collect, const char *name)
{
	char key[LC_CHAIN_NAME_SIZE] = {0};

	memcpy(key, name, strlen(name));
	return strcmp(name, collect->name) == 0 ||
	       bsearch(key, collect->needed, collect->manifest.pack_count, LC_CHAIN_NAME_SIZE,
		       compare_names) != NULL;
}

/* Objects of a kind are listed in the order in which they were made, so that the first one that has
 * to stay for its place or its age is the last that is looked at. True for that one. */
static bool is_beyond(const struct lc_checkpoint_collect *collect,
		      const struct lc_chain_position *position, const struct lc_s3_listed *object,
		      int64_t server_seconds)
{
	return lc_chain_position_compare(position, &collect->manifest.position) > 0 ||
	       server_seconds - (int64_t)object->modified < LC_CHECKPOINT_KEEP_SECONDS;
}

static void doom(struct lc_checkpoint_collect *collect, const char *name)
{
	collect->doomed = lc_memory_grow(collect->doomed, &collect->doomed_capacity,
					 collect->doomed_count + 1, sizeof(collect->doomed[0]));
	memcpy(collect->doomed[collect->doomed_count++], name, strlen(name) + 1);
}

static void look_through(struct lc_checkpoint_collect *collect, const struct lc_s3_listing *listing,
			 int64_t server_seconds)
{
	for (size_t i = 0; i < listing->count; i++) {
		struct lc_view name = lc_remote_name_of(collect->remote, listing->objects[i].key);
		struct lc_chain_position position = {.epoch = 0};

		snprintf(collect->after, sizeof(collect->after), "%.*s", (int)name.size, name.data);
		/* What is called in another way is not ours to delete. */
		if (!lc_chain_name_parse(name, KINDS[collect->kind], &position.epoch,
					 &position.seq))
			continue;
		if (is_beyond(collect, &position, &listing->objects[i], server_seconds)) {
			collect->last_page = true;
			return;
		}
		if (!is_needed(collect, collect->after))
			doom(collect, collect->after);
	}
}

static void on_page(void *context, const struct lc_s3_answer *answer,
		    const struct lc_s3_listing *listing, int64_t server_seconds)
{
	struct lc_checkpoint_collect *collect = context;

	collect->list = NULL;
	collect->doomed_count = 0;
	collect->next = 0;
	if (listing == NULL) {
		note_failure(collect, "the objects of the shared ledger cannot be listed",
			     &answer->error);
		end(collect);
		return;
	}
	/* Without S3's clock nothing is known to be old. */
	collect->last_page = !listing->truncated || server_seconds == 0;
	if (server_seconds > 0)
		look_through(collect, listing, server_seconds);
	fill_deletions(collect);
}

static void list_page(struct lc_checkpoint_collect *collect)
{
	collect->list = lc_remote_list(collect->remote, lc_chain_folder(KINDS[collect->kind]),
				       collect->after, on_page, collect);
}

/* ---- the beginning ---- */

static void sort_needed(struct lc_checkpoint_collect *collect)
{
	size_t count = collect->manifest.pack_count;

	collect->needed = lc_memory_zero(count, sizeof(collect->needed[0]));
	for (size_t i = 0; i < count; i++)
		memcpy(collect->needed[i], collect->manifest.packs[i].name,
		       strlen(collect->manifest.packs[i].name));
	qsort(collect->needed, count, sizeof(collect->needed[0]), compare_names);
}

static void on_manifest(void *context, const struct lc_error *fault, struct lc_buffer *body)
{
	struct lc_checkpoint_collect *collect = context;
	struct lc_error error;

	collect->call = NULL;
	if (body != NULL && lc_manifest_decode(lc_buffer_view(body), &collect->manifest, &error)) {
		sort_needed(collect);
		list_page(collect);
		return;
	}
	note_failure(collect, "the checkpoint cannot be read: nothing is deleted",
		     body == NULL ? fault : &error);
	end(collect);
}

struct lc_checkpoint_collect *
lc_checkpoint_collect(struct lc_loop *loop, const struct lc_checkpoint_collect_options *options,
		      lc_checkpoint_collected_callback *callback, void *context)
{
	const struct lc_remote_options place = {.loop = loop,
						.s3 = options->s3,
						.bucket = options->bucket,
						.folder = options->folder,
						.random = options->random};
	struct lc_checkpoint_collect *collect = lc_memory_zero(1, sizeof(*collect));

	collect->remote = lc_remote_new(&place);
	collect->name = lc_memory_copy_text(options->name);
	collect->callback = callback;
	collect->context = context;
	for (size_t i = 0; i < DELETIONS; i++)
		collect->deletions[i].collect = collect;
	collect->call = lc_remote_get(collect->remote, collect->name, 0, 0, LC_MANIFEST_BYTES_MAX,
				      on_manifest, collect);
	return collect;
}
