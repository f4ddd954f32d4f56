/* What a shard tells: real sources and targets; the parts around them are stood in for here. */
#include "delivery/inspect.h"

#include "base/loop.h"
#include "base/memory.h"
#include "config/settings.h"
#include "delivery/cycle.h"
#include "delivery/delivery.h"
#include "delivery/discovery.h"
#include "delivery/rebuild.h"
#include "delivery/replays.h"
#include "delivery/source.h"
#include "delivery/target.h"
#include "delivery/target_table.h"
#include "delivery/upload.h"
#include "support/fake_ledger.h"
#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { NOW = 10000 };

static const struct lc_settings SETTINGS = {.entry = 0};
static const struct lc_target_policy POLICY = {.attempts = 5};

/* The shard, and what was asked of its parts. */
static struct world {
	struct lc_delivery delivery;
	bool delivering;
	struct lc_settings settings;
	struct lc_inspect inspect;
	unsigned done;
	char flushed[64]; /* "*" for all */
	char retried[256];
	char given_up[64]; /* "bucket/prefix decision" */
	unsigned rebuilds;
} WORLD;

/* ---- the parts that are stood in for ---- */

static struct lc_replay_record replay_example(void)
{
	struct lc_replay_record record = {.of_target = true,
					  .bucket_size = 4,
					  .prefix_size = 2,
					  .from = 100,
					  .to = 200,
					  .rows = 30,
					  .delivered = 10};

	snprintf(record.id, sizeof(record.id), "20261130T081500Z-3");
	memcpy(record.bucket, "logs", 4);
	memcpy(record.prefix, "a/", 2);
	return record;
}

void lc_replays_each(const struct lc_replays *replays,
		     void (*visit)(void *context, const struct lc_replay_record *record,
				   bool running, const char *trouble),
		     void *context)
{
	struct lc_replay_record record = replay_example();

	(void)replays;
	visit(context, &record, true, "its target refuses");
	snprintf(record.id, sizeof(record.id), "20261130T081501Z-3");
	record.state = LC_REPLAY_CANCELLED;
	visit(context, &record, false, "");
}

void lc_replays_order(struct lc_replays *replays, const struct lc_replay_record *record,
		      bool only_counted, lc_replays_callback *callback, void *context)
{
	struct lc_replays_answer answer = {.record = *record, .objects = 2, .retained_from = 90};

	(void)replays;
	answer.record.rows = 30;
	if (record->to == 300)
		lc_error_set(&answer.error, LC_ERROR_USAGE, "rows are known up to 250 only");
	else if (!only_counted)
		snprintf(answer.record.id, sizeof(answer.record.id), "20261130T081500Z-3");
	callback(context, &answer);
}

bool lc_replays_cancel(struct lc_replays *replays, struct lc_view id, struct lc_error *error)
{
	(void)replays;
	error->kind = LC_ERROR_NONE;
	return lc_view_equal(id, lc_view_of("20261130T081500Z-3"));
}

const struct lc_delivery *lc_shard_delivery(const struct lc_shard *shard)
{
	(void)shard;
	return &WORLD.delivery;
}

bool lc_shard_delivering(const struct lc_shard *shard)
{
	(void)shard;
	return WORLD.delivering;
}

uint32_t lc_discovery_clickhouse_now(const struct lc_discovery *discovery)
{
	(void)discovery;
	return NOW;
}

enum lc_cycle_step lc_cycle_current_step(const struct lc_cycle *cycle)
{
	(void)cycle;
	return LC_CYCLE_WAITING;
}

int64_t lc_cycle_begins_in_ms(const struct lc_cycle *cycle)
{
	(void)cycle;
	return 19001;
}

uint64_t lc_cycle_flush(struct lc_cycle *cycle, const struct lc_ledger_source *one)
{
	(void)cycle;
	if (one == NULL)
		snprintf(WORLD.flushed, sizeof(WORLD.flushed), "*");
	else
		snprintf(WORLD.flushed, sizeof(WORLD.flushed), "%u/%.*s",
			 (unsigned)one->raft_session_id, (int)one->bucket.size, one->bucket.data);
	return 3;
}

