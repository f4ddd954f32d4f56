/*
 * What a dying worker leaves for its obituary, written to the shared page: the text of a failed
 * assertion or the fault that a signal tells of, and where in its code it was.
 *
 * This is the one place where work is done in a signal handler: after a fault, or in a loop that
 * hangs, no event loop comes round any more that could do it. The handler therefore does next to
 * nothing. It copies a fixed text and the addresses that backtrace(3) finds into memory that is
 * mapped already, and lets the signal take its course; whoever reads the page finds names for the
 * addresses. backtrace(3) allocates and locks only when it loads its library, which is done at the
 * start. Should it fault on a broken stack, the signal's handling is the default again by then.
 */
#ifndef LC_WORKER_LAST_WORDS_H
#define LC_WORKER_LAST_WORDS_H

#include "worker/page.h"

/* From now on failed assertions, faults (SIGSEGV, SIGBUS, SIGILL, SIGFPE) and SIGABRT, with which
 * the supervisor ends a worker, leave their word and a backtrace in `page`, which must stay mapped.
 * The signal then takes the course that it would have taken before: a core, or a sanitizer's
 * report. A thread that has used up its stack leaves its word only if it is the calling one, which
 * gets a second stack for this. */
void lc_last_words_keep_in(struct lc_page *page);

/* Ends that. By the thread that called lc_last_words_keep_in. */
void lc_last_words_forget(void);

#endif
