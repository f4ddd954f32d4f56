#include "worker/publish.h"

#include "base/assert.h"
#include "base/exit_codes.h"
#include "base/file.h"
#include "base/loop.h"
#include "base/random.h"
#include "base/view.h"
#include "clients/register.h"
#include "formats/shard_head.h"
#include "ledger/checkpoint.h"
#include "ledger/file_name.h"
#include "ledger/ledger.h"
#include "ledger/store.h"
#include "worker/shared_ledger.h"

#include <limits.h>
#include <string.h>

enum { RETRY_MS = 1000, ATTEMPTS_MAX = 5 };

struct publish {
	const struct lc_settings *settings;
	bool fresh;
	FILE *out;
	struct lc_loop *loop;
	struct lc_random random;
	struct lc_ledger_servers servers;
	struct lc_loop_timer *timer;
	unsigned shard_count;
	unsigned missing; /* shards without a head */

	/* The shard that it is at. */
	unsigned shard;
	unsigned attempts;
	char path[PATH_MAX];
	char row[LC_SHARD_HEAD_ROW_SIZE];
	struct lc_shard_head head;
	char replaced[LC_SHARD_HEAD_TEXT_MAX]; /* the head that is there; empty: there is none */
	struct lc_ledger *ledger;
};

static void next_shard(struct publish *publish)
{
	lc_ledger_close(publish->ledger);
	publish->ledger = NULL;
	publish->attempts = 0;
	if (++publish->shard == publish->shard_count)
		lc_loop_stop(publish->loop);
	else
		lc_loop_timer_start(publish->timer, 0);
}

static void tell(struct publish *publish, bool has_head, const char *what)
{
	publish->missing += has_head ? 0 : 1;
	fprintf(publish->out, "shard %u: %s\n", publish->shard, what);
	fflush(publish->out);
	next_shard(publish);
}

/* It is tried again a few times, from the beginning: nothing that was done is in the way. */
static void fail(struct publish *publish, const struct lc_error *error, bool passing)
{
	char what[sizeof(error->message) + 32];

	lc_ledger_close(publish->ledger);
	publish->ledger = NULL;
	if (passing && ++publish->attempts < ATTEMPTS_MAX) {
		lc_loop_timer_start(publish->timer, RETRY_MS);
		return;
	}
	snprintf(what, sizeof(what), "not published: %s", error->message);
	tell(publish, false, what);
}

/* ---- the head is made ---- */

/* From now on the file is a copy: a service without failover.enabled refuses it. */
static void mark(struct publish *publish)
{
	const struct lc_ledger_options options = {
	    .path = publish->path, .shard = publish->shard, .shard_count = publish->shard_count};
	char what[sizeof(((struct lc_error *)NULL)->message) + 64];
	struct lc_error error;

	lc_ledger_close(publish->ledger);
	publish->ledger = NULL;
	if (lc_store_set_shared(&options, true, &error)) {
		tell(publish, true, "published");
		return;
	}
	snprintf(what, sizeof(what), "published, but its file must not be used any more: %s",
		 error.message);
	tell(publish, true, what);
}

static void on_created(void *context, const struct lc_register_answer *answer)
{
	struct publish *publish = context;

	if (answer->outcome == LC_REGISTER_UNKNOWN)
		fail(publish, &answer->error, true);
	else if (answer->outcome == LC_REGISTER_OTHER)
		tell(publish, true, "somebody else has published it at the same time");
	else if (publish->head.checkpoint[0] == '\0')
		tell(publish, true, "published as one that begins");
	else
		mark(publish);
}

static void create_head(struct publish *publish)
{
	char text[LC_SHARD_HEAD_TEXT_MAX];

	lc_shard_head_format(&publish->head, text);
	if (publish->replaced[0] != '\0')
		lc_register_swap(publish->servers.heads, lc_view_of(publish->row),
				 lc_view_of(publish->replaced), lc_view_of(text), on_created,
				 publish);
	else
		lc_register_create(publish->servers.heads, lc_view_of(publish->row),
				   lc_view_of(text), on_created, publish);
}

static void on_taken(void *context, const struct lc_error *error,
		     const struct lc_checkpoint_taken *taken)
{
	struct publish *publish = context;

	if (error->kind != LC_ERROR_NONE) {
		fail(publish, error, false);
		return;
	}
	memcpy(publish->head.checkpoint, taken->name, sizeof(taken->name));
	create_head(publish);
}

static void on_corrupt(void *context, const struct lc_error *error)
{
	fail(context, error, false);
}

/* As a file that was never part of a chain, which is how whoever restores it finds it, too. */
static void take_checkpoint(struct publish *publish)
{
	char folder[PATH_MAX];
	const struct lc_checkpoint_take_options options = {
	    .s3 = publish->servers.s3,
	    .bucket = publish->settings->ledger_bucket,
	    .folder = folder,
	    .base = "",
	    .ledger = publish->ledger,
	    .shard = publish->shard,
	    .shard_count = publish->shard_count,
	    .generation = publish->head.generation,
	    .random = &publish->random,
	};

	lc_share_format_folder(publish->settings->ledger_prefix, publish->head.generation,
			       publish->shard, publish->shard_count, folder, sizeof(folder));
	(void)lc_checkpoint_take(publish->loop, &options, on_taken, publish);
}

