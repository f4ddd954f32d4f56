#include "delivery/inspect.h"

#include "base/loop.h"
#include "base/memory.h"
#include "config/settings.h"
#include "config/settings_print.h"
#include "delivery/cycle.h"
#include "delivery/delivery.h"
#include "delivery/discovery.h"
#include "delivery/object.h"
#include "delivery/rebuild.h"
#include "delivery/replays.h"
#include "delivery/source.h"
#include "delivery/target.h"
#include "delivery/target_table.h"
#include "delivery/undelivered.h"
#include "delivery/upload.h"
#include "ledger/ledger.h"

#include <stdlib.h>
#include <string.h>

enum { SETTINGS_MAX = 64 * 1024 }; /* bytes of what is said of one target's settings */

/* ---- the best of many ---- */

struct pick {
	uint64_t weight;
	const void *item;
};

/* The `limit` heaviest items seen, heaviest first. */
struct picks {
	struct pick *picks;
	size_t count;
	size_t limit;
	uint64_t seen;
};

static void picks_init(struct picks *picks, size_t limit)
{
	*picks = (struct picks){.limit = limit};
	picks->picks = lc_memory_zero(limit, sizeof(picks->picks[0]));
}

static void picks_add(struct picks *picks, uint64_t weight, const void *item)
{
	size_t at = picks->count;

	picks->seen++;
	if (at == picks->limit && weight <= picks->picks[at - 1].weight)
		return;
	if (at == picks->limit)
		at--;
	else
		picks->count++;
	for (; at > 0 && picks->picks[at - 1].weight < weight; at--)
		picks->picks[at] = picks->picks[at - 1];
	picks->picks[at] = (struct pick){.weight = weight, .item = item};
}

static int64_t seconds_until(uint64_t at_ms, uint64_t now_ms)
{
	return at_ms > now_ms ? (int64_t)((at_ms - now_ms + 999) / 1000) : 0;
}

/* ---- sources ---- */

static int64_t lag_of(const struct lc_source *source, uint32_t now)
{
	uint32_t oldest = lc_undelivered_oldest(source);

	if (oldest == 0 || now == 0)
		return LC_INSPECTION_NO_AGE;
	return now > oldest ? (int64_t)(now - oldest) : 0;
}

static void add_source(struct lc_inspect *inspect, const struct lc_source *source,
		       const struct lc_delivery *delivery)
{
	uint32_t now = lc_discovery_clickhouse_now(delivery->discovery);
	struct lc_backlog_sum backlog = lc_target_table_backlog_of_source(source);
	const struct lc_object *object;
	struct lc_inspection_source row = {
	    .shard = inspect->number,
	    .raft_session_id = source->raft_session_id,
	    .bucket = source->bucket,
	    .pending_rows = lc_undelivered_rows(source),
	    .oldest_undelivered = lc_undelivered_oldest(source),
	    .lag_seconds = lag_of(source, now),
	    .blocked = lc_undelivered_blocked(source),
	    .open_rows = source->open_rows,
	    .open_since = lc_source_open_since(source),
	    .flush = source->flush,
	    .object_rows = source->object_rows,
	    .intents_without_body = backlog.intents,
	    .intents_without_body_rows = backlog.rows,
	    .read_failures = source->read_failures,
	    .read_error = lc_view_of(source->read_error == NULL ? "" : source->read_error),
	    .next_read_seconds =
		source->read_failures == 0
		    ? LC_INSPECTION_NO_AGE
		    : seconds_until(source->read_at_ms, lc_loop_now_ms(delivery->loop)),
	};

	TAILQ_FOREACH(object, &source->objects, of_source)
	{
		row.objects++;
	}
	if (source->committed.set) {
		struct lc_offset offset = lc_mark_offset(&source->committed);

		row.committed_inserted_at = offset.inserted_at;
		row.committed_start_time_ms =
		    offset.start_time_ms > 0 ? (uint64_t)offset.start_time_ms : 0;
		row.committed_req_id = offset.req_id;
	}
	lc_inspection_add(&inspect->document, LC_INSPECTION_SOURCES, &row);
}

