/*
 * The ClickHouse engine as a library: libchdb.so, loaded with dlopen.
 *
 * A process has one engine on one data directory. It runs as long as one session is open, so
 * engine_open() keeps one of its own until engine_close(). Sessions are independent of each other
 * (settings, current database); one session belongs to one thread at a time and runs one statement
 * at a time: a second statement beside an open stream would give wrong data.
 *
 * Former versions of the library know one session at a time: each waits for the one before, and the
 * engine starts with each. engine_driver.h says how each version is called.
 */
#ifndef FRONT_ENGINE_H
#define FRONT_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine_session;

/* One query parameter: stands for {name:Type}; the value in ClickHouse's TSV escaping, any bytes.
 */
struct engine_parameter {
	const char *name;
	const char *value;
	size_t value_length;
};

/* A statement to run. Nothing is kept after the call that takes it. */
struct engine_statement {
	const char *text;
	size_t length;
	const char *format; /* output format where the text names none */
	const struct engine_parameter *parameters;
	size_t parameter_count;
};

/* What one call gave: bytes or an error. Free with engine_result_free(). */
struct engine_result {
	const char *data; /* valid until the result is freed */
	size_t length;
	const char *error;  /* NULL, or "Code: N. DB::Exception: ..." */
	uint64_t rows_read; /* from tables, for this result; a former engine does not tell */
	uint64_t bytes_read;
	void *handle;
};

struct engine_options {
	const char *library;
	const char *directory; /* an absolute path, which must exist */
	const char *zookeeper; /* "HOST:PORT,...", for tables that need Keeper; NULL: none */
	const char *keeper_map_prefix; /* where KeeperMap tables lie in ZooKeeper; NULL: none may be
					  made */
};

/*
 * Loads the library, writes <directory>/front.xml (time zone, a cluster called "logs" of this one
 * process, and ZooKeeper if there is one) and starts the engine. False with a sentence in `problem`
 * otherwise.
 */
bool engine_open(const struct engine_options *options, char *problem, size_t problem_size);

/* Ends the engine. All sessions must be closed. */
void engine_close(void);

/* The version that the engine reports, e.g. "26.5.1.1". */
const char *engine_version(void);

/* A new session, or NULL when the engine refuses. */
struct engine_session *engine_session_open(void);
void engine_session_close(struct engine_session *session);

/* Runs a statement to its end and gives its whole output. Any kind of statement. */
struct engine_result engine_run(struct engine_session *session,
				const struct engine_statement *statement);

/*
 * Opens a stream over a SELECT; the first result says only whether that worked. While it is open
 * the session takes no other statement. Chunks are formatted apart from each other: only formats
 * without a beginning or an end of their own may be streamed.
 */
struct engine_result engine_stream_open(struct engine_session *session,
					const struct engine_statement *statement);

/* The next chunk; length 0 without an error is the end. Free each chunk. */
struct engine_result engine_stream_next(struct engine_session *session,
					struct engine_result *stream);

/* Gives up a stream before its end; the stream's result still has to be freed. */
void engine_stream_cancel(struct engine_session *session, const struct engine_result *stream);

void engine_result_free(struct engine_result *result);

/* Asks the running statements whose text ends in `mark` to end, from any thread. Knows only what
 * the engine runs at this moment. */
void engine_kill(const char *mark);

#endif
