#include "formats/status_document.h"

#include "base/assert.h"
#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD(record, type, name, help) LC_DOCUMENT_FIELD(struct record, type, name, help)

static const struct lc_document_field SERVICE_FIELDS[] = {
#define LC_STATUS_SERVICE(type, name, help) FIELD(lc_status_document, type, name, help),
#include "tbl/status_fields.h"
};

static const struct lc_document_field SHARD_FIELDS[] = {
#define LC_STATUS_SHARD(type, name, help) FIELD(lc_status_document_shard, type, name, help),
#include "tbl/status_fields.h"
};

static const struct lc_document_field FINDING_FIELDS[] = {
#define LC_STATUS_FINDING(type, name, help) FIELD(lc_status_document_finding, type, name, help),
#include "tbl/status_fields.h"
};

static const struct lc_document_field CHECK_FIELDS[] = {
#define LC_STATUS_CHECK(type, name, help) FIELD(lc_status_document_check, type, name, help),
#include "tbl/status_fields.h"
};

static const struct lc_document_field MACHINE_FIELDS[] = {
#define LC_STATUS_MACHINE(type, name, help) FIELD(lc_status_document_machine, type, name, help),
#include "tbl/status_fields.h"
};

const struct lc_document_layout LC_STATUS_DOCUMENT_SERVICE_LAYOUT =
    LC_DOCUMENT_LAYOUT(NULL, struct lc_status_document, SERVICE_FIELDS);
const struct lc_document_layout LC_STATUS_DOCUMENT_SHARD_LAYOUT =
    LC_DOCUMENT_LAYOUT("shards", struct lc_status_document_shard, SHARD_FIELDS);
const struct lc_document_layout LC_STATUS_DOCUMENT_FINDING_LAYOUT =
    LC_DOCUMENT_LAYOUT("findings", struct lc_status_document_finding, FINDING_FIELDS);
const struct lc_document_layout LC_STATUS_DOCUMENT_CHECK_LAYOUT =
    LC_DOCUMENT_LAYOUT("checks", struct lc_status_document_check, CHECK_FIELDS);
const struct lc_document_layout LC_STATUS_DOCUMENT_MACHINE_LAYOUT =
    LC_DOCUMENT_LAYOUT("machines", struct lc_status_document_machine, MACHINE_FIELDS);

void lc_status_document_init(struct lc_status_document *document, size_t shards)
{
	*document = (struct lc_status_document){.healthy = true, .shards_size = shards};
	if (shards > 0)
		document->shards = lc_memory_zero(shards, sizeof(*document->shards));
}

void lc_status_document_free(struct lc_status_document *document)
{
	free(document->shards);
	free(document->findings);
	free(document->checks);
	free(document->machines);
	*document = (struct lc_status_document){0};
}

size_t lc_status_document_count(const struct lc_status_document *document,
				enum lc_severity severity)
{
	size_t count = 0;

	for (size_t i = 0; i < document->findings_size; i++)
		count += document->findings[i].severity == severity;
	return count;
}

/* After all that are as grave or graver. */
static size_t place_of(const struct lc_status_document *document, enum lc_severity severity)
{
	size_t place = document->findings_size;

	while (place > 0 && document->findings[place - 1].severity > severity)
		place--;
	return place;
}

/* A copy of a finding, in its place. */
static void add_finding(struct lc_status_document *document,
			const struct lc_status_document_finding *finding)
{
	size_t place = place_of(document, finding->severity);
	size_t after = document->findings_size - place;

	if (finding->severity == LC_SEVERITY_CRITICAL)
		document->healthy = false;
	if (place == LC_STATUS_DOCUMENT_FINDINGS_MAX)
		return;
	if (document->findings_size < LC_STATUS_DOCUMENT_FINDINGS_MAX)
		document->findings = lc_memory_resize(document->findings, ++document->findings_size,
						      sizeof(*document->findings));
	else
		after--;
	memmove(&document->findings[place + 1], &document->findings[place],
		after * sizeof(*document->findings));
	document->findings[place] = *finding;
}

void lc_status_document_find(struct lc_status_document *document, enum lc_severity severity,
			     int shard, const char *format, ...)
{
	struct lc_status_document_finding finding = {.severity = severity, .shard = shard};
	va_list arguments;

	va_start(arguments, format);
	if (vsnprintf(finding.text, sizeof(finding.text), format, arguments) < 0)
		finding.text[0] = '\0';
	va_end(arguments);
	add_finding(document, &finding);
}

