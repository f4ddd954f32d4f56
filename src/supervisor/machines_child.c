#include "supervisor/machines_child.h"

#include "base/assert.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/counters.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "machines/machine_rule.h"
#include "machines/machines.h"
#include "machines/report.h"
#include "supervisor/fitness.h"
#include "supervisor/one_shot.h"
#include "supervisor/owners.h"
#include "supervisor/state_directory.h"
#include "worker/channel.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	LOOKS_SILENT = 8,  /* times the interval of its beats: it hangs, and is killed */
	LOOK_TROUBLES = 2, /* looks one after the other that failed: worth a finding */
};

static const struct lc_backoff AGAIN = {.initial_ms = 500, .maximum_ms = 30 * 1000, .jitter = 0.2};

struct lc_machines_child {
	struct lc_machines_child_host host;
	pid_t pid;   /* 0: there is none */
	int pipe;    /* its end is the process's */
	int its_end; /* of the channel; in the process */
	struct lc_channel *channel;
	struct lc_loop_timer *again;    /* the next process */
	struct lc_loop_timer *deadline; /* for the next word from this one */
	struct lc_random random;
	unsigned deaths; /* in a row, without a look between them */

	struct lc_fitness fitness;
	uint64_t segments; /* of all workers, at the last look */
	bool leaves;       /* the service stops */
	bool released;     /* by the operator */
	bool released_shards[LC_MACHINE_SHARDS_MAX];
	bool dying_shards[LC_MACHINE_SHARDS_MAX]; /* so it was until a worker did not die */

	unsigned failed_looks;   /* one after the other */
	struct lc_report report; /* the last one */
	struct lc_report_machine machines[LC_REPORT_MACHINES_MAX];
	struct lc_owners owners;
};

/* ---- what the process is told ---- */

/* What all workers that deliver suffer from, as its name; NULL if one of them does not. */
static const char *find_trouble_of_all(const struct lc_machines_child *child)
{
	const struct lc_fleet *fleet = child->host.fleet;
	bool clickhouse = true;
	bool s3 = true;
	size_t ready = 0;

	for (size_t i = 0; i < fleet->count; i++) {
		const struct lc_counters *counters = lc_shard_process_counters(fleet->processes[i]);

		if (lc_shard_process_state(fleet->processes[i]) != LC_SHARD_STATE_READY)
			continue;
		ready++;
		clickhouse &= lc_counters_get(counters, LC_COUNTERS_CLICKHOUSE_FAILING_SINCE) != 0;
		s3 &= lc_counters_get(counters, LC_COUNTERS_S3_FAILING_SINCE) != 0;
	}
	if (ready == 0)
		return NULL;
	return clickhouse ? "its workers cannot reach ClickHouse"
	       : s3       ? "its workers cannot reach S3"
			  : NULL;
}

/* Those that wait for the shared ledger start nothing else that could fail, and those that have
 * nothing to write do not wait. So it is the machine's trouble if some wait, and none gets on. While
 * this machine cannot read the heads, the others will take its shards, whatever it says. */
static bool waits_for_ledger(const struct lc_machines_child *child, bool works)
{
	const struct lc_fleet *fleet = child->host.fleet;

	if (works || child->failed_looks > 0)
		return false;
	for (size_t i = 0; i < fleet->count; i++) {
		enum lc_shard_state state = lc_shard_process_state(fleet->processes[i]);

		if ((state == LC_SHARD_STATE_READY || state == LC_SHARD_STATE_STARTING) &&
		    lc_counters_get(lc_shard_process_counters(fleet->processes[i]),
				    LC_COUNTERS_LEDGER_FAILING_SINCE) != 0)
			return true;
	}
	return false;
}

static const char *find_trouble(const struct lc_machines_child *child, bool works)
{
	const struct lc_settings *settings = child->host.settings;
	int64_t free_bytes = lc_state_directory_free_bytes(settings->state_directory);

	if (free_bytes >= 0 && free_bytes < settings->health_min_free_bytes)
		return "the disk of its state-directory is full";
	if (waits_for_ledger(child, works))
		return "its workers cannot read or write the shared ledger";
	return find_trouble_of_all(child);
}

