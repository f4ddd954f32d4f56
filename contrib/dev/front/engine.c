#include "engine.h"

#include "engine_driver.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	char path_argument[4096 + 16];
	char config_argument[4096 + 32];
	char version[64];
	const struct engine_driver *driver;
	struct engine_session *first; /* the engine ends with its last session */
} engine;

struct engine_session {
	void *connection;
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
    "  <mark_cache_size>67108864</mark_cache_size>\n";

/* Takes the functions that the driver calls; the name of one that the library does not have, or
 * NULL. */
static const char *take_symbols(const struct engine_driver *driver, void *library)
{
	for (const struct engine_symbol *symbol = driver->symbols; symbol->name != NULL; symbol++) {
		*symbol->place = dlsym(library, symbol->name);
		if (*symbol->place == NULL)
			return symbol->name;
	}
	return NULL;
}

static bool load_library(const char *library, char *problem, size_t problem_size)
{
	static const struct engine_driver *const drivers[] = {&engine_driver_current,
							      &engine_driver_former};
	const char *missing = NULL;
	void *handle;

	/* What a former engine needs is not missed by a current one. */
	dlopen("libpython3.11.so.1.0", RTLD_LAZY | RTLD_GLOBAL);
	handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
	if (handle == NULL) {
		snprintf(problem, problem_size, "cannot load the engine: %s", dlerror());
		return false;
	}
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		missing = take_symbols(drivers[i], handle);
		if (missing == NULL) {
			engine.driver = drivers[i];
			return true;
		}
	}
	snprintf(problem, problem_size, "%s has no %s", library, missing);
	return false;
}

/* "HOST:PORT,...". The time-outs are short, so that a test that stops a server need not wait long. */
static bool write_zookeeper(FILE *file, const char *servers)
{
	fputs("  <zookeeper>\n", file);
	while (*servers != '\0') {
		size_t size = strcspn(servers, ",");
		const char *colon = memchr(servers, ':', size);

		if (colon == NULL)
			return false;
		fprintf(file, "    <node><host>%.*s</host><port>%.*s</port></node>\n",
			(int)(colon - servers), servers, (int)(servers + size - colon - 1),
			colon + 1);
		servers += servers[size] == ',' ? size + 1 : size;
	}
	fputs("    <session_timeout_ms>6000</session_timeout_ms>\n"
	      "    <operation_timeout_ms>3000</operation_timeout_ms>\n"
	      "  </zookeeper>\n",
	      file);
	return true;
}

static bool write_configuration(const char *path, const struct engine_options *options,
				char *problem, size_t problem_size)
{
	FILE *file = fopen(path, "w");
	bool sound = true;
	bool written = file != NULL && fputs(configuration, file) >= 0;

	if (written && options->zookeeper != NULL)
		sound = write_zookeeper(file, options->zookeeper);
	if (written && options->keeper_map_prefix != NULL)
		fprintf(file, "  <keeper_map_path_prefix>%s</keeper_map_path_prefix>\n",
			options->keeper_map_prefix);
	written = written && fputs("</clickhouse>\n", file) >= 0 && ferror(file) == 0;
	if (file != NULL && fclose(file) != 0)
		written = false;
	if (!sound)
		snprintf(problem, problem_size, "--zookeeper: \"%s\" is no list of HOST:PORT",
			 options->zookeeper);
	else if (!written)
		snprintf(problem, problem_size, "cannot write %s: %s", path, strerror(errno));
	return sound && written;
}

static bool learn_version(char *problem, size_t problem_size)
{
	static const char query[] = "SELECT version()";
	struct engine_statement statement = {
	    .text = query, .length = sizeof(query) - 1, .format = "TSVRaw"};
	struct engine_result result = engine_run(engine.first, &statement);
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

bool engine_open(const struct engine_options *options, char *problem, size_t problem_size)
{
	const char *directory = options->directory;
	char config_path[4096];
	bool good;

	if (strlen(directory) > sizeof(config_path) - 16) {
		snprintf(problem, problem_size, "the path %s is too long", directory);
		return false;
	}
	snprintf(config_path, sizeof(config_path), "%s/front.xml", directory);
	snprintf(engine.path_argument, sizeof(engine.path_argument), "--path=%s", directory);
	snprintf(engine.config_argument, sizeof(engine.config_argument), "--config-file=%s",
		 config_path);
	if (!write_configuration(config_path, options, problem, problem_size) ||
	    !load_library(options->library, problem, problem_size))
		return false;
	engine.first = engine_session_open();
	if (engine.first == NULL) {
		snprintf(problem, problem_size,
			 "the engine does not start on %s (is another process using it?)",
			 directory);
		return false;
	}
	good = learn_version(problem, problem_size);
	if (engine.driver->one_at_a_time)
		engine_close();
	return good;
}

void engine_close(void)
{
	engine_session_close(engine.first);
	engine.first = NULL;
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
	session->connection = engine.driver->connect(3, arguments);
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
	engine.driver->disconnect(session->connection);
	free(session);
}

struct engine_result engine_run(struct engine_session *session,
				const struct engine_statement *statement)
{
	return engine.driver->run(session->connection, statement);
}

struct engine_result engine_stream_open(struct engine_session *session,
					const struct engine_statement *statement)
{
	return engine.driver->stream_open(session->connection, statement);
}

struct engine_result engine_stream_next(struct engine_session *session,
					struct engine_result *stream)
{
	return engine.driver->stream_next(session->connection, stream);
}

void engine_stream_cancel(struct engine_session *session, const struct engine_result *stream)
{
	engine.driver->stream_cancel(session->connection, stream);
}

void engine_result_free(struct engine_result *result)
{
	if (result->handle != NULL)
		engine.driver->free(result);
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