void lc_upload_retry_now(struct lc_upload *upload, struct lc_target *target)
{
	size_t used = strlen(WORLD.retried);

	(void)upload;
	snprintf(WORLD.retried + used, sizeof(WORLD.retried) - used, "%.*s ",
		 (int)target->bucket->name.size, target->bucket->name.data);
}

void lc_upload_give_up(struct lc_upload *upload, struct lc_view bucket, struct lc_view prefix,
		       bool whole, enum lc_ledger_given_up decision)
{
	(void)upload;
	snprintf(WORLD.given_up, sizeof(WORLD.given_up), "%.*s%s%.*s %d", (int)bucket.size,
		 bucket.data, whole ? "" : "/", (int)prefix.size, prefix.data, (int)decision);
}

void lc_rebuild_start_if_due(struct lc_rebuild *rebuild, uint32_t now)
{
	(void)rebuild;
	assert_int_equal(now, NOW);
	WORLD.rebuilds++;
}

/* ---- the stage ---- */

static int set_up(void **state)
{
	WORLD = (struct world){.settings = {.consumer_time_threshold_seconds = 900}};
	WORLD.delivery.settings = &WORLD.settings;
	WORLD.delivery.loop = lc_loop_new(NULL);
	WORLD.delivery.ledger = fake_ledger_new();
	WORLD.delivery.sources = lc_source_table_new();
	WORLD.delivering = true;
	WORLD.delivery.targets = lc_target_table_new(&POLICY, &SETTINGS);
	*state = &WORLD;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	/* Looking changes nothing in the ledger. */
	assert_string_equal(fake_ledger_told(world->delivery.ledger), "");
	lc_inspection_free(&world->inspect.document);
	lc_target_table_free(world->delivery.targets);
	lc_source_table_free(world->delivery.sources);
	fake_ledger_free(world->delivery.ledger);
	lc_loop_free(world->delivery.loop);
	return 0;
}

static void on_done(struct lc_inspect *inspect)
{
	assert_ptr_equal(inspect, &WORLD.inspect);
	WORLD.done++;
}

static const struct lc_inspection *look(struct world *world, const char *text)
{
	struct lc_error error;

	lc_inspection_free(&world->inspect.document);
	world->inspect = (struct lc_inspect){.number = 3, .done = on_done};
	world->done = 0;
	if (!lc_control_request_decode(lc_view_of(text), &world->inspect.request, &error))
		fail_msg("%s", error.message);
	lc_inspect_begin(&world->inspect);
	return &world->inspect.document;
}

/* A source with an open range from `from` on; without when 0. */
static struct lc_source *add_source(struct world *world, uint32_t session, uint32_t from)
{
	struct lc_source *source =
	    lc_source_get(world->delivery.sources, session, lc_view_of("photos"));

	if (from > 0)
		lc_source_open(
		    source, (struct lc_source_range){.from = from, .to = from + 5, .since = from},
		    100);
	return source;
}

/* The ledger is asked this, once, and answers. */
static void answer_ledger(struct world *world, const char *asked,
			  const struct lc_ledger_object *objects, size_t count)
{
	assert_string_equal(fake_ledger_told(world->delivery.ledger), asked);
	fake_ledger_answer_objects(world->delivery.ledger, objects, count);
}

static const struct lc_inspection_source *source_of(const struct lc_inspection *document,
						    size_t index)
{
	return lc_inspection_row(document, LC_INSPECTION_SOURCES, index);
}

static struct lc_target *add_target(struct world *world, const char *bucket,
				    enum lc_target_state target_state, uint64_t rows)
{
	struct lc_target *target =
	    lc_target_table_get(world->delivery.targets, lc_view_of(bucket), lc_view_of(""));
	struct lc_standing *standing = &target->bucket->standing;

	standing->state = target_state;
	standing->failures = target_state == LC_TARGET_HEALTHY ? 0 : 4;
	target->object_rows = rows;
	return target;
}

/* ---- the stories ---- */

