#include "ledger/chain_restore.h"

#include "base/backoff.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"
#include "clients/retry.h"
#include "clients/s3_read.h"
#include "ledger/checkpoint.h"
#include "ledger/file_name.h"
#include "ledger/ledger_command.h"
#include "ledger/segment.h"
#include "ledger/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SEGMENT_MAX = 256 * 1024 * 1024, /* bytes; far above what one group commit holds */
	ABSENT_MAX = 5,                  /* S3 is asked so often for what has to be there */
	KEY_SIZE = 1024 + LC_CHAIN_NAME_SIZE,
	FETCHES_MAX = 8, /* GETs under way */
	LISTED_MAX = 64 * 1024,
};

/* Of all segments between checkpoint and head, which wait in memory to be executed. */
static const uint64_t WALK_MAX = 1024ull * 1024 * 1024;

static const struct lc_backoff RETRY = {.initial_ms = 250, .maximum_ms = 10 * 1000, .jitter = 0.3};

enum step {
	STEP_LISTING, /* what may be on the way back, to be fetched ahead */
	STEP_WALKING,
	STEP_FETCHING, /* the checkpoint */
	STEP_EXECUTING,
	STEP_OVER,
};

/* A segment that is fetched, or was, and has not been passed. */
struct fetch {
	struct lc_chain_restore *restore;
	char name[LC_CHAIN_NAME_SIZE]; /* empty: the place is free */
	struct lc_s3_put *request;     /* NULL: it is there */
	struct lc_buffer body;
};

/* A segment that was passed on the way back. */
struct passed {
	struct lc_buffer bytes;
	struct lc_chain_position position;
};

struct lc_chain_restore {
	struct lc_loop *loop;
	struct lc_chain_restore_options options;
	lc_chain_restore_done *on_done;
	lc_chain_restore_trouble *on_trouble;
	void *context;

	enum step step;
	struct lc_loop_timer *timer; /* the next step, or attempt */
	unsigned attempts;           /* in a row that have failed */
	unsigned absent;             /* of them: the object was not there */
	struct lc_s3_put *request;   /* a list */
	struct lc_checkpoint_restore *checkpoint;

	struct lc_chain_position local;  /* seq 0: the file is of no use */
	struct lc_chain_position wanted; /* of the segment that comes next on the way back */
	char name[LC_CHAIN_NAME_SIZE];
	char (*listed)[LC_CHAIN_NAME_SIZE]; /* names in their order, the later ones taken off */
	size_t listed_count;
	size_t listed_capacity;
	struct fetch fetches[FETCHES_MAX];
	struct passed *passed; /* the latest first */
	size_t passed_count;
	size_t passed_capacity;
	uint64_t passed_bytes;
	struct lc_store *store;
};

static void end(struct lc_chain_restore *restore, const struct lc_error *error)
{
	restore->step = STEP_OVER;
	lc_store_close(restore->store);
	restore->store = NULL;
	restore->on_done(restore->context, error);
}

static void end_well(struct lc_chain_restore *restore)
{
	static const struct lc_error NONE = {.kind = LC_ERROR_NONE};

	end(restore, &NONE);
}

/* ---- the segments are executed ---- */

static bool open_store(struct lc_chain_restore *restore, struct lc_error *error)
{
	const struct lc_ledger_options options = {.path = restore->options.path,
						  .shard = restore->options.shard,
						  .shard_count = restore->options.shard_count};
	struct lc_ledger_state state = {.fresh = false};

	restore->store = lc_store_open(&options, &state, error);
	return restore->store != NULL;
}

static bool execute(struct lc_store *store, const struct passed *passed,
		    const struct lc_ledger_command_list *commands, struct lc_error *error)
{
	if (lc_ledger_command_begin_all(commands, store, error) &&
	    lc_store_set_position(store, &passed->position, error) && lc_store_commit(store, error))
		return true;
	lc_store_roll_back(store);
	return false;
}

