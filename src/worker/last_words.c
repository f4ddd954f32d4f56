#include "worker/last_words.h"

#include "base/assert.h"

#include <signal.h>
#include <stddef.h>

static const int FAULTS[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};

enum { FAULT_COUNT = sizeof(FAULTS) / sizeof(FAULTS[0]) };

/* Neither an assertion nor a signal handler has a context to carry the page in. */
static struct lc_page *the_page = NULL;
static struct sigaction previous[FAULT_COUNT];

static void witness(const char *text)
{
	lc_page_say_last_words(the_page, text);
}

static const char *fault_text(int signal_number)
{
	switch (signal_number) {
	case SIGSEGV:
		return "fault: invalid memory reference (SIGSEGV)";
	case SIGBUS:
		return "fault: memory that is not there (SIGBUS)";
	case SIGILL:
		return "fault: illegal instruction (SIGILL)";
	default:
		return "fault: arithmetic (SIGFPE)";
	}
}

/* Leaves the word and puts the previous handling back: a fault repeats when its instruction runs
 * again; a signal that somebody sent is raised anew. Async-signal-safe throughout. */
static void on_fault(int signal_number, siginfo_t *info, void *context)
{
	(void)context;
	lc_page_say_last_words(the_page, fault_text(signal_number));
	for (size_t i = 0; i < FAULT_COUNT; i++)
		(void)sigaction(FAULTS[i], &previous[i], NULL);
	if (info->si_code <= 0)
		(void)raise(signal_number);
}

void lc_last_words_keep_in(struct lc_page *page)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO};

	the_page = page;
	lc_assert_set_witness(witness);
	sigemptyset(&action.sa_mask);
	action.sa_sigaction = on_fault;
	for (size_t i = 0; i < FAULT_COUNT; i++)
		LC_ASSERT(sigaction(FAULTS[i], &action, &previous[i]) == 0);
}

void lc_last_words_forget(void)
{
	for (size_t i = 0; i < FAULT_COUNT; i++)
		LC_ASSERT(sigaction(FAULTS[i], &previous[i], NULL) == 0);
	lc_assert_set_witness(NULL);
	the_page = NULL;
}
