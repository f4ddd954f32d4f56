#include "clients/register_proof.h"

#include "base/memory.h"
#include "base/random.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { VALUE_SIZE = 32 };

struct lc_register_proof {
	struct lc_register *reg;
	struct lc_register_request *request;
	bool swaps;
	lc_register_proof_callback *callback;
	void *context;
	struct lc_random random;
	char value[VALUE_SIZE]; /* the last that was wanted; each is another one */
};

static struct lc_view next_value(struct lc_register_proof *proof)
{
	snprintf(proof->value, sizeof(proof->value), "%016" PRIx64, lc_random_next(&proof->random));
	return lc_view_of(proof->value);
}

static void end(struct lc_register_proof *proof, const struct lc_error *error)
{
	proof->callback(proof->context, error);
	free(proof);
}

static void end_well(struct lc_register_proof *proof)
{
	const struct lc_error none = {.kind = LC_ERROR_NONE};

	end(proof, &none);
}

/* True unless the answer is UNKNOWN or ABSENT: then the proof has ended. */
static bool is_answered(struct lc_register_proof *proof, const struct lc_register_answer *answer)
{
	struct lc_error error;

	if (answer->outcome == LC_REGISTER_DONE || answer->outcome == LC_REGISTER_OTHER)
		return true;
	error = answer->error;
	if (answer->outcome == LC_REGISTER_ABSENT)
		lc_error_set(&error, LC_ERROR_CONFLICT,
			     "%s: the row \"%s\" was there and is gone; nobody may delete rows of "
			     "this table",
			     lc_register_name(proof->reg), LC_REGISTER_PROOF_NAME);
	end(proof, &error);
	return false;
}

/* OTHER, too, says that a swap was tried: somebody else's came first. */
static void on_swapped(void *context, const struct lc_register_answer *answer)
{
	struct lc_register_proof *proof = context;

	if (is_answered(proof, answer))
		end_well(proof);
}

static void on_made_again(void *context, const struct lc_register_answer *answer)
{
	struct lc_register_proof *proof = context;
	struct lc_error error;

	if (!is_answered(proof, answer))
		return;
	if (answer->outcome == LC_REGISTER_DONE) {
		lc_error_set(&error, LC_ERROR_USAGE,
			     "%s: a row that was there was replaced by an INSERT with "
			     "keeper_map_strict_mode, so it is no register; find what changes "
			     "statements between log-courier and ClickHouse",
			     lc_register_name(proof->reg));
		end(proof, &error);
	} else if (proof->swaps) {
		proof->request =
		    lc_register_swap(proof->reg, lc_view_of(LC_REGISTER_PROOF_NAME), answer->value,
				     next_value(proof), on_swapped, proof);
	} else {
		end_well(proof);
	}
}

/* It is there now, be it made by us or before. */
static void on_made(void *context, const struct lc_register_answer *answer)
{
	struct lc_register_proof *proof = context;

	if (is_answered(proof, answer))
		proof->request = lc_register_create(proof->reg, lc_view_of(LC_REGISTER_PROOF_NAME),
						    next_value(proof), on_made_again, proof);
}

bool lc_register_proof_judge(const struct lc_register *reg, const struct lc_register_rows *rows,
			     struct lc_error *error)
{
	const char *name = lc_register_name(reg);
	struct lc_view engine;
	struct lc_view key;

	if (rows->count == 0)
		return lc_error_set(error, LC_ERROR_USAGE,
				    "there is no table %s, or the user has no right on it; create "
				    "it with the engine KeeperMap, or grant the user SELECT on it",
				    name);
	engine = rows->rows[0].name;
	key = rows->rows[0].value;
	if (!lc_view_equal(engine, lc_view_of("KeeperMap")))
		return lc_error_set(error, LC_ERROR_USAGE,
				    "%s: its engine is %.*s and must be KeeperMap; create it so "
				    "under another name",
				    name, lc_view_shown(engine, 64), engine.data);
	if (!lc_view_equal(key, lc_view_of("name")))
		return lc_error_set(error, LC_ERROR_USAGE,
				    "%s: its primary key is %.*s and must be name; create it so "
				    "under another name",
				    name, lc_view_shown(key, 64), key.data);
	return true;
}

static void on_described(void *context, const struct lc_register_answer *answer)
{
	struct lc_register_proof *proof = context;
	struct lc_error error;

	if (!is_answered(proof, answer))
		return;
	if (!lc_register_proof_judge(proof->reg, &answer->rows, &error)) {
		end(proof, &error);
		return;
	}
	proof->request = lc_register_create(proof->reg, lc_view_of(LC_REGISTER_PROOF_NAME),
					    next_value(proof), on_made, proof);
}

struct lc_register_proof *lc_register_proof_start(struct lc_register *reg, bool swaps,
						  lc_register_proof_callback *callback,
						  void *context)
{
	struct lc_register_proof *proof = lc_memory_zero(1, sizeof(*proof));

	proof->reg = reg;
	proof->swaps = swaps;
	proof->callback = callback;
	proof->context = context;
	lc_random_seed_from_system(&proof->random);
	proof->request = lc_register_describe(reg, on_described, proof);
	return proof;
}

void lc_register_proof_cancel(struct lc_register_proof *proof)
{
	lc_register_cancel(proof->request);
	free(proof);
}
