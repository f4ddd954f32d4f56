#include "worker/chain_check.h"

#include "base/exit_codes.h"
#include "base/file.h"
#include "base/loop.h"
#include "base/random.h"
#include "clients/register.h"
#include "clients/s3_read.h"
#include "formats/shard_head.h"
#include "ledger/chain_restore.h"
#include "ledger/file_name.h"
#include "ledger/ledger_check.h"
#include "ledger/store.h"
#include "worker/shared_ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	RETRY_MS = 1000,
	ATTEMPTS_MAX = 5, /* at each shard */
	KEY_SIZE = 1024 + LC_CHAIN_NAME_SIZE,
	WORDS_SIZE = sizeof(((struct lc_error *)NULL)->message) + 64,
};

struct check {
	const struct lc_settings *settings;
	FILE *out;
	struct lc_loop *loop;
	struct lc_random random;
	struct lc_ledger_servers servers;
	/* Of the next shard, or attempt; of the end of one that fails. */
	struct lc_loop_timer *timer;
	unsigned shard_count;
	unsigned faulty; /* shards */
	char directory[PATH_MAX];

	/* The shard that it is at. */
	unsigned shard;
	unsigned attempts; /* that have failed */
	char row[LC_SHARD_HEAD_ROW_SIZE];
	char path[PATH_MAX];
	char folder[KEY_SIZE - LC_CHAIN_NAME_SIZE];
	char later[KEY_SIZE]; /* a segment that no head should know yet */
	struct lc_shard_head head;
	struct lc_chain_restore *restore;
	struct lc_error error; /* of the last attempt; of the ledger: its first fault */
	unsigned faults;       /* of the ledger */
};

/* ---- what comes of a shard ---- */

static void tell(struct check *check, bool sound, const char *what)
{
	struct lc_error error;

	if (check->path[0] != '\0' && !lc_file_name_remove_all(check->path, &error))
		fprintf(stderr, "log-courier: %s\n", error.message);
	check->faulty += sound ? 0 : 1;
	fprintf(check->out, "shard %u: %s\n", check->shard, what);
	fflush(check->out);
	check->attempts = 0;
	if (++check->shard == check->shard_count)
		lc_loop_stop(check->loop);
	else
		lc_loop_timer_start(check->timer, 0);
}

static void tell_fault(struct check *check, const struct lc_error *error)
{
	char what[WORDS_SIZE];

	snprintf(what, sizeof(what), "not sound: %s", error->message);
	tell(check, false, what);
}

/* Begins the shard again, a few times. */
static void try_again(struct check *check, const struct lc_error *error)
{
	char what[WORDS_SIZE];

	if (++check->attempts < ATTEMPTS_MAX) {
		lc_loop_timer_start(check->timer, RETRY_MS);
		return;
	}
	snprintf(what, sizeof(what), "not checked: %s", error->message);
	tell(check, false, what);
}

/* ---- the ledger that was made ---- */

static void on_fault(void *context, const char *fault)
{
	struct check *check = context;

	if (check->faults++ == 0)
		lc_error_set(&check->error, LC_ERROR_CORRUPT, "%s", fault);
}

static bool prove(struct check *check)
{
	struct lc_chain_position position;

	check->faults = 0;
	if (!lc_store_find_position(check->path, &position, &check->error))
		return false;
	if (!lc_chain_position_equal(&position, &check->head.last))
		return lc_error_set(&check->error, LC_ERROR_CORRUPT,
				    "its chain leads to another place than its head says");
	return lc_ledger_check(check->path, on_fault, check, &check->error) && check->faults == 0;
}

static void judge(struct check *check)
{
	const struct lc_shard_head *head = &check->head;
	char what[WORDS_SIZE];

	if (head->last.seq == 0 && head->checkpoint[0] == '\0') {
		tell(check, true, "sound: its ledger has yet to begin");
		return;
	}
	if (!prove(check)) {
		tell_fault(check, &check->error);
		return;
	}
	snprintf(what, sizeof(what),
		 "sound: epoch %" PRIu64 ", %s, %" PRIu64 " commits, %" PRIu64
		 " of them after the checkpoint",
		 head->epoch,
		 head->state == LC_SHARD_HEAD_OWNED ? head->owner : "no machine has it",
		 head->last.seq, head->last.seq - head->checkpointed.seq);
	tell(check, true, what);
}

