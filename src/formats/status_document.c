#include "formats/status_document.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

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

void lc_status_document_add_finding(struct lc_status_document *document,
				    const struct lc_status_document_finding *finding)
{
	document->healthy = false;
	if (document->findings_size == LC_STATUS_DOCUMENT_FINDINGS_MAX)
		return;
	document->findings = lc_memory_resize(document->findings, document->findings_size + 1,
					      sizeof(*document->findings));
	document->findings[document->findings_size++] = *finding;
}

void lc_status_document_find(struct lc_status_document *document, int shard, const char *format,
			     ...)
{
	struct lc_status_document_finding finding = {.shard = shard};
	va_list arguments;

	va_start(arguments, format);
	if (vsnprintf(finding.text, sizeof(finding.text), format, arguments) < 0)
		finding.text[0] = '\0';
	va_end(arguments);
	lc_status_document_add_finding(document, &finding);
}
