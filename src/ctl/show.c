#include "ctl/show.h"

#include "base/clock.h"
#include "ctl/client.h"
#include "ctl/explain.h"
#include "ctl/output.h"
#include "ctl/render_inspection.h"
#include "ctl/render_machines.h"
#include "ctl/render_status.h"
#include "ctl/terminal.h"
#include "formats/status_document.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

/* To the time that the service has for its answer comes that of the way. */
enum { SPARE_SECONDS = LC_CLIENT_SECONDS - LC_CONTROL_REQUEST_ANSWER_SECONDS };

/* ---- one look ---- */

/* A series of looks with the same arguments. It remembers the last one, to say how fast things
 * move. */
struct show {
	const struct lc_arguments *arguments;
	const char *socket;
	uint64_t last_ms; /* when the last look was; 0: there was none that succeeded */
	struct lc_status_document status;
	struct lc_inspection inspection; /* one of the two is of the last look, the other empty */
};

static void begin_show(struct show *show, const struct lc_arguments *arguments, const char *socket)
{
	*show = (struct show){.arguments = arguments, .socket = socket};
	lc_status_document_init(&show->status, 0);
	lc_inspection_init(&show->inspection);
}

static void end_show(struct show *show)
{
	lc_status_document_free(&show->status);
	lc_inspection_free(&show->inspection);
}

static enum lc_arguments_exit misunderstood(struct lc_error *error)
{
	lc_error_prefix(error, "the service's answer cannot be understood; if the service is a "
			       "different version from log-courier-ctl, restart it");
	return LC_ARGUMENTS_EXIT_UNREACHABLE;
}

/* Milliseconds since the last look; 0 when there was none. */
static uint64_t since_last(const struct show *show, uint64_t now_ms)
{
	return show->last_ms == 0 ? 0 : now_ms - show->last_ms;
}

static enum lc_arguments_exit show_status(struct show *show, const struct lc_buffer *json,
					  struct lc_terminal_style style, struct lc_buffer *text,
					  struct lc_error *error)
{
	uint64_t now_ms = lc_clock_monotonic_ms();
	uint64_t since_ms = since_last(show, now_ms);
	struct lc_status_document document;

	if (!lc_status_document_decode(lc_buffer_view(json), &document, error))
		return misunderstood(error);
	if (show->arguments->json)
		lc_buffer_append_view(text, lc_buffer_view(json));
	else
		lc_render_status(&document, since_ms == 0 ? NULL : &show->status, since_ms, style,
				 text);
	lc_status_document_free(&show->status);
	show->status = document;
	show->last_ms = now_ms;
	return LC_ARGUMENTS_EXIT_DONE;
}

static enum lc_arguments_exit show_health(struct show *show, const struct lc_buffer *json,
					  struct lc_terminal_style style, struct lc_buffer *text,
					  struct lc_error *error)
{
	struct lc_status_document document;
	bool healthy;

	if (!lc_status_document_decode(lc_buffer_view(json), &document, error))
		return misunderstood(error);
	if (show->arguments->json)
		lc_buffer_append_view(text, lc_buffer_view(json));
	else
		lc_render_status_health(&document, style, text);
	healthy = document.healthy;
	lc_status_document_free(&document);
	return healthy ? LC_ARGUMENTS_EXIT_DONE : LC_ARGUMENTS_EXIT_UNHEALTHY;
}

static enum lc_arguments_exit show_machines(struct show *show, const struct lc_buffer *json,
					    struct lc_terminal_style style, struct lc_buffer *text,
					    struct lc_error *error)
{
	struct lc_status_document document;

	if (!lc_status_document_decode(lc_buffer_view(json), &document, error))
		return misunderstood(error);
	if (show->arguments->json)
		lc_buffer_append_view(text, lc_buffer_view(json));
	else
		lc_render_machines(&document, style, text);
	lc_status_document_free(&document);
	return LC_ARGUMENTS_EXIT_DONE;
}

/* What the supervisor knows; without it an explanation says less. */
static bool ask_status(const char *socket, struct lc_status_document *document)
{
	struct lc_error error;
	struct lc_buffer json;
	bool known;

	lc_buffer_init(&json, LC_STATUS_DOCUMENT_BYTES_MAX);
	known = lc_client_ask(socket, "GET",
			      LC_CONTROL_REQUEST_COMMANDS[LC_CONTROL_REQUEST_STATUS].path, &json,
			      &error) &&
		lc_status_document_decode(lc_buffer_view(&json), document, &error);
	lc_buffer_free(&json);
	return known;
}

