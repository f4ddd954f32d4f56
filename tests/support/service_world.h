/*
 * The supervisor and its workers as real processes, with a shard that behaves as the test tells it
 * (support/fake_shard.c), in a directory of its own.
 */
#ifndef LC_TESTS_SUPPORT_SERVICE_WORLD_H
#define LC_TESTS_SUPPORT_SERVICE_WORLD_H

#include "config/settings.h"
#include "formats/status_document.h"

#include <stdbool.h>
#include <sys/types.h>

enum {
	SERVICE_WORLD_DEADLINE_MS = 10000,
	SERVICE_WORLD_PAUSE_US = 10000, /* between two looks at something that is awaited */
	SERVICE_WORLD_BODY_MAX = 1 << 20,
};

/* A story in such a world. */
#define SERVICE_STORY(name) \
	cmocka_unit_test_setup_teardown(name, service_world_set_up, service_world_tear_down)

struct service_world {
	char directory[64];
	struct lc_settings settings;
	pid_t pid;
};

/* For cmocka: *state becomes a world of two shards that has not started. */
int service_world_set_up(void **state);
int service_world_tear_down(void **state);

/* Sets a text of the settings. */
void service_world_replace(char **text, const char *value);

/* Starts the service. What a reload finds are these settings, and over them those of the YAML file
 * "next" in the directory, if there is one. */
void service_world_start(struct service_world *service);

/* SIGTERM, and the end with exit code 0. */
void service_world_stop(struct service_world *service);
void service_world_await_exit(struct service_world *service, int code);

/* Waits for a child (or adopted grandchild) to end; its wait status. */
int service_world_await_end(const struct service_world *service, pid_t pid);

/* The whole log as text; to be freed. */
char *service_world_read_log(const struct service_world *service);
bool service_world_log_tells(const struct service_world *service, const char *words);
void service_world_show_log(const struct service_world *service);

/* Is there such a file in the state directory? */
bool service_world_has_file(const struct service_world *service, const char *name);

bool service_world_get_status(const struct service_world *service,
			      struct lc_status_document *document);

typedef bool service_world_condition(const struct lc_status_document *document);

/* Asks until the condition holds. The document is to be freed. */
struct lc_status_document service_world_await(const struct service_world *service,
					      service_world_condition *holds);

/* A condition: all shards are ready. */
bool service_world_all_ready(const struct lc_status_document *document);
void service_world_await_ready(const struct service_world *service);

/* A condition: shard 0 cannot work, and is not started again. */
bool service_world_first_failed(const struct lc_status_document *document);

#endif
