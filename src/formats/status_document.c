#include "formats/status_document.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Behind all that are as grave or graver. */
static size_t place_of(const struct lc_status_document *document, enum lc_severity severity)
{
	size_t place = document->findings_size;

	while (place > 0 && document->findings[place - 1].severity > severity)
		place--;
	return place;
}

void lc_status_document_add_finding(struct lc_status_document *document,
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
	lc_status_document_add_finding(document, &finding);
}
