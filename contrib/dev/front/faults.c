#include "faults.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/* One fault as it was set. */
struct entry {
	struct fault fault;
	uint64_t count; /* queries that it meets; 0: all until it is withdrawn */
	uint64_t hits;
	char *match; /* text that a query must contain, or NULL */
	char *where; /* FAULT_STALE: the rows that are hidden */
	char *table; /* FAULT_STALE: the table that hides them, or NULL for the log rows of both
			layouts */
	TAILQ_ENTRY(entry) next;
};

static struct {
	pthread_mutex_t lock;
	TAILQ_HEAD(entry_list, entry) entries;
	uint64_t last_id;
	enum fault_style style;
} faults = {.lock = PTHREAD_MUTEX_INITIALIZER,
	    .entries = TAILQ_HEAD_INITIALIZER(faults.entries),
	    .style = FAULT_STYLE_TAGGED};

static const char *const kind_names[] = {
    [FAULT_NONE] = "none",     [FAULT_EXCEPTION] = "exception", [FAULT_CUT] = "cut",
    [FAULT_RESET] = "reset",   [FAULT_STALL] = "stall",         [FAULT_DELAY] = "delay",
    [FAULT_STATUS] = "status", [FAULT_HTML] = "html",           [FAULT_STALE] = "stale",
};

static const char *const style_names[] = {
    [FAULT_STYLE_TEXT] = "text",
    [FAULT_STYLE_MARKER] = "marker",
    [FAULT_STYLE_TAGGED] = "tagged",
};

/* The tables that can be stale; rows are hidden in those of log rows unless another is named. */
enum { LOG_TABLES = 2 };
static const char *const local_tables[] = {"logs.logs_local", "logs.access_logs",
					   "logs.offsets_local", "logs.offsets"};

static bool find_name(const char *const *names, size_t count, const char *text, unsigned *found)
{
	for (unsigned i = 0; text != NULL && i < count; i++) {
		if (strcmp(names[i], text) == 0) {
			*found = i;
			return true;
		}
	}
	return false;
}

void faults_set_style(enum fault_style style)
{
	pthread_mutex_lock(&faults.lock);
	faults.style = style;
	pthread_mutex_unlock(&faults.lock);
}

enum fault_style faults_style(void)
{
	enum fault_style style;

	pthread_mutex_lock(&faults.lock);
	style = faults.style;
	pthread_mutex_unlock(&faults.lock);
	return style;
}

bool faults_parse_style(const char *text, enum fault_style *style)
{
	unsigned found;

	if (!find_name(style_names, sizeof(style_names) / sizeof(style_names[0]), text, &found))
		return false;
	*style = (enum fault_style)found;
	return true;
}

static void free_entry(struct entry *entry)
{
	TAILQ_REMOVE(&faults.entries, entry, next);
	free(entry->match);
	free(entry->where);
	free(entry->table);
	free(entry);
}

static char *copy(const char *text)
{
	return text != NULL ? strdup(text) : NULL;
}

/* The WHERE expression of a stale fault: `where`, or `from` and `to`, seconds since 1970, both
 * included. */
static char *stale_rows(const struct request *request)
{
	const char *where = request_parameter(request, "where");
	char *rows;

	if (where != NULL)
		return strdup(where);
	if (asprintf(&rows,
		     "toUnixTimestamp(insertedAt) >= %llu AND toUnixTimestamp(insertedAt) <= %llu",
		     request_number(request, "from", 0),
		     request_number(request, "to", 4294967295ULL)) < 0)
		abort();
	return rows;
}

/* What is wrong with a request for a fault, or NULL; fills in kind, style and table. */
static const char *check_fault(const struct request *request, struct entry *entry)
{
	const char *style = request_parameter(request, "style");
	const char *table = request_parameter(request, "table");
	unsigned kind, known;

	if (!find_name(kind_names, sizeof(kind_names) / sizeof(kind_names[0]),
		       request_parameter(request, "kind"), &kind) ||
	    kind == FAULT_NONE)
		return "kind must be one of exception, cut, reset, stall, delay, status, html, "
		       "stale";
	entry->fault.kind = (enum fault_kind)kind;
	entry->fault.style = faults.style;
	if (style != NULL && !faults_parse_style(style, &entry->fault.style))
		return "style must be one of text, marker, tagged";
	if (table != NULL &&
	    !find_name(local_tables, sizeof(local_tables) / sizeof(local_tables[0]), table, &known))
		return "table must be one of logs.logs_local, logs.access_logs, "
		       "logs.offsets_local, logs.offsets";
	if (kind == FAULT_STALE && request_parameter(request, "where") == NULL &&
	    request_parameter(request, "from") == NULL)
		return "stale needs where, or from and to";
	return NULL;
}