static void the_oldest_sources_are_told(void **state)
{
	struct world *world = *state;
	const struct lc_inspection *document;

	for (uint32_t i = 1; i <= 50; i++)
		add_source(world, i, 9000 + i * 17 % 50);
	add_source(world, 99, 0); /* has nothing to deliver */
	document = look(world, "/v1/sources?limit=10");
	assert_int_equal(world->done, 1);
	assert_int_equal(document->lists[LC_INSPECTION_SOURCES].count, 10);
	assert_int_equal(document->more, 40);
	for (size_t i = 0; i < 10; i++) {
		const struct lc_inspection_source *source = source_of(document, i);

		assert_int_equal(source->shard, 3);
		assert_int_equal(source->oldest_undelivered, 9000 + i);
		assert_int_equal(source->lag_seconds, 1000 - (int64_t)i);
		assert_int_equal(source->pending_rows, 100);
	}
}

static void lagging_and_blocked_are_told_apart(void **state)
{
	struct world *world = *state;
	const struct lc_inspection *document;
	struct lc_source *blocked = add_source(world, 1, 9900);
	struct lc_target *aside = add_target(world, "bad", LC_TARGET_ASIDE, 0);

	add_source(world, 2, NOW - 900); /* right at the threshold */
	add_source(world, 3, NOW - 901);
	lc_target_table_add_backlog(world->delivery.targets, blocked, aside, 2, 20, 9500);
	document = look(world, "/v1/sources?lagging=1");
	assert_int_equal(document->lists[LC_INSPECTION_SOURCES].count, 1);
	assert_int_equal(source_of(document, 0)->raft_session_id, 3);
	document = look(world, "/v1/sources?blocked=1");
	assert_int_equal(document->lists[LC_INSPECTION_SOURCES].count, 1);
	assert_int_equal(source_of(document, 0)->raft_session_id, 1);
	assert_true(source_of(document, 0)->blocked);
	assert_int_equal(source_of(document, 0)->pending_rows, 120);
	assert_int_equal(source_of(document, 0)->oldest_undelivered, 9500);
	document = look(world, "/v1/sources?blocked=1&lagging=1");
	assert_int_equal(document->lists[LC_INSPECTION_SOURCES].count, 0);
	lc_target_table_remove_backlog(world->delivery.targets, blocked, aside, 10);
	lc_target_table_remove_backlog(world->delivery.targets, blocked, aside, 10);
}

static void one_source_is_told_with_ranges_and_objects(void **state)
{
	static const struct lc_ledger_object objects[] = {
	    {.intent = {.id = 8, .rows = 5, .key = {"logs/k8", 7}}, .delivered = false},
	    {.intent = {.id = 7, .rows = 6, .key = {"logs/k7", 7}}, .loss = LC_LEDGER_LOST_EXPIRED},
	    {.intent = {.id = 6, .rows = 7, .key = {"logs/k6", 7}}, .delivered = true},
	};
	static const char *const states[] = {"open", "expired", "delivered"};
	struct world *world = *state;
	const struct lc_inspection *document;

	add_source(world, 7, 9000);
	add_source(world, 7, 9100);
	document = look(world, "/v1/source?source=7/photos");
	assert_int_equal(world->done, 0); /* the ledger is asked first */
	answer_ledger(world, "objects? 7/photos\n", objects, 3);
	assert_int_equal(world->done, 1);
	assert_int_equal(document->lists[LC_INSPECTION_SOURCES].count, 1);
	assert_int_equal(document->lists[LC_INSPECTION_RANGES].count, 2);
	assert_int_equal(document->lists[LC_INSPECTION_OBJECTS].count, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct lc_inspection_object *object =
		    lc_inspection_row(document, LC_INSPECTION_OBJECTS, i);

		assert_string_equal(lc_delivery_state_name(object->state), states[i]);
		assert_int_equal(object->id, 8 - i);
	}
}

static void a_source_that_is_idle_still_has_its_objects(void **state)
{
	struct world *world = *state;
	const struct lc_inspection *document = look(world, "/v1/source?source=7/photos");

	answer_ledger(world, "objects? 7/photos\n", NULL, 0);
	assert_int_equal(world->done, 1);
	assert_int_equal(document->lists[LC_INSPECTION_SOURCES].count, 0);
	assert_int_equal(lc_source_count(world->delivery.sources), 0);
	look(world, "/v1/deliveries?bucket=photos");
	answer_ledger(world, "deliveries? photos\n", NULL, 0);
	assert_int_equal(world->done, 1);
}

