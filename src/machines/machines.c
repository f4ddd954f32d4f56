#include "machines/machines.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/exit_codes.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/random.h"
#include "clients/register.h"
#include "delivery/servers.h"
#include "formats/shard_head.h"
#include "machines/machine_rule.h"
#include "machines/report.h"
#include "worker/channel.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <xxhash.h>

enum {
	BEATS_IN_REQUEST = 2, /* that a request may take */
};

struct life {
	const struct lc_settings *settings;
	unsigned shard_count;
	char name[LC_SETTINGS_MACHINE_NAME_SIZE];
	struct lc_loop *loop;
	struct lc_channel *channel;
	struct lc_servers servers;
	struct lc_register *machines;
	struct lc_register *heads_register;
	struct lc_loop_timer *timer; /* of the next look */
	uint64_t beat_ms;
	bool looking; /* a look is under way */
	uint64_t begun_ms;

	struct lc_machine_rule *rule;
	struct lc_machine_head *heads;
	struct lc_machine_shard *shards; /* as the supervisor has told, and as was ordered since */
	enum lc_machine_ability ability;
	char reason[LC_MACHINE_REASON_MAX + 1];
	bool told; /* the supervisor has told what it does */
	uint64_t sent;
	bool failing;
	struct lc_machine_orders orders;
	struct lc_machine_beat beat;
};

/* ---- the report ---- */

static uint32_t count_shards(const struct life *life, const char *name)
{
	uint32_t count = 0;

	for (unsigned i = 0; i < life->shard_count; i++)
		count += life->heads[i].state == LC_MACHINE_HEAD_OWNED &&
			 strcmp(life->heads[i].owner, name) == 0;
	return count;
}

/* Ends with "..." when there are too many. */
static void list_refusals(char list[LC_REPORT_REFUSES_SIZE], const struct lc_machine_beat *beat)
{
	size_t size = 0;

	for (size_t i = 0; i < beat->shard_count; i++) {
		if (beat->shards[i].refusal == LC_MACHINE_NO_REFUSAL)
			continue;
		if (size + sizeof "1023,..." > LC_REPORT_REFUSES_SIZE) {
			snprintf(list + size, LC_REPORT_REFUSES_SIZE - size, "...");
			return;
		}
		size += (size_t)snprintf(list + size, LC_REPORT_REFUSES_SIZE - size, "%s%" PRIu32,
					 size == 0 ? "" : ",", beat->shards[i].shard);
	}
}

static void describe(struct lc_report_machine *machine, const char *name,
		     const struct lc_machine_beat *beat)
{
	snprintf(machine->name, sizeof machine->name, "%s", name);
	if (beat == NULL)
		return;
	snprintf(machine->software, sizeof machine->software, "%s", beat->software);
	snprintf(machine->reason, sizeof machine->reason, "%s", beat->reason);
	list_refusals(machine->refuses, beat);
	machine->state = beat->state;
	machine->capacity = beat->capacity;
}

static void add_machines(const struct life *life, struct lc_buffer *body)
{
	const struct lc_peers *peers = lc_machine_rule_peers(life->rule);
	struct lc_report_machine machine = {.verdict = LC_PEER_ALIVE, .is_own = true};

	describe(&machine, life->name, &life->beat);
	machine.shards = count_shards(life, life->name);
	lc_report_add_machine(body, &machine);
	for (size_t i = 0; i < peers->count; i++) {
		const struct lc_peer *peer = &peers->all[i];

		machine = (struct lc_report_machine){
		    .verdict = peer->verdict,
		    .missed = peer->missed,
		    .differs = lc_machine_rule_differs(life->rule, peer),
		    .shards = count_shards(life, peer->name),
		};
		describe(&machine, peer->name, peer->readable ? &peer->beat : NULL);
		lc_report_add_machine(body, &machine);
	}
}

/* Where add_machines has put the owner that the head names. */
static int32_t find_owner(const struct life *life, const struct lc_machine_head *head)
{
	const struct lc_peers *peers = lc_machine_rule_peers(life->rule);

	if (head->state != LC_MACHINE_HEAD_OWNED)
		return LC_REPORT_NOBODY;
	if (strcmp(head->owner, life->name) == 0)
		return 0;
	for (size_t i = 0; i < peers->count && i + 1 < LC_REPORT_MACHINES_MAX; i++) {
		if (strcmp(head->owner, peers->all[i].name) == 0)
			return (int32_t)i + 1;
	}
	return LC_REPORT_NOBODY;
}

