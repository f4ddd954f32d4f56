#include "formats/status_document.h"

#include "base/assert.h"

#include <jansson.h>
#include <limits.h>
#include <string.h>

/* A shard's numbers, by member name and place in the struct. */
struct member {
	const char *name;
	size_t offset;
};

#define MEMBER(field)                                                                      \
	{                                                                                  \
		.name = #field, .offset = offsetof(struct lc_status_document_shard, field) \
	}

static const struct member COUNTS[] = {
    MEMBER(restarts),        MEMBER(records_delivered), MEMBER(objects_delivered),
    MEMBER(bytes_delivered), MEMBER(pending_records),   MEMBER(inflight_bytes),
    MEMBER(targets_blocked), MEMBER(sources_blocked),
};

static const struct member AGES[] = {
    MEMBER(uptime_seconds),
    MEMBER(next_start_seconds),
    MEMBER(oldest_undelivered_seconds),
    MEMBER(clickhouse_failing_seconds),
    MEMBER(s3_failing_seconds),
    MEMBER(ledger_failing_seconds),
    MEMBER(obituary_exit_code),
};

enum {
	COUNTS_SIZE = sizeof(COUNTS) / sizeof(COUNTS[0]),
	AGES_SIZE = sizeof(AGES) / sizeof(AGES[0]),
};

/* jansson fails only when memory runs out, or for a mistake of ours. */
static void set(json_t *object, const char *name, json_t *value)
{
	LC_ASSERT(json_object_set_new(object, name, value) == 0);
}

static json_t *text_of(const char *text)
{
	char ascii[LC_STATUS_DOCUMENT_TEXT_SIZE];
	json_t *value = json_string(text);
	size_t i = 0;

	if (value != NULL)
		return value;
	for (; i < sizeof(ascii) - 1 && text[i] != '\0'; i++) {
		ascii[i] = '?';
		if ((unsigned char)text[i] < 0x80)
			ascii[i] = text[i];
	}
	ascii[i] = '\0';
	return json_string(ascii);
}

static json_t *age_of(int64_t age)
{
	return age < 0 ? json_null() : json_integer(age);
}

static json_t *encode_shard(const struct lc_status_document_shard *shard)
{
	const char *bytes = (const char *)shard;
	json_t *object = json_object();

	set(object, "shard", json_integer(shard->shard));
	set(object, "state", json_string(lc_shard_state_text(shard->state)));
	set(object, "pid", shard->pid == 0 ? json_null() : json_integer(shard->pid));
	for (size_t i = 0; i < COUNTS_SIZE; i++) {
		uint64_t count;

		memcpy(&count, bytes + COUNTS[i].offset, sizeof(count));
		set(object, COUNTS[i].name,
		    json_integer(count > INT64_MAX ? INT64_MAX : (json_int_t)count));
	}
	for (size_t i = 0; i < AGES_SIZE; i++) {
		int64_t age;

		memcpy(&age, bytes + AGES[i].offset, sizeof(age));
		set(object, AGES[i].name, age_of(age));
	}
	set(object, "obituary",
	    shard->obituary[0] == '\0' ? json_null() : text_of(shard->obituary));
	set(object, "obituary_time",
	    shard->obituary[0] == '\0' ? json_null() : text_of(shard->obituary_time));
	return object;
}

static json_t *encode_findings(const struct lc_status_document *document)
{
	json_t *findings = json_array();

	for (size_t i = 0; i < document->findings_size; i++) {
		const struct lc_status_document_finding *finding = &document->findings[i];
		json_t *object = json_object();

		set(object, "shard",
		    finding->shard < 0 ? json_null() : json_integer(finding->shard));
		set(object, "text", text_of(finding->text));
		LC_ASSERT(json_array_append_new(findings, object) == 0);
	}
	return findings;
}

static int append_piece(const char *bytes, size_t size, void *context)
{
	lc_buffer_append(context, bytes, size);
	return 0;
}

void lc_status_document_encode(const struct lc_status_document *document, bool with_shards,
			       struct lc_buffer *json)
{
	json_t *object = json_object();

	set(object, "version", text_of(document->version));
	set(object, "time", text_of(document->time));
	set(object, "uptime_seconds", json_integer(document->uptime_seconds));
	set(object, "healthy", json_boolean(document->healthy));
	set(object, "ready_shards", json_integer(document->ready_shards));
	set(object, "shard_count", json_integer(document->shard_count));
	set(object, "findings", encode_findings(document));
	if (with_shards) {
		json_t *shards = json_array();

		for (size_t i = 0; i < document->shards_size; i++)
			LC_ASSERT(
			    json_array_append_new(shards, encode_shard(&document->shards[i])) == 0);
		set(object, "shards", shards);
	}
	LC_ASSERT(json_dump_callback(object, append_piece, json, JSON_COMPACT) == 0);
	json_decref(object);
	lc_buffer_append_char(json, '\n');
}

/* Readers of members: false when the member is not there or not what it should be. */

