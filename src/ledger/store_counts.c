#include "ledger/store_counts.h"

#include "base/assert.h"
#include "base/memory.h"
#include "formats/taken_rows.h"
#include "ledger/sql.h"
#include "ledger/store_objects.h"
#include "ledger/store_sources.h"

#include <stdlib.h>

/* Some of the counts that follow each other and are of one source. */
struct run {
	struct lc_ledger_count *counts;
	size_t count;
	struct lc_store_source source;
	uint32_t kept_from; /* before it nothing is known */
	uint64_t *taken;    /* rows, for each of the counts */
};

static size_t run_length(const struct lc_ledger_count *counts, size_t count)
{
	size_t length = 1;

	while (length < count &&
	       counts[length].source.raft_session_id == counts[0].source.raft_session_id &&
	       lc_view_equal(counts[length].source.bucket, counts[0].source.bucket))
		length++;
	return length;
}

static bool is_before_known(const struct run *run, uint32_t first_second)
{
	if (first_second < run->kept_from)
		return true;
	return run->source.has_floor && first_second <= run->source.floor.inserted_at;
}

/* Moves those with a surplus to `kept`, which may lie before the run in the same array. */
static size_t keep_surplus(const struct run *run, uint32_t unit, struct lc_ledger_count *kept)
{
	size_t count = 0;

	for (size_t i = 0; i < run->count; i++) {
		struct lc_ledger_count surplus = run->counts[i];

		if (surplus.rows <= run->taken[i] ||
		    is_before_known(run, surplus.second / unit * unit))
			continue;
		surplus.rows -= run->taken[i];
		kept[count++] = surplus;
	}
	return count;
}

static bool
find_surplus(struct lc_store *store, struct lc_ledger_count *counts, size_t *count, uint32_t unit,
	     bool (*read_taken)(struct lc_store *store, struct run *run, struct lc_error *error),
	     struct lc_error *error)
{
	size_t kept = 0;
	bool read = true;

	for (size_t i = 0; read && i < *count;) {
		struct run run = {
		    .counts = &counts[i],
		    .count = run_length(&counts[i], *count - i),
		    .kept_from = lc_store_kept_from(store, counts[i].source.raft_session_id),
		};

		run.taken = lc_memory_zero(run.count, sizeof run.taken[0]);
		read = lc_store_find_source(store, &counts[i].source, &run.source, error) &&
		       (run.source.id == 0 || read_taken(store, &run, error));
		if (read)
			kept += keep_surplus(&run, unit, &counts[kept]);
		i += run.count;
		free(run.taken);
	}
	*count = kept;
	return read;
}

/* ---- slots ---- */

static bool read_slots(struct lc_store *store, struct run *run, struct lc_error *error)
{
	for (size_t i = 0; i < run->count; i++) {
		sqlite3_stmt *statement = lc_store_take(store, LC_STORE_READ_SLOT, error);
		enum lc_sql_step step;

		if (statement == NULL)
			return false;
		lc_sql_bind_number(statement, 1, run->counts[i].second / LC_LEDGER_SLOT_SECONDS);
		lc_sql_bind_number(statement, 2, run->source.id);
		step = lc_sql_step(statement, store->path, error);
		if (step == LC_SQL_FAILED)
			return false;
		if (step == LC_SQL_ROW)
			run->taken[i] = lc_sql_count(statement, 0);
		sqlite3_reset(statement);
	}
	return true;
}

bool lc_store_find_surplus_slots(struct lc_store *store, struct lc_ledger_count *counts,
				 size_t *count, struct lc_error *error)
{
	return find_surplus(store, counts, count, LC_LEDGER_SLOT_SECONDS, read_slots, error);
}

/* ---- seconds ---- */

/* A second that is asked for, and which of the run's counts asks. */
struct wanted {
	uint32_t second;
	size_t index;
};

struct tally {
	struct run *run;
	struct wanted *wanted; /* ascending by second */
};

static int compare_wanted(const void *a, const void *b)
{
	const struct wanted *left = a;
	const struct wanted *right = b;

	return (left->second > right->second) - (left->second < right->second);
}

/* The first of the wanted that is not before `second`. */
static size_t first_wanted(const struct tally *tally, uint32_t second)
{
	size_t low = 0;
	size_t high = tally->run->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (tally->wanted[middle].second < second)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void tally_blob(void *context, struct lc_view blob)
{
	struct tally *tally = context;
	struct lc_taken_second second = {0};
	size_t position = 0;

	while (lc_taken_rows_next(blob, &position, &second, NULL)) {
		for (size_t i = first_wanted(tally, second.second);
		     i < tally->run->count && tally->wanted[i].second == second.second; i++)
			tally->run->taken[tally->wanted[i].index] += second.count;
	}
}

static bool read_seconds(struct lc_store *store, struct run *run, struct lc_error *error)
{
	struct tally tally = {.run = run};
	uint32_t last;
	bool read;

	tally.wanted = lc_memory_zero(run->count, sizeof tally.wanted[0]);
	for (size_t i = 0; i < run->count; i++)
		tally.wanted[i] = (struct wanted){.second = run->counts[i].second, .index = i};
	qsort(tally.wanted, run->count, sizeof tally.wanted[0], compare_wanted);
	last = tally.wanted[run->count - 1].second;
	LC_ASSERT(last < UINT32_MAX);
	read = lc_store_each_blob(store, run->source.id, tally.wanted[0].second, last + 1,
				  tally_blob, &tally, error);
	free(tally.wanted);
	return read;
}

bool lc_store_find_surplus_seconds(struct lc_store *store, struct lc_ledger_count *counts,
				   size_t *count, struct lc_error *error)
{
	return find_surplus(store, counts, count, 1, read_seconds, error);
}

/* ---- offsets ---- */

/* A source that is quiet is forgotten with its committed second once that is older than the bound
 * of an expiry; if a late row then makes it known again, what is committed of it may be older. So
 * what is older than the bound may be ours, whatever is on record. */
bool lc_store_find_ahead(struct lc_store *store, struct lc_ledger_count *offsets, size_t *count,
			 struct lc_error *error)
{
	uint64_t forgotten;
	size_t kept = 0;

	if (!lc_store_read_meta(store, "expired_until", &forgotten, error))
		return false;
	for (size_t i = 0; i < *count; i++) {
		struct lc_store_source ours;

		if (!lc_store_find_source(store, &offsets[i].source, &ours, error))
			return false;
		if (offsets[i].second > ours.committed && offsets[i].second >= forgotten)
			offsets[kept++] = offsets[i];
	}
	*count = kept;
	return true;
}
