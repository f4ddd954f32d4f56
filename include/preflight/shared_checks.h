/*
 * What the preflight checks of what machines share (failover.enabled): two registers, the heads of
 * the shards, and the bucket of the ledgers. Each is a pure rule that judges an answer.
 */
#ifndef LC_PREFLIGHT_SHARED_CHECKS_H
#define LC_PREFLIGHT_SHARED_CHECKS_H

#include "base/error.h"
#include "clients/register.h"
#include "clients/s3.h"
#include "preflight/verdict.h"

#include <stdbool.h>

struct lc_shared_table {
	const char *name;    /* "logs.courier_heads" */
	const char *setting; /* "failover.heads-table" */
	const char *rights;  /* that the user needs there */
};

/* What was found out of a table. `proven`: by writing into it, else from its description alone. */
void lc_shared_checks_judge_table(const struct lc_error *error, const struct lc_shared_table *table,
				  bool proven, struct lc_verdict *verdict);

/* Of lc_register_read_all of the heads: whether each of so many shards has one. */
void lc_shared_checks_judge_heads(const struct lc_register_answer *answer, unsigned shard_count,
				  const struct lc_shared_table *table, struct lc_verdict *verdict);

/* What is done in the bucket of the ledgers, in this order. */
enum lc_shared_step {
	LC_SHARED_STEP_PUT,
	LC_SHARED_STEP_LIST,
	LC_SHARED_STEP_GET,
	LC_SHARED_STEP_DELETE,
	LC_SHARED_STEPS
};

/* True if the step was done, and has found what it had to find; else that is the verdict. */
bool lc_shared_checks_judge_step(enum lc_shared_step step, const struct lc_s3_answer *answer,
				 bool found, const char *key, struct lc_verdict *verdict);

#endif
