#include "support/move_world.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "base/random.h"
#include "formats/taken_rows.h"
#include "ledger/file_name.h"
#include "ledger/ledger_check.h"
#include "ledger/schema.h"
#include "ledger/store.h"
#include "support/ledger_case.h"
#include "support/story.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	SESSIONS = 14,
	BUCKETS = 3,
	FIRST_SECOND = 1700000000,
	SPAN = 5 * 3600,
	TEXT_MAX = 64 * 1024 * 1024,
};

static const char *const TARGETS[] = {"target-a", "target-b", "target-c"};

/* ---- the directory ---- */

void lc_move_world_begin(char directory[LC_MOVE_WORLD_PATH_SIZE])
{
	snprintf(directory, LC_MOVE_WORLD_PATH_SIZE, "/tmp/lc-move-XXXXXX");
	assert_non_null(mkdtemp(directory));
}

static void each_name(const char *path, void (*visit)(void *context, const char *name),
		      void *context)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;

	assert_non_null(directory);
	while ((entry = readdir(directory)) != NULL) {
		if (entry->d_name[0] != '.')
			visit(context, entry->d_name);
	}
	closedir(directory);
}

static void make_path(char path[PATH_MAX], const char *directory, const char *name)
{
	assert_true(snprintf(path, PATH_MAX, "%s/%s", directory, name) < PATH_MAX);
}

static void remove_name(void *context, const char *name)
{
	char path[PATH_MAX];

	make_path(path, context, name);
	assert_int_equal(unlink(path), 0);
}

void lc_move_world_end(const char *directory)
{
	char path[LC_MOVE_WORLD_PATH_SIZE];

	snprintf(path, sizeof path, "%s", directory);
	each_name(path, remove_name, path);
	assert_int_equal(rmdir(path), 0);
}

struct hashing {
	const char *directory;
	uint64_t sum;
};

static uint64_t mix(uint64_t sum, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		sum = (sum ^ (unsigned char)bytes[i]) * 0x100000001B3U;
	return sum;
}

static void hash_file(void *context, const char *name)
{
	struct hashing *hashing = context;
	char path[PATH_MAX];
	char bytes[8192];
	uint64_t sum = mix(0xCBF29CE484222325U, name, strlen(name));
	size_t size;
	FILE *file;

	make_path(path, hashing->directory, name);
	file = fopen(path, "r");
	assert_non_null(file);
	while ((size = fread(bytes, 1, sizeof bytes, file)) > 0)
		sum = mix(sum, bytes, size);
	hashing->sum += ftell(file) > 0 ? sum : 0;
	fclose(file);
}

uint64_t lc_move_world_fingerprint(const char *directory)
{
	struct hashing hashing = {.directory = directory};

	each_name(directory, hash_file, &hashing);
	return hashing.sum;
}

struct counting {
	const char *text;
	unsigned count;
};

static void count_name(void *context, const char *name)
{
	struct counting *counting = context;

	counting->count += strstr(name, counting->text) != NULL;
}

unsigned lc_move_world_count_files(const char *directory, const char *text)
{
	struct counting counting = {.text = text};

	each_name(directory, count_name, &counting);
	return counting.count;
}

static bool owns_all(const void *context, unsigned shard)
{
	(void)context;
	(void)shard;
	return true;
}

struct lc_move lc_move_world_move(const char *directory, unsigned from, unsigned to)
{
	return (struct lc_move){.directory = directory, .from = from, .to = to, .owns = owns_all};
}

/* ---- random content ---- */

struct maker {
	struct lc_random random;
	struct lc_store *store;
	struct lc_error error;
	uint64_t next_id;
};

static uint32_t choose(struct maker *maker, uint32_t count)
{
	return (uint32_t)(lc_random_next(&maker->random) % count);
}

static void must(struct maker *maker, bool done)
{
	if (!done)
		fail_msg("%s", maker->error.message);
}

