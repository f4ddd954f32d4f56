#include "preflight/shared.h"

#include "base/clock.h"
#include "base/memory.h"
#include "clients/register_proof.h"
#include "clients/s3_read.h"
#include "config/settings_targets.h"
#include "preflight/shared_checks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	SUBJECT_SIZE = 512,
	KEY_SIZE = 1024,
	VALUE_SIZE = 32,
};

/* Written into the bucket, and deleted again. */
static const char OBJECT[] = "Written by log-courier --preflight, which deletes it again.\n";

enum table_id { HEADS, MACHINES, TABLES };

struct table {
	struct lc_register *reg;
	struct lc_shared_table shown;
	const char *subject;
	bool swaps;
};

struct lc_shared {
	struct lc_shared_options options;
	struct table tables[TABLES];
	unsigned table; /* which is asked */
	bool heads_work;

	struct lc_s3 *s3;
	char key[KEY_SIZE];
	struct lc_view piece;
	struct lc_s3_body body;
	bool bucket_failed;
};

static void tell(const struct lc_shared *shared, const struct lc_verdict *verdict,
		 const char *subject, const char *name)
{
	char text[SUBJECT_SIZE];

	snprintf(text, sizeof(text), "%s %s", subject, name);
	shared->options.tell(shared->options.context, verdict, text);
}

static void end(struct lc_shared *shared)
{
	shared->options.on_done(shared->options.context);
}

/* ---- tables ---- */

static const char *const HEADS_SUBJECT = "heads of the shards in";

static void tell_heads_not_checked(struct lc_shared *shared, const char *failed)
{
	struct lc_verdict verdict;

	lc_verdict_set_not_checked(&verdict, failed);
	tell(shared, &verdict, HEADS_SUBJECT, shared->tables[HEADS].shown.name);
}

static void on_heads(void *context, const struct lc_register_answer *answer)
{
	struct lc_shared *shared = context;
	const struct lc_shared_table *table = &shared->tables[HEADS].shown;
	struct lc_verdict verdict;

	lc_shared_checks_judge_heads(answer, (unsigned)shared->options.settings->supervisor_shards,
				     table, &verdict);
	tell(shared, &verdict, HEADS_SUBJECT, table->name);
	end(shared);
}

static void check_heads(struct lc_shared *shared)
{
	const struct table *heads = &shared->tables[HEADS];
	char failed[SUBJECT_SIZE];

	if (shared->heads_work) {
		(void)lc_register_read_all(heads->reg, lc_view_of("shard-"), on_heads, shared);
		return;
	}
	snprintf(failed, sizeof(failed), "%s %s", heads->subject, heads->shown.name);
	tell_heads_not_checked(shared, failed);
	end(shared);
}

static void check_table(struct lc_shared *shared);

static void on_table(void *context, const struct lc_error *error)
{
	struct lc_shared *shared = context;
	const struct table *table = &shared->tables[shared->table];
	struct lc_verdict verdict;

	lc_shared_checks_judge_table(error, &table->shown, !shared->options.brief, &verdict);
	tell(shared, &verdict, table->subject, table->shown.name);
	if (shared->table == HEADS)
		shared->heads_work = verdict.grade == LC_VERDICT_OK;
	shared->table++;
	if (shared->table < TABLES)
		check_table(shared);
	else
		check_heads(shared);
}

static void on_described(void *context, const struct lc_register_answer *answer)
{
	struct lc_shared *shared = context;
	struct lc_error error = answer->error;

	if (answer->outcome == LC_REGISTER_DONE)
		(void)lc_register_proof_judge(shared->tables[shared->table].reg, &answer->rows,
					      &error);
	on_table(shared, &error);
}

static void on_row(void *context, const struct lc_register_answer *answer)
{
	on_table(context, &answer->error);
}

/* Where the proof's row was there already, the proof has shown no right to INSERT. Machines put
 * their rows; so does this. */
static void on_proven(void *context, const struct lc_error *error)
{
	struct lc_shared *shared = context;
	const struct table *table = &shared->tables[shared->table];
	char value[VALUE_SIZE];

	if (error->kind != LC_ERROR_NONE || table->swaps) {
		on_table(shared, error);
		return;
	}
	snprintf(value, sizeof(value), "%016" PRIx64, lc_random_next(shared->options.random));
	(void)lc_register_put(table->reg, lc_view_of(LC_REGISTER_PROOF_NAME), lc_view_of(value),
			      on_row, shared);
}

static void check_table(struct lc_shared *shared)
{
	const struct table *table = &shared->tables[shared->table];

	if (shared->options.brief)
		(void)lc_register_describe(table->reg, on_described, shared);
	else
		(void)lc_register_proof_start(table->reg, table->swaps, on_proven, shared);
}

void lc_shared_check_tables(struct lc_shared *shared, const char *failed)
{
	struct lc_verdict verdict;

	if (failed == NULL) {
		check_table(shared);
		return;
	}
	lc_verdict_set_not_checked(&verdict, failed);
	for (unsigned i = 0; i < TABLES; i++)
		tell(shared, &verdict, shared->tables[i].subject, shared->tables[i].shown.name);
	tell_heads_not_checked(shared, failed);
	end(shared);
}

/* ---- the bucket ---- */

static struct lc_view bucket_of(const struct lc_shared *shared)
{
	return lc_view_of(shared->options.settings->ledger_bucket);
}