static bool execute_next(struct lc_chain_restore *restore, struct lc_error *error)
{
	struct passed *passed = &restore->passed[restore->passed_count - 1];
	struct lc_ledger_command_list commands = STAILQ_HEAD_INITIALIZER(commands);
	struct lc_segment_header header;
	bool done = lc_segment_decode(lc_buffer_view(&passed->bytes), &header, &commands, error) &&
		    execute(restore->store, passed, &commands, error);

	lc_ledger_command_free_all(&commands);
	if (!done)
		return false;
	lc_buffer_free(&passed->bytes);
	restore->passed_count--;
	return true;
}

static void go_on(struct lc_chain_restore *restore)
{
	lc_loop_timer_start(restore->timer, 0);
}

static void begin_executing(struct lc_chain_restore *restore)
{
	struct lc_error error;

	restore->step = STEP_EXECUTING;
	lc_log(LC_LOG_INFO, "the shard's ledger is brought up to date",
	       LC_LOG_UINT("segments", restore->passed_count),
	       LC_LOG_UINT("bytes", restore->passed_bytes));
	if (open_store(restore, &error))
		go_on(restore);
	else
		end(restore, &error);
}

static void execute_some(struct lc_chain_restore *restore)
{
	struct lc_error error;

	if (restore->passed_count == 0)
		end_well(restore);
	else if (execute_next(restore, &error))
		go_on(restore);
	else
		end(restore, &error);
}

/* ---- where the file comes from ---- */

static void trouble(struct lc_chain_restore *restore, const struct lc_error *error)
{
	restore->on_trouble(restore->context, error);
	lc_loop_timer_start(restore->timer, lc_backoff_delay_ms(&RETRY, restore->attempts++,
								restore->options.random));
}

static void no_trouble(struct lc_chain_restore *restore)
{
	if (restore->attempts > 0)
		restore->on_trouble(restore->context, NULL);
	restore->attempts = 0;
	restore->absent = 0;
}

/* The file says by itself where it stands. */
static bool check_checkpoint(const struct lc_chain_restore *restore, struct lc_error *error)
{
	const struct lc_shard_head *head = restore->options.head;
	struct lc_chain_position position;

	if (!lc_store_find_position(restore->options.path, &position, error))
		return false;
	if (lc_chain_position_equal(&position, &head->checkpointed))
		return true;
	return lc_error_set(error, LC_ERROR_CORRUPT,
			    "the shared ledger of shard %u is damaged: %s%s in bucket %s is of "
			    "another place in the chain than its head says",
			    restore->options.shard, restore->options.folder, head->checkpoint,
			    restore->options.bucket);
}

static void on_checkpoint(void *context, const struct lc_error *fault)
{
	struct lc_chain_restore *restore = context;
	struct lc_error error = *fault;

	restore->checkpoint = NULL;
	if (error.kind != LC_ERROR_NONE || !check_checkpoint(restore, &error))
		end(restore, &error);
	else
		begin_executing(restore);
}

static void fetch_checkpoint(struct lc_chain_restore *restore)
{
	const struct lc_checkpoint_restore_options options = {
	    .s3 = restore->options.s3,
	    .bucket = restore->options.bucket,
	    .folder = restore->options.folder,
	    .name = restore->options.head->checkpoint,
	    .path = restore->options.path,
	    .random = restore->options.random,
	};

	restore->step = STEP_FETCHING;
	restore->checkpoint =
	    lc_checkpoint_restore(restore->loop, &options, on_checkpoint, restore);
}

static bool is_at_file(const struct lc_chain_restore *restore)
{
	return restore->local.seq > 0 && lc_chain_position_equal(&restore->wanted, &restore->local);
}

static bool is_reached(const struct lc_chain_restore *restore)
{
	return is_at_file(restore) ||
	       lc_chain_position_equal(&restore->wanted, &restore->options.head->checkpointed);
}