static enum lc_arguments_exit show_explanation(struct show *show, const struct lc_buffer *json,
					       struct lc_terminal_style style,
					       struct lc_buffer *text, struct lc_error *error)
{
	struct lc_explain_facts facts = {
	    .raft_session_id = show->arguments->request.raft_session_id,
	    .bucket = lc_control_request_bucket(&show->arguments->request),
	};
	struct lc_explanation explanation;
	struct lc_status_document service;
	struct lc_inspection document;
	bool whole;

	if (!lc_inspection_decode(lc_buffer_view(json), &document, error))
		return misunderstood(error);
	whole = document.lists[LC_INSPECTION_PROBLEMS].count == 0;
	facts.document = &document;
	if (ask_status(show->socket, &service))
		facts.service = &service;
	lc_explain(&facts, &explanation);
	if (show->arguments->json)
		lc_explain_append_json(&facts, &explanation, text);
	else
		lc_explain_append(&facts, &explanation, style, text);
	lc_explain_free(&explanation);
	if (facts.service != NULL)
		lc_status_document_free(&service);
	lc_inspection_free(&document);
	return whole ? LC_ARGUMENTS_EXIT_DONE : LC_ARGUMENTS_EXIT_UNHEALTHY;
}

static enum lc_arguments_exit show_inspection(struct show *show, const struct lc_buffer *json,
					      struct lc_terminal_style style,
					      struct lc_buffer *text, struct lc_error *error)
{
	uint64_t now_ms = lc_clock_monotonic_ms();
	uint64_t since_ms = since_last(show, now_ms);
	struct lc_inspection document;

	if (!lc_inspection_decode(lc_buffer_view(json), &document, error))
		return misunderstood(error);
	if (show->arguments->json)
		lc_buffer_append_view(text, lc_buffer_view(json));
	else
		lc_render_inspection(&show->arguments->request, &document,
				     since_ms == 0 ? NULL : &show->inspection, since_ms, style,
				     text);
	lc_inspection_free(&show->inspection);
	show->inspection = document;
	show->last_ms = now_ms;
	return document.lists[LC_INSPECTION_PROBLEMS].count == 0 ? LC_ARGUMENTS_EXIT_DONE
								 : LC_ARGUMENTS_EXIT_UNHEALTHY;
}

/* As an inspection; that there is nothing to deliver again is no success. */
static enum lc_arguments_exit show_replay(struct show *show, const struct lc_buffer *json,
					  struct lc_terminal_style style, struct lc_buffer *text,
					  struct lc_error *error)
{
	enum lc_arguments_exit code = show_inspection(show, json, style, text, error);

	return code == LC_ARGUMENTS_EXIT_DONE &&
		       show->inspection.lists[LC_INSPECTION_REPLAYS].count == 0
		   ? LC_ARGUMENTS_EXIT_UNHEALTHY
		   : code;
}

typedef enum lc_arguments_exit show_function(struct show *show, const struct lc_buffer *json,
					     struct lc_terminal_style style, struct lc_buffer *text,
					     struct lc_error *error);