static void targets_that_fail_come_first(void **state)
{
	struct world *world = *state;
	const struct lc_inspection *document;
	const struct lc_inspection_target *row;
	struct lc_target *aside = add_target(world, "bad", LC_TARGET_ASIDE, 5);

	add_target(world, "busy", LC_TARGET_HEALTHY, 1000);
	add_target(world, "shaky", LC_TARGET_SHAKY, 50);
	add_target(world, "idle", LC_TARGET_HEALTHY, 0);
	aside->bucket->standing.refused = true;
	aside->bucket->standing.last_error = lc_memory_copy_text("HTTP 403 AccessDenied");
	aside->bucket->standing.probe_at_ms = lc_loop_now_ms(world->delivery.loop) + 60000;
	document = look(world, "/v1/targets?limit=3");
	assert_int_equal(document->lists[LC_INSPECTION_TARGETS].count, 3);
	assert_int_equal(document->more, 1);
	row = lc_inspection_row(document, LC_INSPECTION_TARGETS, 0);
	assert_true(lc_view_equal(row->bucket, lc_view_of("shaky")));
	row = lc_inspection_row(document, LC_INSPECTION_TARGETS, 1);
	assert_true(lc_view_equal(row->bucket, lc_view_of("bad")));
	assert_true(lc_view_equal(row->last_error, lc_view_of("HTTP 403 AccessDenied")));
	assert_in_range(row->next_probe_seconds, 50, 60);
	row = lc_inspection_row(document, LC_INSPECTION_TARGETS, 2);
	assert_true(lc_view_equal(row->bucket, lc_view_of("busy")));
	assert_int_equal(row->next_probe_seconds, LC_INSPECTION_NO_AGE);
	document = look(world, "/v1/targets?blocked=1");
	assert_int_equal(document->lists[LC_INSPECTION_TARGETS].count, 1);
}

static const struct lc_inspection_target *target_row(const struct lc_inspection *document,
						     const char *bucket, const char *prefix)
{
	for (size_t i = 0; i < document->lists[LC_INSPECTION_TARGETS].count; i++) {
		const struct lc_inspection_target *row =
		    lc_inspection_row(document, LC_INSPECTION_TARGETS, i);

		if (lc_view_equal(row->bucket, lc_view_of(bucket)) &&
		    lc_view_equal(row->prefix, lc_view_of(prefix)))
			return row;
	}
	fail_msg("no target %s/%s", bucket, prefix);
	return NULL;
}

static void a_refused_prefix_is_told_apart_from_its_bucket(void **state)
{
	struct world *world = *state;
	struct lc_target *bad =
	    lc_target_table_get(world->delivery.targets, lc_view_of("logs"), lc_view_of("bad/"));
	const struct lc_inspection *document;
	const struct lc_inspection_target *row;

	(void)lc_target_table_get(world->delivery.targets, lc_view_of("logs"), lc_view_of("good/"));
	bad->standing.state = LC_TARGET_ASIDE;
	bad->standing.refused = true;
	bad->standing.failures = 2;
	bad->standing.last_error = lc_memory_copy_text("AccessDenied");
	bad->standing.probe_at_ms = lc_loop_now_ms(world->delivery.loop) + 60000;
	document = look(world, "/v1/targets");
	assert_int_equal(document->lists[LC_INSPECTION_TARGETS].count, 2);
	row = target_row(document, "logs", "bad/");
	assert_string_equal(lc_target_state_name(row->state), "aside");
	assert_true(row->refused);
	assert_false(row->whole_bucket);
	assert_int_equal(row->failures, 2);
	assert_true(lc_view_equal(row->last_error, lc_view_of("AccessDenied")));
	assert_in_range(row->next_probe_seconds, 50, 60);
	row = target_row(document, "logs", "good/");
	assert_string_equal(lc_target_state_name(row->state), "healthy");
	assert_int_equal(row->next_probe_seconds, LC_INSPECTION_NO_AGE);
	document = look(world, "/v1/targets?blocked=1");
	assert_int_equal(document->lists[LC_INSPECTION_TARGETS].count, 1);

	/* Of a bucket that failed as a whole all targets are told. */
	bad->bucket->standing.state = LC_TARGET_ASIDE;
	bad->bucket->standing.failures = 3;
	bad->bucket->standing.last_error = lc_memory_copy_text("no answer");
	document = look(world, "/v1/targets?blocked=1");
	assert_int_equal(document->lists[LC_INSPECTION_TARGETS].count, 2);
	row = target_row(document, "logs", "good/");
	assert_true(row->whole_bucket);
	assert_string_equal(lc_target_state_name(row->state), "aside");
	assert_true(lc_view_equal(row->last_error, lc_view_of("no answer")));
	assert_int_equal(row->failures, 3);
}