static void make_object(struct maker *maker, const struct lc_ledger_source *source)
{
	uint32_t first = FIRST_SECOND + choose(maker, SPAN);
	uint32_t second = first;
	uint64_t id = maker->next_id;
	struct lc_taken_rows rows;
	struct lc_ledger_intent intent;
	char key[96];

	maker->next_id += 1 + choose(maker, 3);
	lc_taken_rows_init(&rows);
	for (uint32_t i = choose(maker, 40) + 1; i > 0; i--) {
		lc_taken_rows_add(&rows, second, lc_random_next(&maker->random));
		second += choose(maker, 4) == 0 ? choose(maker, 200) : 0;
	}
	snprintf(key, sizeof key, "logs/%u-%.*s-%016llx", source->raft_session_id,
		 (int)source->bucket.size, source->bucket.data,
		 (unsigned long long)lc_random_next(&maker->random));
	intent = (struct lc_ledger_intent){
	    .id = id,
	    .source = *source,
	    .target_bucket = lc_view_of(TARGETS[choose(maker, 3)]),
	    .target_prefix = lc_view_of(choose(maker, 2) == 0 ? "" : "logs/"),
	    .key = lc_view_of(key),
	    .first_second = first,
	    .last_second = rows.second,
	    .rows = rows.total,
	    .bytes = rows.total * 500,
	    .taken_rows = lc_taken_rows_blob(&rows),
	};
	must(maker, lc_store_add_intent(maker->store, &intent, &maker->error));
	if (choose(maker, 3) != 0)
		must(maker, lc_store_set_delivered(maker->store, id, &maker->error));
	else if (choose(maker, 3) == 0)
		must(maker, lc_store_set_lost(maker->store, id, intent.last_second,
					      choose(maker, 2) == 0 ? LC_LEDGER_LOST_EXPIRED
								    : LC_LEDGER_LOST_DISCARDED,
					      &maker->error));
	lc_taken_rows_free(&rows);
}

static void make_ranges(struct maker *maker, const struct lc_ledger_source *source)
{
	struct lc_ledger_range ranges[4];
	size_t count = choose(maker, 5);
	uint32_t from = FIRST_SECOND + SPAN;

	for (size_t i = 0; i < count; i++) {
		from += choose(maker, 50);
		ranges[i] = (struct lc_ledger_range){
		    .from = from, .to = from + 1 + choose(maker, 20), .since = from + 5};
		from = ranges[i].to;
	}
	must(maker, lc_store_set_ranges(maker->store, source, ranges, count, &maker->error));
}

static void commit_second(struct maker *maker, const struct lc_ledger_source *source,
			  uint32_t second)
{
	struct lc_ledger_count offset = {.source = *source, .second = second};
	size_t count = 1;

	must(maker, lc_store_set_committed(maker->store, &offset, &count, &maker->error));
}

static void make_session(struct maker *maker, uint32_t session, unsigned objects)
{
	char names[BUCKETS][32];
	struct lc_ledger_source sources[BUCKETS];

	for (unsigned i = 0; i < BUCKETS; i++) {
		struct lc_offset floor = {.inserted_at = FIRST_SECOND + choose(maker, SPAN),
					  .start_time_ms = choose(maker, 1000000),
					  .req_id = lc_view_of("3E57427F3EXAMPLE")};

		snprintf(names[i], sizeof names[i], "bucket-%u", i);
		sources[i] = (struct lc_ledger_source){.raft_session_id = session,
						       .bucket = lc_view_of(names[i])};
		if (choose(maker, 3) == 0)
			must(maker,
			     lc_store_set_floor(maker->store, &sources[i], &floor, &maker->error));
		if (choose(maker, 3) == 0)
			commit_second(maker, &sources[i], floor.inserted_at + 7);
		make_ranges(maker, &sources[i]);
	}
	for (unsigned i = 0; i < objects; i++)
		make_object(maker, &sources[choose(maker, BUCKETS)]);
}

