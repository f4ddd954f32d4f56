#include "base/log.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/outlet.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	LINE_CAP = 16 * 1024,
	VALUE_CAP = 2 * 1024, /* bytes of one value, before escaping */
};

/* The log is the one thing that every function of a process writes to. */
static struct {
	enum lc_log_level level;
	const char *role;
	int shard;
	bool to_journal;
	enum lc_log_keys keys;
} identity = {.level = LC_LOG_INFO, .role = NULL, .shard = -1, .keys = LC_LOG_KEYS_DEFAULT};

/* Where lines go, from all threads, and what of them did not. */
static struct {
	pthread_mutex_t mutex;
	struct lc_outlet outlet;
	bool never_waits;
	enum lc_log_destination destination;
	uint64_t untold; /* dropped since the last line that went through */
	struct lc_log_losses losses;
} sink = {.mutex = PTHREAD_MUTEX_INITIALIZER, .outlet = {.fd = STDERR_FILENO}};

static const char *const LEVEL_NAMES[] = {
#define LC_LOG_LEVEL(name, text) (text),
#include "tbl/log_levels.h"
};

static const int DESTINATIONS[] = {STDERR_FILENO, STDOUT_FILENO};

static const char *const DESTINATION_NAMES[] = {
#define LC_LOG_DESTINATION(name, text) (text),
#include "tbl/log_choices.h"
};

static const struct {
	const char *message;
	const char *levels[4];
} KEYS[] = {
#define LC_LOG_KEYS(name, text, message, error, warning, info, debug) \
	{(message), {(error), (warning), (info), (debug)}},
#include "tbl/log_choices.h"
};

/* Of syslog(3), as the journal counts them. */
static const char *const LEVEL_PRIORITIES[] = {"<3>", "<4>", "<6>", "<7>"};

void lc_log_set_identity(const char *role, int shard)
{
	identity.role = role;
	identity.shard = shard;
	pthread_mutex_lock(&sink.mutex);
	sink.untold = 0;
	sink.losses = (struct lc_log_losses){.dropped = 0};
	pthread_mutex_unlock(&sink.mutex);
}

void lc_log_never_wait(void)
{
	pthread_mutex_lock(&sink.mutex);
	sink.never_waits = true;
	lc_outlet_open(&sink.outlet);
	pthread_mutex_unlock(&sink.mutex);
}

void lc_log_set_form(enum lc_log_destination destination, enum lc_log_keys keys)
{
	identity.keys = keys;
	pthread_mutex_lock(&sink.mutex);
	if (sink.destination != destination) {
		sink.destination = destination;
		sink.outlet = (struct lc_outlet){.fd = DESTINATIONS[destination]};
		if (sink.never_waits)
			lc_outlet_open(&sink.outlet);
	}
	pthread_mutex_unlock(&sink.mutex);
	lc_log_look_for_journal();
}

const char *lc_log_destination_name(void)
{
	return DESTINATION_NAMES[sink.destination];
}

bool lc_log_to_journal(void)
{
	return identity.to_journal;
}

void lc_log_look_for_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat here;
	char name[64];

	identity.to_journal = false;
	if (stream == NULL || fstat(DESTINATIONS[sink.destination], &here) < 0)
		return;
	snprintf(name, sizeof(name), "%ju:%ju", (uintmax_t)here.st_dev, (uintmax_t)here.st_ino);
	identity.to_journal = strcmp(stream, name) == 0;
}

void lc_log_set_level(enum lc_log_level level)
{
	identity.level = level;
}

enum lc_log_level lc_log_level(void)
{
	return identity.level;
}

const char *lc_log_level_name(enum lc_log_level level)
{
	return LEVEL_NAMES[level];
}

bool lc_log_level_of(struct lc_view name, enum lc_log_level *level)
{
	for (size_t i = 0; i < sizeof(LEVEL_NAMES) / sizeof(LEVEL_NAMES[0]); i++) {
		if (lc_view_equal(name, lc_view_of(LEVEL_NAMES[i]))) {
			*level = (enum lc_log_level)i;
			return true;
		}
	}
	return false;
}

static void append_json_string(struct lc_buffer *line, struct lc_view view)
{
	const unsigned char *text = (const unsigned char *)view.data;
	size_t size = view.size < VALUE_CAP ? view.size : VALUE_CAP;

	lc_buffer_append_char(line, '"');
	for (size_t i = 0; i < size;) {
		size_t length = lc_utf8_size(text + i, size - i);

		if (length == 0) {
			lc_buffer_append_text(line, "\\ufffd");
			length = 1;
		} else if (text[i] == '"' || text[i] == '\\') {
			lc_buffer_append_char(line, '\\');
			lc_buffer_append_char(line, (char)text[i]);
		} else if (text[i] < 0x20 || text[i] == 0x7F) {
			lc_buffer_append_format(line, "\\u%04x", text[i]);
		} else {
			lc_buffer_append(line, text + i, length);
		}
		i += length;
	}
	if (size < view.size)
		lc_buffer_append_text(line, "...");
	lc_buffer_append_char(line, '"');
}

