#include "delivery/replays.h"

#include "base/arena.h"
#include "base/assert.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/counters.h"
#include "base/crash_point.h"
#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/random.h"
#include "clients/clickhouse.h"
#include "config/settings.h"
#include "delivery/discovery.h"
#include "delivery/query.h"
#include "delivery/replay.h"
#include "formats/discovery_row.h"
#include "ledger/file_name.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* Clocks of those who write rows differ: a row may be inserted before it has begun. */
	SKEW_SECONDS = 3600,
	ROWS_AN_OBJECT = 100000, /* about what a piece of a replay holds at most */
	COUNT_MS =
	    55 * 1000, /* before whoever waits for a count gives up, and makes nothing of it */
	RETRY_MS = 60 * 1000, /* before a replay whose file cannot be opened is tried again */
	SQL_MAX = 64 * 1024,
	NAMES_CHUNK = 4096,
};

/* A replay, under way or not. */
struct entry {
	struct lc_replay_record record;
	unsigned shard; /* whose ledger it is */
	unsigned shard_count;
};

/* An order whose rows ClickHouse is counting. */
struct order {
	struct lc_clickhouse_query *query; /* NULL: none is */
	struct lc_discovery_answer answer;
	struct lc_replay_record record;
	bool only_counted;
	lc_replays_callback *callback;
	void *context;
	struct lc_replay_source *sources;
	size_t count;
	size_t capacity;
	struct lc_arena names;
	uint64_t objects;
	uint32_t until;
	uint64_t begun_ms; /* monotonic */
};

struct lc_replays {
	const struct lc_delivery *main;
	struct entry *entries; /* the oldest first */
	size_t count;
	size_t capacity;
	struct lc_replay *running;
	size_t running_at; /* its entry */
	uint64_t counted;  /* rows that it has delivered, as far as the counter knows */
	uint64_t next_ms;  /* monotonic; no replay is begun before */
	bool stopped;
	struct order order;
};

static bool path_of(const struct lc_replays *replays, const struct lc_replay_record *record,
		    char path[PATH_MAX], struct lc_error *error)
{
	return lc_replay_file_path(path, replays->main->settings->state_directory, record->id,
				   error);
}

/* ---- what there is ---- */

static int compare_entries(const void *a, const void *b)
{
	const struct entry *left = a;
	const struct entry *right = b;

	return strcmp(left->record.id, right->record.id);
}

static void add_entry(struct lc_replays *replays, const struct entry *entry)
{
	replays->entries = lc_memory_grow(replays->entries, &replays->capacity, replays->count + 1,
					  sizeof(replays->entries[0]));
	replays->entries[replays->count++] = *entry;
}

static void read_file(struct lc_replays *replays, const char *id)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};
	struct entry entry = {.shard = 0};
	char path[PATH_MAX];

	if (lc_replay_file_path(path, replays->main->settings->state_directory, id, &error) &&
	    lc_replay_file_read(path, &entry.record, &entry.shard, &entry.shard_count, &error))
		add_entry(replays, &entry);
	else
		lc_log(LC_LOG_ERROR, "the file of a replay cannot be read; it is left alone",
		       LC_LOG_TEXT("replay", id), LC_LOG_FAULT(&error));
}

/* A draft, or what SQLite has laid beside a file that is gone. */
static void remove_remains(const struct lc_replays *replays, const char *name, const char *id)
{
	const char *directory = replays->main->settings->state_directory;
	struct lc_error ignored;
	char path[PATH_MAX];
	int size = snprintf(path, sizeof(path), "%s/%s", directory, name);
	char whole[PATH_MAX];

	if (size < 0 || (size_t)size >= sizeof(path) ||
	    !lc_replay_file_path(whole, directory, id, &ignored))
		return;
	if (strstr(name, ".draft") != NULL || lc_file_is_missing(whole))
		lc_file_remove(path, &ignored);
}

static void find_files(struct lc_replays *replays)
{
	const struct lc_delivery *main = replays->main;
	DIR *directory = opendir(main->settings->state_directory);
	const struct dirent *found;

	if (directory == NULL)
		return; /* the ledger beside them has told */
	while ((found = readdir(directory)) != NULL) {
		char id[LC_REPLAY_ID_SIZE];
		unsigned shard;
		bool whole;

		if (!lc_replay_file_parse(found->d_name, id, &whole) ||
		    !lc_replay_id_read(lc_view_of(id), &shard) ||
		    shard % main->shard_count != main->shard)
			continue;
		if (whole)
			read_file(replays, id);
		else
			remove_remains(replays, found->d_name, id);
	}
	closedir(directory);
	if (replays->count > 1)
		qsort(replays->entries, replays->count, sizeof(replays->entries[0]),
		      compare_entries);
}

