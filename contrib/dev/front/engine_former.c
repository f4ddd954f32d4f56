/*
 * libchdb.so as it was called until version 3.2: one connection at a time, which is a session of
 * its own, and no parameters. It takes them by SET, and a stream is one whole answer here. The
 * library is a module of Python's, and wants Python's names, of which nothing is used.
 */
#include "engine_driver.h"

#include <event2/buffer.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

struct chdb_conn {
	void *server;
	bool connected;
	void *queue;
};

struct chdb_answer {
	char *buffer;
	size_t length;
	void *vector;
	double elapsed;
	uint64_t rows_read;
	uint64_t bytes_read;
	char *error_message;
};

/* The functions of the library, under their own names. */
static struct {
	struct chdb_conn **(*connect_chdb)(int, char **);
	void (*close_conn)(struct chdb_conn **);
	struct chdb_answer *(*query_conn)(struct chdb_conn *, const char *, const char *);
	void (*free_result_v2)(struct chdb_answer *);
} chdb;

static pthread_mutex_t connected = PTHREAD_MUTEX_INITIALIZER;

static const struct engine_symbol symbols[] = {
    {"connect_chdb", (void **)&chdb.connect_chdb},
    {"close_conn", (void **)&chdb.close_conn},
    {"query_conn", (void **)&chdb.query_conn},
    {"free_result_v2", (void **)&chdb.free_result_v2},
    {NULL, NULL},
};

/* One thread opens, uses and closes a connection. */
static void *open_connection(int count, char **arguments)
{
	struct chdb_conn **connection;

	pthread_mutex_lock(&connected);
	connection = chdb.connect_chdb(count, arguments);
	if (connection == NULL)
		pthread_mutex_unlock(&connected);
	return connection;
}

static void close_connection(void *connection)
{
	chdb.close_conn(connection);
	pthread_mutex_unlock(&connected);
}

static struct engine_result query(struct chdb_conn *connection, struct evbuffer *text,
				  const char *format)
{
	struct engine_result result = {.error = "Code: 173. DB::Exception: Out of memory"};
	struct chdb_answer *answer;
	const char *sql;

	evbuffer_add(text, "", 1);
	sql = (const char *)evbuffer_pullup(text, -1);
	answer = sql != NULL ? chdb.query_conn(connection, sql, format) : NULL;
	evbuffer_drain(text, evbuffer_get_length(text));
	if (answer != NULL)
		result = (struct engine_result){.data = answer->buffer,
						.length = answer->length,
						.error = answer->error_message,
						.handle = answer};
	return result;
}

static void free_result(struct engine_result *result)
{
	chdb.free_result_v2(result->handle);
}

/* The value is escaped as ClickHouse's TSV is; what stands in quotes is escaped once more. */
static void add_set(struct evbuffer *text, const struct engine_parameter *parameter)
{
	evbuffer_add_printf(text, "SET param_%s = '", parameter->name);
	for (size_t i = 0; i < parameter->value_length; i++) {
		if (parameter->value[i] == '\'' || parameter->value[i] == '\\')
			evbuffer_add(text, "\\", 1);
		evbuffer_add(text, &parameter->value[i], 1);
	}
	evbuffer_add(text, "'", 1);
}

static struct engine_result run(void *connection, const struct engine_statement *statement)
{
	struct chdb_conn *open = *(struct chdb_conn **)connection;
	struct evbuffer *text = evbuffer_new();
	struct engine_result result = {0};

	if (text == NULL)
		abort();
	for (size_t i = 0; i < statement->parameter_count && result.error == NULL; i++) {
		if (result.handle != NULL)
			free_result(&result);
		add_set(text, &statement->parameters[i]);
		result = query(open, text, "TSV");
	}
	if (result.error == NULL) {
		if (result.handle != NULL)
			free_result(&result);
		evbuffer_add(text, statement->text, statement->length);
		result = query(open, text, statement->format);
	}
	evbuffer_free(text);
	return result;
}

static struct engine_result stream_next(void *connection, struct engine_result *stream)
{
	struct engine_result chunk = {.data = stream->data, .length = stream->length};

	(void)connection;
	stream->length = 0;
	return chunk;
}

static void stream_cancel(void *connection, const struct engine_result *stream)
{
	(void)connection;
	(void)stream;
}

const struct engine_driver engine_driver_former = {
    .symbols = symbols,
    .connect = open_connection,
    .disconnect = close_connection,
    .one_at_a_time = true,
    .run = run,
    .stream_open = run,
    .stream_next = stream_next,
    .stream_cancel = stream_cancel,
    .free = free_result,
};