static void open_ledger(struct publish *publish)
{
	const struct lc_ledger_options options = {.path = publish->path,
						  .shard = publish->shard,
						  .shard_count = publish->shard_count,
						  .retry_ms = RETRY_MS,
						  .gather_ms = LC_LEDGER_GATHER_MS};
	struct lc_ledger_state state = {.on_source = NULL};
	struct lc_error error;

	publish->ledger =
	    lc_ledger_open(publish->loop, &options, NULL, &state, on_corrupt, publish, &error);
	if (publish->ledger == NULL)
		fail(publish, &error, false);
	else
		take_checkpoint(publish);
}

/* A head that is there: of a ledger that was taken back to one machine, it is replaced. */
static void on_head(struct publish *publish, struct lc_view text)
{
	struct lc_shard_head there;
	struct lc_error error;

	if (!lc_shard_head_parse(text, &there, &error)) {
		fail(publish, &error, false);
	} else if (there.state != LC_SHARD_HEAD_WITHDRAWN) {
		tell(publish, true, "was published before");
	} else if (lc_file_is_missing(publish->path)) {
		tell(publish, false, "not published: its ledger is not on this machine");
	} else {
		snprintf(publish->replaced, sizeof(publish->replaced), "%.*s", (int)text.size,
			 text.data);
		publish->head.generation = there.generation + 1;
		publish->head.epoch = there.epoch + 1;
		open_ledger(publish);
	}
}

static void on_read(void *context, const struct lc_register_answer *answer)
{
	struct publish *publish = context;

	if (answer->outcome == LC_REGISTER_UNKNOWN)
		fail(publish, &answer->error, true);
	else if (answer->outcome != LC_REGISTER_ABSENT)
		on_head(publish, answer->value);
	else if (!lc_file_is_missing(publish->path))
		open_ledger(publish);
	else if (publish->fresh)
		create_head(publish);
	else
		tell(publish, false, "not published: its ledger is not on this machine");
}

/* ---- all shards ---- */

static void begin_shard(struct publish *publish)
{
	struct lc_error error;

	publish->replaced[0] = '\0';
	publish->head = (struct lc_shard_head){.state = LC_SHARD_HEAD_RELEASED, .owner = "-"};
	lc_chain_nonce_format(lc_random_next(&publish->random), publish->head.nonce);
	lc_shard_head_row(publish->shard, publish->shard_count, publish->row);
	if (!lc_file_name_path(publish->path, publish->settings->state_directory, publish->shard,
			       publish->shard_count, "", &error))
		fail(publish, &error, false);
	else
		lc_register_read(publish->servers.heads, lc_view_of(publish->row), on_read,
				 publish);
}

static void on_timer(void *context)
{
	begin_shard(context);
}

static bool set_up(struct publish *publish, struct lc_error *error)
{
	const struct lc_settings *settings = publish->settings;

	if (!settings->failover_enabled)
		return lc_error_set(error, LC_ERROR_USAGE,
				    "failover.enabled: found false, expected true: ledgers are "
				    "published for machines that share them");
	publish->loop = lc_loop_new(error);
	if (publish->loop == NULL ||
	    !lc_ledger_servers_open(&publish->servers, publish->loop, settings, error))
		return false;
	publish->timer = lc_loop_timer_new(publish->loop, on_timer, publish);
	return true;
}

static int run(struct publish *publish)
{
	lc_loop_timer_start(publish->timer, 0);
	lc_loop_run(publish->loop);
	if (publish->missing == 0)
		fprintf(publish->out, "All %u shards are published.\n", publish->shard_count);
	else
		fprintf(publish->out,
			"%u of %u shards are not published. Do the same on the machines that have "
			"their ledgers; those that have none begin with "
			"--publish-fresh-ledgers.\n",
			publish->missing, publish->shard_count);
	return publish->missing == 0 && fflush(publish->out) == 0 ? LC_EXIT_OK : LC_EXIT_FAILURE;
}

static void tear_down(struct publish *publish)
{
	lc_ledger_servers_close(&publish->servers);
	lc_loop_timer_free(publish->timer);
	lc_loop_free(publish->loop);
}

int lc_publish(const struct lc_settings *settings, bool fresh, FILE *out)
{
	struct publish publish = {.settings = settings,
				  .fresh = fresh,
				  .out = out,
				  .shard_count = lc_settings_shard_count(settings)};
	struct lc_error error;
	int code = LC_EXIT_USAGE;

	lc_random_seed_from_system(&publish.random);
	if (set_up(&publish, &error))
		code = run(&publish);
	else
		fprintf(stderr, "log-courier: %s\n", error.message);
	tear_down(&publish);
	return code;
}