static struct entry *find_entry(const struct lc_replays *replays, struct lc_view id)
{
	for (size_t i = 0; i < replays->count; i++) {
		if (lc_view_equal(lc_view_of(replays->entries[i].record.id), id))
			return &replays->entries[i];
	}
	return NULL;
}

static size_t count_unfinished(const struct lc_replays *replays)
{
	size_t count = 0;

	for (size_t i = 0; i < replays->count; i++)
		count += replays->entries[i].record.state == LC_REPLAY_UNFINISHED;
	return count;
}

static void remove_entry(struct lc_replays *replays, size_t at)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};
	char path[PATH_MAX];

	if (path_of(replays, &replays->entries[at].record, path, &error))
		lc_file_name_remove_all(path, &error);
	replays->count--;
	memmove(&replays->entries[at], &replays->entries[at + 1],
		(replays->count - at) * sizeof(replays->entries[0]));
	if (replays->running_at > at)
		replays->running_at--;
}

/* The oldest that have ended are forgotten. */
static void forget_old(struct lc_replays *replays)
{
	size_t ended = replays->count - count_unfinished(replays);

	for (size_t i = 0; i < replays->count && ended > LC_REPLAYS_ENDED_MAX;) {
		if (replays->entries[i].record.state == LC_REPLAY_UNFINISHED) {
			i++;
			continue;
		}
		remove_entry(replays, i);
		ended--;
	}
}

/* ---- carrying them out ---- */

static uint32_t wall_seconds(void)
{
	return (uint32_t)(lc_clock_wall_ms() / 1000);
}

static void count_delivered(struct lc_replays *replays)
{
	uint64_t delivered = lc_replay_look(replays->running).delivered;

	lc_counters_add(replays->main->counters, LC_COUNTERS_REPLAY_RECORDS_DELIVERED,
			delivered - replays->counted);
	replays->counted = delivered;
}

/* Its entry keeps how far it came. */
static void stop_running(struct lc_replays *replays)
{
	if (replays->running == NULL)
		return;
	count_delivered(replays);
	replays->entries[replays->running_at].record.delivered = replays->counted;
	lc_replay_free(replays->running);
	replays->running = NULL;
}

/* The entry's replay, which is not running, has ended: a file that says so takes the place of its
 * ledger. Until that is on disk it is not ended. */
static bool end_entry(struct lc_replays *replays, struct entry *entry, enum lc_replay_state state,
		      const char *reason, struct lc_error *error)
{
	struct lc_replay_record record = entry->record;
	char path[PATH_MAX];

	record.state = state;
	record.ended_at = wall_seconds();
	snprintf(record.reason, sizeof(record.reason), "%s", reason);
	LC_CRASH_POINT(REPLAY_OVER);
	if (!path_of(replays, &record, path, error) ||
	    !lc_replay_file_make(path, &record, entry->shard, entry->shard_count, NULL, 0, error))
		return false;
	LC_CRASH_POINT(REPLAY_ENDED);
	entry->record = record;
	lc_log(state == LC_REPLAY_FAILED ? LC_LOG_ERROR : LC_LOG_INFO, "a replay has ended",
	       LC_LOG_TEXT("replay", record.id), LC_LOG_UINT("rows_counted", record.rows),
	       LC_LOG_UINT("rows_delivered", record.delivered),
	       LC_LOG_TEXT("cancelled", state == LC_REPLAY_CANCELLED ? "yes" : "no"),
	       LC_LOG_TEXT("error", reason));
	forget_old(replays);
	return true;
}

static void try_to_end(struct lc_replays *replays, struct entry *entry, enum lc_replay_state state,
		       const char *reason)
{
	struct lc_error error;

	if (end_entry(replays, entry, state, reason, &error))
		return;
	replays->next_ms = lc_loop_now_ms(replays->main->loop) + RETRY_MS;
	lc_log(LC_LOG_ERROR, "the end of a replay cannot be recorded and is tried again",
	       LC_LOG_TEXT("replay", entry->record.id), LC_LOG_FAULT(&error));
}

static void look_at_running(struct lc_replays *replays)
{
	struct entry *entry = &replays->entries[replays->running_at];
	struct lc_replay_progress progress = lc_replay_look(replays->running);
	char reason[LC_REPLAY_REASON_SIZE];

	count_delivered(replays);
	if (!progress.done && !progress.damaged)
		return;
	snprintf(reason, sizeof(reason), "%s", progress.damaged ? progress.trouble : "");
	stop_running(replays);
	try_to_end(replays, entry, progress.damaged ? LC_REPLAY_FAILED : LC_REPLAY_DONE, reason);
}

