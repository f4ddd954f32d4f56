/* Lines for readers that have stopped reading. Whoever waited would hang: the alarm ends the test.
 */
#include "base/outlet.h"

#include "support/story.h"

#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINES_MAX = 1 << 20, DEADLINE_SECONDS = 20 };

static const char LINE[] = "{\"message\":\"a line of a log\"}\n";

static int set_up(void **state)
{
	(void)state;
	alarm(DEADLINE_SECONDS);
	return 0;
}

/* Writes until a line is dropped; tells how many went. */
static size_t fill(struct lc_outlet *outlet)
{
	for (size_t i = 0; i < LINES_MAX; i++) {
		if (!lc_outlet_write(outlet, lc_view_of(LINE)))
			return i;
	}
	fail_msg("a reader that does not read takes all");
	return 0;
}

/* Reads all that has come, to its last byte. */
static size_t read_all(int fd, char *text, size_t room)
{
	size_t size = 0;
	ssize_t count;

	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	while (size < room && (count = read(fd, text + size, room - size)) > 0)
		size += (size_t)count;
	return size;
}

static void expect_whole_lines(int reader, size_t lines)
{
	size_t length = strlen(LINE);
	char *text = malloc((lines + 1) * length);

	assert_non_null(text);
	assert_int_equal(read_all(reader, text, (lines + 1) * length), lines * length);
	for (size_t i = 0; i < lines; i++)
		assert_memory_equal(text + i * length, LINE, length);
	free(text);
}

/* Full, then read, then written to again. */
static void tell_the_story(struct lc_outlet *outlet, int reader)
{
	size_t lines = fill(outlet);

	assert_true(lines > 100);
	assert_false(lc_outlet_write(outlet, lc_view_of(LINE)));
	expect_whole_lines(reader, lines);
	assert_true(lc_outlet_write(outlet, lc_view_of(LINE)));
	expect_whole_lines(reader, 1);
}

static void a_pipe_that_nobody_reads_takes_no_more(void **state)
{
	struct lc_outlet outlet;
	int ends[2];
	int shared;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	shared = dup(ends[1]);
	outlet = (struct lc_outlet){.fd = ends[1]};
	lc_outlet_open(&outlet);
	assert_int_equal(outlet.way, LC_OUTLET_WRITE);
	tell_the_story(&outlet, ends[0]);
	/* whoever shares the pipe goes on as before */
	assert_int_equal(fcntl(shared, F_GETFL) & O_NONBLOCK, 0);
	close(shared);
	close(ends[0]);
	close(ends[1]);
}

static void a_pipe_that_cannot_be_opened_again_is_asked_first(void **state)
{
	struct lc_outlet outlet;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	outlet = (struct lc_outlet){.fd = ends[1], .way = LC_OUTLET_POLL};
	tell_the_story(&outlet, ends[0]);
	close(ends[0]);
	close(ends[1]);
}

static void a_socket_that_nobody_reads_takes_no_more(void **state)
{
	struct lc_outlet outlet;
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	outlet = (struct lc_outlet){.fd = ends[1]};
	lc_outlet_open(&outlet);
	assert_int_equal(outlet.way, LC_OUTLET_SEND);
	tell_the_story(&outlet, ends[0]);
	assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
	close(ends[0]);
	/* one that is gone neither ends the process nor makes it wait */
	assert_false(lc_outlet_write(&outlet, lc_view_of(LINE)));
	close(ends[1]);
}

static void a_terminal_that_nobody_reads_takes_no_more(void **state)
{
	struct lc_outlet outlet;
	int terminal;

	(void)state;
	terminal = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
	outlet = (struct lc_outlet){.fd = open(ptsname(terminal), O_RDWR | O_NOCTTY)};
	assert_true(outlet.fd >= 0);
	lc_outlet_open(&outlet);
	fill(&outlet);
	assert_false(lc_outlet_write(&outlet, lc_view_of(LINE)));
	close(outlet.fd);
	close(terminal);
}

/* Longer than a pipe takes at once: the rest is lost, and the next line stands by itself. */
static void a_torn_line_ends_before_the_next(void **state)
{
	size_t size = 3 * (size_t)PIPE_BUF;
	char *text = malloc(16 * size);
	struct lc_outlet outlet;
	int ends[2];
	size_t all;

	(void)state;
	assert_non_null(text);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fcntl(ends[1], F_SETPIPE_SZ, 4 * PIPE_BUF), 4 * PIPE_BUF);
	outlet = (struct lc_outlet){.fd = ends[1]};
	lc_outlet_open(&outlet);
	memset(text, 'x', size);
	text[size - 1] = '\n';
	assert_true(lc_outlet_write(&outlet, (struct lc_view){text, size}));
	assert_false(lc_outlet_write(&outlet, (struct lc_view){text, size}));
	assert_true(outlet.torn);
	all = read_all(ends[0], text, 16 * size);
	assert_true(all > size && text[all - 1] == 'x');
	assert_true(lc_outlet_write(&outlet, lc_view_of(LINE)));
	assert_false(outlet.torn);
	all = read_all(ends[0], text, 16 * size);
	assert_int_equal(all, 1 + strlen(LINE));
	assert_memory_equal(text, "\n", 1);
	assert_memory_equal(text + 1, LINE, strlen(LINE));
	close(ends[0]);
	close(ends[1]);
	free(text);
}

/* What others have written to a file stays, appended to or not. */
static void a_file_is_written_where_it_stands(void **state)
{
	char path[] = "/tmp/lc_outlet_XXXXXX";
	struct lc_outlet outlet;
	char text[256];
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, LINE, strlen(LINE)), strlen(LINE));
	outlet = (struct lc_outlet){.fd = fd};
	lc_outlet_open(&outlet);
	assert_true(lc_outlet_write(&outlet, lc_view_of(LINE)));
	assert_int_equal(pread(fd, text, sizeof(text), 0), 2 * strlen(LINE));
	assert_int_equal(unlink(path), 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY_SET_UP(a_pipe_that_nobody_reads_takes_no_more),
	    STORY_SET_UP(a_pipe_that_cannot_be_opened_again_is_asked_first),
	    STORY_SET_UP(a_socket_that_nobody_reads_takes_no_more),
	    STORY_SET_UP(a_terminal_that_nobody_reads_takes_no_more),
	    STORY_SET_UP(a_torn_line_ends_before_the_next),
	    STORY_SET_UP(a_file_is_written_where_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
