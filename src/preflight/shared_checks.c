#include "preflight/shared_checks.h"

#include "clients/diagnose.h"
#include "formats/shard_head.h"

#include <stdio.h>
#include <string.h>

enum { ADVICE_SIZE = 512 };

/* ---- tables ---- */

/* `error` names the table first. */
static void set_table_failure(const struct lc_error *error, const struct lc_shared_table *table,
			      struct lc_verdict *verdict)
{
	enum lc_fault fault = lc_diagnose_clickhouse(error);
	char advice[ADVICE_SIZE];

	if (error->kind != LC_ERROR_USAGE && fault != LC_FAULT_CLICKHOUSE_USER) {
		lc_verdict_set_fault(verdict, error, fault, table->name);
		return;
	}
	snprintf(
	    advice, sizeof(advice),
	    "contrib/clickhouse/several-machines.sql has the table and its grants (%s); if they "
	    "are there, correct %s.",
	    table->rights, table->setting);
	lc_verdict_set_failure(verdict, error, table->name, advice);
}

void lc_shared_checks_judge_table(const struct lc_error *error, const struct lc_shared_table *table,
				  bool proven, struct lc_verdict *verdict)
{
	if (error->kind != LC_ERROR_NONE)
		set_table_failure(error, table, verdict);
	else if (proven)
		lc_verdict_set(verdict, LC_VERDICT_OK, "engine KeeperMap, takes rows as it should");
	else
		lc_verdict_set(verdict, LC_VERDICT_OK, "engine KeeperMap");
}

/* ---- heads ---- */

static void judge_missing(size_t row_count, unsigned missing, unsigned shard_count,
			  const struct lc_shared_table *table, struct lc_verdict *verdict)
{
	if (missing == 0)
		lc_verdict_set(verdict, LC_VERDICT_OK, "each of %u shards has one", shard_count);
	else if (missing < shard_count)
		lc_verdict_set(verdict, LC_VERDICT_FAIL,
			       "%u of %u shards have none. Run log-courier --publish-ledgers on "
			       "each machine that has delivered until now, then "
			       "log-courier --publish-fresh-ledgers on one of them.",
			       missing, shard_count);
	else if (row_count > 0)
		lc_verdict_set(verdict, LC_VERDICT_FAIL,
			       "none is of %u shards, but %zu are of another number. Correct "
			       "supervisor.shards, which is the same on all machines, or %s.",
			       shard_count, row_count, table->setting);
	else
		lc_verdict_set(verdict, LC_VERDICT_FAIL,
			       "there are none. Run log-courier --publish-ledgers, or "
			       "log-courier --publish-fresh-ledgers for a new deployment; if that "
			       "was done before, the table was emptied, or is another one: correct "
			       "%s.",
			       table->setting);
}

static void judge_withdrawn(unsigned withdrawn, unsigned shard_count, const char *machine,
			    struct lc_verdict *verdict)
{
	lc_verdict_set(verdict, LC_VERDICT_FAIL,
		       "%u of %u shards were fetched back to one machine, the last one to %s, and "
		       "no other can take them. Run log-courier --publish-ledgers there, or take "
		       "failover.enabled out of its settings and start it alone.",
		       withdrawn, shard_count, machine);
}

void lc_shared_checks_judge_heads(const struct lc_register_answer *answer, unsigned shard_count,
				  const struct lc_shared_table *table, struct lc_verdict *verdict)
{
	const struct lc_register_rows *rows = &answer->rows;
	char machine[LC_SHARD_HEAD_NAME_MAX];
	unsigned missing = 0;
	unsigned withdrawn = 0;

	if (answer->outcome != LC_REGISTER_DONE) {
		set_table_failure(&answer->error, table, verdict);
		return;
	}
	for (unsigned shard = 0; shard < shard_count; shard++) {
		char name[LC_SHARD_HEAD_ROW_SIZE];
		const struct lc_register_row *row;
		struct lc_shard_head head;
		struct lc_error error = {.kind = LC_ERROR_NONE};

		lc_shard_head_row(shard, shard_count, name);
		row = lc_register_rows_find(rows, name);
		missing += row == NULL;
		if (row == NULL)
			continue;
		if (lc_shard_head_parse(row->value, &head, &error)) {
			if (head.state == LC_SHARD_HEAD_WITHDRAWN) {
				withdrawn++;
				memcpy(machine, head.owner, sizeof(machine));
			}
			continue;
		}
		lc_error_prefix(&error, "%s", name);
		lc_verdict_set_failure(verdict, &error, "",
				       "Find out who has changed that row: log-courier alone may "
				       "write into the table.");
		return;
	}
	if (withdrawn > 0)
		judge_withdrawn(withdrawn, shard_count, machine, verdict);
	else
		judge_missing(rows->count, missing, shard_count, table, verdict);
}

/* ---- the bucket ---- */

struct step {
	const char *name;
	const char *right;
	const char *not_found;
};

/* clang-format off */
static const struct step STEPS[LC_SHARED_STEPS] = {
	[LC_SHARED_STEP_PUT] = {"storing an object", "s3:PutObject", ""},
	[LC_SHARED_STEP_LIST] = {
		"listing objects", "s3:ListBucket",
		"is not in the list that was asked for after it was stored"},
	[LC_SHARED_STEP_GET] = {
		"reading an object", "s3:GetObject", "has other bytes than were stored"},
	[LC_SHARED_STEP_DELETE] = {"deleting an object", "s3:DeleteObject", ""},
};
/* clang-format on */

/* Others of S3's faults have advice that is as good for this bucket. */
static void set_step_failure(const struct step *step, const struct lc_s3_answer *answer,
			     struct lc_verdict *verdict)
{
	struct lc_error error = answer->error;
	enum lc_fault fault = lc_diagnose_s3(answer);
	char advice[ADVICE_SIZE];

	lc_error_prefix(&error, "%s", step->name);
	if (fault == LC_FAULT_S3_RIGHTS) {
		snprintf(advice, sizeof(advice), "Allow the access key %s in this bucket.",
			 step->right);
		lc_verdict_set_failure(verdict, &error, "", advice);
	} else if (fault == LC_FAULT_S3_NO_BUCKET) {
		lc_verdict_set_failure(verdict, &error, "",
				       "Create the bucket, or correct ledger.bucket.");
	} else {
		lc_verdict_set_fault(verdict, &error, fault, "");
	}
}

bool lc_shared_checks_judge_step(enum lc_shared_step step, const struct lc_s3_answer *answer,
				 bool found, const char *key, struct lc_verdict *verdict)
{
	if (answer->retry_class == LC_RETRY_DONE && found)
		return true;
	if (answer->retry_class != LC_RETRY_DONE)
		set_step_failure(&STEPS[step], answer, verdict);
	else
		lc_verdict_set(verdict, LC_VERDICT_FAIL,
			       "%s: %s %s. Use a service, or a bucket, that shows at once what it "
			       "has confirmed.",
			       STEPS[step].name, key, STEPS[step].not_found);
	return false;
}