static void begin(struct lc_replays *replays, struct entry *entry)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};
	char path[PATH_MAX];

	/* Without its file it has forgotten what it has delivered. */
	if (path_of(replays, &entry->record, path, &error) && lc_file_is_missing(path))
		lc_error_set(&error, LC_ERROR_CORRUPT, "its file %s is gone", path);
	else if (error.kind == LC_ERROR_NONE)
		replays->running = lc_replay_new(replays->main, &entry->record, path, entry->shard,
						 entry->shard_count, &error);
	if (replays->running != NULL) {
		lc_log(LC_LOG_INFO, "a replay is carried out",
		       LC_LOG_TEXT("replay", entry->record.id),
		       LC_LOG_UINT("rows_counted", entry->record.rows),
		       LC_LOG_UINT("rows_delivered", entry->record.delivered));
		replays->running_at = (size_t)(entry - replays->entries);
		replays->counted = entry->record.delivered;
	} else if (error.kind == LC_ERROR_CORRUPT) {
		try_to_end(replays, entry, LC_REPLAY_FAILED, error.message);
	} else {
		replays->next_ms = lc_loop_now_ms(replays->main->loop) + RETRY_MS;
		lc_log(LC_LOG_ERROR, "a replay cannot be carried out and is tried again",
		       LC_LOG_TEXT("replay", entry->record.id), LC_LOG_FAULT(&error));
	}
}

static void begin_next(struct lc_replays *replays)
{
	if (lc_loop_now_ms(replays->main->loop) < replays->next_ms)
		return;
	for (size_t i = 0; i < replays->count; i++) {
		if (replays->entries[i].record.state == LC_REPLAY_UNFINISHED) {
			begin(replays, &replays->entries[i]);
			return;
		}
	}
}

/* Rows that the replay has delivered by now. */
static uint64_t delivered_of(const struct lc_replays *replays, const struct entry *entry)
{
	if (replays->running == NULL || entry != &replays->entries[replays->running_at])
		return entry->record.delivered;
	return lc_replay_look(replays->running).delivered;
}

static void show(const struct lc_replays *replays)
{
	struct lc_counters *counters = replays->main->counters;
	uint64_t to_come = 0;

	for (size_t i = 0; i < replays->count; i++) {
		const struct entry *entry = &replays->entries[i];
		uint64_t delivered = delivered_of(replays, entry);

		if (entry->record.state == LC_REPLAY_UNFINISHED && delivered < entry->record.rows)
			to_come += entry->record.rows - delivered;
	}
	lc_counters_set(counters, LC_COUNTERS_REPLAYS, count_unfinished(replays));
	lc_counters_set(counters, LC_COUNTERS_REPLAY_RECORDS_TO_COME, to_come);
}

static void give_up_late_order(struct lc_replays *replays);

void lc_replays_tend(struct lc_replays *replays)
{
	if (replays->stopped)
		return;
	give_up_late_order(replays);
	if (replays->running != NULL) {
		lc_replay_tend(replays->running,
			       lc_discovery_clickhouse_now(replays->main->discovery));
		look_at_running(replays);
	} else {
		begin_next(replays);
	}
	show(replays);
}

/* ---- orders ---- */

static void release_order(struct order *order)
{
	lc_discovery_answer_free(&order->answer);
	lc_arena_free(&order->names);
	free(order->sources);
	*order = (struct order){.query = NULL};
}

static void note_retention(const struct lc_replays *replays, struct lc_replays_answer *answer)
{
	uint32_t now = lc_discovery_clickhouse_now(replays->main->discovery);
	uint64_t retention = (uint64_t)replays->main->settings->consumer_retention_seconds;

	answer->complete_to = lc_discovery_until(replays->main->discovery);
	answer->retained_from = now > retention ? now - (uint32_t)retention : 0;
}

/* Identities of one shard differ though several orders come within a second, or the clock is set
 * back. */
static void name(const struct lc_replays *replays, struct lc_replay_record *record)
{
	record->ordered_at = wall_seconds();
	lc_replay_id_make(record->id, record->ordered_at, replays->main->shard);
	while (find_entry(replays, lc_view_of(record->id)) != NULL)
		lc_replay_id_make(record->id, ++record->ordered_at, replays->main->shard);
}

static bool make(struct lc_replays *replays, const struct order *order,
		 struct lc_replay_record *record, struct lc_error *error)
{
	const struct lc_delivery *main = replays->main;
	struct entry entry = {.shard = main->shard, .shard_count = main->shard_count};
	char path[PATH_MAX];