static void add_shards(const struct life *life, struct lc_buffer *body)
{
	for (unsigned i = 0; i < life->shard_count; i++) {
		const struct lc_machine_head *head = lc_machine_rule_head(life->rule, i);
		struct lc_report_shard shard = {
		    .epoch = head->epoch,
		    .owner = find_owner(life, head),
		    .unowned = lc_machine_rule_is_unowned(life->rule, i),
		};

		lc_report_add_shard(body, &shard);
	}
}

/* A supervisor that does not take it is gone, which the channel tells. */
static void tell(struct life *life, const struct lc_error *error)
{
	const struct lc_peers *peers = lc_machine_rule_peers(life->rule);
	struct lc_report report = {
	    .headless = life->orders.headless,
	    .is_clone = peers->is_clone,
	    .has_rival = lc_peers_has_rival(peers),
	};
	struct lc_frame frame = {.type = LC_FRAME_LOOKED};
	struct lc_buffer body;

	lc_buffer_init(&body, LC_FRAME_BODY_MAX);
	snprintf(report.trouble, sizeof report.trouble, "%s", error->message);
	memcpy(report.taken, life->orders.taken, sizeof report.taken);
	memset(life->orders.taken, 0, sizeof life->orders.taken); /* they are told once */
	lc_report_begin(&body, &report);
	add_machines(life, &body);
	add_shards(life, &body);
	LC_ASSERT(!lc_buffer_failed(&body));
	frame.body = lc_buffer_view(&body);
	(void)lc_channel_send(life->channel, &frame);
	lc_buffer_free(&body);
}

/* ---- a look ---- */

static void wait_for_next(struct life *life)
{
	uint64_t due_ms = life->begun_ms + life->beat_ms;
	uint64_t now_ms = lc_loop_now_ms(life->loop);

	life->looking = false;
	lc_loop_timer_start(life->timer, due_ms > now_ms ? due_ms - now_ms : 0);
}

static void end_look(struct life *life, const struct lc_error *error)
{
	bool failed = error->kind != LC_ERROR_NONE;

	if (failed)
		lc_machine_rule_miss(life->rule);
	if (failed && !life->failing)
		lc_log(LC_LOG_ERROR,
		       "the tables of machines cannot be read or written; shards stay where they "
		       "are until they can",
		       LC_LOG_FAULT(error));
	else if (!failed && life->failing)
		lc_log_say(LC_LOG_INFO, "the tables of machines can be read and written again");
	life->failing = failed;
	tell(life, error);
	wait_for_next(life);
}

static void read_head(struct lc_view text, struct lc_machine_head *head)
{
	struct lc_shard_head parsed;
	struct lc_error error;

	if (!lc_shard_head_parse(text, &parsed, &error)) {
		lc_log(LC_LOG_ERROR, "the head of a shard cannot be read", LC_LOG_FAULT(&error));
		return;
	}
	head->epoch = parsed.epoch;
	if (parsed.state == LC_SHARD_HEAD_RELEASED)
		head->state = LC_MACHINE_HEAD_FREE;
	else if (parsed.state == LC_SHARD_HEAD_OWNED)
		head->state = LC_MACHINE_HEAD_OWNED;
	snprintf(head->owner, sizeof head->owner, "%s", parsed.owner);
}

static void read_heads(struct life *life, const struct lc_register_rows *rows)
{
	for (unsigned shard = 0; shard < life->shard_count; shard++) {
		char name[LC_SHARD_HEAD_ROW_SIZE];
		const struct lc_register_row *row;

		life->heads[shard] = (struct lc_machine_head){.state = LC_MACHINE_HEAD_UNKNOWN};
		lc_shard_head_row(shard, life->shard_count, name);
		row = lc_register_rows_find(rows, name);
		if (row != NULL)
			read_head(row->value, &life->heads[shard]);
		life->shards[shard].epoch = life->heads[shard].epoch;
	}
}