static void make_targets(struct maker *maker)
{
	static const char *const PREFIXES[] = {"", "", "logs/"};

	for (unsigned i = 0; i < 9; i++) {
		struct lc_ledger_target target = {.bucket = lc_view_of(TARGETS[i / 3]),
						  .prefix = lc_view_of(PREFIXES[i % 3]),
						  .whole = i % 3 == 0,
						  .refused = choose(maker, 2) == 0,
						  .failures = choose(maker, 4),
						  .probe_at_ms = 1000 + choose(maker, 1000000),
						  .given_up =
						      (enum lc_ledger_given_up)choose(maker, 3)};

		must(maker, lc_store_set_target(maker->store, &target, &maker->error));
	}
}

static void make_ledger(struct maker *maker, const char *directory, unsigned shard, unsigned shards,
			unsigned objects)
{
	char path[PATH_MAX];
	struct lc_ledger_options options = {.path = path, .shard = shard, .shard_count = shards};
	struct lc_ledger_state state = {.fresh = false};
	uint32_t horizon = FIRST_SECOND + choose(maker, SPAN / 2);
	uint32_t until = FIRST_SECOND + SPAN + choose(maker, 600);

	must(maker, lc_file_name_path(path, directory, shard, shards, "", &maker->error));
	maker->store = lc_store_open(&options, &state, &maker->error);
	if (maker->store == NULL)
		fail_msg("%s", maker->error.message);
	maker->next_id = state.next_intent_id;
	must(maker, lc_store_begin(maker->store, &maker->error));
	for (uint32_t session = shard; session < SESSIONS; session += shards)
		make_session(maker, session, objects);
	make_targets(maker);
	must(maker, lc_store_set_until(maker->store, until, &maker->error));
	must(maker, lc_store_set_horizon(maker->store, horizon, &maker->error));
	if (choose(maker, 2) == 0)
		lc_ledger_case_expire(maker->store, horizon);
	must(maker, lc_store_commit(maker->store, &maker->error));
	lc_store_close(maker->store);
}

void lc_move_world_fill(const char *directory, unsigned shards, uint64_t seed, unsigned objects)
{
	struct maker maker = {.store = NULL};

	lc_random_seed(&maker.random, seed);
	for (unsigned shard = 0; shard < shards; shard++)
		make_ledger(&maker, directory, shard, shards, objects);
}

/* ---- content as text ---- */

struct lines {
	char **lines;
	size_t count;
	size_t capacity;
};

static void add_line(struct lines *lines, const char *line)
{
	lines->lines = lc_memory_grow(lines->lines, &lines->capacity, lines->count + 1,
				      sizeof(lines->lines[0]));
	lines->lines[lines->count++] = lc_memory_copy_text(line);
}

/* The first column of each row is a line. */
static void add_query(struct lines *lines, sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	while (sqlite3_step(statement) == SQLITE_ROW)
		add_line(lines, (const char *)sqlite3_column_text(statement, 0));
	assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
}

#define SOURCE " source s ON s.id = t.source"
#define NAME "s.session || ' ' || CAST(s.bucket AS TEXT) || ' ' || "
#define TARGET "CAST(bucket AS TEXT) || '/' || whole || '/' || CAST(prefix AS TEXT)"

/* All log objects as one table; place: the object's among those of its source, in order of ids. */
static void add_objects(struct lines *lines, sqlite3 *db)
{
	struct lines hours = {.count = 0};
	struct lc_buffer sql;

	lc_buffer_init(&sql, TEXT_MAX);
	add_query(&hours, db, "SELECT hour FROM hour ORDER BY hour");
	lc_buffer_append_text(&sql,
			      "SELECT 'object ' || " NAME
			      "row_number() OVER (PARTITION BY t.source ORDER BY t.id) || ' ' "
			      "|| t.first_second || ' ' || t.last_second || ' ' || t.rows || "
			      "' ' || t.bytes || ' ' || t.expired || ' ' || (o.id IS NOT NULL) "
			      "|| ' ' || coalesce(o.hour || ' ' || o.first_second || ' ' || "
			      "o.rows || ' ' || hex(o.target_bucket) || ' ' || "
			      "hex(o.target_prefix), '') || ' ' || "
			      "hex(t.target_bucket) || ' ' || hex(t.target_prefix) || ' ' || "
			      "hex(t.key) || ' ' || hex(t.taken_rows) FROM (");
	for (size_t i = 0; i < hours.count; i++) {
		lc_buffer_append_format(&sql, "%sSELECT * FROM objects_%s",
					i == 0 ? "" : " UNION ALL ", hours.lines[i]);
		free(hours.lines[i]);
	}
	lc_buffer_append_text(&sql,
			      ") t JOIN" SOURCE
			      " LEFT JOIN open_intent o ON o.id = t.id AND o.source = t.source");
	if (hours.count > 0)
		add_query(lines, db, lc_buffer_text(&sql));
	free(hours.lines);
	lc_buffer_free(&sql);
}