struct source_survey {
	const struct lc_control_request *request;
	uint32_t now;              /* ClickHouse's clock; 0: not known */
	int64_t threshold_seconds; /* beyond which a source lags */
	struct picks picks;
};

static void survey_source(void *context, struct lc_source *source)
{
	struct source_survey *survey = context;
	uint32_t oldest = lc_undelivered_oldest(source);

	if (oldest == 0 && lc_undelivered_rows(source) == 0)
		return;
	if (lc_control_request_has(survey->request, LC_CONTROL_REQUEST_ARGUMENT_LAGGING) &&
	    lag_of(source, survey->now) <= survey->threshold_seconds)
		return;
	if (lc_control_request_has(survey->request, LC_CONTROL_REQUEST_ARGUMENT_BLOCKED) &&
	    !lc_undelivered_blocked(source))
		return;
	picks_add(&survey->picks, oldest == 0 ? 0 : UINT32_MAX - oldest, source);
}

static void look_at_sources(struct lc_inspect *inspect)
{
	struct source_survey survey = {.request = &inspect->request};
	const struct lc_delivery *delivery = lc_shard_delivery(inspect->shard);

	survey.now = lc_discovery_clickhouse_now(delivery->discovery);
	survey.threshold_seconds = delivery->settings->consumer_time_threshold_seconds;
	picks_init(&survey.picks, inspect->request.limit);
	lc_source_each(delivery->sources, survey_source, &survey);
	for (size_t i = 0; i < survey.picks.count; i++)
		add_source(inspect, survey.picks.picks[i].item, delivery);
	inspect->document.more = survey.picks.seen - survey.picks.count;
	free(survey.picks.picks);
	inspect->done(inspect);
}

/* ---- targets ---- */

static const char *const GIVEN_UP_NAMES[] = {
    [LC_LEDGER_KEPT] = "",
    [LC_LEDGER_IGNORED] = "ignored",
    [LC_LEDGER_DISCARDED] = "discarded",
};

static void add_target(struct lc_inspect *inspect, const struct lc_target *target, uint64_t now_ms)
{
	const struct lc_standing *standing = lc_target_standing(target);
	struct lc_backlog_sum backlog = lc_target_table_backlog_of(target);
	const struct lc_object *object;
	struct lc_buffer settings;
	struct lc_inspection_target row = {
	    .shard = inspect->number,
	    .bucket = target->bucket->name,
	    .prefix = target->prefix,
	    .state = standing->state,
	    .whole_bucket = standing != &target->standing,
	    .refused = standing->refused,
	    .slow = target->bucket->slow,
	    .given_up = lc_view_of(GIVEN_UP_NAMES[lc_target_given_up(target)]),
	    .failures = standing->failures,
	    .last_error = lc_view_of(standing->last_error == NULL ? "" : standing->last_error),
	    .failing_seconds = LC_INSPECTION_NO_AGE,
	    .next_probe_seconds = LC_INSPECTION_NO_AGE,
	    .uploads = target->active,
	    .intents_without_body = backlog.intents,
	    .rows = target->object_rows + backlog.rows,
	    .bytes = target->bucket->bytes,
	};

	TAILQ_FOREACH(object, &target->waiting, of_list)
	{
		row.waiting_objects++;
	}
	if (standing->failures > 0)
		row.failing_seconds = (int64_t)((now_ms - standing->failing_since_ms) / 1000);
	if (standing->state != LC_TARGET_HEALTHY)
		row.next_probe_seconds = seconds_until(lc_target_probe_at_ms(target), now_ms);
	lc_buffer_init(&settings, SETTINGS_MAX);
	lc_settings_print_of_bucket(&settings, lc_shard_delivery(inspect->shard)->settings,
				    target->bucket->name);
	row.settings = lc_buffer_view(&settings);
	lc_inspection_add(&inspect->document, LC_INSPECTION_TARGETS, &row);
	lc_buffer_free(&settings);
}

