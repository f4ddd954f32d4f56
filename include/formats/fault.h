/* The faults of include/tbl/faults.h: workers find them, the supervisor makes findings of them. */
#ifndef LC_FORMATS_FAULT_H
#define LC_FORMATS_FAULT_H

enum lc_fault {
	LC_FAULT_NONE,
#define LC_FAULT(name, word, reach, patience, what, advice) LC_FAULT_##name,
#include "tbl/faults.h"
	LC_FAULT_COUNT
};

enum lc_fault_reach {
	LC_FAULT_ONE,
	LC_FAULT_PART,
	LC_FAULT_WHOLE,
};

enum lc_fault_patience {
	LC_FAULT_LATER,
	LC_FAULT_AT_ONCE,
};

struct lc_fault_description {
	const char *word; /* "" for none */
	const char *what;
	const char *advice;
	enum lc_fault_reach reach;
	enum lc_fault_patience patience;
};

/* In the order of the enumeration. */
extern const struct lc_fault_description LC_FAULT_DESCRIPTIONS[LC_FAULT_COUNT];

/* The fault with this word; LC_FAULT_NONE if there is none. */
enum lc_fault lc_fault_of(const char *word);

#endif
