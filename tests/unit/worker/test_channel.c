/* Both ends of a channel on one loop, and a stranger at one of them. */
#include "worker/channel.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"
#include "support/story.h"

#include <event2/event.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DEADLINE_MS = 10000 };

struct end {
	struct lc_channel *channel;
	unsigned frames;
	unsigned refused;
	unsigned broken;
	struct lc_frame first; /* without their bodies */
	struct lc_frame last;
	struct lc_buffer bodies;
	bool frees_itself; /* at its next callback */
};

struct fixture {
	struct lc_loop *loop;
	struct end supervisor;
	struct end worker;
	int fds[2];
};

static struct fixture FIXTURE;

static void free_if_asked(struct end *end)
{
	if (!end->frees_itself)
		return;
	lc_channel_free(end->channel);
	end->channel = NULL;
}

static void on_frame(void *context, const struct lc_frame *frame)
{
	struct end *end = context;

	if (end->frames++ == 0)
		end->first = *frame;
	end->last = *frame;
	lc_buffer_append_view(&end->bodies, frame->body);
	free_if_asked(end);
}

static void on_refused(void *context, const struct lc_error *error)
{
	struct end *end = context;

	assert_int_equal(error->kind, LC_ERROR_CORRUPT);
	end->refused++;
	free_if_asked(end);
}

static void on_broken(void *context)
{
	struct end *end = context;

	end->broken++;
	free_if_asked(end);
}

static const struct lc_channel_callbacks CALLBACKS = {
    .on_frame = on_frame, .on_refused = on_refused, .on_broken = on_broken};

static int set_up(void **state)
{
	FIXTURE = (struct fixture){.loop = lc_loop_new(NULL)};
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, FIXTURE.fds), 0);
	lc_buffer_init(&FIXTURE.supervisor.bodies, 1 << 24);
	lc_buffer_init(&FIXTURE.worker.bodies, 1 << 24);
	FIXTURE.supervisor.channel = lc_channel_new(
	    FIXTURE.loop, FIXTURE.fds[0], LC_FRAME_TO_SUPERVISOR, &CALLBACKS, &FIXTURE.supervisor);
	*state = &FIXTURE;
	return 0;
}

static void open_worker(struct fixture *fixture)
{
	fixture->worker.channel = lc_channel_new(fixture->loop, fixture->fds[1], LC_FRAME_TO_WORKER,
						 &CALLBACKS, &fixture->worker);
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	lc_channel_free(fixture->supervisor.channel);
	lc_channel_free(fixture->worker.channel);
	lc_buffer_free(&fixture->supervisor.bodies);
	lc_buffer_free(&fixture->worker.bodies);
	lc_loop_free(fixture->loop);
	return 0;
}

static void turn(struct fixture *fixture)
{
	assert_true(event_base_loop(lc_loop_base(fixture->loop), EVLOOP_NONBLOCK) >= 0);
}

static void await(struct fixture *fixture, const unsigned *count, unsigned wanted)
{
	uint64_t deadline = lc_clock_monotonic_ms() + DEADLINE_MS;

	while (*count < wanted && lc_clock_monotonic_ms() < deadline)
		turn(fixture);
	assert_int_equal(*count, wanted);
}

static void frames_come_in_their_order(void **state)
{
	struct fixture *fixture = *state;
	struct lc_frame request = {
	    .type = LC_FRAME_REQUEST, .id = 7, .body = lc_view_of("/v1/sources")};
	struct lc_frame drain = {.type = LC_FRAME_DRAIN};

	open_worker(fixture);
	assert_true(lc_channel_send(fixture->supervisor.channel, &request));
	assert_true(lc_channel_send(fixture->supervisor.channel, &drain));
	await(fixture, &fixture->worker.frames, 2);
	assert_int_equal(fixture->worker.first.type, LC_FRAME_REQUEST);
	assert_int_equal(fixture->worker.first.id, 7);
	assert_string_equal(lc_buffer_text(&fixture->worker.bodies), "/v1/sources");
	assert_int_equal(fixture->worker.last.type, LC_FRAME_DRAIN);
}