	name(replays, record);
	if (!path_of(replays, record, path, error) ||
	    !lc_replay_file_make(path, record, entry.shard, entry.shard_count, order->sources,
				 order->count, error))
		return false;
	LC_CRASH_POINT(REPLAY_ORDERED);
	entry.record = *record;
	add_entry(replays, &entry);
	lc_log(LC_LOG_INFO, "a replay was ordered", LC_LOG_TEXT("replay", record->id),
	       LC_LOG_VIEW("bucket", lc_replay_bucket(record)),
	       LC_LOG_UINT("sources", record->sources), LC_LOG_UINT("rows", record->rows));
	return true;
}

static void finish_order(struct lc_replays *replays, const struct lc_error *error)
{
	struct order *order = &replays->order;
	struct lc_replays_answer answer = {
	    .error = *error, .record = order->record, .objects = order->objects};
	lc_replays_callback *callback = order->callback;
	void *context = order->context;

	note_retention(replays, &answer);
	if (answer.error.kind == LC_ERROR_NONE && !order->only_counted && order->count > 0 &&
	    !make(replays, order, &answer.record, &answer.error))
		answer.record.id[0] = '\0';
	release_order(order);
	callback(context, &answer);
}

static void give_up_late_order(struct lc_replays *replays)
{
	struct order *order = &replays->order;
	struct lc_error error;

	if (order->query == NULL ||
	    lc_loop_now_ms(replays->main->loop) < order->begun_ms + COUNT_MS)
		return;
	lc_clickhouse_cancel(order->query);
	lc_error_set(&error, LC_ERROR_UNREACHABLE,
		     "ClickHouse has not counted the rows within %d s; order replays for less: a "
		     "source, a prefix, a shorter time",
		     (int)(COUNT_MS / 1000));
	finish_order(replays, &error);
}

static void keep_row(void *context, const struct lc_discovery_row *row)
{
	struct order *order = context;

	order->record.sources++;
	order->record.rows += row->rows;
	order->objects += (row->rows + ROWS_AN_OBJECT - 1) / ROWS_AN_OBJECT;
	if (order->count == LC_REPLAYS_SOURCES_MAX || row->floor.inserted_at < row->oldest ||
	    row->floor.inserted_at >= order->until)
		return;
	order->sources = lc_memory_grow(order->sources, &order->capacity, order->count + 1,
					sizeof(order->sources[0]));
	order->sources[order->count++] = (struct lc_replay_source){
	    .name = {.raft_session_id = row->raft_session_id,
		     .bucket = lc_arena_copy(&order->names, row->bucket)},
	    .from = row->oldest,
	    .until = row->floor.inserted_at + 1,
	};
}

static bool on_data(void *context, struct lc_view piece, struct lc_error *error)
{
	struct lc_replays *replays = context;

	return lc_discovery_answer_feed(&replays->order.answer, piece, keep_row, &replays->order,
					error);
}

static void on_done(void *context, const struct lc_error *error)
{
	struct lc_replays *replays = context;
	struct order *order = &replays->order;
	struct lc_error failure = *error;

	order->query = NULL;
	if (failure.kind == LC_ERROR_NONE && lc_discovery_answer_end(&order->answer, &failure) &&
	    order->count != order->record.sources)
		lc_error_set(&failure, LC_ERROR_LIMIT,
			     "%llu sources have such rows, and a replay takes at most %d in each "
			     "shard; order one for less: a prefix, a source, a shorter time",
			     (unsigned long long)order->record.sources,
			     (int)LC_REPLAYS_SOURCES_MAX);
	finish_order(replays, &failure);
}

static void count_rows(struct lc_replays *replays)
{
	struct order *order = &replays->order;
	const struct lc_replay_record *record = &order->record;
	struct lc_delivery_filter filter = {
	    .from_ms = (int64_t)record->from * 1000,
	    .to_ms = (int64_t)record->to * 1000,
	    .of_target = record->of_target,
	    .whole_bucket = record->whole_bucket,
	    .target_bucket = lc_replay_bucket(record),
	    .target_prefix = lc_replay_prefix(record),
	};
	struct lc_ledger_source one = {.raft_session_id = record->raft_session_id,
				       .bucket = lc_replay_bucket(record)};
	struct lc_delivery asked = *replays->main;
	uint64_t marker = lc_random_next(asked.random);
	struct lc_clickhouse_spec spec = {
	    .seat = lc_clickhouse_take_seat(asked.clickhouse),
	    .on_data = on_data,
	    .on_done = on_done,
	    .context = replays,
	};
	struct lc_buffer sql;

	asked.filter = &filter;
	lc_discovery_answer_begin(&order->answer, marker);
	lc_buffer_init(&sql, SQL_MAX);
	lc_query_append_matches(&sql, &asked, marker, record->of_target ? NULL : &one,
				record->from > SKEW_SECONDS ? record->from - SKEW_SECONDS : 0,
				order->until);
	LC_ASSERT(!lc_buffer_failed(&sql));
	spec.sql = lc_buffer_view(&sql);
	order->query = lc_clickhouse_start(asked.clickhouse, &spec);
	lc_buffer_free(&sql);
}