struct target_survey {
	bool blocked; /* these alone */
	struct picks picks;
};

static void survey_target(void *context, struct lc_target *target)
{
	const uint64_t failing = UINT64_C(1) << 63;
	struct target_survey *survey = context;

	uint64_t rows = target->object_rows + lc_target_table_backlog_of(target).rows;

	if (survey->blocked && !lc_target_aside(target))
		return;
	picks_add(&survey->picks, (lc_target_standing(target)->failures > 0 ? failing : 0) | rows,
		  target);
}

static void look_at_targets(struct lc_inspect *inspect)
{
	struct target_survey survey = {.blocked = lc_control_request_has(
					   &inspect->request, LC_CONTROL_REQUEST_ARGUMENT_BLOCKED)};
	const struct lc_delivery *delivery = lc_shard_delivery(inspect->shard);

	picks_init(&survey.picks, inspect->request.limit);
	lc_target_table_each(delivery->targets, survey_target, &survey);
	for (size_t i = 0; i < survey.picks.count; i++)
		add_target(inspect, survey.picks.picks[i].item, lc_loop_now_ms(delivery->loop));
	inspect->document.more = survey.picks.seen - survey.picks.count;
	free(survey.picks.picks);
	inspect->done(inspect);
}

/* ---- what keeps a source ---- */

static void add_reader(struct lc_inspect *inspect, const struct lc_delivery *delivery)
{
	int64_t begins_in_ms = lc_cycle_begins_in_ms(delivery->cycle);
	struct lc_inspection_reader row = {
	    .shard = inspect->number,
	    .step = lc_cycle_current_step(delivery->cycle),
	    .next_cycle_seconds =
		begins_in_ms < 0 ? LC_INSPECTION_NO_AGE : (begins_in_ms + 999) / 1000,
	    .clickhouse_now = lc_discovery_clickhouse_now(delivery->discovery),
	    .count_threshold = (uint64_t)delivery->settings->consumer_count_threshold,
	    .time_threshold_seconds = (uint64_t)delivery->settings->consumer_time_threshold_seconds,
	};

	lc_inspection_add(&inspect->document, LC_INSPECTION_READERS, &row);
}

static void add_target_once(struct lc_inspect *inspect, const struct lc_target *target,
			    uint64_t now_ms)
{
	for (size_t i = 0; i < inspect->document.lists[LC_INSPECTION_TARGETS].count; i++) {
		const struct lc_inspection_target *row =
		    lc_inspection_row(&inspect->document, LC_INSPECTION_TARGETS, i);

		if (lc_view_equal(row->bucket, target->bucket->name) &&
		    lc_view_equal(row->prefix, target->prefix))
			return;
	}
	add_target(inspect, target, now_ms);
}

static bool is_open(const struct lc_ledger_object *object)
{
	return !object->delivered && object->loss == LC_LEDGER_NOT_LOST;
}

/* The targets that the source's log objects are for: those in memory, those that stand in the
 * ledger alone, and the newest, delivered or not. */
static void add_targets_of_source(struct lc_inspect *inspect,
				  const struct lc_ledger_object *objects, size_t count)
{
	const struct lc_source *source;
	const struct lc_object *object;
	const struct lc_delivery *delivery = lc_shard_delivery(inspect->shard);
	uint64_t now_ms;

	now_ms = lc_loop_now_ms(delivery->loop);
	source = lc_source_find(delivery->sources, inspect->request.raft_session_id,
				lc_control_request_bucket(&inspect->request));
	if (source != NULL) {
		TAILQ_FOREACH(object, &source->objects, of_source)
		{
			add_target_once(inspect, object->target, now_ms);
		}
	}
	for (size_t i = 0; i < count; i++) {
		const struct lc_ledger_intent *intent = &objects[i].intent;
		const struct lc_target *target = lc_target_table_find(
		    delivery->targets, intent->target_bucket, intent->target_prefix);

		if (target != NULL && (i == 0 || is_open(&objects[i])))
			add_target_once(inspect, target, now_ms);
	}
}