static int set_fault(const struct request *request, struct evbuffer *answer)
{
	struct entry *entry = calloc(1, sizeof(*entry));
	const char *problem;

	if (entry == NULL)
		abort();
	problem = check_fault(request, entry);
	if (problem != NULL) {
		evbuffer_add_printf(answer, "%s\n", problem);
		free(entry);
		return 400;
	}
	entry->fault.after = request_number(request, "after", 0);
	entry->fault.milliseconds = request_number(request, "ms", 1000);
	entry->fault.status = (int)request_number(request, "status", 503);
	entry->fault.code = (int)request_number(request, "code", 395);
	entry->fault.id = ++faults.last_id;
	entry->count = request_number(request, "count", 1);
	entry->match = copy(request_parameter(request, "match"));
	entry->where = entry->fault.kind == FAULT_STALE ? stale_rows(request) : NULL;
	entry->table = copy(request_parameter(request, "table"));
	TAILQ_INSERT_TAIL(&faults.entries, entry, next);
	evbuffer_add_printf(answer, "%llu\n", (unsigned long long)entry->fault.id);
	return 200;
}

static int withdraw(const struct request *request, struct evbuffer *answer)
{
	uint64_t id = request_number(request, "id", 0);
	struct entry *entry = TAILQ_FIRST(&faults.entries);
	unsigned count = 0;

	while (entry != NULL) {
		struct entry *next = TAILQ_NEXT(entry, next);

		if (id == 0 || entry->fault.id == id) {
			free_entry(entry);
			count++;
		}
		entry = next;
	}
	evbuffer_add_printf(answer, "%u\n", count);
	return id == 0 || count > 0 ? 200 : 404;
}

static int list(struct evbuffer *answer)
{
	struct entry *entry;

	for (entry = TAILQ_FIRST(&faults.entries); entry != NULL; entry = TAILQ_NEXT(entry, next))
		evbuffer_add_printf(answer, "%llu\t%s\thits %llu of %llu\n",
				    (unsigned long long)entry->fault.id,
				    kind_names[entry->fault.kind], (unsigned long long)entry->hits,
				    (unsigned long long)entry->count);
	return 200;
}

int faults_administer(const struct request *request, struct evbuffer *answer)
{
	int status;

	pthread_mutex_lock(&faults.lock);
	if (strcmp(request->method, "POST") == 0)
		status = set_fault(request, answer);
	else if (strcmp(request->method, "DELETE") == 0)
		status = withdraw(request, answer);
	else
		status = list(answer);
	pthread_mutex_unlock(&faults.lock);
	return status;
}

struct fault faults_take(const char *text, size_t length)
{
	struct fault fault = {.kind = FAULT_NONE};
	struct entry *entry;

	pthread_mutex_lock(&faults.lock);
	for (entry = TAILQ_FIRST(&faults.entries); entry != NULL; entry = TAILQ_NEXT(entry, next)) {
		if (entry->fault.kind == FAULT_STALE ||
		    (entry->count != 0 && entry->hits >= entry->count) ||
		    (entry->match != NULL &&
		     memmem(text, length, entry->match, strlen(entry->match)) == NULL))
			continue;
		entry->hits++;
		fault = entry->fault;
		break;
	}
	pthread_mutex_unlock(&faults.lock);
	return fault;
}

bool faults_holds(uint64_t id)
{
	struct entry *entry;

	pthread_mutex_lock(&faults.lock);
	for (entry = TAILQ_FIRST(&faults.entries); entry != NULL; entry = TAILQ_NEXT(entry, next)) {
		if (entry->fault.id == id)
			break;
	}
	pthread_mutex_unlock(&faults.lock);
	return entry != NULL;
}

/* Text within a quoted string. */
static void add_escaped(struct evbuffer *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'' || *text == '\\')
			evbuffer_add(out, "\\", 1);
		evbuffer_add(out, text, 1);
	}
}

static void add_table_filter(struct evbuffer *filters, const char *table, bool holds_logs)
{
	struct entry *entry;
	bool first = true;

	for (entry = TAILQ_FIRST(&faults.entries); entry != NULL; entry = TAILQ_NEXT(entry, next)) {
		if (entry->fault.kind != FAULT_STALE ||
		    (entry->table != NULL ? strcmp(entry->table, table) != 0 : !holds_logs))
			continue;
		if (first)
			evbuffer_add_printf(filters, "%s'%s':'",
					    evbuffer_get_length(filters) > 0 ? "," : "", table);
		evbuffer_add_printf(filters, "%sNOT ifNull((", first ? "" : " AND ");
		add_escaped(filters, entry->where);
		evbuffer_add_printf(filters, "), 0)");
		first = false;
	}
	if (!first)
		evbuffer_add_printf(filters, "'");
}

bool faults_filters(struct evbuffer *filters)
{
	struct evbuffer *inner = evbuffer_new();
	bool any;

	if (inner == NULL)
		abort();
	pthread_mutex_lock(&faults.lock);
	for (size_t i = 0; i < sizeof(local_tables) / sizeof(local_tables[0]); i++)
		add_table_filter(inner, local_tables[i], i < LOG_TABLES);
	pthread_mutex_unlock(&faults.lock);
	any = evbuffer_get_length(inner) > 0;
	if (any) {
		evbuffer_add_printf(filters, "{");
		evbuffer_add_buffer(filters, inner);
		evbuffer_add_printf(filters, "}");
	}
	evbuffer_free(inner);
	return any;
}