static show_function *const SHOWS[LC_CONTROL_REQUEST_COMMAND_COUNT] = {
#define SHOW(handler) handler
#define RENDER(renderer) show_inspection
#define ASK(renderer) show_replay
#define AWAIT(renderer, outcome, lines) show_inspection
#define FILES(handler) NULL
#define LC_CONTROL_COMMAND(name, words, method, path, supervisor, worker, ctl, takes, help) \
	[LC_CONTROL_REQUEST_##name] = ctl,
#include "tbl/control_commands.h"
};

/* Asks the service, which blocks, and appends what it answers. The exit code that says what came of
 * it; `error` kind NONE, or why there is nothing to show. */
static enum lc_arguments_exit look_at_service(struct show *show, struct lc_terminal_style style,
					      struct lc_buffer *text, struct lc_error *error)
{
	const struct lc_control_request *request = &show->arguments->request;
	const struct lc_control_request_description *command =
	    &LC_CONTROL_REQUEST_COMMANDS[request->command];
	unsigned seconds = lc_control_request_patience(request->command) + SPARE_SECONDS;
	enum lc_arguments_exit code;
	struct lc_buffer target;
	struct lc_buffer json;

	*error = (struct lc_error){.kind = LC_ERROR_NONE};
	lc_buffer_init(&target, LC_CONTROL_REQUEST_TEXT_MAX);
	lc_buffer_init(&json, LC_STATUS_DOCUMENT_BYTES_MAX);
	lc_control_request_append(request, &target);
	if (!lc_client_ask_within(show->socket, seconds, command->method, lc_buffer_text(&target),
				  &json, error))
		code = error->kind == LC_ERROR_USAGE ? LC_ARGUMENTS_EXIT_UNHEALTHY
						     : LC_ARGUMENTS_EXIT_UNREACHABLE;
	else
		code = SHOWS[request->command](show, &json, style, text, error);
	lc_buffer_free(&target);
	lc_buffer_free(&json);
	return code;
}

enum lc_arguments_exit lc_show_once(const struct lc_arguments *arguments, const char *socket,
				    struct lc_buffer *text, struct lc_error *error)
{
	struct show show;
	enum lc_arguments_exit code;

	begin_show(&show, arguments, socket);
	code = look_at_service(&show, lc_terminal_style_of(STDOUT_FILENO), text, error);
	end_show(&show);
	return code;
}

/* ---- a watch ---- */

#define ENTER_SCREEN "\033[?1049h\033[?25l"
#define LEAVE_SCREEN "\033[?25h\033[?1049l"

struct watch {
	const struct lc_arguments *arguments;
	struct show show;
	sigset_t before; /* signals that were blocked when it began */
	int signals;     /* descriptor of those it waits for */
	bool terminal;   /* stdout is one */
	bool keys;       /* stdin is one, and gives single keys */
	struct termios cooked;
	int code;
	int deadly; /* the signal that ends it; 0 while none does */
	bool quit;
};

/* ---- the terminal ---- */

static void write_out(const char *text)
{
	/* A terminal that is gone sends SIGHUP. */
	fputs(text, stdout);
	fflush(stdout);
}

static void enter(struct watch *watch)
{
	struct termios raw;

	if (!watch->terminal)
		return;
	watch->keys = isatty(STDIN_FILENO) != 0 && tcgetpgrp(STDIN_FILENO) == getpgrp() &&
		      tcgetattr(STDIN_FILENO, &watch->cooked) == 0;
	if (watch->keys) {
		raw = watch->cooked;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		watch->keys = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
	}
	write_out(ENTER_SCREEN);
}

static void leave(const struct watch *watch)
{
	if (!watch->terminal)
		return;
	write_out(LEAVE_SCREEN);
	if (watch->keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &watch->cooked);
}

/* Lets the shell have the terminal until the process is continued. */
static void stop(struct watch *watch)
{
	leave(watch);
	raise(SIGSTOP);
	enter(watch);
}

static unsigned count_lines(const struct lc_buffer *text)
{
	unsigned lines = 0;

	for (size_t i = 0; i < text->size; i++)
		lines += text->data[i] == '\n';
	return lines;
}

/* Draws the lines over those that stand there, as many as there is room for. */
static void draw(const struct lc_buffer *text, unsigned height)
{
	unsigned lines = count_lines(text);
	unsigned shown = height == 0 || lines <= height ? lines : height - 1;
	const char *at = text->data;

	fputs("\033[H", stdout);
	for (unsigned line = 0; line < shown; line++) {
		size_t size = strcspn(at, "\n");

		printf("%s%.*s\033[K", line == 0 ? "" : "\n", (int)size, at);
		at += size + 1;
	}
	if (shown < lines)
		printf("\n(%u more lines)\033[K", lines - shown);
	fputs("\033[J", stdout);
	fflush(stdout);
}

/* ---- looks ---- */

static void append_head(const struct watch *watch, struct lc_terminal_style style,
			struct lc_buffer *text)
{
	char now[LC_CLOCK_TEXT_SIZE];

	lc_clock_format(lc_clock_wall_ms(), now);
	lc_buffer_append_format(
	    text, "%s%.10s %.8s UTC  log-courier-ctl %s, every %u s%s%s\n",
	    style.colour ? LC_TERMINAL_BOLD : "", now, now + 11,
	    LC_CONTROL_REQUEST_COMMANDS[watch->arguments->request.command].words,
	    watch->arguments->watch_seconds, watch->keys ? ", q ends" : "",
	    style.colour ? LC_TERMINAL_PLAIN : "");
}

static void look(struct watch *watch)
{
	struct lc_terminal_style style = lc_terminal_style_of(STDOUT_FILENO);
	struct lc_error error;
	struct lc_buffer text;

	lc_buffer_init(&text, LC_STATUS_DOCUMENT_BYTES_MAX);
	if (!watch->arguments->json)
		append_head(watch, style, &text);
	watch->code = (int)look_at_service(&watch->show, style, &text, &error);
	if (watch->terminal) {
		if (error.kind != LC_ERROR_NONE)
			lc_terminal_append_wrapped(error.message, style.width, &text);
		(void)lc_buffer_text(&text); /* terminated */
		draw(&text, style.height);
	} else if (error.kind != LC_ERROR_NONE) {
		lc_output_error(&error, (enum lc_arguments_exit)watch->code,
				watch->arguments->json);
		watch->quit = fflush(stdout) != 0;
	} else if (!watch->arguments->json) {
		lc_buffer_append_char(&text, '\n');
		watch->quit = !lc_output_print(&text, &error);
	} else {
		watch->quit = !lc_output_print(&text, &error);
	}
	lc_buffer_free(&text);
}

/* ---- waiting ---- */

/* True if it is time for another look. */
static bool take_signal(struct watch *watch)
{
	struct signalfd_siginfo signal;

	if (read(watch->signals, &signal, sizeof(signal)) != (ssize_t)sizeof(signal))
		return false;
	switch (signal.ssi_signo) {
	case SIGWINCH:
		return true;
	case SIGTSTP:
		stop(watch);
		return true;
	default:
		watch->deadly = (int)signal.ssi_signo;
		return true;
	}
}

static void take_key(struct watch *watch)
{
	char key;
	ssize_t size = read(STDIN_FILENO, &key, 1);

	watch->quit = size == 1 && (key == 'q' || key == 'Q');
	if (size <= 0)
		watch->keys = false;
}

static void wait_until(struct watch *watch, uint64_t until_ms)
{
	uint64_t now_ms;

	while (!watch->quit && watch->deadly == 0 &&
	       (now_ms = lc_clock_monotonic_ms()) < until_ms) {
		struct pollfd waiting[] = {
		    {.fd = watch->signals, .events = POLLIN},
		    {.fd = watch->keys ? STDIN_FILENO : -1, .events = POLLIN},
		};

		if (poll(waiting, 2, (int)(until_ms - now_ms)) < 0)
			continue;
		if (waiting[1].revents != 0)
			take_key(watch);
		if (waiting[0].revents != 0 && take_signal(watch))
			return;
	}
}

/* A signal that was ignored stays ignored, as for a process under nohup. */
static void wait_for(sigset_t *set, int signal)
{
	struct sigaction action;

	if (sigaction(signal, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
		sigaddset(set, signal);
}

static bool begin(struct watch *watch)
{
	sigset_t set;

	sigemptyset(&set);
	wait_for(&set, SIGINT);
	wait_for(&set, SIGTERM);
	wait_for(&set, SIGHUP);
	wait_for(&set, SIGQUIT);
	if (watch->terminal) {
		wait_for(&set, SIGWINCH);
		wait_for(&set, SIGTSTP);
	}
	if (sigprocmask(SIG_BLOCK, &set, &watch->before) < 0)
		return false;
	watch->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return watch->signals >= 0;
}

static void end(struct watch *watch)
{
	leave(watch);
	close(watch->signals);
	if (watch->deadly != 0)
		raise(watch->deadly);
	sigprocmask(SIG_SETMASK, &watch->before, NULL);
}

int lc_show_watch(const struct lc_arguments *arguments, const char *socket)
{
	struct watch watch = {.arguments = arguments,
			      .terminal = !arguments->json && isatty(STDOUT_FILENO) != 0};
	struct lc_error error;

	if (!begin(&watch)) {
		lc_error_set(&error, LC_ERROR_SYSTEM, "signals cannot be waited for");
		return lc_output_error(&error, LC_ARGUMENTS_EXIT_UNREACHABLE, arguments->json);
	}
	begin_show(&watch.show, arguments, socket);
	enter(&watch);
	while (!watch.quit && watch.deadly == 0) {
		uint64_t next_ms =
		    lc_clock_monotonic_ms() + (uint64_t)arguments->watch_seconds * 1000;

		look(&watch);
		wait_until(&watch, next_ms);
	}
	end_show(&watch.show);
	end(&watch);
	return watch.code;
}