/* ---- one source, and log objects ---- */

static void add_ranges(struct lc_inspect *inspect, const struct lc_source *source)
{
	for (size_t i = 0; i < source->range_count; i++) {
		const struct lc_source_range *range = &source->ranges[i];
		struct lc_inspection_range row = {.shard = inspect->number,
						  .from = range->from,
						  .to = range->to,
						  .since = range->since,
						  .doubtful = range->doubtful,
						  .being_read = range->asked};

		lc_inspection_add(&inspect->document, LC_INSPECTION_RANGES, &row);
	}
	lc_inspection_cut(&inspect->document, inspect->request.limit);
}

static enum lc_delivery_state state_of(const struct lc_ledger_object *object)
{
	static const enum lc_delivery_state losses[] = {
	    [LC_LEDGER_NOT_LOST] = LC_DELIVERY_OPEN,
	    [LC_LEDGER_LOST_EXPIRED] = LC_DELIVERY_EXPIRED,
	    [LC_LEDGER_LOST_DISCARDED] = LC_DELIVERY_DISCARDED,
	};

	return object->delivered ? LC_DELIVERY_DELIVERED : losses[object->loss];
}

static void add_objects(struct lc_inspect *inspect, const struct lc_ledger_object *objects,
			size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct lc_ledger_intent *intent = &objects[i].intent;
		struct lc_inspection_object row = {
		    .shard = inspect->number,
		    .id = intent->id,
		    .raft_session_id = intent->source.raft_session_id,
		    .bucket = intent->source.bucket,
		    .target_bucket = intent->target_bucket,
		    .target_prefix = intent->target_prefix,
		    .key = intent->key,
		    .rows = intent->rows,
		    .bytes = intent->bytes,
		    .first_second = intent->first_second,
		    .last_second = intent->last_second,
		    .state = state_of(&objects[i]),
		};

		lc_inspection_add(&inspect->document, LC_INSPECTION_OBJECTS, &row);
	}
}

static void on_objects(void *context, const struct lc_ledger_object *objects, size_t count)
{
	struct lc_inspect *inspect = context;

	add_objects(inspect, objects, count);
	inspect->done(inspect);
}

static void on_objects_to_explain(void *context, const struct lc_ledger_object *objects,
				  size_t count)
{
	struct lc_inspect *inspect = context;

	add_objects(inspect, objects, count);
	add_targets_of_source(inspect, objects, count);
	inspect->done(inspect);
}

static void read_source(struct lc_inspect *inspect, lc_ledger_objects_callback *callback)
{
	struct lc_view bucket = lc_control_request_bucket(&inspect->request);
	struct lc_ledger_source name = {.raft_session_id = inspect->request.raft_session_id,
					.bucket = bucket};
	const struct lc_delivery *delivery = lc_shard_delivery(inspect->shard);
	const struct lc_source *source;

	source = lc_source_find(delivery->sources, name.raft_session_id, bucket);
	if (source != NULL) {
		add_source(inspect, source, delivery);
		add_ranges(inspect, source);
	}
	lc_ledger_read_objects(delivery->ledger, &name, inspect->request.limit, callback, inspect);
}

static void look_at_source(struct lc_inspect *inspect)
{
	read_source(inspect, on_objects);
}

static void explain_source(struct lc_inspect *inspect)
{
	add_reader(inspect, lc_shard_delivery(inspect->shard));
	read_source(inspect, on_objects_to_explain);
}

static void look_at_deliveries(struct lc_inspect *inspect)
{
	const struct lc_delivery *delivery = lc_shard_delivery(inspect->shard);

	lc_ledger_read_deliveries(delivery->ledger, lc_control_request_bucket(&inspect->request),
				  inspect->request.limit, on_objects, inspect);
}

/* ---- replays ---- */

