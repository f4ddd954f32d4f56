/* How a version of libchdb.so is called. To be used by engine.c alone. */
#ifndef FRONT_ENGINE_DRIVER_H
#define FRONT_ENGINE_DRIVER_H

#include "engine.h"

/* A function of the library, and the pointer that it is called by. */
struct engine_symbol {
	const char *name;
	void **place;
};

struct engine_driver {
	const struct engine_symbol *symbols; /* all that it calls; the last has no name */

	/* A connection, or NULL when the engine refuses. Arguments as those of a main(). */
	void *(*connect)(int count, char **arguments);
	void (*disconnect)(void *connection);
	bool one_at_a_time; /* connect() waits until the connection before is gone */

	/* As engine_run() and those that follow it. */
	struct engine_result (*run)(void *connection, const struct engine_statement *statement);
	struct engine_result (*stream_open)(void *connection,
					    const struct engine_statement *statement);
	struct engine_result (*stream_next)(void *connection, struct engine_result *stream);
	void (*stream_cancel)(void *connection, const struct engine_result *stream);
	void (*free)(struct engine_result *result);
};

/* chdb.h of the chDB project, version 26.5. */
extern const struct engine_driver engine_driver_current;

/* The same of version 3.2, which holds ClickHouse 24.8. */
extern const struct engine_driver engine_driver_former;

#endif
