/* A world to test a register in: two servers, the second of which takes the place of the first, that
 * answer one statement after the other as the test's steps say, and a record of what came of it. */
#ifndef LC_TESTS_SUPPORT_REGISTER_WORLD_H
#define LC_TESTS_SUPPORT_REGISTER_WORLD_H

#include "clients/register.h"
#include "support/script_server.h"
#include "support/story.h"

enum register_step_kind {
	REGISTER_END, /* no more statement is expected */
	REGISTER_OK,  /* an empty answer */
	REGISTER_ROWS,
	REGISTER_ECHO,    /* the row's value is what the statement before has written */
	REGISTER_CODE,    /* an exception */
	REGISTER_CUT,     /* the connection breaks */
	REGISTER_NOTHING, /* no answer */
	REGISTER_RAW,
};

struct register_step {
	const char *expect; /* stands in the statement */
	enum register_step_kind kind;
	int code;
	struct {
		const char *name; /* NULL: no row */
		const char *value;
	} rows[3];
	struct lc_view raw; /* a body */
};

struct register_world {
	struct lc_loop *loop;
	struct lc_http *http;
	struct script_server *servers[2];
	struct lc_clickhouse *clickhouse;
	struct lc_register *reg;
	const struct register_step *steps;
	unsigned asked;     /* statements so far */
	unsigned served[2]; /* of these, by each server */
	unsigned last;      /* who has served the last one */
	bool moved_wrongly; /* a read went to another server than its write */
	char sql[16][4096];

	unsigned done;
	enum lc_register_outcome outcome;
	char value[256];
	size_t rows;
	char names[256]; /* of all rows, with a blank after each */
	struct lc_error error;
};

#define REGISTER_STORY(name) \
	cmocka_unit_test_setup_teardown(name, register_world_set_up, register_world_tear_down)
int register_world_set_up(void **state);
int register_world_tear_down(void **state);

/* The same with a register of little patience: for a server that does not answer. */
#define HURRIED_REGISTER_STORY(name)                                         \
	cmocka_unit_test_setup_teardown(name, register_world_set_up_hurried, \
					register_world_tear_down)
int register_world_set_up_hurried(void **state);

/* An lc_register_callback, with the world as context; stops the loop. */
void register_world_take(void *context, const struct lc_register_answer *answer);

/* Runs the loop until a request that has been started is done; all steps have been used then. */
void register_world_finish(struct register_world *world, const struct register_step *steps);

#endif