/* Whether a worker has recorded something since the last look. */
static bool records(struct lc_machines_child *child)
{
	const struct lc_fleet *fleet = child->host.fleet;
	uint64_t before = child->segments;

	child->segments = 0;
	for (size_t i = 0; i < fleet->count; i++)
		child->segments += lc_counters_get(lc_shard_process_counters(fleet->processes[i]),
						   LC_COUNTERS_LEDGER_SEGMENTS);
	return child->segments != before;
}

static void look_at_fitness(struct lc_machines_child *child)
{
	bool before = child->fitness.unfit;
	bool works = records(child);

	lc_fitness_look(&child->fitness, find_trouble(child, works), works,
			lc_clock_monotonic_ms());
	if (child->fitness.unfit != before)
		lc_log(LC_LOG_WARNING,
		       child->fitness.unfit ? "this machine is not fit to have shards"
					    : "this machine is fit to have shards again",
		       LC_LOG_TEXT("reason", child->fitness.reason));
}

static enum lc_machine_ability ability_of(const struct lc_machines_child *child,
					  const char **reason)
{
	*reason = "";
	if (child->leaves) {
		*reason = "the service is stopping";
		return LC_MACHINE_LEAVING;
	}
	if (child->released) {
		*reason = "log-courier-ctl release";
		return LC_MACHINE_LEAVING;
	}
	*reason = child->fitness.reason;
	return child->fitness.unfit ? LC_MACHINE_UNABLE : LC_MACHINE_ABLE;
}

/* A shard that went to another machine for this reason stays noted. */
static void look_at_deaths(struct lc_machines_child *child, const struct lc_shard_process *process)
{
	unsigned shard = lc_shard_process_shard(process);
	bool *dying = &child->dying_shards[shard];

	if (lc_shard_process_keeps_dying(process)) {
		if (!*dying)
			lc_log(LC_LOG_WARNING,
			       "the workers of a shard keep dying on this machine; another one is "
			       "to have it, if there is one",
			       LC_LOG_UINT("of_shard", shard));
		*dying = true;
	} else if (lc_shard_process_state(process) == LC_SHARD_STATE_READY) {
		*dying = false;
	}
}

static enum lc_machine_refusal refusal_of(const struct lc_machines_child *child,
					  const struct lc_shard_process *process)
{
	unsigned shard = lc_shard_process_shard(process);

	if (child->released_shards[shard] ||
	    lc_shard_process_state(process) == LC_SHARD_STATE_FAILED)
		return LC_MACHINE_REFUSES;
	return child->dying_shards[shard] ? LC_MACHINE_AVOIDS : LC_MACHINE_NO_REFUSAL;
}

/* The fleet has all shards of the deployment, in order. */
static void tell_holds(struct lc_machines_child *child)
{
	const struct lc_fleet *fleet = child->host.fleet;
	struct lc_frame frame = {.type = LC_FRAME_HOLDS};
	const char *reason;
	struct lc_buffer body;

	if (child->channel == NULL)
		return;
	lc_buffer_init(&body, LC_FRAME_BODY_MAX);
	for (size_t i = 0; i < fleet->count; i++) {
		const struct lc_shard_process *process = fleet->processes[i];

		look_at_deaths(child, process);
		lc_buffer_append_char(&body, (char)lc_shard_process_hold(process));
		lc_buffer_append_char(&body, (char)refusal_of(child, process));
	}
	frame.id = (uint32_t)ability_of(child, &reason);
	lc_buffer_append_text(&body, reason);
	frame.body = lc_buffer_view(&body);
	if (!lc_channel_send(child->channel, &frame))
		lc_log_say(LC_LOG_WARNING, "the process of machines takes no frames");
	lc_buffer_free(&body);
}

void lc_machines_child_on_change(struct lc_machines_child *child)
{
	tell_holds(child);
}

void lc_machines_child_leave(struct lc_machines_child *child)
{
	child->leaves = true;
	tell_holds(child);
}

static bool check_sharing(const struct lc_machines_child *child, struct lc_error *error)
{
	return child->host.settings->failover_enabled ||
	       lc_error_set(error, LC_ERROR_USAGE,
			    "failover.enabled is not set: no other machine can take the shards");
}

bool lc_machines_child_release(struct lc_machines_child *child, struct lc_error *error)
{
	if (!check_sharing(child, error))
		return false;
	child->released = true;
	tell_holds(child);
	return true;
}

bool lc_machines_child_rejoin(struct lc_machines_child *child, struct lc_error *error)
{
	if (!check_sharing(child, error))
		return false;
	child->released = false;
	memset(child->released_shards, 0, sizeof child->released_shards);
	memset(child->dying_shards, 0, sizeof child->dying_shards);
	tell_holds(child);
	return true;
}