/* The chain was walked to the place before which no segment is needed. */
static void on_reached(struct lc_chain_restore *restore)
{
	struct lc_error error;

	if (!is_at_file(restore) && restore->options.head->checkpoint[0] != '\0')
		fetch_checkpoint(restore);
	else if (!is_at_file(restore) && !lc_file_name_remove_all(restore->options.path, &error))
		end(restore, &error);
	else if (restore->passed_count == 0)
		end_well(restore);
	else
		begin_executing(restore);
}

/* ---- what is passed ---- */

static bool refuse(const struct lc_chain_restore *restore, struct lc_error *error, const char *why)
{
	return lc_error_set(error, LC_ERROR_CORRUPT,
			    "the shared ledger of shard %u is damaged: %s%s in bucket %s %s",
			    restore->options.shard, restore->options.folder, restore->name,
			    restore->options.bucket, why);
}

/* Whether the segment is the one that was meant, and speaks of this shard. */
static bool check(const struct lc_chain_restore *restore, const struct lc_segment_header *header,
		  struct lc_error *error)
{
	if (header->shard != restore->options.shard ||
	    header->shard_count != restore->options.shard_count ||
	    header->generation != restore->options.head->generation ||
	    header->epoch != restore->wanted.epoch || header->seq != restore->wanted.seq)
		return refuse(restore, error, "is another segment than its name says");
	if (header->previous.seq >= header->seq ||
	    header->previous.seq < restore->options.head->checkpointed.seq)
		return refuse(restore, error, "leads past the checkpoint of its chain");
	return true;
}

/* Takes the segment, and makes the one before it the next that is wanted. It is decoded whole, and
 * again when it is executed: so a bad one is found before the local file is replaced, and what waits
 * in memory is bytes. */
static bool pass(struct lc_chain_restore *restore, struct lc_buffer *body, struct lc_error *error)
{
	struct lc_ledger_command_list commands = STAILQ_HEAD_INITIALIZER(commands);
	struct lc_view bytes = lc_buffer_view(body);
	struct lc_segment_header header;
	bool fits;

	if (!lc_chain_hash_equal(lc_chain_hash_of(bytes), restore->wanted.hash))
		return refuse(restore, error, "is not what was written there");
	fits =
	    lc_segment_decode(bytes, &header, &commands, error) && check(restore, &header, error);
	lc_ledger_command_free_all(&commands);
	if (!fits)
		return false;
	restore->passed_bytes += bytes.size;
	if (restore->passed_bytes > WALK_MAX)
		return lc_error_set(error, LC_ERROR_LIMIT,
				    "the shared ledger of shard %u has more than %" PRIu64
				    " bytes of segments after its checkpoint",
				    restore->options.shard, WALK_MAX);
	restore->passed = lc_memory_grow(restore->passed, &restore->passed_capacity,
					 restore->passed_count + 1, sizeof(restore->passed[0]));
	restore->passed[restore->passed_count++] =
	    (struct passed){.bytes = *body, .position = restore->wanted};
	lc_buffer_init(body, SEGMENT_MAX);
	restore->wanted = header.previous;
	snprintf(restore->name, sizeof(restore->name), "%s", header.previous_name);
	return true;
}

/* ---- fetching, ahead where that is possible ---- */

static void free_fetch(struct fetch *fetch)
{
	if (fetch->request != NULL)
		lc_s3_cancel(fetch->request);
	lc_buffer_free(&fetch->body);
	fetch->request = NULL;
	fetch->name[0] = '\0';
}

/* The place of this name, or, with an empty one, a free place; NULL if there is none. */
static struct fetch *find_fetch(struct lc_chain_restore *restore, const char *name)
{
	for (size_t i = 0; i < FETCHES_MAX; i++) {
		if (strcmp(restore->fetches[i].name, name) == 0)
			return &restore->fetches[i];
	}
	return NULL;
}