static void slow_and_given_up_targets_are_told(void **state)
{
	static const char *const names[] = {"", "ignored", "discarded"};
	struct world *world = *state;
	struct lc_source *source = add_source(world, 7, 0);
	struct lc_target *target = add_target(world, "logs", LC_TARGET_HEALTHY, 5);
	const struct lc_inspection_target *row;

	target->bucket->slow = true;
	target->bucket->bytes = 12345;
	target->active = 2;
	lc_target_table_add_backlog(world->delivery.targets, source, target, 3, 30, 9000);
	row = target_row(look(world, "/v1/targets"), "logs", "");
	assert_true(row->slow);
	assert_int_equal(row->bytes, 12345);
	assert_int_equal(row->uploads, 2);
	assert_int_equal(row->intents_without_body, 3);
	assert_int_equal(row->rows, 35);
	for (int decision = LC_LEDGER_KEPT; decision <= LC_LEDGER_DISCARDED; decision++) {
		target->bucket->standing.given_up = (enum lc_ledger_given_up)decision;
		row = target_row(look(world, "/v1/targets"), "logs", "");
		assert_true(lc_view_equal(row->given_up, lc_view_of(names[decision])));
	}
	target->bucket->standing.given_up = LC_LEDGER_KEPT;
	target->standing.given_up = LC_LEDGER_IGNORED;
	row = target_row(look(world, "/v1/targets"), "logs", "");
	assert_true(lc_view_equal(row->given_up, lc_view_of("ignored")));
	for (int i = 0; i < 3; i++)
		lc_target_table_remove_backlog(world->delivery.targets, source, target, 10);
}

static void settings_of_a_target_are_told(void **state)
{
	struct world *world = *state;
	struct lc_settings_target entry = {
	    .buckets = (char[]){"vault*"},
	    .line = 12,
	    .given = {[LC_SETTINGS_s3_tls_skip_verify] = true},
	    .settings = {.entry = 1,
			 .config_file = (char[]){"/etc/courier.yml"},
			 .s3_tls_skip_verify = true},
	};

	world->settings.targets = &entry;
	world->settings.target_count = 1;
	add_target(world, "vault-7", LC_TARGET_HEALTHY, 5);
	add_target(world, "logs", LC_TARGET_HEALTHY, 5);
	assert_true(lc_view_equal(target_row(look(world, "/v1/targets"), "vault-7", "")->settings,
				  lc_view_of("/etc/courier.yml:12: s3.tls-skip-verify: true")));
	assert_int_equal(target_row(look(world, "/v1/targets"), "logs", "")->settings.size, 0);
}

static void a_source_that_cannot_be_read_is_told_with_the_reason(void **state)
{
	struct world *world = *state;
	const struct lc_inspection *document;
	const struct lc_inspection_source *row;
	struct lc_source *source = add_source(world, 7, 9000);

	add_source(world, 8, 9000);
	lc_source_note_unreadable(source, "code 241: memory limit", 0);
	lc_source_note_unreadable(source, "code 33: broken part",
				  lc_loop_now_ms(world->delivery.loop) + 60000);
	document = look(world, "/v1/sources?blocked=1");
	assert_int_equal(document->lists[LC_INSPECTION_SOURCES].count, 1);
	row = source_of(document, 0);
	assert_int_equal(row->raft_session_id, 7);
	assert_true(row->blocked);
	assert_int_equal(row->read_failures, 2);
	assert_true(lc_view_equal(row->read_error, lc_view_of("code 33: broken part")));
	assert_in_range(row->next_read_seconds, 50, 60);
	document = look(world, "/v1/source?source=8/photos");
	row = source_of(document, 0);
	assert_false(row->blocked);
	assert_int_equal(row->read_failures, 0);
	assert_int_equal(row->read_error.size, 0);
	assert_int_equal(row->next_read_seconds, LC_INSPECTION_NO_AGE);
	answer_ledger(world, "objects? 8/photos\n", NULL, 0);
}

