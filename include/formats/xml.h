/*
 * Texts out of a small XML document, as S3 and its relatives answer with: elements, text, CDATA and
 * comments, with XML's five entities and numeric references resolved (XML 1.0). Namespaces and
 * attributes are skipped. A document may be cut anywhere: what stood before still counts. What is
 * no XML (a proxy's page, nothing) gives no text.
 */
#ifndef LC_FORMATS_XML_H
#define LC_FORMATS_XML_H

#include "base/view.h"

#include <stdbool.h>
#include <stddef.h>

enum { LC_XML_TEXTS_MAX = 8 };

/* A text that is asked for: what stands directly in the first element at the path. */
struct lc_xml_text {
	const char *const *path; /* names of elements, the root's first; NULL after the last */
	char *text;  /* of `room` bytes: terminated, cut when longer, without blanks around it, a
			space for each control byte; empty when it is not there */
	size_t room; /* at least 1 */
	bool whole;  /* the element has ended, and nothing of it was cut */
};

/* Reads all of them, at most LC_XML_TEXTS_MAX, in one pass. */
void lc_xml_read(struct lc_view body, struct lc_xml_text *texts, size_t count);

/* Calls back with each element at the path in turn, from its first tag to its last, for lc_xml_read
 * with the element as root. Not with one that is empty (<a/>), nor with one that does not end. True
 * if the document is whole: its root has ended. */
bool lc_xml_each(struct lc_view body, const char *const *path,
		 void (*callback)(void *context, struct lc_view element), void *context);

#endif