static bool read_text(const json_t *object, const char *name, char *text, size_t size)
{
	const json_t *value = json_object_get(object, name);
	size_t length = json_string_length(value);

	if (json_is_null(value)) {
		text[0] = '\0';
		return true;
	}
	if (!json_is_string(value))
		return false;
	if (length >= size)
		length = size - 1;
	memcpy(text, json_string_value(value), length);
	text[length] = '\0';
	return true;
}

static bool read_number(const json_t *object, const char *name, int64_t null_value, int64_t maximum,
			int64_t *number)
{
	const json_t *value = json_object_get(object, name);

	if (json_is_null(value)) {
		*number = null_value;
		return true;
	}
	*number = json_integer_value(value);
	return json_is_integer(value) && *number >= 0 && *number <= maximum;
}

static bool decode_shard(const json_t *object, struct lc_status_document_shard *shard)
{
	char *bytes = (char *)shard;
	int64_t number = 0;
	char state[32];

	if (!read_number(object, "shard", -1, LC_STATUS_DOCUMENT_SHARDS_MAX, &number) || number < 0)
		return false;
	shard->shard = (unsigned)number;
	if (!read_text(object, "state", state, sizeof(state)) ||
	    !lc_shard_state_of(state, &shard->state) ||
	    !read_number(object, "pid", 0, INT_MAX, &shard->pid))
		return false;
	for (size_t i = 0; i < COUNTS_SIZE; i++) {
		if (!read_number(object, COUNTS[i].name, 0, INT64_MAX, &number))
			return false;
		memcpy(bytes + COUNTS[i].offset, &(uint64_t){(uint64_t)number}, sizeof(uint64_t));
	}
	for (size_t i = 0; i < AGES_SIZE; i++) {
		if (!read_number(object, AGES[i].name, LC_STATUS_DOCUMENT_NO_AGE, INT64_MAX,
				 &number))
			return false;
		memcpy(bytes + AGES[i].offset, &number, sizeof(number));
	}
	return read_text(object, "obituary", shard->obituary, sizeof(shard->obituary)) &&
	       read_text(object, "obituary_time", shard->obituary_time,
			 sizeof(shard->obituary_time));
}

static bool decode_shards(const json_t *shards, struct lc_status_document *document)
{
	size_t size = json_array_size(shards);

	if (shards == NULL) {
		lc_status_document_init(document, 0);
		return true;
	}
	if (!json_is_array(shards) || size > LC_STATUS_DOCUMENT_SHARDS_MAX)
		return false;
	lc_status_document_init(document, size);
	for (size_t i = 0; i < size; i++) {
		if (!decode_shard(json_array_get(shards, i), &document->shards[i]))
			return false;
	}
	return true;
}

static bool decode_findings(const json_t *findings, struct lc_status_document *document)
{
	if (!json_is_array(findings) || json_array_size(findings) > LC_STATUS_DOCUMENT_FINDINGS_MAX)
		return false;
	for (size_t i = 0; i < json_array_size(findings); i++) {
		const json_t *finding = json_array_get(findings, i);
		char text[LC_STATUS_DOCUMENT_TEXT_SIZE];
		int64_t shard = -1;

		if (!read_text(finding, "text", text, sizeof(text)) ||
		    !read_number(finding, "shard", -1, LC_STATUS_DOCUMENT_SHARDS_MAX, &shard))
			return false;
		lc_status_document_find(document, (int)shard, "%s", text);
	}
	return true;
}

static bool decode_service(const json_t *object, struct lc_status_document *document)
{
	const json_t *healthy = json_object_get(object, "healthy");
	int64_t ready = 0;
	int64_t count = 0;

	document->healthy = json_is_true(healthy);
	if (!json_is_boolean(healthy) ||
	    !read_text(object, "version", document->version, sizeof(document->version)) ||
	    !read_text(object, "time", document->time, sizeof(document->time)) ||
	    !read_number(object, "uptime_seconds", 0, INT64_MAX, &document->uptime_seconds) ||
	    !read_number(object, "ready_shards", 0, LC_STATUS_DOCUMENT_SHARDS_MAX, &ready) ||
	    !read_number(object, "shard_count", 0, LC_STATUS_DOCUMENT_SHARDS_MAX, &count))
		return false;
	document->ready_shards = (unsigned)ready;
	document->shard_count = (unsigned)count;
	return true;
}

bool lc_status_document_decode(struct lc_view json, struct lc_status_document *document,
			       struct lc_error *error)
{
	json_error_t fault;
	json_t *object = json_loadb(json.data, json.size, JSON_REJECT_DUPLICATES, &fault);
	bool whole;

	*document = (struct lc_status_document){0};
	if (object == NULL)
		return lc_error_set(error, LC_ERROR_CORRUPT, "not JSON: %s (line %d)", fault.text,
				    fault.line);
	whole = decode_shards(json_object_get(object, "shards"), document) &&
		decode_findings(json_object_get(object, "findings"), document) &&
		decode_service(object, document);
	json_decref(object);
	if (!whole) {
		lc_status_document_free(document);
		return lc_error_set(error, LC_ERROR_CORRUPT, "not a status document");
	}
	return true;
}