static void carry_out(struct life *life, const struct lc_machine_order *order)
{
	bool takes = order->type == LC_MACHINE_TAKE;
	struct lc_frame frame = {.type = takes ? LC_FRAME_TAKE : LC_FRAME_RELEASE,
				 .id = order->shard};

	if (takes)
		frame.body = (struct lc_view){.data = (const char *)&order->epoch,
					      .size = sizeof order->epoch};
	lc_log(LC_LOG_INFO, takes ? "this machine takes a shard" : "this machine gives up a shard",
	       LC_LOG_UINT("of_shard", order->shard));
	if (lc_channel_send(life->channel, &frame))
		life->shards[order->shard].hold = takes ? LC_MACHINE_TAKING : LC_MACHINE_RELEASING;
}

static void on_written(void *context, const struct lc_register_answer *answer)
{
	end_look(context, &answer->error);
}

static void write_beat(struct life *life, const struct lc_machine_view *view)
{
	struct lc_buffer text;

	lc_machine_rule_beat(life->rule, view, &life->beat);
	lc_machine_beat_set_reason(&life->beat, life->reason);
	life->sent = life->beat.counter;
	lc_buffer_init(&text, LC_MACHINE_BEAT_MAX);
	lc_machine_beat_append(&text, &life->beat);
	LC_ASSERT(!lc_buffer_failed(&text));
	(void)lc_register_put(life->machines, lc_view_of(life->name), lc_buffer_view(&text),
			      on_written, life);
	lc_buffer_free(&text);
}

static void on_machines(void *context, const struct lc_register_answer *answer)
{
	struct life *life = context;
	struct lc_machine_view view = {
	    .rows = answer->rows.rows,
	    .row_count = answer->rows.count,
	    .heads = life->heads,
	    .shards = life->shards,
	    .sent = life->sent,
	    .ability = life->ability,
	};

	if (answer->outcome != LC_REGISTER_DONE) {
		end_look(life, &answer->error);
		return;
	}
	lc_machine_rule_look(life->rule, &view, &life->orders);
	if (lc_machine_rule_peers(life->rule)->is_clone) {
		end_look(life, &answer->error); /* without a beat */
		return;
	}
	for (size_t i = 0; i < life->orders.count; i++)
		carry_out(life, &life->orders.all[i]);
	write_beat(life, &view);
}

static void on_heads(void *context, const struct lc_register_answer *answer)
{
	struct life *life = context;

	if (answer->outcome != LC_REGISTER_DONE) {
		end_look(life, &answer->error);
		return;
	}
	read_heads(life, &answer->rows);
	(void)lc_register_read_all(life->machines, lc_view_of(""), on_machines, life);
}

/* Before the supervisor has told what it does there is nothing to say. */
static void look(void *context)
{
	struct life *life = context;

	life->begun_ms = lc_loop_now_ms(life->loop);
	if (!life->told) {
		wait_for_next(life);
		return;
	}
	life->looking = true;
	(void)lc_register_read_all(life->heads_register, lc_view_of(""), on_heads, life);
}

/* ---- the supervisor ---- */

static bool take_holds(struct life *life, const struct lc_frame *frame)
{
	struct lc_view reason = frame->body;
	size_t size = (size_t)2 * life->shard_count;

	if (reason.size < size || frame->id > LC_MACHINE_LEAVING ||
	    reason.size - size > LC_MACHINE_REASON_MAX)
		return false;
	for (unsigned i = 0; i < life->shard_count; i++) {
		unsigned hold = (unsigned char)*reason.data++;
		unsigned refusal = (unsigned char)*reason.data++;

		if (hold > LC_MACHINE_RELEASING || refusal > LC_MACHINE_REFUSES)
			return false;
		life->shards[i].hold = (enum lc_machine_hold)hold;
		life->shards[i].refusal = (enum lc_machine_refusal)refusal;
	}
	reason.size -= size;
	memcpy(life->reason, reason.data, reason.size);
	life->reason[reason.size] = '\0';
	return true;
}

static void on_frame(void *context, const struct lc_frame *frame)
{
	struct life *life = context;
	bool changes = !life->told || frame->id != (uint32_t)life->ability;

	if (!take_holds(life, frame)) {
		lc_log_say(LC_LOG_ERROR, "the supervisor has told of shards that there are not");
		return;
	}
	life->told = true;
	life->ability = (enum lc_machine_ability)frame->id;
	/* The others need not wait for it. */
	if (changes && !life->looking)
		lc_loop_timer_start(life->timer, 0);
}