/* Far more than the socket holds, while nobody reads. */
static void a_long_answer_comes_in_pieces(void **state)
{
	enum { SIZE = 1000000, PIECES = SIZE / LC_FRAME_BODY_MAX + 1 };
	struct fixture *fixture = *state;
	char *document = lc_memory_zero(1, SIZE);

	open_worker(fixture);
	for (size_t i = 0; i < SIZE; i++)
		document[i] = (char)(i * 31 % 251);
	assert_true(
	    lc_channel_reply(fixture->worker.channel, 9, 503, (struct lc_view){document, SIZE}));
	await(fixture, &fixture->supervisor.frames, PIECES);
	assert_true(fixture->supervisor.last.last);
	assert_int_equal(fixture->supervisor.last.id, 9);
	assert_int_equal(fixture->supervisor.last.status, 503);
	assert_int_equal(fixture->supervisor.bodies.size, SIZE);
	assert_memory_equal(fixture->supervisor.bodies.data, document, SIZE);
	free(document);
}

static void a_side_that_does_not_read_is_told_no_more_in_the_end(void **state)
{
	enum { PIECES = 8, SIZE = PIECES * LC_FRAME_BODY_MAX };
	struct fixture *fixture = *state;
	char *document = lc_memory_zero(1, SIZE);
	unsigned taken = 0;

	open_worker(fixture);
	while (
	    lc_channel_reply(fixture->worker.channel, taken, 200, (struct lc_view){document, SIZE}))
		taken++;
	/* 4 MiB and what the socket holds */
	assert_in_range(taken, LC_CHANNEL_QUEUE_MAX / SIZE - 1, LC_CHANNEL_QUEUE_MAX / SIZE + 2);
	await(fixture, &fixture->supervisor.frames, taken * PIECES);
	assert_int_equal(fixture->supervisor.bodies.size, (size_t)taken * SIZE);
	assert_true(lc_channel_reply(fixture->worker.channel, 1, 200, lc_view_of("{}")));
	free(document);
}

static void what_is_no_frame_is_dropped_and_told(void **state)
{
	static char junk[LC_FRAME_SIZE_MAX + 100];
	static const unsigned char ready[] = {1, 0, 0, 0};
	struct fixture *fixture = *state;

	for (size_t size = 1; size < sizeof(junk); size = size * 2 + 1) {
		memset(junk, (int)size, sizeof(junk));
		assert_int_equal(send(fixture->fds[1], junk, size, MSG_NOSIGNAL), size);
		await(fixture, &fixture->supervisor.refused, fixture->supervisor.refused + 1);
	}
	assert_int_equal(send(fixture->fds[1], junk, sizeof(junk), MSG_NOSIGNAL), sizeof(junk));
	await(fixture, &fixture->supervisor.refused, fixture->supervisor.refused + 1);
	assert_int_equal(fixture->supervisor.frames, 0);
	assert_int_equal(send(fixture->fds[1], ready, sizeof(ready), MSG_NOSIGNAL), sizeof(ready));
	await(fixture, &fixture->supervisor.frames, 1);
	close(fixture->fds[1]);
}

static void the_end_of_the_other_side_is_told_once(void **state)
{
	struct fixture *fixture = *state;
	struct lc_frame drain = {.type = LC_FRAME_DRAIN};

	close(fixture->fds[1]);
	await(fixture, &fixture->supervisor.broken, 1);
	for (unsigned i = 0; i < 10; i++)
		turn(fixture);
	assert_int_equal(fixture->supervisor.broken, 1);
	assert_false(lc_channel_send(fixture->supervisor.channel, &drain));
}

static void a_send_to_nobody_fails_and_the_end_is_told(void **state)
{
	struct fixture *fixture = *state;
	struct lc_frame drain = {.type = LC_FRAME_DRAIN};

	close(fixture->fds[1]);
	assert_false(lc_channel_send(fixture->supervisor.channel, &drain));
	assert_int_equal(fixture->supervisor.broken, 0);
	await(fixture, &fixture->supervisor.broken, 1);
}

static void a_channel_may_be_freed_by_its_own_callback(void **state)
{
	struct fixture *fixture = *state;

	fixture->supervisor.frees_itself = true;
	close(fixture->fds[1]);
	await(fixture, &fixture->supervisor.broken, 1);
	assert_null(fixture->supervisor.channel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(frames_come_in_their_order),
	    STORY(a_long_answer_comes_in_pieces),
	    STORY(a_side_that_does_not_read_is_told_no_more_in_the_end),
	    STORY(what_is_no_frame_is_dropped_and_told),
	    STORY(the_end_of_the_other_side_is_told_once),
	    STORY(a_send_to_nobody_fails_and_the_end_is_told),
	    STORY(a_channel_may_be_freed_by_its_own_callback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