static void add_tables(struct lines *lines, sqlite3 *db)
{
	add_query(lines, db,
		  "SELECT 'source ' || session || ' ' || CAST(bucket AS TEXT) || ' ' ||"
		  " coalesce(floor_second || ' ' || floor_start_ms || ' ' || hex(floor_req_id), '')"
		  " || ' ' || committed_second || ' ' || last_second FROM source");
	add_query(lines, db,
		  "SELECT 'range ' || " NAME "first_second || ' ' || until || ' ' || since"
		  " FROM open_range t JOIN" SOURCE);
	add_query(lines, db,
		  "SELECT 'slot ' || " NAME "slot || ' ' || rows FROM slot t JOIN" SOURCE);
	add_query(lines, db,
		  "SELECT 'intents ' || " NAME "count(*) FROM open_intent t JOIN" SOURCE
		  " GROUP BY t.source");
	/* What sorts last has the latest probe, and was given up the most. */
	add_query(lines, db,
		  "SELECT 'target ' || " TARGET " || printf(' %020d ', probe_at_ms) ||"
		  " refused || ' ' || failures FROM target");
	add_query(lines, db, "SELECT 'given-up ' || " TARGET " || ' ' || given_up FROM target");
	add_objects(lines, db);
}

static void fail_on_fault(void *context, const char *fault)
{
	fail_msg("%s: %s", (const char *)context, fault);
}

static void dump_ledger(struct lines *lines, const char *directory, unsigned shard, unsigned shards)
{
	char path[PATH_MAX];
	char sql[128];
	struct lines strangers = {.count = 0};
	struct lc_error error;
	sqlite3 *db;

	assert_true(lc_file_name_path(path, directory, shard, shards, "", &error));
	if (!lc_ledger_check(path, fail_on_fault, path, &error))
		fail_msg("%s", error.message);
	db = lc_schema_open_for_check(path, &error);
	if (db == NULL)
		fail_msg("%s", error.message);
	snprintf(sql, sizeof sql, "SELECT session FROM source WHERE session %% %u <> %u", shards,
		 shard);
	add_query(&strangers, db, sql);
	assert_int_equal(strangers.count, 0);
	add_tables(lines, db);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Targets stand in several ledgers: of each only the line that sorts last counts. */
static bool is_older_target(const char *line, const char *next)
{
	size_t word = strcspn(line, " ") + 1;
	size_t name = strcspn(line + word, " ") + 1;

	if (strncmp(line, "target ", word) != 0 && strncmp(line, "given-up ", word) != 0)
		return false;
	return next != NULL && strncmp(line, next, word + name) == 0;
}

char *lc_move_world_dump(const char *directory, unsigned shards)
{
	struct lines lines = {.count = 0};
	struct lc_buffer text;

	for (unsigned shard = 0; shard < shards; shard++)
		dump_ledger(&lines, directory, shard, shards);
	if (lines.count > 0)
		qsort(lines.lines, lines.count, sizeof lines.lines[0], compare_lines);
	lc_buffer_init(&text, TEXT_MAX);
	for (size_t i = 0; i < lines.count; i++) {
		const char *next = i + 1 < lines.count ? lines.lines[i + 1] : NULL;

		if (!is_older_target(lines.lines[i], next))
			lc_buffer_append_format(&text, "%s\n", lines.lines[i]);
		free(lines.lines[i]);
	}
	free(lines.lines);
	assert_non_null(lc_buffer_text(&text));
	return text.data;
}