static void on_refused(void *context, const struct lc_error *error)
{
	(void)context;
	lc_log(LC_LOG_ERROR, "frame from the supervisor refused", LC_LOG_FAULT(error));
}

static void on_broken(void *context)
{
	struct life *life = context;

	lc_loop_stop(life->loop);
}

static const struct lc_channel_callbacks CHANNEL_CALLBACKS = {
    .on_frame = on_frame, .on_refused = on_refused, .on_broken = on_broken};

/* ---- beginning and end ---- */

/* What all machines have to agree on. */
static uint64_t hash_settings(const struct lc_settings *settings, unsigned shard_count)
{
	struct lc_buffer text;
	uint64_t hash;

	lc_buffer_init(&text, SIZE_MAX);
	lc_buffer_append_format(&text, "%u %d\n", shard_count,
				(int)settings->failover_machine_timeout_seconds);
	lc_buffer_append_format(&text, "%s\n%s\n%s\n%s\n%s\n", settings->clickhouse_database,
				settings->failover_heads_table, settings->failover_machines_table,
				settings->ledger_bucket, settings->ledger_prefix);
	hash = XXH3_64bits(text.data, text.size);
	lc_buffer_free(&text);
	return hash;
}

static void make_rule(struct life *life)
{
	struct lc_random random;

	lc_random_seed_from_system(&random);
	life->rule = lc_machine_rule_new(&(struct lc_machine_rule_options){
	    .name = life->name,
	    .boot = lc_random_next(&random),
	    .shards = life->shard_count,
	    .silent_after = LC_MACHINES_BEATS_IN_TIMEOUT,
	    .capacity = lc_settings_capacity(life->settings),
	    .settings = hash_settings(life->settings, life->shard_count),
	    .software = PACKAGE_VERSION,
	});
}

static struct lc_register *make_register(struct life *life, const char *table)
{
	return lc_servers_make_register(&life->servers, life->loop, life->settings, table,
					BEATS_IN_REQUEST * life->beat_ms);
}

static bool set_up(struct life *life, int channel, struct lc_error *error)
{
	const struct lc_settings *settings = life->settings;

	LC_ASSERT(prctl(PR_SET_NAME, "courier/beats") == 0);
	life->beat_ms = (uint64_t)settings->failover_machine_timeout_seconds * 1000 /
			LC_MACHINES_BEATS_IN_TIMEOUT;
	life->loop = lc_loop_new(error);
	if (life->loop == NULL || !lc_settings_machine_name(settings, life->name, error) ||
	    !lc_servers_open_clickhouse(&life->servers, life->loop, settings, error))
		return false;
	life->heads = lc_memory_zero(life->shard_count, sizeof *life->heads);
	life->shards = lc_memory_zero(life->shard_count, sizeof *life->shards);
	life->machines = make_register(life, settings->failover_machines_table);
	life->heads_register = make_register(life, settings->failover_heads_table);
	life->timer = lc_loop_timer_new(life->loop, look, life);
	make_rule(life);
	life->channel =
	    lc_channel_new(life->loop, channel, LC_FRAME_TO_MACHINES, &CHANNEL_CALLBACKS, life);
	return true;
}

static void tear_down(struct life *life)
{
	lc_channel_free(life->channel);
	lc_machine_rule_free(life->rule);
	lc_loop_timer_free(life->timer);
	lc_register_free(life->machines);
	lc_register_free(life->heads_register);
	free(life->heads);
	free(life->shards);
	lc_servers_close(&life->servers);
	lc_loop_free(life->loop);
}

int lc_machines_run(const struct lc_settings *settings, int channel)
{
	struct life *life = lc_memory_zero(1, sizeof *life);
	struct lc_error error;
	int code = LC_EXIT_OK;

	life->settings = settings;
	life->shard_count = lc_settings_shard_count(settings);
	if (set_up(life, channel, &error)) {
		lc_loop_timer_start(life->timer, 0);
		lc_loop_run(life->loop);
	} else {
		lc_log(LC_LOG_ERROR, "this machine cannot take part in sharing the shards",
		       LC_LOG_FAULT(&error));
		code = LC_EXIT_CONFIG;
	}
	tear_down(life);
	free(life);
	return code;
}