/* Names have the order of the chain: what comes after the one that is wanted is not part of it. */
static void drop_passed(struct lc_chain_restore *restore)
{
	for (size_t i = 0; i < FETCHES_MAX; i++) {
		if (strcmp(restore->fetches[i].name, restore->name) > 0)
			free_fetch(&restore->fetches[i]);
	}
}

static void walk(struct lc_chain_restore *restore);

static void on_segment(void *context, const struct lc_s3_answer *answer, struct lc_buffer *body)
{
	struct fetch *fetch = context;
	struct lc_chain_restore *restore = fetch->restore;
	bool wanted = strcmp(fetch->name, restore->name) == 0;
	struct lc_error error = answer->error;

	fetch->request = NULL;
	if (answer->retry_class == LC_RETRY_DONE) {
		fetch->body = *body;
		lc_buffer_init(body, SEGMENT_MAX);
		if (wanted)
			walk(restore);
		return;
	}
	free_fetch(fetch);
	if (!wanted) /* it is fetched again should it be */
		return;
	if (lc_retry_is_absent_s3(answer->status, answer->code) &&
	    ++restore->absent >= ABSENT_MAX) {
		refuse(restore, &error, "is not there, though the chain needs it");
		end(restore, &error);
	} else {
		trouble(restore, &error);
	}
}

static void begin_fetch(struct lc_chain_restore *restore, struct fetch *fetch, const char *name)
{
	char key[KEY_SIZE];
	struct lc_s3_get_spec spec = {.bucket = lc_view_of(restore->options.bucket),
				      .max_bytes = SEGMENT_MAX};

	fetch->restore = restore;
	snprintf(fetch->name, sizeof(fetch->name), "%s", name);
	snprintf(key, sizeof(key), "%s%s", restore->options.folder, name);
	spec.key = lc_view_of(key);
	fetch->request = lc_s3_get(restore->options.s3, &spec, on_segment, fetch);
}

/* What was listed before the one that is wanted comes after it on the way back, most likely. */
static void fetch_ahead(struct lc_chain_restore *restore)
{
	struct fetch *fetch;

	while (restore->listed_count > 0 && (fetch = find_fetch(restore, "")) != NULL) {
		const char *name = restore->listed[--restore->listed_count];

		if (strcmp(name, restore->name) < 0)
			begin_fetch(restore, fetch, name);
	}
}

/* ---- the way back ---- */

static void walk(struct lc_chain_restore *restore)
{
	struct fetch *fetch;
	struct lc_error error;

	if (is_reached(restore)) {
		on_reached(restore);
		return;
	}
	drop_passed(restore);
	fetch = find_fetch(restore, restore->name);
	if (fetch == NULL) {
		fetch = find_fetch(restore, "");
		if (fetch == NULL) {
			/* All are of segments before it: the last one of the list is wanted last. */
			fetch = &restore->fetches[0];
			free_fetch(fetch);
		}
		begin_fetch(restore, fetch, restore->name);
	}
	fetch_ahead(restore);
	if (fetch->request != NULL)
		return;
	no_trouble(restore);
	if (pass(restore, &fetch->body, &error)) {
		free_fetch(fetch);
		go_on(restore);
	} else {
		end(restore, &error);
	}
}

static void list(struct lc_chain_restore *restore);