static void append_field(struct lc_buffer *line, const struct lc_log_field *field)
{
	lc_buffer_append_format(line, ",\"%s\":", field->name);
	switch (field->type) {
	case LC_LOG_TYPE_VIEW:
		append_json_string(line, field->value.view);
		break;
	case LC_LOG_TYPE_INT:
		lc_buffer_append_format(line, "%" PRId64, field->value.integer);
		break;
	case LC_LOG_TYPE_UINT:
		lc_buffer_append_format(line, "%" PRIu64, field->value.unsigned_integer);
		break;
	case LC_LOG_TYPE_DOUBLE:
		if (isfinite(field->value.real))
			lc_buffer_append_format(line, "%.6g", field->value.real);
		else
			lc_buffer_append_text(line, "null");
		break;
	case LC_LOG_TYPE_BOOL:
		lc_buffer_append_text(line, field->value.boolean ? "true" : "false");
		break;
	}
}

/* Fields from the first that no longer fits on are left out; the line stays valid JSON. */
static void append_fields(struct lc_buffer *line, const struct lc_log_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t before = line->size;

		append_field(line, &fields[i]);
		if (lc_buffer_failed(line) || line->size > LINE_CAP - 64) {
			line->failed = false;
			line->size = before;
			lc_buffer_append_text(line, ",\"cut\":true");
			return;
		}
	}
}

static void compose(struct lc_buffer *line, enum lc_log_level level, const char *message,
		    const struct lc_log_field *fields, size_t count)
{
	char time[LC_CLOCK_TEXT_SIZE];

	lc_buffer_init(line, LINE_CAP);
	lc_clock_format(lc_clock_wall_ms(), time);
	if (identity.to_journal)
		lc_buffer_append_text(line, LEVEL_PRIORITIES[level]);
	lc_buffer_append_format(line, "{\"time\":\"%s\",\"level\":\"%s\",\"%s\":", time,
				KEYS[identity.keys].levels[level], KEYS[identity.keys].message);
	append_json_string(line, lc_view_of(message));
	if (identity.role != NULL)
		lc_buffer_append_format(line, ",\"role\":\"%s\",\"pid\":%ld", identity.role,
					(long)getpid());
	if (identity.shard >= 0)
		lc_buffer_append_format(line, ",\"shard\":%d", identity.shard);
	append_fields(line, fields, count);
	lc_buffer_append_text(line, "}\n");
}

/* Says how many lines are missing here, if any are. */
static bool tell_untold(void)
{
	const struct lc_log_field count = LC_LOG_UINT("lines", sink.untold);
	char message[96];
	struct lc_buffer line;
	bool told;

	if (sink.untold == 0)
		return true;
	snprintf(message, sizeof(message),
		 "lines of this process are missing here because %s did not take them",
		 DESTINATION_NAMES[sink.destination]);
	compose(&line, LC_LOG_WARNING, message, &count, 1);
	told = lc_outlet_write(&sink.outlet, lc_buffer_view(&line));
	lc_buffer_free(&line);
	if (told)
		sink.untold = 0;
	return told;
}

static void put_out(struct lc_view line)
{
	pthread_mutex_lock(&sink.mutex);
	if (tell_untold() && lc_outlet_write(&sink.outlet, line)) {
		sink.losses.failing_since = 0;
	} else {
		sink.untold++;
		sink.losses.dropped++;
		if (sink.losses.failing_since == 0)
			sink.losses.failing_since = (uint64_t)lc_clock_wall_ms() / 1000;
	}
	pthread_mutex_unlock(&sink.mutex);
}

struct lc_log_losses lc_log_catch_up(void)
{
	struct lc_log_losses losses;

	pthread_mutex_lock(&sink.mutex);
	if (tell_untold())
		sink.losses.failing_since = 0;
	losses = sink.losses;
	pthread_mutex_unlock(&sink.mutex);
	return losses;
}

void lc_log_write(enum lc_log_level level, const char *message, const struct lc_log_field *fields,
		  size_t count)
{
	struct lc_buffer line;

	if (level > identity.level)
		return;
	compose(&line, level, message, fields, count);
	if (!lc_buffer_failed(&line))
		put_out(lc_buffer_view(&line));
	lc_buffer_free(&line);
}

void lc_log_say(enum lc_log_level level, const char *message)
{
	lc_log_write(level, message, NULL, 0);
}
