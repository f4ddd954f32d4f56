/*
 * A request on the control socket: one command of include/tbl/control_commands.h with its
 * arguments. Its text is the target of the HTTP request, "/v1/source?source=7/photos&limit=10",
 * parameters percent-encoded; the same text goes on from the supervisor to the workers.
 */
#ifndef LC_FORMATS_CONTROL_REQUEST_H
#define LC_FORMATS_CONTROL_REQUEST_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "base/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lc_control_request_command {
#define LC_CONTROL_COMMAND(name, words, method, path, supervisor, worker, ctl, takes, help) \
	LC_CONTROL_REQUEST_##name,
#include "tbl/control_commands.h"
	LC_CONTROL_REQUEST_COMMAND_COUNT
};

enum lc_control_request_argument {
#define LC_CONTROL_ARGUMENT(name, kind, set, append, parameter, word, help) \
	LC_CONTROL_REQUEST_ARGUMENT_##name,
#include "tbl/control_arguments.h"
	LC_CONTROL_REQUEST_ARGUMENT_COUNT
};

enum lc_control_request_kind {
	LC_CONTROL_REQUEST_WORD,
	LC_CONTROL_REQUEST_FLAG,
	LC_CONTROL_REQUEST_VALUE,
};

enum lc_control_request_answers {
	LC_CONTROL_REQUEST_BY_SUPERVISOR,
	LC_CONTROL_REQUEST_BY_ORDER,
	LC_CONTROL_REQUEST_BY_SHARDS,
	LC_CONTROL_REQUEST_BY_FILES,
};

enum {
	LC_CONTROL_REQUEST_LIMIT_DEFAULT = 100,
	LC_CONTROL_REQUEST_LIMIT_MAX = 1000,
	LC_CONTROL_REQUEST_BUCKET_MAX = 1024, /* bytes of a bucket's name */
	LC_CONTROL_REQUEST_PREFIX_MAX = 1024, /* bytes of a target's prefix */
	LC_CONTROL_REQUEST_TEXT_MAX = 4096,   /* bytes of a request's text */
	LC_CONTROL_REQUEST_REPLAY_SIZE = 32,  /* of a replay's name, with its terminator */

	/* A shard answers within so long: */
	LC_CONTROL_REQUEST_ANSWER_SECONDS = 5,
	LC_CONTROL_REQUEST_COUNT_SECONDS = 60, /* when ClickHouse has to count rows for it */
};

/* A row of each table. */
struct lc_control_request_description {
	const char *words;
	const char *method; /* empty for what is not served */
	const char *path;
	enum lc_control_request_answers answers;
	unsigned takes; /* bits: 1 << argument */
	const char *help;
};

struct lc_control_request_argument_description {
	enum lc_control_request_kind kind;
	const char *parameter;
	const char *word;
	const char *help;
};

extern const struct lc_control_request_description
    LC_CONTROL_REQUEST_COMMANDS[LC_CONTROL_REQUEST_COMMAND_COUNT];
extern const struct lc_control_request_argument_description
    LC_CONTROL_REQUEST_ARGUMENTS[LC_CONTROL_REQUEST_ARGUMENT_COUNT];

struct lc_control_request {
	enum lc_control_request_command command;
	unsigned given;           /* bits: 1 << argument */
	uint32_t raft_session_id; /* of SOURCE */
	size_t bucket_size;
	char bucket[LC_CONTROL_REQUEST_BUCKET_MAX]; /* of SOURCE, BUCKET or TARGET, any bytes */
	bool whole_bucket;                          /* TARGET names no prefix */
	size_t prefix_size;
	char prefix[LC_CONTROL_REQUEST_PREFIX_MAX];        /* of TARGET, any bytes */
	uint32_t limit;                                    /* the default when not given */
	enum lc_log_level level;                           /* of LEVEL */
	uint32_t shard;                                    /* of SHARD or WORKER */
	char state_directory[LC_CONTROL_REQUEST_TEXT_MAX]; /* of STATE_DIRECTORY, terminated */
	char replay[LC_CONTROL_REQUEST_REPLAY_SIZE];       /* of REPLAY, terminated */
	uint32_t from;                                     /* of FROM and TO, seconds since 1970 */
	uint32_t to;
};

/* A request without arguments. */
void lc_control_request_init(struct lc_control_request *request,
			     enum lc_control_request_command command);

/* True if the argument was given. */
bool lc_control_request_has(const struct lc_control_request *request,
			    enum lc_control_request_argument argument);

struct lc_view lc_control_request_bucket(const struct lc_control_request *request);
struct lc_view lc_control_request_prefix(const struct lc_control_request *request);

/* So long a shard may take to answer, in seconds. */
unsigned lc_control_request_patience(enum lc_control_request_command command);

/* Sets an argument from its text; a flag's is empty or "1". False with `error` set (LC_ERROR_USAGE)
 * when the command does not take it, it was given before, or the text is not what it should be. */
bool lc_control_request_set(struct lc_control_request *request,
			    enum lc_control_request_argument argument, struct lc_view text,
			    struct lc_error *error);

/* False with `error` set (LC_ERROR_USAGE) when a word or a time is missing, or stands beside ALL, or
 * when a served command that takes YES was given neither that nor DRY_RUN. */
bool lc_control_request_check(const struct lc_control_request *request, struct lc_error *error);

/* The served command of a path; false if there is none. */
bool lc_control_request_find(struct lc_view path, enum lc_control_request_command *command);

/* Reads a text as it came over HTTP or from the supervisor, and checks it. False with `error` set:
 * LC_ERROR_USAGE, LC_ERROR_CORRUPT when the path is none of ours. */
bool lc_control_request_decode(struct lc_view text, struct lc_control_request *request,
			       struct lc_error *error);

/* Appends the text of a served command. */
void lc_control_request_append(const struct lc_control_request *request, struct lc_buffer *text);

#endif