static void add_replay(struct lc_inspect *inspect, const struct lc_replay_record *record,
		       struct lc_inspection_replay row)
{
	row.shard = inspect->number;
	row.replay = lc_view_of(record->id);
	row.of_target = record->of_target;
	row.raft_session_id = record->raft_session_id;
	row.bucket = lc_replay_bucket(record);
	row.prefix = lc_replay_prefix(record);
	row.whole_bucket = record->whole_bucket;
	row.from = record->from;
	row.to = record->to;
	row.sources = record->sources;
	row.rows = record->rows;
	row.rows_delivered = record->delivered;
	row.ordered_at = record->ordered_at;
	row.ended_at = record->ended_at;
	lc_inspection_add(&inspect->document, LC_INSPECTION_REPLAYS, &row);
}

static void visit_replay(void *context, const struct lc_replay_record *record, bool running,
			 const char *trouble)
{
	static const char *const ENDS[LC_REPLAY_STATE_COUNT] = {
	    [LC_REPLAY_DONE] = "done",
	    [LC_REPLAY_CANCELLED] = "cancelled",
	    [LC_REPLAY_FAILED] = "failed",
	};
	const char *state = ENDS[record->state];

	if (state == NULL)
		state = running ? "running" : "waiting";
	add_replay(context, record,
		   (struct lc_inspection_replay){.state = lc_view_of(state),
						 .trouble = lc_view_of(trouble)});
}

static void look_at_replays(struct lc_inspect *inspect)
{
	lc_replays_each(lc_shard_delivery(inspect->shard)->replays, visit_replay, inspect);
	lc_inspection_sort(&inspect->document);
	lc_inspection_cut(&inspect->document, inspect->request.limit);
	inspect->done(inspect);
}

static void on_ordered(void *context, const struct lc_replays_answer *answer)
{
	struct lc_inspect *inspect = context;
	bool ordered = answer->record.id[0] != '\0';

	if (answer->error.kind != LC_ERROR_NONE)
		lc_inspection_complain(&inspect->document, inspect->number, answer->error.message);
	else if (answer->record.rows > 0)
		add_replay(inspect, &answer->record,
			   (struct lc_inspection_replay){
			       .state = lc_view_of(ordered ? "waiting" : "counted"),
			       .objects = answer->objects,
			       .retained_from = answer->retained_from,
			       .trouble = lc_view_of("")});
	inspect->document.affected = ordered;
	inspect->done(inspect);
}

_Static_assert((int)LC_CONTROL_REQUEST_BUCKET_MAX <= (int)LC_REPLAY_NAME_MAX &&
		   (int)LC_CONTROL_REQUEST_PREFIX_MAX <= (int)LC_REPLAY_NAME_MAX,
	       "the names of a request fit the record");

static void replay(struct lc_inspect *inspect)
{
	const struct lc_control_request *request = &inspect->request;
	const struct lc_delivery *delivery = lc_shard_delivery(inspect->shard);
	struct lc_replay_record record = {
	    .of_target = lc_control_request_has(request, LC_CONTROL_REQUEST_ARGUMENT_TARGET),
	    .raft_session_id = request->raft_session_id,
	    .bucket_size = request->bucket_size,
	    .prefix_size = request->prefix_size,
	    .whole_bucket = request->whole_bucket,
	    .from = request->from,
	    .to = request->to,
	};

	memcpy(record.bucket, request->bucket, request->bucket_size);
	memcpy(record.prefix, request->prefix, request->prefix_size);
	lc_replays_order(delivery->replays, &record,
			 lc_control_request_has(request, LC_CONTROL_REQUEST_ARGUMENT_DRY_RUN),
			 on_ordered, inspect);
}

static void cancel_replay(struct lc_inspect *inspect)
{
	struct lc_error error;

	inspect->document.affected = lc_replays_cancel(lc_shard_delivery(inspect->shard)->replays,
						       lc_view_of(inspect->request.replay), &error);
	if (error.kind != LC_ERROR_NONE)
		lc_inspection_complain(&inspect->document, inspect->number, error.message);
	inspect->done(inspect);
}

