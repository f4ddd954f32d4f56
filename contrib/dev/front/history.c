#include "history.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum { MAX_SIZE = 16 << 20 };

struct entry {
	STAILQ_ENTRY(entry) next;
	struct evbuffer *line;
};

static struct {
	pthread_mutex_t lock;
	STAILQ_HEAD(, entry) entries;
	size_t size;
} history = {.lock = PTHREAD_MUTEX_INITIALIZER,
	     .entries = STAILQ_HEAD_INITIALIZER(history.entries)};

/* As ClickHouse's TSV escapes it, so that an entry stays one line. */
static void add_escaped(struct evbuffer *line, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		const char *special = strchr("\\\t\n\r", text[i]);

		if (text[i] == '\0')
			evbuffer_add(line, "\\0", 2);
		else if (special == NULL)
			evbuffer_add(line, &text[i], 1);
		else
			evbuffer_add_printf(line, "\\%c", "\\tnr"[special - "\\\t\n\r"]);
	}
}

static void forget_first(void)
{
	struct entry *entry = STAILQ_FIRST(&history.entries);

	STAILQ_REMOVE_HEAD(&history.entries, next);
	history.size -= evbuffer_get_length(entry->line);
	evbuffer_free(entry->line);
	free(entry);
}

void history_add(const struct history_statement *statement)
{
	const struct request_fields *parameters = &statement->request->parameters;
	struct entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL || (entry->line = evbuffer_new()) == NULL)
		abort();
	evbuffer_add_printf(entry->line, "%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t",
			    statement->microseconds, statement->rows_read, statement->bytes_read,
			    statement->written);
	for (size_t i = 0; i < parameters->count; i++) {
		const struct request_field *field = &parameters->items[i];

		if (strcmp(field->name, "query") == 0)
			continue;
		evbuffer_add_printf(entry->line, "%s=", field->name);
		add_escaped(entry->line, field->value, field->length);
		evbuffer_add(entry->line, "\t", 1);
	}
	add_escaped(entry->line, statement->text, statement->length);
	evbuffer_add(entry->line, "\n", 1);
	pthread_mutex_lock(&history.lock);
	STAILQ_INSERT_TAIL(&history.entries, entry, next);
	history.size += evbuffer_get_length(entry->line);
	while (history.size > MAX_SIZE)
		forget_first();
	pthread_mutex_unlock(&history.lock);
}

int history_administer(const struct request *request, struct evbuffer *answer)
{
	const struct entry *entry;

	pthread_mutex_lock(&history.lock);
	STAILQ_FOREACH(entry, &history.entries, next)
	{
		struct evbuffer *line = entry->line;

		evbuffer_add(answer, evbuffer_pullup(line, -1), evbuffer_get_length(line));
	}
	if (strcmp(request->method, "DELETE") == 0)
		while (!STAILQ_EMPTY(&history.entries))
			forget_first();
	pthread_mutex_unlock(&history.lock);
	return 200;
}
