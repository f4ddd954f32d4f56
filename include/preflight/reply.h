/*
 * What came of a statement of the preflight, and what is known from earlier ones. Answers about
 * servers and tables are in TabSeparatedRaw. Pure.
 */
#ifndef LC_PREFLIGHT_REPLY_H
#define LC_PREFLIGHT_REPLY_H

#include "base/error.h"
#include "base/view.h"
#include "delivery/delivery.h"
#include "preflight/verdict.h"

#include <stdbool.h>
#include <stdint.h>

/* At the end of a statement whose answer the functions below read. */
#define LC_REPLY_FORMAT " FORMAT TabSeparatedRaw"

enum { LC_PREFLIGHT_NAME_SIZE = 256 };

/* A table, as system.tables tells of it. */
struct lc_preflight_table {
	char engine[LC_PREFLIGHT_NAME_SIZE];
	/* The table that a Distributed or Buffer table stands before; else its own name. */
	char database[LC_PREFLIGHT_NAME_SIZE];
	char table[LC_PREFLIGHT_NAME_SIZE];
	char cluster[LC_PREFLIGHT_NAME_SIZE]; /* of a Distributed table */
};

/* What is known, given or from earlier answers. */
struct lc_preflight_facts {
	/* Its settings and shard: all that our own statements are made from. */
	struct lc_delivery delivery;
	uint64_t marker;      /* for our own statements */
	const char *url;      /* of the server that is asked, as errors name it */
	int64_t wall_seconds; /* this machine's clock when the answer came */
	bool clock_known;
	int64_t clock_apart; /* the first server's clock minus this machine's, in seconds */
	struct lc_preflight_table logs;
};

/* What came of a statement. */
struct lc_clickhouse_reply {
	struct lc_error error; /* kind NONE: the whole answer is there */
	struct lc_view answer;
};

/* True if there is an answer; else that is the verdict. */
bool lc_reply_answered(const struct lc_clickhouse_reply *reply,
		       const struct lc_preflight_facts *facts, struct lc_verdict *verdict);

/* Takes the next line, or the next line of two fields, off the front of *rest. False at the end.
 * Views of the answer. */
bool lc_reply_next_line(struct lc_view *rest, struct lc_view *line);
bool lc_reply_next_pair(struct lc_view *rest, struct lc_view *first, struct lc_view *second);

/* Copies a name, cut when it is longer. */
void lc_reply_copy_name(char to[LC_PREFLIGHT_NAME_SIZE], struct lc_view from);

#endif