/* ---- commands ---- */

static void flush(struct lc_inspect *inspect)
{
	struct lc_ledger_source one = {.raft_session_id = inspect->request.raft_session_id,
				       .bucket = lc_control_request_bucket(&inspect->request)};
	bool all = lc_control_request_has(&inspect->request, LC_CONTROL_REQUEST_ARGUMENT_ALL);
	const struct lc_delivery *delivery = lc_shard_delivery(inspect->shard);

	if (lc_shard_delivering(inspect->shard))
		inspect->document.affected = lc_cycle_flush(delivery->cycle, all ? NULL : &one);
	else
		lc_inspection_complain(&inspect->document, inspect->number,
				       "the shard is stopping and reads nothing more");
	inspect->done(inspect);
}

struct retry {
	struct lc_inspect *inspect;
	struct lc_upload *upload;
	bool all;
};

static void retry_target(void *context, struct lc_target *target)
{
	struct retry *retry = context;
	struct lc_inspect *inspect = retry->inspect;

	if (lc_target_standing(target)->state == LC_TARGET_HEALTHY &&
	    TAILQ_EMPTY(&target->backlogs))
		return;
	if (!retry->all &&
	    !lc_view_equal(lc_control_request_bucket(&inspect->request), target->bucket->name))
		return;
	lc_upload_retry_now(retry->upload, target);
	inspect->document.affected++;
}

static void retry(struct lc_inspect *inspect)
{
	struct retry retry = {
	    .inspect = inspect,
	    .all = lc_control_request_has(&inspect->request, LC_CONTROL_REQUEST_ARGUMENT_ALL),
	};
	const struct lc_delivery *delivery = lc_shard_delivery(inspect->shard);

	retry.upload = delivery->upload;
	lc_target_table_each(delivery->targets, retry_target, &retry);
	if (lc_shard_delivering(inspect->shard))
		lc_rebuild_start_if_due(delivery->rebuild,
					lc_discovery_clickhouse_now(delivery->discovery));
	inspect->done(inspect);
}

static void decide(struct lc_inspect *inspect, enum lc_ledger_given_up decision)
{
	const struct lc_control_request *request = &inspect->request;
	const struct lc_delivery *delivery = lc_shard_delivery(inspect->shard);

	lc_upload_give_up(delivery->upload, lc_control_request_bucket(request),
			  lc_control_request_prefix(request), request->whole_bucket, decision);
	inspect->document.affected = 1;
	if (lc_shard_delivering(inspect->shard))
		lc_rebuild_start_if_due(delivery->rebuild,
					lc_discovery_clickhouse_now(delivery->discovery));
	inspect->done(inspect);
}

static void ignore(struct lc_inspect *inspect)
{
	decide(inspect, LC_LEDGER_IGNORED);
}

static void discard(struct lc_inspect *inspect)
{
	decide(inspect, LC_LEDGER_DISCARDED);
}

static void keep(struct lc_inspect *inspect)
{
	decide(inspect, LC_LEDGER_KEPT);
}

/* NULL for what shards are not asked. */
static void (*const HANDLERS[LC_CONTROL_REQUEST_COMMAND_COUNT])(struct lc_inspect *inspect) = {
#define LC_CONTROL_COMMAND(name, words, method, path, supervisor, worker, ctl, takes, help) \
	[LC_CONTROL_REQUEST_##name] = worker,
#include "tbl/control_commands.h"
};

void lc_inspect_begin(struct lc_inspect *inspect)
{
	void (*handler)(struct lc_inspect *) = HANDLERS[inspect->request.command];

	lc_inspection_init(&inspect->document);
	if (handler != NULL) {
		handler(inspect);
		return;
	}
	lc_inspection_complain(&inspect->document, inspect->number,
			       "shards do not answer this request");
	inspect->done(inspect);
}
