/*
 * A question to the ledger that may be given up. The ledger answers in order and always answers, so
 * whoever gives up a question passes over as many answers as are still due. One question at a time.
 */
#ifndef LC_LEDGER_QUESTION_H
#define LC_LEDGER_QUESTION_H

#include <stdbool.h>

/* All zero: nothing was asked. */
struct lc_ledger_question {
	bool open;      /* the answer is due and awaited */
	unsigned stale; /* answers due to questions that were given up; they come first */
};

/* To be called with each question. */
static inline void lc_ledger_question_ask(struct lc_ledger_question *question)
{
	question->open = true;
}

/* Nobody awaits the answer any more. */
static inline void lc_ledger_question_give_up(struct lc_ledger_question *question)
{
	question->stale += question->open;
	question->open = false;
}

/* To be called with each answer; false when it is to one that was given up. */
static inline bool lc_ledger_question_answered(struct lc_ledger_question *question)
{
	if (question->stale > 0) {
		question->stale--;
		return false;
	}
	question->open = false;
	return true;
}

#endif