/* ---- it is made ---- */

static void on_restored(void *context, const struct lc_error *error)
{
	struct check *check = context;

	lc_chain_restore_free(check->restore);
	check->restore = NULL;
	if (error->kind == LC_ERROR_NONE)
		judge(check);
	else
		tell_fault(check, error);
}

/* The restore would try for ever. */
static void on_trouble(void *context, const struct lc_error *error)
{
	struct check *check = context;

	if (error == NULL || ++check->attempts < ATTEMPTS_MAX)
		return;
	check->error = *error;
	lc_loop_timer_start(check->timer, 0);
}

static void restore(struct check *check)
{
	const struct lc_chain_restore_options options = {
	    .s3 = check->servers.s3,
	    .bucket = check->settings->ledger_bucket,
	    .folder = check->folder,
	    .path = check->path,
	    .shard = check->shard,
	    .shard_count = check->shard_count,
	    .head = &check->head,
	    .random = &check->random,
	};

	check->restore =
	    lc_chain_restore_new(check->loop, &options, on_restored, on_trouble, check);
}

/* ---- whether the head is the last one ---- */

static void on_read_again(void *context, const struct lc_register_answer *answer)
{
	struct check *check = context;
	struct lc_shard_head now;
	struct lc_error error = answer->error;

	if (answer->outcome == LC_REGISTER_DONE &&
	    lc_shard_head_parse(answer->value, &now, &error) && now.epoch <= check->head.epoch) {
		lc_error_set(&error, LC_ERROR_CORRUPT,
			     "the head went back: its epoch is %" PRIu64
			     ", and bucket %s holds %s already; was Keeper restored from a backup?",
			     now.epoch, check->settings->ledger_bucket, check->later);
		tell_fault(check, &error);
		return;
	}
	if (error.kind == LC_ERROR_NONE)
		lc_error_set(&error, LC_ERROR_CONFLICT, "machines take it from each other");
	try_again(check, &error);
}

static void on_listed(void *context, const struct lc_s3_answer *answer,
		      const struct lc_s3_listing *listing, int64_t server_seconds)
{
	struct check *check = context;

	(void)server_seconds;
	if (answer->retry_class != LC_RETRY_DONE) {
		try_again(check, &answer->error);
	} else if (listing->count == 0) {
		restore(check);
	} else {
		struct lc_view key = listing->objects[0].key;

		snprintf(check->later, sizeof(check->later), "%.*s", lc_view_shown(key, KEY_SIZE),
			 key.data);
		(void)lc_register_read(check->servers.heads, lc_view_of(check->row), on_read_again,
				       check);
	}
}

/* Segments of a later epoch: if the head does not come to them, it has been there once. */
static void list_later(struct check *check)
{
	char name[LC_CHAIN_NAME_SIZE];
	char prefix[KEY_SIZE];
	char after[KEY_SIZE];

	lc_share_format_folder(check->settings->ledger_prefix, check->head.generation, check->shard,
			       check->shard_count, check->folder, sizeof(check->folder));
	snprintf(prefix, sizeof(prefix), "%s%s", check->folder, lc_chain_folder(LC_CHAIN_SEGMENT));
	lc_chain_after_format(LC_CHAIN_SEGMENT, check->head.epoch, UINT64_MAX, name);
	snprintf(after, sizeof(after), "%s%s", check->folder, name);
	(void)lc_s3_list(check->servers.s3, lc_view_of(check->settings->ledger_bucket),
			 lc_view_of(prefix), lc_view_of(after), on_listed, check);
}

/* ---- the head ---- */