static void a_flush_reaches_the_cycle(void **state)
{
	struct world *world = *state;

	assert_int_equal(look(world, "/v1/flush?source=7/photos")->affected, 3);
	assert_string_equal(world->flushed, "7/photos");
	look(world, "/v1/flush?all=1");
	assert_string_equal(world->flushed, "*");
	world->delivering = false;
	assert_int_equal(look(world, "/v1/flush?all=1")->lists[LC_INSPECTION_PROBLEMS].count, 1);
	assert_int_equal(world->done, 1);
}

static void a_retry_reaches_the_targets_that_wait(void **state)
{
	struct world *world = *state;

	add_target(world, "bad", LC_TARGET_ASIDE, 5);
	add_target(world, "good", LC_TARGET_HEALTHY, 5);
	assert_int_equal(look(world, "/v1/retry?bucket=good")->affected, 0);
	assert_string_equal(world->retried, "");
	assert_int_equal(look(world, "/v1/retry?bucket=bad")->affected, 1);
	assert_string_equal(world->retried, "bad ");
	assert_int_equal(look(world, "/v1/retry?all=1")->affected, 1);
	assert_int_equal(world->rebuilds, 3);
}

static void a_decision_reaches_the_target_or_the_bucket(void **state)
{
	struct world *world = *state;

	assert_int_equal(look(world, "/v1/targets/ignore?target=logs")->affected, 1);
	assert_string_equal(world->given_up, "logs 1");
	look(world, "/v1/targets/discard?target=logs/team-a/&yes=1");
	assert_string_equal(world->given_up, "logs/team-a/ 2");
	look(world, "/v1/targets/keep?target=logs/");
	assert_string_equal(world->given_up, "logs/ 0");
	/* What waits is closed by the rebuild. */
	assert_int_equal(world->rebuilds, 3);
}

static void an_explanation_has_the_reader_and_the_targets_that_matter(void **state)
{
	static const struct lc_ledger_object objects[] = {
	    {.intent = {.id = 8, .target_bucket = {"bad", 3}}},
	    {.intent = {.id = 7, .target_bucket = {"bad", 3}}},
	    {.intent = {.id = 6, .target_bucket = {"good", 4}}, .delivered = true},
	    {.intent = {.id = 5, .target_bucket = {"forgotten", 9}}},
	};
	struct world *world = *state;
	const struct lc_inspection *document;
	const struct lc_inspection_reader *reader;
	const struct lc_inspection_target *target;
	struct lc_target *bad = add_target(world, "bad", LC_TARGET_ASIDE, 5);

	bad->bucket->standing.failing_since_ms = lc_loop_now_ms(world->delivery.loop) - 3000;
	add_target(world, "good", LC_TARGET_HEALTHY, 5);
	add_source(world, 7, 9000)->flush = true;
	document = look(world, "/v1/explain?source=7/photos");
	answer_ledger(world, "objects? 7/photos\n", objects, 4);
	assert_int_equal(world->done, 1);
	assert_true(source_of(document, 0)->flush);
	assert_int_equal(source_of(document, 0)->open_since, 9000);
	assert_int_equal(document->lists[LC_INSPECTION_READERS].count, 1);
	reader = lc_inspection_row(document, LC_INSPECTION_READERS, 0);
	assert_string_equal(lc_cycle_step_name(reader->step), "waiting");
	assert_int_equal(reader->next_cycle_seconds, 20);
	assert_int_equal(reader->clickhouse_now, NOW);
	assert_int_equal(reader->time_threshold_seconds, 900);
	/* once, and not the one that takes its log objects */
	assert_int_equal(document->lists[LC_INSPECTION_TARGETS].count, 1);
	target = lc_inspection_row(document, LC_INSPECTION_TARGETS, 0);
	assert_true(lc_view_equal(target->bucket, lc_view_of("bad")));
	assert_in_range(target->failing_seconds, 2, 4);
}

