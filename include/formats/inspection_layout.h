/* Where the members of an inspection document's rows lie; for the files of the document alone. */
#ifndef LC_FORMATS_INSPECTION_LAYOUT_H
#define LC_FORMATS_INSPECTION_LAYOUT_H

#include <stddef.h>

enum lc_inspection_layout_type {
	LC_INSPECTION_LAYOUT_COUNT,
	LC_INSPECTION_LAYOUT_SECOND,
	LC_INSPECTION_LAYOUT_AGE,
	LC_INSPECTION_LAYOUT_FLAG,
	LC_INSPECTION_LAYOUT_TEXT,
};

struct lc_inspection_layout_field {
	const char *name;
	enum lc_inspection_layout_type type;
	size_t offset;
};

struct lc_inspection_layout {
	const char *name; /* of the list in the document */
	size_t row_size;
	const struct lc_inspection_layout_field *fields;
	size_t field_count;
};

/* By enum lc_inspection_kind. */
extern const struct lc_inspection_layout LC_INSPECTION_LAYOUTS[];

#endif