bool lc_machines_child_release_shard(struct lc_machines_child *child, unsigned shard,
				     struct lc_error *error)
{
	const struct lc_shard_process *process = lc_fleet_find(child->host.fleet, shard);

	if (!check_sharing(child, error))
		return false;
	LC_ASSERT(process != NULL);
	if (lc_shard_process_is_to_pause(process))
		return lc_error_set(error, LC_ERROR_CONFLICT,
				    "shard %u is paused on this machine; log-courier-ctl resume %u "
				    "lets it go on, then it can be released",
				    shard, shard);
	child->released_shards[shard] = true;
	tell_holds(child);
	return true;
}

bool lc_machines_child_rejoin_shard(struct lc_machines_child *child, unsigned shard,
				    struct lc_error *error)
{
	if (!check_sharing(child, error))
		return false;
	if (child->released)
		return lc_error_set(error, LC_ERROR_CONFLICT,
				    "this machine was told to give up all its shards; "
				    "log-courier-ctl rejoin lets it have some again");
	child->released_shards[shard] = false;
	child->dying_shards[shard] = false;
	tell_holds(child);
	return true;
}

/* ---- what it tells ---- */

static void await_word(struct lc_machines_child *child)
{
	uint64_t timeout_ms =
	    (uint64_t)child->host.settings->failover_machine_timeout_seconds * 1000;

	lc_loop_timer_start(child->deadline,
			    LOOKS_SILENT * timeout_ms / LC_MACHINES_BEATS_IN_TIMEOUT);
}

static void take_report(struct lc_machines_child *child, struct lc_view body)
{
	struct lc_report_shard shards[LC_MACHINE_SHARDS_MAX];

	if (!lc_report_read(body, &child->report, child->machines, shards)) {
		lc_log_say(LC_LOG_ERROR, "a report of the process of machines was refused");
		child->report = (struct lc_report){.machine_count = 0};
		return;
	}
	lc_owners_take(&child->owners, &child->report, child->machines, shards,
		       lc_clock_monotonic_ms());
	child->deaths = 0;
	child->failed_looks = child->report.trouble[0] == '\0' ? 0 : child->failed_looks + 1;
	await_word(child);
	look_at_fitness(child);
	tell_holds(child);
}

/* A service that stops, or a shard that has its worker, needs no order. */
static void take_order(struct lc_machines_child *child, const struct lc_frame *frame)
{
	struct lc_shard_process *process = lc_fleet_find(child->host.fleet, frame->id);
	uint64_t epoch;

	if (process == NULL || child->leaves)
		return;
	if (frame->type == LC_FRAME_RELEASE) {
		lc_shard_process_order(process, LC_SLOT_RELEASE);
	} else if (frame->body.size != sizeof epoch) {
		lc_log_say(LC_LOG_ERROR, "an order of the process of machines was refused");
	} else if (lc_shard_process_state(process) == LC_SHARD_STATE_AWAY) {
		memcpy(&epoch, frame->body.data, sizeof epoch);
		lc_shard_process_take(process, epoch);
	}
}

static void on_frame(void *context, const struct lc_frame *frame)
{
	struct lc_machines_child *child = context;

	if (frame->type == LC_FRAME_LOOKED)
		take_report(child, frame->body);
	else
		take_order(child, frame);
}

static void on_refused(void *context, const struct lc_error *error)
{
	(void)context;
	lc_log(LC_LOG_ERROR, "frame from the process of machines refused", LC_LOG_FAULT(error));
}

static void close_channel(struct lc_machines_child *child)
{
	lc_channel_free(child->channel);
	child->channel = NULL;
}

/* Its end is told by SIGCHLD. */
static void on_broken(void *context)
{
	close_channel(context);
}

static const struct lc_channel_callbacks CHANNEL_CALLBACKS = {
    .on_frame = on_frame, .on_refused = on_refused, .on_broken = on_broken};

/* ---- its life ---- */

static int run(const void *context, int pipe)
{
	const struct lc_machines_child *child = context;

	(void)pipe;
	return lc_machines_run(child->host.settings, child->its_end);
}

