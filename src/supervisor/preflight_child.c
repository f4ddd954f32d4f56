#include "supervisor/preflight_child.h"

#include "base/assert.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/exit_codes.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "formats/control_request.h"
#include "preflight/preflight.h"
#include "supervisor/health.h"
#include "supervisor/one_shot.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a child is there for. */
enum task {
	TASK_NONE,
	TASK_LOOK,  /* the service's own look */
	TASK_ASKED, /* the whole preflight, which somebody asked for */
	TASK_COUNT
};

/* Why a child was killed by us. */
enum kill_reason { NOT_KILLED, OVERDUE, GIVES_WAY };

static const struct lc_backoff AGAIN = {
    .initial_ms = 60 * 1000, .maximum_ms = 3600 * 1000, .jitter = 0.1};

struct checks {
	struct lc_status_document_check *rows;
	size_t count;
	char begun[LC_CLOCK_TEXT_SIZE];
};

struct lc_preflight_child {
	struct lc_preflight_child_host host;
	enum task task; /* of the child that runs; TASK_NONE: none does */
	pid_t pid;
	int pipe; /* checks come through it */
	struct lc_loop_watch *watch;
	struct lc_loop_timer *deadline;
	enum kill_reason kill_reason;

	bool waits[TASK_COUNT]; /* is to begin when the child that runs has ended */
	char bucket[LC_CONTROL_REQUEST_BUCKET_MAX + 1]; /* of TASK_ASKED; empty: no upload */

	struct checks made[TASK_COUNT]; /* by the child that runs, or by the last one */
	struct checks found;            /* by the last look that has ended */
	struct lc_loop_timer *again;
	unsigned repeats; /* looks by this timer, one after the other */
	struct lc_random random;
};

static void begin_next(struct lc_preflight_child *child);

/* ---- in the child ---- */

/* A check goes through the pipe in one piece. */
_Static_assert(sizeof(struct lc_status_document_check) <= PIPE_BUF, "a pipe takes it at once");
_Static_assert((int)LC_VERDICT_TEXT_SIZE <= (int)LC_STATUS_DOCUMENT_TEXT_SIZE,
	       "a check's text fits");

static struct lc_status_document_check make_check(enum lc_verdict_grade grade, const char *subject,
						  const char *text)
{
	struct lc_status_document_check check = {.grade = grade};

	snprintf(check.subject, sizeof(check.subject), "%s", subject);
	snprintf(check.text, sizeof(check.text), "%s", text);
	return check;
}

/* Without a reader nobody wants the rest. */
static void tell(void *context, const struct lc_verdict *verdict, const char *subject)
{
	const int *pipe = context;
	const struct lc_status_document_check check =
	    make_check(verdict->grade, subject, verdict->text);

	if (write(*pipe, &check, sizeof(check)) != (ssize_t)sizeof(check))
		_exit(LC_EXIT_FAILURE);
}

static int run(const void *context, int pipe)
{
	const struct lc_preflight_child *child = context;
	const struct lc_preflight preflight = {
	    .settings = child->host.settings,
	    .brief = child->task == TASK_LOOK,
	    .bucket = child->task == TASK_ASKED && child->bucket[0] != '\0' ? child->bucket : NULL,
	    .tell = tell,
	    .context = &pipe,
	};
	struct lc_verdict verdict;
	struct lc_error error;

	if (!lc_preflight_run(&preflight, &error)) {
		lc_verdict_set(&verdict, LC_VERDICT_FAIL, "%s", error.message);
		tell(&pipe, &verdict, "settings");
	}
	return LC_EXIT_OK;
}

/* ---- what comes from it ---- */

static void add(struct checks *checks, const struct lc_status_document_check *check)
{
	if (checks->count == LC_STATUS_DOCUMENT_CHECKS_MAX)
		return;
	checks->rows = lc_memory_resize(checks->rows, checks->count + 1, sizeof(checks->rows[0]));
	checks->rows[checks->count++] = *check;
}

/* False at the pipe's end. What is no check can only come from a child whose memory was damaged: its
 * end tells. */
static bool collect(struct lc_preflight_child *child)
{
	struct lc_status_document_check check;
	ssize_t size;

	while ((size = read(child->pipe, &check, sizeof(check))) == (ssize_t)sizeof(check)) {
		check.subject[sizeof(check.subject) - 1] = '\0';
		check.text[sizeof(check.text) - 1] = '\0';
		if ((unsigned)check.grade < LC_VERDICT_GRADES)
			add(&child->made[child->task], &check);
	}
	return size != 0;
}