/* Why it is not even counted; kind NONE if it is. */
static struct lc_error refusal_of(const struct lc_replays *replays,
				  const struct lc_replay_record *record, bool only_counted)
{
	uint32_t until = lc_discovery_until(replays->main->discovery);
	struct lc_error error = {.kind = LC_ERROR_NONE};
	char text[LC_CLOCK_TEXT_SIZE];

	lc_clock_format((int64_t)until * 1000, text);
	if (replays->stopped)
		lc_error_set(&error, LC_ERROR_UNREACHABLE, "the shard is stopping");
	else if (replays->order.query != NULL)
		lc_error_set(&error, LC_ERROR_CONFLICT,
			     "the shard is still counting for another replay; try again");
	else if (until == 0)
		lc_error_set(&error, LC_ERROR_UNREACHABLE,
			     "the shard has discovered no rows yet; try again");
	else if (record->to > until)
		lc_error_set(&error, LC_ERROR_USAGE,
			     "rows are known up to %s only: end the time there, or try again later",
			     text);
	else if (!only_counted && count_unfinished(replays) >= LC_REPLAYS_UNFINISHED_MAX)
		lc_error_set(&error, LC_ERROR_LIMIT,
			     "the shard has %d replays to carry out already: await or cancel one",
			     (int)LC_REPLAYS_UNFINISHED_MAX);
	return error;
}

void lc_replays_order(struct lc_replays *replays, const struct lc_replay_record *record,
		      bool only_counted, lc_replays_callback *callback, void *context)
{
	struct lc_replays_answer answer = {.record = *record};

	answer.error = refusal_of(replays, record, only_counted);
	if (answer.error.kind != LC_ERROR_NONE) {
		note_retention(replays, &answer);
		callback(context, &answer);
		return;
	}
	replays->order = (struct order){.record = *record,
					.only_counted = only_counted,
					.callback = callback,
					.context = context,
					.until = lc_discovery_until(replays->main->discovery),
					.begun_ms = lc_loop_now_ms(replays->main->loop)};
	lc_arena_init(&replays->order.names, NAMES_CHUNK);
	count_rows(replays);
}

bool lc_replays_cancel(struct lc_replays *replays, struct lc_view id, struct lc_error *error)
{
	struct entry *entry = find_entry(replays, id);

	error->kind = LC_ERROR_NONE;
	if (entry == NULL || entry->record.state != LC_REPLAY_UNFINISHED)
		return false;
	if (replays->running != NULL && entry == &replays->entries[replays->running_at])
		stop_running(replays);
	if (!end_entry(replays, entry, LC_REPLAY_CANCELLED, "", error))
		return false;
	show(replays);
	return true;
}

/* ---- looking ---- */

void lc_replays_each(const struct lc_replays *replays,
		     void (*visit)(void *context, const struct lc_replay_record *record,
				   bool running, const char *trouble),
		     void *context)
{
	for (size_t i = 0; i < replays->count; i++) {
		const struct entry *entry = &replays->entries[i];
		struct lc_replay_record record = entry->record;
		bool running = replays->running != NULL && i == replays->running_at;

		record.delivered = delivered_of(replays, entry);
		visit(context, &record, running,
		      running ? lc_replay_look(replays->running).trouble : record.reason);
	}
}

/* ---- life ---- */

struct lc_replays *lc_replays_new(const struct lc_delivery *main)
{
	struct lc_replays *replays = lc_memory_zero(1, sizeof(*replays));

	replays->main = main;
	find_files(replays);
	return replays;
}

void lc_replays_stop(struct lc_replays *replays)
{
	replays->stopped = true;
	stop_running(replays);
}

void lc_replays_free(struct lc_replays *replays)
{
	if (replays == NULL)
		return;
	if (replays->order.query != NULL)
		lc_clickhouse_cancel(replays->order.query);
	if (replays->order.callback != NULL)
		release_order(&replays->order);
	stop_running(replays);
	free(replays->entries);
	free(replays);
}
