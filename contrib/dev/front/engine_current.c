/* libchdb.so as it is called since version 3.4: many connections, parameters, streams. */
#include "engine_driver.h"

#include <stdlib.h>
#include <string.h>

struct chdb_handle {
	void *internal;
};

typedef struct chdb_handle *chdb_connection;
typedef struct chdb_handle chdb_result;

/* The functions of the library, under their own names. */
static struct {
	chdb_connection *(*chdb_connect)(int, char **);
	void (*chdb_close_conn)(chdb_connection *);
	chdb_result *(*chdb_query_with_params_n)(chdb_connection, const char *, size_t,
						 const char *, size_t, const char *const *,
						 const size_t *, const char *const *,
						 const size_t *, size_t);
	chdb_result *(*chdb_stream_query_with_params_n)(chdb_connection, const char *, size_t,
							const char *, size_t, const char *const *,
							const size_t *, const char *const *,
							const size_t *, size_t);
	chdb_result *(*chdb_stream_fetch_result)(chdb_connection, chdb_result *);
	void (*chdb_stream_cancel_query)(chdb_connection, chdb_result *);
	char *(*chdb_result_buffer)(chdb_result *);
	size_t (*chdb_result_length)(chdb_result *);
	uint64_t (*chdb_result_storage_rows_read)(chdb_result *);
	uint64_t (*chdb_result_storage_bytes_read)(chdb_result *);
	const char *(*chdb_result_error)(chdb_result *);
	void (*chdb_destroy_query_result)(chdb_result *);
} chdb;

static const struct engine_symbol symbols[] = {
    {"chdb_connect", (void **)&chdb.chdb_connect},
    {"chdb_close_conn", (void **)&chdb.chdb_close_conn},
    {"chdb_query_with_params_n", (void **)&chdb.chdb_query_with_params_n},
    {"chdb_stream_query_with_params_n", (void **)&chdb.chdb_stream_query_with_params_n},
    {"chdb_stream_fetch_result", (void **)&chdb.chdb_stream_fetch_result},
    {"chdb_stream_cancel_query", (void **)&chdb.chdb_stream_cancel_query},
    {"chdb_result_buffer", (void **)&chdb.chdb_result_buffer},
    {"chdb_result_length", (void **)&chdb.chdb_result_length},
    {"chdb_result_storage_rows_read", (void **)&chdb.chdb_result_storage_rows_read},
    {"chdb_result_storage_bytes_read", (void **)&chdb.chdb_result_storage_bytes_read},
    {"chdb_result_error", (void **)&chdb.chdb_result_error},
    {"chdb_destroy_query_result", (void **)&chdb.chdb_destroy_query_result},
    {NULL, NULL},
};

static void *open_connection(int count, char **arguments)
{
	return chdb.chdb_connect(count, arguments);
}

static void close_connection(void *connection)
{
	chdb.chdb_close_conn(connection);
}

static struct engine_result wrap(chdb_result *handle)
{
	struct engine_result result = {.handle = handle};

	if (handle == NULL) {
		result.error = "Code: 1002. DB::Exception: The engine gave no result";
		return result;
	}
	result.error = chdb.chdb_result_error(handle);
	if (result.error == NULL) {
		result.data = chdb.chdb_result_buffer(handle);
		result.length = result.data != NULL ? chdb.chdb_result_length(handle) : 0;
		result.rows_read = chdb.chdb_result_storage_rows_read(handle);
		result.bytes_read = chdb.chdb_result_storage_bytes_read(handle);
	}
	return result;
}

typedef chdb_result *(*query_function)(chdb_connection, const char *, size_t, const char *, size_t,
				       const char *const *, const size_t *, const char *const *,
				       const size_t *, size_t);

static struct engine_result call(query_function function, void *connection,
				 const struct engine_statement *statement)
{
	size_t count = statement->parameter_count;
	const char **texts = calloc(2 * count + 1, sizeof(*texts));
	size_t *lengths = calloc(2 * count + 1, sizeof(*lengths));
	struct engine_result result = {.error = "Code: 173. DB::Exception: Out of memory"};

	if (texts != NULL && lengths != NULL) {
		for (size_t i = 0; i < count; i++) {
			texts[i] = statement->parameters[i].name;
			lengths[i] = strlen(texts[i]);
			texts[count + i] = statement->parameters[i].value;
			lengths[count + i] = statement->parameters[i].value_length;
		}
		result =
		    wrap(function(*(chdb_connection *)connection, statement->text,
				  statement->length, statement->format, strlen(statement->format),
				  texts, lengths, texts + count, lengths + count, count));
	}
	free(texts);
	free(lengths);
	return result;
}

static struct engine_result run(void *connection, const struct engine_statement *statement)
{
	return call(chdb.chdb_query_with_params_n, connection, statement);
}

static struct engine_result stream_open(void *connection, const struct engine_statement *statement)
{
	return call(chdb.chdb_stream_query_with_params_n, connection, statement);
}

static struct engine_result stream_next(void *connection, struct engine_result *stream)
{
	return wrap(chdb.chdb_stream_fetch_result(*(chdb_connection *)connection, stream->handle));
}

static void stream_cancel(void *connection, const struct engine_result *stream)
{
	chdb.chdb_stream_cancel_query(*(chdb_connection *)connection, stream->handle);
}

static void free_result(struct engine_result *result)
{
	chdb.chdb_destroy_query_result(result->handle);
}

const struct engine_driver engine_driver_current = {
    .symbols = symbols,
    .connect = open_connection,
    .disconnect = close_connection,
    .run = run,
    .stream_open = stream_open,
    .stream_next = stream_next,
    .stream_cancel = stream_cancel,
    .free = free_result,
};
