#include "worker/fetch.h"

#include "base/exit_codes.h"
#include "base/file.h"
#include "base/loop.h"
#include "ledger/file_name.h"
#include "ledger/store.h"
#include "worker/shared_ledger.h"

#include <limits.h>
#include <string.h>

struct fetch {
	const struct lc_settings *settings;
	FILE *out;
	struct lc_loop *loop;
	unsigned shard_count;
	unsigned failed; /* shards */

	/* The shard that it is at. */
	unsigned shard;
	char path[PATH_MAX];
	struct lc_shared_ledger *shared;
	struct lc_shard_head head;
	struct lc_error error; /* kind NONE: it has not failed */
};

static void on_withdrawn(void *context)
{
	struct fetch *fetch = context;

	lc_loop_stop(fetch->loop);
}

static void on_ready(void *context)
{
	struct fetch *fetch = context;

	lc_share_withdraw(lc_shared_ledger_share(fetch->shared), on_withdrawn, fetch);
}

static void on_failed(void *context, const struct lc_error *error)
{
	struct fetch *fetch = context;

	fetch->error = *error;
	lc_loop_stop(fetch->loop);
}

static void on_trouble(void *context, const struct lc_error *error)
{
	struct fetch *fetch = context;

	if (error != NULL)
		fprintf(stderr, "log-courier: shard %u, which is tried again: %s\n", fetch->shard,
			error->message);
}

static const struct lc_share_callbacks CALLBACKS = {
    .on_ready = on_ready, .on_failed = on_failed, .on_trouble = on_trouble};

/* Claims, restores and withdraws. */
static bool bring(struct fetch *fetch, struct lc_error *error)
{
	fetch->error = (struct lc_error){.kind = LC_ERROR_NONE};
	fetch->shared = lc_shared_ledger_new(fetch->loop, fetch->settings, fetch->shard,
					     fetch->shard_count, NULL, &CALLBACKS, fetch, error);
	if (fetch->shared == NULL)
		return false;
	lc_share_claim(lc_shared_ledger_share(fetch->shared), UINT64_MAX);
	lc_loop_run(fetch->loop);
	fetch->head = *lc_share_head(lc_shared_ledger_share(fetch->shared));
	lc_shared_ledger_free(fetch->shared);
	*error = fetch->error;
	return error->kind == LC_ERROR_NONE;
}

/* Whether an earlier fetch has brought it here, and died perhaps before it was through. */
static bool was_brought(const struct fetch *fetch)
{
	char machine[LC_SETTINGS_MACHINE_NAME_SIZE];
	struct lc_error error;

	return fetch->head.state == LC_SHARD_HEAD_WITHDRAWN &&
	       lc_settings_machine_name(fetch->settings, machine, &error) &&
	       strcmp(machine, fetch->head.owner) == 0;
}

/* A shard whose ledger has yet to begin has no file. */
static bool fetch_shard(struct fetch *fetch, struct lc_error *error)
{
	const struct lc_ledger_options options = {
	    .path = fetch->path, .shard = fetch->shard, .shard_count = fetch->shard_count};

	return lc_file_name_path(fetch->path, fetch->settings->state_directory, fetch->shard,
				 fetch->shard_count, "", error) &&
	       (bring(fetch, error) || was_brought(fetch)) &&
	       (lc_file_is_missing(fetch->path) || lc_store_set_shared(&options, false, error));
}

static void fetch_and_tell(struct fetch *fetch)
{
	struct lc_error error;

	if (fetch_shard(fetch, &error)) {
		fprintf(fetch->out, "shard %u: fetched\n", fetch->shard);
	} else {
		fetch->failed++;
		fprintf(fetch->out, "shard %u: not fetched: %s\n", fetch->shard, error.message);
	}
	fflush(fetch->out);
}

int lc_fetch(const struct lc_settings *settings, FILE *out)
{
	struct fetch fetch = {
	    .settings = settings, .out = out, .shard_count = lc_settings_shard_count(settings)};
	struct lc_error error;

	if (!settings->failover_enabled) {
		fprintf(stderr, "log-courier: failover.enabled: found false, expected true: there "
				"are no shared ledgers to be fetched\n");
		return LC_EXIT_USAGE;
	}
	fetch.loop = lc_loop_new(&error);
	if (fetch.loop == NULL) {
		fprintf(stderr, "log-courier: %s\n", error.message);
		return LC_EXIT_FAILURE;
	}
	for (fetch.shard = 0; fetch.shard < fetch.shard_count; fetch.shard++)
		fetch_and_tell(&fetch);
	lc_loop_free(fetch.loop);
	if (fetch.failed == 0)
		fprintf(out,
			"All %u shards are fetched: take failover.enabled out of the settings "
			"of this machine, start the service here, and on no other machine.\n",
			fetch.shard_count);
	return fetch.failed == 0 && fflush(out) == 0 ? LC_EXIT_OK : LC_EXIT_FAILURE;
}