static void tell_bucket(struct lc_shared *shared, const struct lc_verdict *verdict)
{
	tell(shared, verdict, "ledger.bucket", shared->options.settings->ledger_bucket);
}

static bool passes(struct lc_shared *shared, enum lc_shared_step step,
		   const struct lc_s3_answer *answer, bool found)
{
	struct lc_verdict verdict;

	if (lc_shared_checks_judge_step(step, answer, found, shared->key, &verdict))
		return true;
	shared->bucket_failed = true;
	tell_bucket(shared, &verdict);
	return false;
}

static void on_deleted(void *context, const struct lc_s3_answer *answer)
{
	struct lc_shared *shared = context;
	struct lc_verdict verdict;

	if (passes(shared, LC_SHARED_STEP_DELETE, answer, true) && !shared->bucket_failed) {
		lc_verdict_set(&verdict, LC_VERDICT_OK,
			       "%s was stored, listed, read and deleted again", shared->key);
		tell_bucket(shared, &verdict);
	}
	end(shared);
}

/* What was stored is deleted, whatever else has failed. */
static void on_got(void *context, const struct lc_s3_answer *answer, struct lc_buffer *body)
{
	struct lc_shared *shared = context;
	bool found = body != NULL && lc_view_equal(lc_buffer_view(body), shared->piece);

	(void)passes(shared, LC_SHARED_STEP_GET, answer, found);
	(void)lc_s3_delete(shared->s3, bucket_of(shared), lc_view_of(shared->key), on_deleted,
			   shared);
}

static void on_listed(void *context, const struct lc_s3_answer *answer,
		      const struct lc_s3_listing *listing, int64_t server_seconds)
{
	struct lc_shared *shared = context;
	struct lc_view key = lc_view_of(shared->key);
	const struct lc_s3_get_spec get = {
	    .bucket = bucket_of(shared), .key = key, .max_bytes = sizeof(OBJECT)};
	bool found =
	    listing != NULL && listing->count == 1 && lc_view_equal(listing->objects[0].key, key);

	(void)server_seconds;
	(void)passes(shared, LC_SHARED_STEP_LIST, answer, found);
	(void)lc_s3_get(shared->s3, &get, on_got, shared);
}

static void on_put(void *context, const struct lc_s3_answer *answer)
{
	struct lc_shared *shared = context;

	if (passes(shared, LC_SHARED_STEP_PUT, answer, true))
		(void)lc_s3_list(shared->s3, bucket_of(shared), lc_view_of(shared->key),
				 lc_view_of(""), on_listed, shared);
	else
		end(shared);
}

/* No folder of a ledger has such a name (ledger/share). */
static void start_put(struct lc_shared *shared)
{
	char now[LC_CLOCK_TEXT_SIZE];

	lc_clock_format(lc_clock_wall_ms(), now);
	snprintf(shared->key, sizeof(shared->key), "%s/preflight-%s-%016" PRIx64,
		 shared->options.settings->ledger_prefix, now,
		 lc_random_next(shared->options.random));
	shared->piece = lc_view_of(OBJECT);
	shared->body = (struct lc_s3_body){
	    .pieces = &shared->piece, .piece_count = 1, .size = shared->piece.size};
	(void)lc_s3_put(shared->s3,
			&(struct lc_s3_put_spec){.bucket = bucket_of(shared),
						 .key = lc_view_of(shared->key),
						 .body = &shared->body},
			on_put, shared);
}

void lc_shared_check_bucket(struct lc_shared *shared, const char *failed)
{
	struct lc_verdict verdict;

	if (!shared->options.brief && failed == NULL) {
		start_put(shared);
		return;
	}
	if (!shared->options.brief) {
		lc_verdict_set_not_checked(&verdict, failed);
		tell_bucket(shared, &verdict);
	}
	end(shared);
}

/* ---- life ---- */

static struct table make_table(struct lc_loop *loop, const struct lc_shared_options *options,
			       const char *name)
{
	struct table table = {.reg = lc_servers_make_register(
				  options->servers, loop, options->settings, name,
				  (uint64_t)options->settings->clickhouse_timeout_seconds * 1000)};

	table.shown.name = lc_register_name(table.reg);
	return table;
}

struct lc_shared *lc_shared_new(struct lc_loop *loop, const struct lc_shared_options *options)
{
	const struct lc_settings *settings = options->settings;
	struct lc_shared *shared = lc_memory_zero(1, sizeof(*shared));
	struct table *heads = &shared->tables[HEADS];
	struct table *machines = &shared->tables[MACHINES];

	shared->options = *options;
	*heads = make_table(loop, options, settings->failover_heads_table);
	heads->subject = "table of the heads";
	heads->swaps = true;
	heads->shown.setting = "failover.heads-table";
	heads->shown.rights = "SELECT, INSERT and ALTER UPDATE";
	*machines = make_table(loop, options, settings->failover_machines_table);
	machines->subject = "table of the machines";
	machines->shown.setting = "failover.machines-table";
	machines->shown.rights = "SELECT and INSERT";
	shared->s3 = lc_servers_s3(options->servers, settings, settings->ledger_bucket);
	return shared;
}

void lc_shared_free(struct lc_shared *shared)
{
	if (shared == NULL)
		return;
	for (unsigned i = 0; i < TABLES; i++)
		lc_register_free(shared->tables[i].reg);
	free(shared);
}