static bool spawn(struct lc_machines_child *child, struct lc_error *error)
{
	struct lc_one_shot one_shot = {
	    .identity = "machines",
	    .signals = child->host.signals,
	    .run = run,
	    .context = child,
	};
	int ends[2];
	bool made;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return lc_error_set_errno(error, errno, "no channel for the process of machines");
	child->its_end = ends[1];
	one_shot.kept = ends[1];
	made = lc_one_shot_start(&one_shot, &child->pid, &child->pipe, error);
	close(ends[1]);
	if (!made) {
		child->pid = 0;
		close(ends[0]);
		return false;
	}
	child->channel = lc_channel_new(child->host.loop, ends[0], LC_FRAME_OF_MACHINES,
					&CHANNEL_CALLBACKS, child);
	return true;
}

static void plan_another(struct lc_machines_child *child)
{
	lc_loop_timer_start(child->again,
			    lc_backoff_delay_ms(&AGAIN, child->deaths++, &child->random));
}

static void begin(void *context)
{
	struct lc_machines_child *child = context;
	struct lc_error error;

	if (!spawn(child, &error)) {
		lc_log(LC_LOG_ERROR, "the process of machines was not started",
		       LC_LOG_FAULT(&error));
		plan_another(child);
		return;
	}
	await_word(child);
	tell_holds(child);
}

static void on_deadline(void *context)
{
	struct lc_machines_child *child = context;

	lc_log(LC_LOG_ERROR, "the process of machines shows no sign of life and is killed",
	       LC_LOG_INT("machines_pid", child->pid));
	kill(child->pid, SIGKILL);
}

static void forget(struct lc_machines_child *child)
{
	lc_loop_timer_stop(child->deadline);
	close_channel(child);
	close(child->pipe);
	child->pid = 0;
	lc_owners_lose_sight(&child->owners);
}

void lc_machines_child_reap(struct lc_machines_child *child)
{
	int status;

	if (child->pid == 0 || waitpid(child->pid, &status, WNOHANG) != child->pid)
		return;
	forget(child);
	lc_log(LC_LOG_ERROR, "the process of machines has ended and is started again",
	       LC_LOG_INT("status", status));
	plan_another(child);
}

static void end(struct lc_machines_child *child)
{
	lc_loop_timer_stop(child->again);
	if (child->pid == 0)
		return;
	kill(child->pid, SIGKILL);
	/* This does not take long. */
	(void)waitpid(child->pid, NULL, 0);
	forget(child);
}

void lc_machines_child_start(struct lc_machines_child *child)
{
	end(child);
	child->deaths = 0;
	child->failed_looks = 0;
	child->report = (struct lc_report){.machine_count = 0};
	if (child->host.settings->failover_enabled)
		begin(child);
}

/* ---- the document ---- */

static const char *state_of(const struct lc_report_machine *machine)
{
	if (machine->verdict == LC_PEER_NEW)
		return "new";
	if (machine->verdict == LC_PEER_SILENT)
		return "silent";
	return machine->differs && !machine->is_own ? "differs"
						    : lc_machine_state_name(machine->state);
}

static void add_machine(const struct lc_report_machine *machine,
			struct lc_status_document *document)
{
	struct lc_status_document_machine row = {.own = machine->is_own,
						 .missed_beats = machine->missed,
						 .shards = machine->shards,
						 .capacity = machine->capacity};

	snprintf(row.name, sizeof(row.name), "%s", machine->name);
	snprintf(row.state, sizeof(row.state), "%s", state_of(machine));
	snprintf(row.software, sizeof(row.software), "%s", machine->software);
	snprintf(row.reason, sizeof(row.reason), "%s", machine->reason);
	snprintf(row.refuses, sizeof(row.refuses), "%s", machine->refuses);
	lc_status_document_add_machine(document, &row);
}