static void on_readable(void *context)
{
	struct lc_preflight_child *child = context;

	if (collect(child))
		return;
	/* SIGCHLD follows. */
	lc_loop_watch_free(child->watch);
	child->watch = NULL;
}

/* ---- its end ---- */

static bool needs_somebody(const struct lc_status_document_check *check)
{
	return check->grade == LC_VERDICT_WARN || check->grade == LC_VERDICT_FAIL;
}

static void log_found(const struct checks *found)
{
	for (size_t i = 0; i < found->count; i++)
		lc_log(LC_LOG_WARNING, "the preflight has found something",
		       LC_LOG_TEXT("check", found->rows[i].subject),
		       LC_LOG_TEXT("found", found->rows[i].text));
}

static bool same(const struct checks *one, const struct checks *other)
{
	if (one->count != other->count)
		return false;
	for (size_t i = 0; i < one->count; i++) {
		if (strcmp(one->rows[i].subject, other->rows[i].subject) != 0 ||
		    one->rows[i].grade != other->rows[i].grade)
			return false;
	}
	return true;
}

/* What the look has found counts from now on, and is looked at again. */
static void end_look(struct lc_preflight_child *child)
{
	const struct checks *made = &child->made[TASK_LOOK];
	struct checks found = {0};

	memcpy(found.begun, made->begun, sizeof(found.begun));
	for (size_t i = 0; i < made->count; i++) {
		if (needs_somebody(&made->rows[i]))
			add(&found, &made->rows[i]);
	}
	/* The log need not have it again and again. */
	if (child->repeats == 0 || !same(&found, &child->found))
		log_found(&found);
	free(child->found.rows);
	child->found = found;
	if (found.count > 0)
		lc_loop_timer_start(child->again,
				    lc_backoff_delay_ms(&AGAIN, child->repeats++, &child->random));
	else
		lc_log(LC_LOG_INFO, "the preflight has found nothing to complain of",
		       LC_LOG_UINT("checks", made->count));
}

/* A child that was not through is a failure of its own. */
static void judge_end(struct lc_preflight_child *child, int status)
{
	char text[LC_STATUS_DOCUMENT_TEXT_SIZE];
	struct lc_status_document_check check;

	if (WIFEXITED(status) && WEXITSTATUS(status) == LC_EXIT_OK)
		return;
	if (child->kill_reason == OVERDUE)
		snprintf(text, sizeof(text),
			 "it had not ended after %u s and was given up; look at the servers that "
			 "its last checks name, and at their proxies",
			 (unsigned)(child->host.longest_ms / 1000));
	else if (WIFSIGNALED(status))
		snprintf(text, sizeof(text),
			 "it was ended by signal %d before it was through; report it with the log",
			 WTERMSIG(status));
	else
		snprintf(text, sizeof(text),
			 "it ended with code %d before it was through; report it with the log",
			 WEXITSTATUS(status));
	check = make_check(LC_VERDICT_FAIL, "the preflight itself", text);
	add(&child->made[child->task], &check);
}

static void end(struct lc_preflight_child *child)
{
	enum task task = child->task;

	child->task = TASK_NONE;
	if (task == TASK_ASKED)
		child->waits[TASK_LOOK] = true; /* what was repaired is no finding any more */
	else if (child->kill_reason != GIVES_WAY)
		end_look(child);
	begin_next(child);
}

static void close_pipe(struct lc_preflight_child *child)
{
	lc_loop_timer_stop(child->deadline);
	lc_loop_watch_free(child->watch);
	child->watch = NULL;
	close(child->pipe);
}

void lc_preflight_child_reap(struct lc_preflight_child *child)
{
	int status;

	if (child->task == TASK_NONE || waitpid(child->pid, &status, WNOHANG) != child->pid)
		return;
	(void)collect(child);
	close_pipe(child);
	judge_end(child, status);
	end(child);
}

/* ---- its beginning ---- */

static void kill_for(struct lc_preflight_child *child, enum kill_reason reason)
{
	child->kill_reason = reason;
	kill(child->pid, SIGKILL);
}

static void on_deadline(void *context)
{
	kill_for(context, OVERDUE);
}

