#include "formats/control_request.h"

#include "base/assert.h"
#include "base/clock.h"
#include "formats/percent.h"

#include <inttypes.h>

#define T(name) (1U << LC_CONTROL_REQUEST_ARGUMENT_##name)

const struct lc_control_request_description
    LC_CONTROL_REQUEST_COMMANDS[LC_CONTROL_REQUEST_COMMAND_COUNT] = {
#define ANSWER(handler) LC_CONTROL_REQUEST_BY_SUPERVISOR
#define ORDER(handler) LC_CONTROL_REQUEST_BY_ORDER
#define SHARDS LC_CONTROL_REQUEST_BY_SHARDS
#define NONE LC_CONTROL_REQUEST_BY_FILES
#define LC_CONTROL_COMMAND(name, words_, method_, path_, supervisor, worker, ctl, takes_, help_) \
	[LC_CONTROL_REQUEST_##name] = {.words = (words_),                                        \
				       .method = (method_),                                      \
				       .path = (path_),                                          \
				       .answers = supervisor,                                    \
				       .takes = (takes_),                                        \
				       .help = (help_)},
#include "tbl/control_commands.h"
};

const struct lc_control_request_argument_description
    LC_CONTROL_REQUEST_ARGUMENTS[LC_CONTROL_REQUEST_ARGUMENT_COUNT] = {
#define LC_CONTROL_ARGUMENT(name, kind_, set, append, parameter_, word_, help_)     \
	[LC_CONTROL_REQUEST_ARGUMENT_##name] = {.kind = LC_CONTROL_REQUEST_##kind_, \
						.parameter = (parameter_),          \
						.word = (word_),                    \
						.help = (help_)},
#include "tbl/control_arguments.h"
};

void lc_control_request_init(struct lc_control_request *request,
			     enum lc_control_request_command command)
{
	*request = (struct lc_control_request){.command = command,
					       .limit = LC_CONTROL_REQUEST_LIMIT_DEFAULT};
}

bool lc_control_request_has(const struct lc_control_request *request,
			    enum lc_control_request_argument argument)
{
	return (request->given & 1U << argument) != 0;
}

struct lc_view lc_control_request_bucket(const struct lc_control_request *request)
{
	return (struct lc_view){.data = request->bucket, .size = request->bucket_size};
}

struct lc_view lc_control_request_prefix(const struct lc_control_request *request)
{
	return (struct lc_view){.data = request->prefix, .size = request->prefix_size};
}

unsigned lc_control_request_patience(enum lc_control_request_command command)
{
	return (LC_CONTROL_REQUEST_COMMANDS[command].takes & T(DRY_RUN)) != 0
		   ? LC_CONTROL_REQUEST_COUNT_SECONDS
		   : LC_CONTROL_REQUEST_ANSWER_SECONDS;
}

/* Digits alone, no sign, no leading zero but in 0 itself. */
static bool read_number(struct lc_view text, uint32_t maximum, uint32_t *number)
{
	uint64_t value = 0;

	if (text.size == 0 || text.size > 10 || (text.size > 1 && text.data[0] == '0'))
		return false;
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		value = value * 10 + (unsigned)(text.data[i] - '0');
	}
	*number = (uint32_t)value;
	return value <= maximum;
}

static bool set_bucket(struct lc_control_request *request, struct lc_view name,
		       struct lc_error *error)
{
	if (name.size == 0 || name.size > LC_CONTROL_REQUEST_BUCKET_MAX)
		return lc_error_set(error, LC_ERROR_USAGE,
				    "a bucket's name has 1 to %d bytes, not %zu",
				    LC_CONTROL_REQUEST_BUCKET_MAX, name.size);
	memcpy(request->bucket, name.data, name.size);
	request->bucket_size = name.size;
	return true;
}

static bool set_source(struct lc_control_request *request, struct lc_view text,
		       struct lc_error *error)
{
	const char *slash = text.size == 0 ? NULL : memchr(text.data, '/', text.size);
	size_t size = slash == NULL ? 0 : (size_t)(slash - text.data);

	if (slash == NULL ||
	    !read_number((struct lc_view){text.data, size}, UINT32_MAX, &request->raft_session_id))
		return lc_error_set(error, LC_ERROR_USAGE,
				    "a source is named by its raft session and its bucket, for "
				    "instance 7/photos");
	return set_bucket(request, (struct lc_view){slash + 1, text.size - size - 1}, error);
}

/* A bucket's name holds no '/'; what follows the first one is the prefix. */
static bool set_target(struct lc_control_request *request, struct lc_view text,
		       struct lc_error *error)
{
	const char *slash = text.size == 0 ? NULL : memchr(text.data, '/', text.size);
	size_t size = slash == NULL ? text.size : (size_t)(slash - text.data);