static void on_listed(void *context, const struct lc_s3_answer *answer,
		      const struct lc_s3_listing *listing, int64_t server_seconds)
{
	struct lc_chain_restore *restore = context;
	size_t skipped = strlen(restore->options.folder);

	(void)server_seconds;
	restore->request = NULL;
	if (answer->retry_class != LC_RETRY_DONE) {
		trouble(restore, &answer->error);
		return;
	}
	no_trouble(restore);
	for (size_t i = 0; i < listing->count; i++) {
		const struct lc_view *key = &listing->objects[i].key;

		if (key->size <= skipped || key->size - skipped >= LC_CHAIN_NAME_SIZE)
			continue;
		restore->listed =
		    lc_memory_grow(restore->listed, &restore->listed_capacity,
				   restore->listed_count + 1, sizeof(restore->listed[0]));
		snprintf(restore->listed[restore->listed_count++], LC_CHAIN_NAME_SIZE, "%.*s",
			 (int)(key->size - skipped), key->data + skipped);
	}
	if (listing->truncated && restore->listed_count < LISTED_MAX) {
		list(restore);
		return;
	}
	restore->step = STEP_WALKING;
	go_on(restore);
}

/* The next page of names after the checkpoint, or after where the file stands. That a name is left
 * out does no harm. */
static void list(struct lc_chain_restore *restore)
{
	const struct lc_chain_position *from = &restore->options.head->checkpointed;
	char name[LC_CHAIN_NAME_SIZE];
	char prefix[KEY_SIZE];
	char after[KEY_SIZE];

	if (restore->local.seq > from->seq)
		from = &restore->local;
	snprintf(prefix, sizeof(prefix), "%s%s", restore->options.folder,
		 lc_chain_folder(LC_CHAIN_SEGMENT));
	lc_chain_after_format(LC_CHAIN_SEGMENT, from->epoch, from->seq, name);
	snprintf(after, sizeof(after), "%s%s", restore->options.folder,
		 restore->listed_count > 0 ? restore->listed[restore->listed_count - 1] : name);
	restore->request = lc_s3_list(restore->options.s3, lc_view_of(restore->options.bucket),
				      lc_view_of(prefix), lc_view_of(after), on_listed, restore);
}

static void on_timer(void *context)
{
	struct lc_chain_restore *restore = context;

	if (restore->step == STEP_LISTING)
		list(restore);
	else if (restore->step == STEP_WALKING)
		walk(restore);
	else if (restore->step == STEP_EXECUTING)
		execute_some(restore);
}

/* ---- life ---- */

/* A file that cannot be read is as good as none. */
static void look_at_file(struct lc_chain_restore *restore)
{
	struct lc_error error;

	if (lc_store_find_position(restore->options.path, &restore->local, &error))
		return;
	restore->local = (struct lc_chain_position){.seq = 0};
	lc_log(LC_LOG_WARNING, "the local ledger is of no use and is made again from S3",
	       LC_LOG_FAULT(&error));
}

struct lc_chain_restore *lc_chain_restore_new(struct lc_loop *loop,
					      const struct lc_chain_restore_options *options,
					      lc_chain_restore_done *on_done,
					      lc_chain_restore_trouble *on_trouble, void *context)
{
	struct lc_chain_restore *restore = lc_memory_zero(1, sizeof(*restore));

	restore->loop = loop;
	restore->options = *options;
	restore->on_done = on_done;
	restore->on_trouble = on_trouble;
	restore->context = context;
	restore->timer = lc_loop_timer_new(loop, on_timer, restore);
	restore->wanted = options->head->last;
	snprintf(restore->name, sizeof(restore->name), "%s", options->head->segment);
	look_at_file(restore);
	restore->step = is_reached(restore) ? STEP_WALKING : STEP_LISTING;
	go_on(restore);
	return restore;
}

void lc_chain_restore_free(struct lc_chain_restore *restore)
{
	if (restore == NULL)
		return;
	if (restore->request != NULL)
		lc_s3_cancel(restore->request);
	for (size_t i = 0; i < FETCHES_MAX; i++)
		free_fetch(&restore->fetches[i]);
	free(restore->listed);
	lc_checkpoint_restore_cancel(restore->checkpoint);
	for (size_t i = 0; i < restore->passed_count; i++)
		lc_buffer_free(&restore->passed[i].bytes);
	free(restore->passed);
	lc_store_close(restore->store);
	lc_loop_timer_free(restore->timer);
	free(restore);
}