static bool start(struct lc_preflight_child *child, struct lc_error *error)
{
	const struct lc_one_shot one_shot = {
	    .identity = "preflight",
	    .kept = -1,
	    .signals = child->host.signals,
	    .run = run,
	    .context = child,
	};

	if (!lc_one_shot_start(&one_shot, &child->pid, &child->pipe, error))
		return false;
	LC_ASSERT(fcntl(child->pipe, F_SETFL, O_NONBLOCK) == 0);
	child->watch = lc_loop_watch_readable(child->host.loop, child->pipe, on_readable, child);
	lc_loop_timer_start(child->deadline, child->host.longest_ms);
	return true;
}

static void begin(struct lc_preflight_child *child, enum task task)
{
	struct checks *made = &child->made[task];
	struct lc_status_document_check check;
	struct lc_error error;

	made->count = 0;
	lc_clock_format(lc_clock_wall_ms(), made->begun);
	child->task = task;
	child->waits[task] = false;
	child->kill_reason = NOT_KILLED;
	if (start(child, &error))
		return;
	check = make_check(LC_VERDICT_FAIL, "the preflight itself", error.message);
	add(made, &check);
	end(child);
}

static void begin_next(struct lc_preflight_child *child)
{
	if (child->task != TASK_NONE)
		return;
	if (child->waits[TASK_ASKED])
		begin(child, TASK_ASKED);
	else if (child->waits[TASK_LOOK])
		begin(child, TASK_LOOK);
}

static void begin_after(struct lc_preflight_child *child, enum task task)
{
	child->waits[task] = true;
	if (child->task == TASK_LOOK)
		kill_for(child, GIVES_WAY);
	else
		begin_next(child);
}

static void on_again(void *context)
{
	struct lc_preflight_child *child = context;

	child->waits[TASK_LOOK] = true;
	begin_next(child);
}

void lc_preflight_child_look(struct lc_preflight_child *child)
{
	child->repeats = 0;
	lc_loop_timer_stop(child->again);
	begin_after(child, TASK_LOOK);
}

static bool is_asked(const struct lc_preflight_child *child)
{
	return child->task == TASK_ASKED || child->waits[TASK_ASKED];
}

bool lc_preflight_child_ask(struct lc_preflight_child *child, struct lc_view bucket,
			    struct lc_error *error)
{
	if (is_asked(child))
		return lc_error_set(error, LC_ERROR_CONFLICT,
				    "a preflight is under way; wait until it has ended");
	if (bucket.size >= sizeof(child->bucket) || memchr(bucket.data, '\0', bucket.size) != NULL)
		return lc_error_set(error, LC_ERROR_USAGE, "this is no name of a bucket");
	memcpy(child->bucket, bucket.data, bucket.size);
	child->bucket[bucket.size] = '\0';
	child->made[TASK_ASKED].count = 0;
	child->repeats = 0;
	lc_loop_timer_stop(child->again);
	begin_after(child, TASK_ASKED);
	return true;
}

/* ---- the whole ---- */

void lc_preflight_child_describe(const struct lc_preflight_child *child,
				 struct lc_status_document *document)
{
	const struct checks *asked = &child->made[TASK_ASKED];
	const struct checks *found = &child->found;

	document->preflight_running = is_asked(child);
	lc_status_document_add_checks(document, asked->rows, asked->count);
	lc_health_examine_checks(found->rows, found->count, found->begun, document);
}

struct lc_preflight_child *lc_preflight_child_new(const struct lc_preflight_child_host *host)
{
	struct lc_preflight_child *child = lc_memory_zero(1, sizeof(*child));

	child->host = *host;
	child->deadline = lc_loop_timer_new(host->loop, on_deadline, child);
	child->again = lc_loop_timer_new(host->loop, on_again, child);
	lc_random_seed_from_system(&child->random);
	return child;
}

void lc_preflight_child_free(struct lc_preflight_child *child)
{
	if (child == NULL)
		return;
	if (child->task != TASK_NONE) {
		kill_for(child, GIVES_WAY);
		/* This does not take long. */
		(void)waitpid(child->pid, NULL, 0);
		close_pipe(child);
	}
	for (unsigned task = 0; task < TASK_COUNT; task++)
		free(child->made[task].rows);
	free(child->found.rows);
	lc_loop_timer_free(child->deadline);
	lc_loop_timer_free(child->again);
	free(child);
}