	request->whole_bucket = slash == NULL;
	request->prefix_size = slash == NULL ? 0 : text.size - size - 1;
	if (request->prefix_size > LC_CONTROL_REQUEST_PREFIX_MAX)
		return lc_error_set(error, LC_ERROR_USAGE, "a prefix has at most %d bytes, not %zu",
				    LC_CONTROL_REQUEST_PREFIX_MAX, request->prefix_size);
	if (request->prefix_size > 0)
		memcpy(request->prefix, slash + 1, request->prefix_size);
	return set_bucket(request, (struct lc_view){text.data, size}, error);
}

static bool set_limit(struct lc_control_request *request, struct lc_view text,
		      struct lc_error *error)
{
	if (read_number(text, LC_CONTROL_REQUEST_LIMIT_MAX, &request->limit) && request->limit > 0)
		return true;
	return lc_error_set(error, LC_ERROR_USAGE, "limit is a number from 1 to %d",
			    LC_CONTROL_REQUEST_LIMIT_MAX);
}

static bool set_state_directory(struct lc_control_request *request, struct lc_view text,
				struct lc_error *error)
{
	if (text.size == 0 || text.size >= sizeof(request->state_directory) ||
	    memchr(text.data, '\0', text.size) != NULL)
		return lc_error_set(error, LC_ERROR_USAGE, "state-directory is a path");
	memcpy(request->state_directory, text.data, text.size);
	request->state_directory[text.size] = '\0';
	return true;
}

static bool set_level(struct lc_control_request *request, struct lc_view text,
		      struct lc_error *error)
{
	return lc_log_level_of(text, &request->level) ||
	       lc_error_set(error, LC_ERROR_USAGE, "level is error, warn, info or debug");
}

static bool set_shard(struct lc_control_request *request, struct lc_view text,
		      struct lc_error *error)
{
	return read_number(text, UINT16_MAX, &request->shard) ||
	       lc_error_set(error, LC_ERROR_USAGE, "shard is a number");
}

static bool set_time(struct lc_view text, uint32_t *seconds, struct lc_error *error)
{
	return lc_clock_parse(text, seconds) ||
	       lc_error_set(error, LC_ERROR_USAGE,
			    "a time is given in UTC as 2026-11-30T08:00:00Z, or as a date");
}

static bool set_from(struct lc_control_request *request, struct lc_view text,
		     struct lc_error *error)
{
	return set_time(text, &request->from, error);
}

static bool set_to(struct lc_control_request *request, struct lc_view text, struct lc_error *error)
{
	return set_time(text, &request->to, error);
}

static bool set_replay(struct lc_control_request *request, struct lc_view text,
		       struct lc_error *error)
{
	if (text.size == 0 || text.size >= LC_CONTROL_REQUEST_REPLAY_SIZE ||
	    memchr(text.data, '\0', text.size) != NULL)
		return lc_error_set(error, LC_ERROR_USAGE,
				    "a replay is named as log-courier-ctl replays shows it");
	memcpy(request->replay, text.data, text.size);
	request->replay[text.size] = '\0';
	return true;
}

static void append_encoded(struct lc_buffer *text, struct lc_view bytes)
{
	char *out = lc_buffer_reserve(text, bytes.size * LC_PERCENT_GROWTH);

	if (out != NULL)
		lc_buffer_commit(text, lc_percent_write(bytes, LC_PERCENT_KEEP_PATH, false, out));
}

static void append_bucket(const struct lc_control_request *request, struct lc_buffer *text)
{
	append_encoded(text, lc_control_request_bucket(request));
}

static void append_source(const struct lc_control_request *request, struct lc_buffer *text)
{
	lc_buffer_append_format(text, "%" PRIu32 "/", request->raft_session_id);
	append_bucket(request, text);
}

static void append_target(const struct lc_control_request *request, struct lc_buffer *text)
{
	append_bucket(request, text);
	if (!request->whole_bucket)
		lc_buffer_append_char(text, '/');
	append_encoded(text, lc_control_request_prefix(request));
}

static void append_limit(const struct lc_control_request *request, struct lc_buffer *text)
{
	lc_buffer_append_format(text, "%" PRIu32, request->limit);
}

static void append_level(const struct lc_control_request *request, struct lc_buffer *text)
{
	lc_buffer_append_text(text, lc_log_level_name(request->level));
}

static void append_shard(const struct lc_control_request *request, struct lc_buffer *text)
{
	lc_buffer_append_format(text, "%" PRIu32, request->shard);
}

static void append_time(uint32_t seconds, struct lc_buffer *text)
{
	char time[LC_CLOCK_TEXT_SIZE];

	lc_clock_format((int64_t)seconds * 1000, time);
	lc_buffer_append_format(text, "%.19sZ", time);
}