static const struct lc_inspection_replay *replay_of(const struct lc_inspection *document,
						    size_t index)
{
	return lc_inspection_row(document, LC_INSPECTION_REPLAYS, index);
}

static void replays_are_told_the_newest_first(void **state)
{
	struct world *world = *state;
	const struct lc_inspection *document = look(world, "/v1/replays");
	const struct lc_inspection_replay *running = replay_of(document, 1);

	assert_int_equal(world->done, 1);
	assert_int_equal(document->lists[LC_INSPECTION_REPLAYS].count, 2);
	assert_true(lc_view_equal(replay_of(document, 0)->state, lc_view_of("cancelled")));
	assert_true(lc_view_equal(running->state, lc_view_of("running")));
	assert_true(lc_view_equal(running->replay, lc_view_of("20261130T081500Z-3")));
	assert_true(lc_view_equal(running->bucket, lc_view_of("logs")));
	assert_true(lc_view_equal(running->prefix, lc_view_of("a/")));
	assert_true(lc_view_equal(running->trouble, lc_view_of("its target refuses")));
	assert_int_equal(running->shard, 3);
	assert_int_equal(running->rows, 30);
	assert_int_equal(running->rows_delivered, 10);
}

static void a_replay_is_counted_or_ordered(void **state)
{
	struct world *world = *state;
	const struct lc_inspection *document =
	    look(world, "/v1/replay/source?source=7/photos&from=1970-01-01T00:01:40Z&"
			"to=1970-01-01T00:03:20Z&dry-run=1");

	assert_int_equal(document->affected, 0);
	assert_true(lc_view_equal(replay_of(document, 0)->state, lc_view_of("counted")));
	assert_true(lc_view_equal(replay_of(document, 0)->bucket, lc_view_of("photos")));
	assert_false(replay_of(document, 0)->of_target);
	assert_int_equal(replay_of(document, 0)->raft_session_id, 7);
	assert_int_equal(replay_of(document, 0)->from, 100);
	assert_int_equal(replay_of(document, 0)->to, 200);
	assert_int_equal(replay_of(document, 0)->objects, 2);
	document = look(world, "/v1/replay/target?target=logs/a/&from=1970-01-01T00:01:40Z&"
			       "to=1970-01-01T00:03:20Z&yes=1");
	assert_int_equal(document->affected, 1);
	assert_true(replay_of(document, 0)->of_target);
	assert_false(replay_of(document, 0)->whole_bucket);
	assert_true(
	    lc_view_equal(replay_of(document, 0)->replay, lc_view_of("20261130T081500Z-3")));
	document = look(world, "/v1/replay/target?target=logs&from=1970-01-01T00:01:40Z&"
			       "to=1970-01-01T00:05:00Z&yes=1");
	assert_int_equal(document->affected, 0);
	assert_int_equal(document->lists[LC_INSPECTION_PROBLEMS].count, 1);
}

static void a_replay_is_cancelled_by_its_name(void **state)
{
	struct world *world = *state;

	assert_int_equal(look(world, "/v1/replays/cancel?replay=20261130T081500Z-3")->affected, 1);
	assert_int_equal(look(world, "/v1/replays/cancel?replay=20261130T081500Z-4")->affected, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(the_oldest_sources_are_told),
	    STORY(lagging_and_blocked_are_told_apart),
	    STORY(one_source_is_told_with_ranges_and_objects),
	    STORY(a_source_that_is_idle_still_has_its_objects),
	    STORY(targets_that_fail_come_first),
	    STORY(a_refused_prefix_is_told_apart_from_its_bucket),
	    STORY(slow_and_given_up_targets_are_told),
	    STORY(settings_of_a_target_are_told),
	    STORY(a_source_that_cannot_be_read_is_told_with_the_reason),
	    STORY(a_flush_reaches_the_cycle),
	    STORY(a_retry_reaches_the_targets_that_wait),
	    STORY(a_decision_reaches_the_target_or_the_bucket),
	    STORY(an_explanation_has_the_reader_and_the_targets_that_matter),
	    STORY(replays_are_told_the_newest_first),
	    STORY(a_replay_is_counted_or_ordered),
	    STORY(a_replay_is_cancelled_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