static void on_read(void *context, const struct lc_register_answer *answer)
{
	struct check *check = context;
	struct lc_error error = answer->error;

	if (answer->outcome == LC_REGISTER_UNKNOWN) {
		try_again(check, &error);
		return;
	}
	if (answer->outcome == LC_REGISTER_ABSENT)
		lc_error_set(&error, LC_ERROR_USAGE,
			     "it has no head in %s: its ledger was never published, or that is "
			     "another table than the machines use",
			     lc_register_name(check->servers.heads));
	else if (lc_shard_head_parse(answer->value, &check->head, &error) &&
		 check->head.state == LC_SHARD_HEAD_WITHDRAWN)
		lc_error_set(&error, LC_ERROR_USAGE,
			     "its ledger was fetched back by machine %s, which has it alone",
			     check->head.owner);
	if (error.kind == LC_ERROR_NONE)
		list_later(check);
	else
		tell_fault(check, &error);
}

static void begin_shard(struct check *check)
{
	struct lc_error error;

	lc_shard_head_row(check->shard, check->shard_count, check->row);
	if (lc_file_name_path(check->path, check->directory, check->shard, check->shard_count, "",
			      &error))
		(void)lc_register_read(check->servers.heads, lc_view_of(check->row), on_read,
				       check);
	else
		tell_fault(check, &error);
}

static void on_timer(void *context)
{
	struct check *check = context;

	if (check->restore == NULL) {
		begin_shard(check);
		return;
	}
	lc_chain_restore_free(check->restore);
	check->restore = NULL;
	try_again(check, &check->error);
}

/* ---- all shards ---- */

static bool set_up(struct check *check, struct lc_error *error)
{
	const struct lc_settings *settings = check->settings;
	int size;

	if (!settings->failover_enabled)
		return lc_error_set(error, LC_ERROR_USAGE,
				    "failover.enabled: found false, expected true: there are no "
				    "shared ledgers to be checked");
	check->loop = lc_loop_new(error);
	if (check->loop == NULL ||
	    !lc_ledger_servers_open(&check->servers, check->loop, settings, error))
		return false;
	check->timer = lc_loop_timer_new(check->loop, on_timer, check);
	size = snprintf(check->directory, sizeof(check->directory), "%s/check-XXXXXX",
			settings->state_directory);
	if (size < (int)sizeof(check->directory) && mkdtemp(check->directory) != NULL)
		return true;
	lc_error_set_errno(error, size < (int)sizeof(check->directory) ? errno : ENAMETOOLONG,
			   "state-directory %s takes no directory for the ledgers to be checked",
			   settings->state_directory);
	check->directory[0] = '\0';
	return false;
}

static int run(struct check *check)
{
	lc_loop_timer_start(check->timer, 0);
	lc_loop_run(check->loop);
	if (check->faulty == 0)
		fprintf(check->out, "All %u shards are sound.\n", check->shard_count);
	else
		fprintf(check->out,
			"%u of %u shards are not sound, or could not be checked: no other machine "
			"could take them over.\n",
			check->faulty, check->shard_count);
	return check->faulty == 0 && fflush(check->out) == 0 ? LC_EXIT_OK : LC_EXIT_FAILURE;
}

static void tear_down(struct check *check)
{
	if (check->directory[0] != '\0' && rmdir(check->directory) < 0)
		fprintf(stderr, "log-courier: %s: %s\n", check->directory, strerror(errno));
	lc_ledger_servers_close(&check->servers);
	lc_loop_timer_free(check->timer);
	lc_loop_free(check->loop);
}

int lc_chain_check(const struct lc_settings *settings, FILE *out)
{
	struct check check = {
	    .settings = settings, .out = out, .shard_count = lc_settings_shard_count(settings)};
	struct lc_error error;
	int code = LC_EXIT_USAGE;

	lc_random_seed_from_system(&check.random);
	if (set_up(&check, &error))
		code = run(&check);
	else
		fprintf(stderr, "log-courier: %s\n", error.message);
	tear_down(&check);
	return code;
}