static void examine_machine(const struct lc_report_machine *machine,
			    struct lc_status_document *document)
{
	if (machine->verdict == LC_PEER_SILENT && machine->shards > 0)
		lc_status_document_find(
		    document, LC_SEVERITY_WARNING, -1,
		    "machine %s shows no sign of life and had %" PRIu32
		    " shards, which the others are taking over; start it again, or look why it "
		    "cannot reach ClickHouse",
		    machine->name, machine->shards);
	if (machine->verdict == LC_PEER_ALIVE && machine->differs && !machine->is_own)
		lc_status_document_find(
		    document, LC_SEVERITY_WARNING, -1,
		    "machine %s (release %s) has other settings than this one, or a release whose "
		    "signs of life this one cannot read, and they do not take over from each "
		    "other; supervisor.shards, failover.*-table, "
		    "failover.machine-timeout-seconds, clickhouse.database, ledger.bucket and "
		    "ledger.prefix have to be the same on all machines",
		    machine->name, machine->software[0] == '\0' ? "unknown" : machine->software);
	if (machine->verdict == LC_PEER_ALIVE && machine->state == LC_MACHINE_STATE_LEAVING &&
	    machine->is_own)
		lc_status_document_find(document, LC_SEVERITY_WARNING, -1,
					"this machine has given up its shards and takes none (%s); "
					"log-courier-ctl rejoin lets it have its share again",
					machine->reason);
	if (machine->verdict == LC_PEER_ALIVE && machine->state == LC_MACHINE_STATE_UNFIT)
		lc_status_document_find(document, LC_SEVERITY_WARNING, -1,
					"machine %s says that it is not fit to have shards: %s",
					machine->name, machine->reason);
}

static void examine_shards(const struct lc_machines_child *child,
			   struct lc_status_document *document)
{
	for (size_t i = 0; i < child->host.fleet->count; i++) {
		int shard = (int)lc_shard_process_shard(child->host.fleet->processes[i]);

		if (child->released_shards[shard])
			lc_status_document_find(
			    document, LC_SEVERITY_WARNING, shard,
			    "the shard was released on this machine, which does not take it; "
			    "log-courier-ctl rejoin --shard %d lets it have it again",
			    shard);
		if (child->dying_shards[shard])
			lc_status_document_find(
			    document, LC_SEVERITY_WARNING, shard,
			    "workers of the shard have died on this machine, one after the other, "
			    "and another machine is to have it, if there is one where they do not; "
			    "the log has their obituaries; log-courier-ctl rejoin --shard %d lets "
			    "this one have it again",
			    shard);
	}
}

static void examine_report(const struct lc_machines_child *child,
			   struct lc_status_document *document)
{
	const struct lc_report *report = &child->report;

	if (child->failed_looks >= LOOK_TROUBLES)
		lc_status_document_find(
		    document, LC_SEVERITY_WARNING, -1,
		    "the tables of machines cannot be read or written, so that no machine takes "
		    "over from another; look at ClickHouse and its Keeper (%.600s)",
		    report->trouble);
	if (report->is_clone)
		lc_status_document_find(
		    document, LC_SEVERITY_CRITICAL, -1,
		    "another machine has the name of this one, and began earlier: this one takes "
		    "no shard; give each machine a name of its own with failover.machine-name");
	else if (report->has_rival)
		lc_status_document_find(
		    document, LC_SEVERITY_WARNING, -1,
		    "another machine has the name of this one; give each machine a name of its "
		    "own with failover.machine-name");
	if (report->headless > 0)
		lc_status_document_find(
		    document, LC_SEVERITY_CRITICAL, -1,
		    "%" PRIu32 " shards have no row in failover.heads-table, or one that cannot be "
		    "read, or were fetched back to one machine, and are delivered by nobody; "
		    "publish their ledgers, or see whether it is the right table; log-courier "
		    "--check-shared-ledgers says which it is",
		    report->headless);
}

void lc_machines_child_describe(const struct lc_machines_child *child,
				struct lc_status_document *document)
{
	if (!child->host.settings->failover_enabled)
		return;
	lc_owners_describe(&child->owners, lc_clock_monotonic_ms(), document);
	examine_report(child, document);
	examine_shards(child, document);
	for (uint32_t i = 0; i < child->report.machine_count; i++)
		examine_machine(&child->machines[i], document);
	for (uint32_t i = 0; i < child->report.machine_count; i++)
		add_machine(&child->machines[i], document);
}

/* ---- the whole ---- */

struct lc_machines_child *lc_machines_child_new(const struct lc_machines_child_host *host)
{
	struct lc_machines_child *child = lc_memory_zero(1, sizeof *child);

	child->host = *host;
	child->again = lc_loop_timer_new(host->loop, begin, child);
	child->deadline = lc_loop_timer_new(host->loop, on_deadline, child);
	lc_random_seed_from_system(&child->random);
	return child;
}

void lc_machines_child_free(struct lc_machines_child *child)
{
	if (child == NULL)
		return;
	end(child);
	lc_loop_timer_free(child->again);
	lc_loop_timer_free(child->deadline);
	free(child);
}