static void append_from(const struct lc_control_request *request, struct lc_buffer *text)
{
	append_time(request->from, text);
}

static void append_to(const struct lc_control_request *request, struct lc_buffer *text)
{
	append_time(request->to, text);
}

static void append_replay(const struct lc_control_request *request, struct lc_buffer *text)
{
	append_encoded(text, lc_view_of(request->replay));
}

/* How the value of each argument is read and written; of a flag there is nothing to keep. */
static const struct {
	bool (*set)(struct lc_control_request *request, struct lc_view text,
		    struct lc_error *error);
	void (*append)(const struct lc_control_request *request, struct lc_buffer *text);
} VALUES[LC_CONTROL_REQUEST_ARGUMENT_COUNT] = {
#define LC_CONTROL_ARGUMENT(name, kind, set_, append_, parameter, word, help) \
	[LC_CONTROL_REQUEST_ARGUMENT_##name] = {.set = (set_), .append = (append_)},
#include "tbl/control_arguments.h"
};

static bool set_value(struct lc_control_request *request, enum lc_control_request_argument argument,
		      struct lc_view text, struct lc_error *error)
{
	if (VALUES[argument].set != NULL)
		return VALUES[argument].set(request, text, error);
	return text.size == 0 || lc_view_equal(text, lc_view_of("1")) ||
	       lc_error_set(error, LC_ERROR_USAGE, "%s takes no value other than 1",
			    LC_CONTROL_REQUEST_ARGUMENTS[argument].parameter);
}

static void append_value(const struct lc_control_request *request,
			 enum lc_control_request_argument argument, struct lc_buffer *text)
{
	if (LC_CONTROL_REQUEST_ARGUMENTS[argument].kind == LC_CONTROL_REQUEST_FLAG) {
		lc_buffer_append_char(text, '1');
		return;
	}
	LC_ASSERT(VALUES[argument].append != NULL);
	VALUES[argument].append(request, text);
}

bool lc_control_request_set(struct lc_control_request *request,
			    enum lc_control_request_argument argument, struct lc_view text,
			    struct lc_error *error)
{
	const struct lc_control_request_description *command =
	    &LC_CONTROL_REQUEST_COMMANDS[request->command];
	const char *parameter = LC_CONTROL_REQUEST_ARGUMENTS[argument].parameter;

	if ((command->takes & 1U << argument) == 0)
		return lc_error_set(error, LC_ERROR_USAGE, "%s does not take \"%s\"",
				    command->words, parameter);
	if (lc_control_request_has(request, argument))
		return lc_error_set(error, LC_ERROR_USAGE, "\"%s\" is given twice", parameter);
	if (!set_value(request, argument, text, error))
		return false;
	request->given |= 1U << argument;
	return true;
}

static bool check_times(const struct lc_control_request *request, struct lc_error *error)
{
	const struct lc_control_request_description *command =
	    &LC_CONTROL_REQUEST_COMMANDS[request->command];

	if ((command->takes & T(FROM)) == 0)
		return true;
	if ((request->given & T(FROM)) == 0 || (request->given & T(TO)) == 0)
		return lc_error_set(error, LC_ERROR_USAGE, "%s needs --from TIME and --to TIME",
				    command->words);
	return request->from < request->to ||
	       lc_error_set(error, LC_ERROR_USAGE, "--to must be later than --from");
}

/* log-courier-ctl asks before it touches files; nobody asks before a request is served. */
static bool is_confirmed(const struct lc_control_request *request, struct lc_error *error)
{
	const struct lc_control_request_description *command =
	    &LC_CONTROL_REQUEST_COMMANDS[request->command];

	if (command->answers == LC_CONTROL_REQUEST_BY_FILES || (command->takes & T(YES)) == 0 ||
	    (request->given & (T(YES) | T(DRY_RUN))) != 0)
		return true;
	return lc_error_set(error, LC_ERROR_USAGE, "%s cannot be undone; confirm it with --yes",
			    command->words);
}

bool lc_control_request_check(const struct lc_control_request *request, struct lc_error *error)
{
	const unsigned words = T(SOURCE) | T(BUCKET) | T(TARGET) | T(WORKER) | T(LEVEL) | T(REPLAY);
	const struct lc_control_request_description *command =
	    &LC_CONTROL_REQUEST_COMMANDS[request->command];
	bool takes_all = (command->takes & T(ALL)) != 0;
	bool all = (request->given & T(ALL)) != 0;
	const char *what = "";

	if ((command->takes & words) == 0)
		return true;
	for (unsigned i = 0; i < LC_CONTROL_REQUEST_ARGUMENT_COUNT; i++) {
		if ((command->takes & words & 1U << i) != 0)
			what = LC_CONTROL_REQUEST_ARGUMENTS[i].word;
	}
	if (((request->given & words) != 0) != all)
		return check_times(request, error) && is_confirmed(request, error);
	if (all)
		return lc_error_set(error, LC_ERROR_USAGE, "%s takes either %s or --all",
				    command->words, what);
	return lc_error_set(error, LC_ERROR_USAGE, "%s needs %s%s", command->words, what,
			    takes_all ? " or --all" : "");
}

bool lc_control_request_find(struct lc_view path, enum lc_control_request_command *command)
{
	for (unsigned i = 0; i < LC_CONTROL_REQUEST_COMMAND_COUNT; i++) {
		const char *known = LC_CONTROL_REQUEST_COMMANDS[i].path;

		if (known[0] != '\0' && lc_view_equal(path, lc_view_of(known))) {
			*command = (enum lc_control_request_command)i;
			return true;
		}
	}
	return false;
}

/* ---- the text ---- */

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes the percent-encoding; `out` has room for the text. False for '%' without two digits. */
static bool decode_percent(struct lc_view text, char *out, size_t *size)
{
	*size = 0;
	for (size_t i = 0; i < text.size; i++) {
		int high;
		int low;

		if (text.data[i] != '%') {
			out[(*size)++] = text.data[i];
			continue;
		}
		if (text.size - i < 3)
			return false;
		high = digit_of(text.data[i + 1]);
		low = digit_of(text.data[i + 2]);
		if (high < 0 || low < 0)
			return false;
		out[(*size)++] = (char)(high * 16 + low);
		i += 2;
	}
	return true;
}

/* Cuts `rest` after the first `separator`, or takes it all. */
static struct lc_view take_until(struct lc_view *rest, char separator)
{
	const char *end = rest->size == 0 ? NULL : memchr(rest->data, separator, rest->size);
	struct lc_view part = *rest;

	if (end == NULL) {
		*rest = (struct lc_view){0};
		return part;
	}
	part.size = (size_t)(end - rest->data);
	*rest = (struct lc_view){end + 1, rest->size - part.size - 1};
	return part;
}

static bool read_parameter(struct lc_control_request *request, struct lc_view parameter,
			   struct lc_error *error)
{
	struct lc_view value = parameter;
	struct lc_view name = take_until(&value, '=');
	char text[LC_CONTROL_REQUEST_TEXT_MAX];
	size_t size;

	if (!decode_percent(value, text, &size))
		return lc_error_set(error, LC_ERROR_USAGE,
				    "'%%' in a parameter needs two hex digits after it");
	for (unsigned i = 0; i < LC_CONTROL_REQUEST_ARGUMENT_COUNT; i++) {
		if (lc_view_equal(name, lc_view_of(LC_CONTROL_REQUEST_ARGUMENTS[i].parameter)))
			return lc_control_request_set(request, (enum lc_control_request_argument)i,
						      (struct lc_view){text, size}, error);
	}
	return lc_error_set(error, LC_ERROR_USAGE, "there is no parameter \"%.*s\"",
			    lc_view_shown(name, 64), name.size == 0 ? "" : name.data);
}

bool lc_control_request_decode(struct lc_view text, struct lc_control_request *request,
			       struct lc_error *error)
{
	struct lc_view query = text;
	struct lc_view path = take_until(&query, '?');
	enum lc_control_request_command command;

	if (text.size > LC_CONTROL_REQUEST_TEXT_MAX)
		return lc_error_set(error, LC_ERROR_USAGE, "the request is longer than %d bytes",
				    LC_CONTROL_REQUEST_TEXT_MAX);
	if (!lc_control_request_find(path, &command))
		return lc_error_set(error, LC_ERROR_CORRUPT, "the request names no command");
	lc_control_request_init(request, command);
	while (query.size > 0) {
		if (!read_parameter(request, take_until(&query, '&'), error))
			return false;
	}
	return lc_control_request_check(request, error);
}

void lc_control_request_append(const struct lc_control_request *request, struct lc_buffer *text)
{
	char separator = '?';

	LC_ASSERT(LC_CONTROL_REQUEST_COMMANDS[request->command].path[0] != '\0');
	lc_buffer_append_text(text, LC_CONTROL_REQUEST_COMMANDS[request->command].path);
	for (unsigned i = 0; i < LC_CONTROL_REQUEST_ARGUMENT_COUNT; i++) {
		enum lc_control_request_argument argument = (enum lc_control_request_argument)i;

		if (!lc_control_request_has(request, argument))
			continue;
		lc_buffer_append_format(text, "%c%s=", separator,
					LC_CONTROL_REQUEST_ARGUMENTS[i].parameter);
		append_value(request, argument, text);
		separator = '&';
	}
}
