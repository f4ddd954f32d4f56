#include "engine.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct chdb_handle {
	void *internal;
};

typedef struct chdb_handle *chdb_connection;
typedef struct chdb_handle chdb_result;

/* The functions of libchdb.so that the front calls, under their own names. */
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
	const char *(*chdb_result_error)(chdb_result *);
	void (*chdb_destroy_query_result)(chdb_result *);
} chdb;

static struct {
	char path_argument[4096 + 16];
	char config_argument[4096 + 32];
	char version[64];
	struct engine_session *keeper; /* the engine ends with its last session */
} engine;

struct engine_session {
	chdb_connection *connection;
};

/*
 * A replica counts as local when its port is tcp_port and it names no default_database; nothing
 * listens on that port. So Distributed tables over the cluster "logs" work inside this one process.
 * The pools are small: several fronts share a machine.
 */
static const char configuration[] =
    "<clickhouse>\n"
    "  <tcp_port>9000</tcp_port>\n"
    "  <timezone>UTC</timezone>\n"
    "  <macros><cluster>logs</cluster><shard>1</shard><replica>1</replica></macros>\n"
    "  <remote_servers><logs><shard><replica>\n"
    "    <host>127.0.0.1</host><port>9000</port>\n"
    "  </replica></shard></logs></remote_servers>\n"
    "  <background_pool_size>2</background_pool_size>\n"
    "  <background_schedule_pool_size>4</background_schedule_pool_size>\n"
    "  <background_move_pool_size>1</background_move_pool_size>\n"
    "  <background_fetches_pool_size>1</background_fetches_pool_size>\n"
    "  <background_common_pool_size>2</background_common_pool_size>\n"
    "  "
    "<database_atomic_delay_before_drop_table_sec>1</database_atomic_delay_before_drop_table_sec>\n"
    "  <mark_cache_size>67108864</mark_cache_size>\n"
    "</clickhouse>\n";

static bool load_library(const char *library, char *problem, size_t problem_size)
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

	if (handle == NULL) {
		snprintf(problem, problem_size, "cannot load the engine: %s", dlerror());
		return false;
	}
#define LOAD(name)                                                                    \
	do {                                                                          \
		*(void **)(&chdb.name) = dlsym(handle, #name);                        \
		if (chdb.name == NULL) {                                              \
			snprintf(problem, problem_size, "%s has no " #name, library); \
			return false;                                                 \
		}                                                                     \
	} while (0)
	LOAD(chdb_connect);
	LOAD(chdb_close_conn);
	LOAD(chdb_query_with_params_n);
	LOAD(chdb_stream_query_with_params_n);
	LOAD(chdb_stream_fetch_result);
	LOAD(chdb_stream_cancel_query);
	LOAD(chdb_result_buffer);
	LOAD(chdb_result_length);
	LOAD(chdb_result_error);
	LOAD(chdb_destroy_query_result);
#undef LOAD
	return true;
}

static bool write_configuration(const char *path, char *problem, size_t problem_size)
{
	FILE *file = fopen(path, "w");
	bool written = file != NULL && fputs(configuration, file) >= 0;

	if (file != NULL && fclose(file) != 0)
		written = false;
	if (!written)
		snprintf(problem, problem_size, "cannot write %s: %s", path, strerror(errno));
	return written;
}

static bool learn_version(char *problem, size_t problem_size)
{
	static const char query[] = "SELECT version()";
	struct engine_statement statement = {
	    .text = query, .length = sizeof(query) - 1, .format = "TSVRaw"};
	struct engine_result result = engine_run(engine.keeper, &statement);
	bool good = result.error == NULL && result.length > 1;

	if (good)
		snprintf(engine.version, sizeof(engine.version), "%.*s", (int)(result.length - 1),
			 result.data);
	else
		snprintf(problem, problem_size, "the engine does not answer: %s",
			 result.error != NULL ? result.error : "no text");
	engine_result_free(&result);
	return good;
}

bool engine_open(const char *library, const char *directory, char *problem, size_t problem_size)
{
	char config_path[4096];

	if (strlen(directory) > sizeof(config_path) - 16) {
		snprintf(problem, problem_size, "the path %s is too long", directory);
		return false;
	}
	snprintf(config_path, sizeof(config_path), "%s/front.xml", directory);
	snprintf(engine.path_argument, sizeof(engine.path_argument), "--path=%s", directory);
	snprintf(engine.config_argument, sizeof(engine.config_argument), "--config-file=%s",
		 config_path);
	if (!write_configuration(config_path, problem, problem_size) ||
	    !load_library(library, problem, problem_size))
		return false;
	engine.keeper = engine_session_open();
	if (engine.keeper == NULL) {
		snprintf(problem, problem_size,
			 "the engine does not start on %s (is another process using it?)",
			 directory);
		return false;
	}
	return learn_version(problem, problem_size);
}

void engine_close(void)
{
	engine_session_close(engine.keeper);
	engine.keeper = NULL;
}

const char *engine_version(void)
{
	return engine.version;
}

struct engine_session *engine_session_open(void)
{
	char name[] = "clickhouse-front";
	char *arguments[] = {name, engine.path_argument, engine.config_argument, NULL};
	struct engine_session *session = calloc(1, sizeof(*session));

	if (session == NULL)
		return NULL;
	session->connection = chdb.chdb_connect(3, arguments);
	if (session->connection == NULL) {
		free(session);
		return NULL;
	}
	return session;
}

void engine_session_close(struct engine_session *session)
{
	if (session == NULL)
		return;
	chdb.chdb_close_conn(session->connection);
	free(session);
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
	}
	return result;
}

typedef chdb_result *(*query_function)(chdb_connection, const char *, size_t, const char *, size_t,
				       const char *const *, const size_t *, const char *const *,
				       const size_t *, size_t);

static struct engine_result call(query_function function, struct engine_session *session,
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
		result = wrap(function(*session->connection, statement->text, statement->length,
				       statement->format, strlen(statement->format), texts, lengths,
				       texts + count, lengths + count, count));
	}
	free(texts);
	free(lengths);
	return result;
}

struct engine_result engine_run(struct engine_session *session,
				const struct engine_statement *statement)
{
	return call(chdb.chdb_query_with_params_n, session, statement);
}

struct engine_result engine_stream_open(struct engine_session *session,
					const struct engine_statement *statement)
{
	return call(chdb.chdb_stream_query_with_params_n, session, statement);
}

struct engine_result engine_stream_next(struct engine_session *session,
					const struct engine_result *stream)
{
	return wrap(chdb.chdb_stream_fetch_result(*session->connection, stream->handle));
}

void engine_stream_cancel(struct engine_session *session, const struct engine_result *stream)
{
	chdb.chdb_stream_cancel_query(*session->connection, stream->handle);
}

void engine_result_free(struct engine_result *result)
{
	if (result->handle != NULL)
		chdb.chdb_destroy_query_result(result->handle);
	memset(result, 0, sizeof(*result));
}

void engine_kill(const char *mark)
{
	struct engine_session *session = engine_session_open();
	struct engine_statement statement = {.format = "TSV"};
	struct engine_result result;
	char text[256];

	if (session == NULL)
		return;
	snprintf(text, sizeof(text), "KILL QUERY WHERE query LIKE '%%%s' ASYNC", mark);
	statement.text = text;
	statement.length = strlen(text);
	result = engine_run(session, &statement);
	engine_result_free(&result);
	engine_session_close(session);
}
