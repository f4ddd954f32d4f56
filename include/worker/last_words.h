/*
 * What a dying worker leaves for its obituary: the text of a failed assertion, or the signal that a
 * fault raised, written to the shared page.
 */
#ifndef LC_WORKER_LAST_WORDS_H
#define LC_WORKER_LAST_WORDS_H

#include "worker/page.h"

/* From now on failed assertions and faults (SIGSEGV, SIGBUS, SIGILL, SIGFPE) of this process leave
 * their word in `page`, which must stay mapped. The fault then takes the course that it would have
 * taken before: a core, or a sanitizer's report. */
void lc_last_words_keep_in(struct lc_page *page);

/* Ends that. */
void lc_last_words_forget(void);

#endif