void lc_status_document_add_checks(struct lc_status_document *document,
				   const struct lc_status_document_check *checks, size_t count)
{
	size_t room = LC_STATUS_DOCUMENT_CHECKS_MAX - document->checks_size;
	size_t added = count < room ? count : room;

	if (added == 0)
		return;
	document->checks = lc_memory_resize(document->checks, document->checks_size + added,
					    sizeof(*document->checks));
	memcpy(&document->checks[document->checks_size], checks, added * sizeof(*checks));
	document->checks_size += added;
}

void lc_status_document_add_machine(struct lc_status_document *document,
				    const struct lc_status_document_machine *machine)
{
	if (document->machines_size == LC_STATUS_DOCUMENT_MACHINES_MAX)
		return;
	document->machines = lc_memory_resize(document->machines, document->machines_size + 1,
					      sizeof(*document->machines));
	document->machines[document->machines_size++] = *machine;
}

/* ---- as JSON ---- */

static void write_list(json_t *object, const struct lc_document_layout *layout, const void *rows,
		       size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *row = json_object();

		lc_document_write(row, layout, (const char *)rows + i * layout->row_size);
		LC_ASSERT(json_array_append_new(list, row) == 0);
	}
	lc_document_set(object, layout->name, list);
}

void lc_status_document_encode(const struct lc_status_document *document, bool whole,
			       struct lc_buffer *json)
{
	json_t *object = json_object();

	lc_document_write(object, &LC_STATUS_DOCUMENT_SERVICE_LAYOUT, document);
	write_list(object, &LC_STATUS_DOCUMENT_FINDING_LAYOUT, document->findings,
		   document->findings_size);
	if (whole) {
		write_list(object, &LC_STATUS_DOCUMENT_SHARD_LAYOUT, document->shards,
			   document->shards_size);
		write_list(object, &LC_STATUS_DOCUMENT_CHECK_LAYOUT, document->checks,
			   document->checks_size);
		write_list(object, &LC_STATUS_DOCUMENT_MACHINE_LAYOUT, document->machines,
			   document->machines_size);
	}
	lc_document_finish(object, json);
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
		if (!lc_document_read(json_array_get(shards, i), &LC_STATUS_DOCUMENT_SHARD_LAYOUT,
				      &document->shards[i]))
			return false;
	}
	return true;
}

static bool decode_findings(const json_t *findings, struct lc_status_document *document)
{
	if (!json_is_array(findings) || json_array_size(findings) > LC_STATUS_DOCUMENT_FINDINGS_MAX)
		return false;
	for (size_t i = 0; i < json_array_size(findings); i++) {
		struct lc_status_document_finding finding = {.shard = -1};

		if (!lc_document_read(json_array_get(findings, i),
				      &LC_STATUS_DOCUMENT_FINDING_LAYOUT, &finding))
			return false;
		add_finding(document, &finding);
	}
	return true;
}

static bool decode_checks(const json_t *checks, struct lc_status_document *document)
{
	if (checks == NULL)
		return true;
	if (!json_is_array(checks) || json_array_size(checks) > LC_STATUS_DOCUMENT_CHECKS_MAX)
		return false;
	for (size_t i = 0; i < json_array_size(checks); i++) {
		struct lc_status_document_check check = {.grade = LC_VERDICT_OK};

		if (!lc_document_read(json_array_get(checks, i), &LC_STATUS_DOCUMENT_CHECK_LAYOUT,
				      &check))
			return false;
		lc_status_document_add_checks(document, &check, 1);
	}
	return true;
}

static bool decode_machines(const json_t *machines, struct lc_status_document *document)
{
	if (machines == NULL)
		return true;
	if (!json_is_array(machines) || json_array_size(machines) > LC_STATUS_DOCUMENT_MACHINES_MAX)
		return false;
	for (size_t i = 0; i < json_array_size(machines); i++) {
		struct lc_status_document_machine machine = {.own = false};

		if (!lc_document_read(json_array_get(machines, i),
				      &LC_STATUS_DOCUMENT_MACHINE_LAYOUT, &machine))
			return false;
		lc_status_document_add_machine(document, &machine);
	}
	return true;
}

bool lc_status_document_decode(struct lc_view json, struct lc_status_document *document,
			       struct lc_error *error)
{
	json_t *object = lc_document_parse(json, error);
	bool whole;

	*document = (struct lc_status_document){0};
	if (object == NULL)
		return false;
	whole = decode_shards(json_object_get(object, "shards"), document) &&
		decode_findings(json_object_get(object, "findings"), document) &&
		decode_checks(json_object_get(object, "checks"), document) &&
		decode_machines(json_object_get(object, "machines"), document) &&
		lc_document_read(object, &LC_STATUS_DOCUMENT_SERVICE_LAYOUT, document);
	json_decref(object);
	if (!whole) {
		lc_status_document_free(document);
		return lc_error_set(error, LC_ERROR_CORRUPT, "not a status document");
	}
	return true;
}
