/*
 * A process of machines that sees no other, and orders what it is told, in place of
 * src/machines/machines.c. LOG_COURIER_TEST_MACHINES tells what it does:
 *
 *   nothing   orders nothing (also without the variable)
 *   take      orders that each shard that is away be taken, unless it is refused or avoided: then, that
 *             it be released
 *   return    as `take`; and that shard 0, once it has a worker, be released, and not taken again
 *   dies      as `take`, and dies of SIGKILL when it is told that all have a worker
 *   finds     reports a machine with other settings, which has shard 0, one that is silent, which had
 *             shard 1, a shard without a head, and that this one has taken one over
 *
 * It beats as soon as it is told something, and ten times a second.
 */
#include "machines/machines.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/exit_codes.h"
#include "base/loop.h"
#include "formats/frame.h"
#include "machines/machine_rule.h"
#include "machines/report.h"
#include "worker/channel.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BEAT_MS = 100 };

struct fake {
	struct lc_loop *loop;
	struct lc_loop_timer *timer;
	struct lc_channel *channel;
	const char *behaviour;
	bool returned; /* shard 0 */
};

static bool is(const struct fake *fake, const char *behaviour)
{
	return strcmp(fake->behaviour, behaviour) == 0;
}

static void add(struct lc_buffer *body, const char *name, enum lc_peer_verdict verdict,
		bool differs)
{
	struct lc_report_machine machine = {.verdict = verdict, .differs = differs, .shards = 4};

	snprintf(machine.name, sizeof machine.name, "%s", name);
	lc_report_add_machine(body, &machine);
}

static void find(struct lc_buffer *body)
{
	add(body, "other", LC_PEER_ALIVE, true);
	add(body, "quiet", LC_PEER_SILENT, false);
	lc_report_add_shard(body, &(struct lc_report_shard){.epoch = 7, .owner = 0});
	lc_report_add_shard(body,
			    &(struct lc_report_shard){.epoch = 9, .owner = 1, .unowned = true});
}

static void on_timer(void *context)
{
	struct fake *fake = context;
	struct lc_report report = {.headless = is(fake, "finds") ? 1 : 0};
	struct lc_frame frame = {.type = LC_FRAME_LOOKED};
	struct lc_buffer body;

	lc_buffer_init(&body, LC_FRAME_BODY_MAX);
	report.taken[LC_MACHINE_CAUSE_SILENT] = report.headless;
	lc_report_begin(&body, &report);
	if (is(fake, "finds"))
		find(&body);
	frame.body = lc_buffer_view(&body);
	LC_ASSERT(lc_channel_send(fake->channel, &frame));
	lc_buffer_free(&body);
	lc_loop_timer_start(fake->timer, BEAT_MS);
}

static void order(const struct fake *fake, enum lc_frame_type type, size_t shard)
{
	const uint64_t epoch = 0;
	struct lc_frame frame = {.type = type, .id = (uint32_t)shard};

	if (type == LC_FRAME_TAKE)
		frame.body = (struct lc_view){.data = (const char *)&epoch, .size = sizeof epoch};
	LC_ASSERT(lc_channel_send(fake->channel, &frame));
}

static void on_frame(void *context, const struct lc_frame *frame)
{
	struct fake *fake = context;
	size_t shards = frame->body.size / 2; /* no reason follows them */
	size_t working = 0;

	if (is(fake, "nothing") || is(fake, "finds") || frame->id == LC_MACHINE_LEAVING)
		return;
	for (size_t i = 0; i < shards; i++) {
		unsigned hold = (unsigned char)frame->body.data[2 * i];
		bool refused = frame->body.data[2 * i + 1] != LC_MACHINE_NO_REFUSAL;

		working += hold == LC_MACHINE_HAS || hold == LC_MACHINE_TAKING;
		if (refused && hold != LC_MACHINE_AWAY)
			order(fake, LC_FRAME_RELEASE, i);
		if (hold == LC_MACHINE_AWAY && !refused && !(i == 0 && fake->returned))
			order(fake, LC_FRAME_TAKE, i);
		if (i == 0 && working == 1 && is(fake, "return") && !fake->returned) {
			fake->returned = true;
			order(fake, LC_FRAME_RELEASE, i);
		}
	}
	if (working == shards && is(fake, "dies"))
		(void)raise(SIGKILL);
}

static void on_refused(void *context, const struct lc_error *error)
{
	(void)context;
	(void)error;
	LC_ASSERT(false);
}

static void on_broken(void *context)
{
	struct fake *fake = context;

	lc_loop_stop(fake->loop);
}

int lc_machines_run(const struct lc_settings *settings, int channel)
{
	static const struct lc_channel_callbacks callbacks = {
	    .on_frame = on_frame, .on_refused = on_refused, .on_broken = on_broken};
	struct fake fake = {.behaviour = getenv("LOG_COURIER_TEST_MACHINES")};

	LC_ASSERT(settings->failover_enabled);
	if (fake.behaviour == NULL)
		fake.behaviour = "nothing";
	fake.loop = lc_loop_new(NULL);
	fake.channel = lc_channel_new(fake.loop, channel, LC_FRAME_TO_MACHINES, &callbacks, &fake);
	fake.timer = lc_loop_timer_new(fake.loop, on_timer, &fake);
	lc_loop_timer_start(fake.timer, 0);
	lc_loop_run(fake.loop);
	lc_loop_timer_free(fake.timer);
	lc_channel_free(fake.channel);
	lc_loop_free(fake.loop);
	return LC_EXIT_OK;
}
