#include "worker/last_words.h"

#include "base/assert.h"
#include "base/memory.h"

#include <execinfo.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>

static const int SIGNALS[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

enum {
	SIGNAL_COUNT = sizeof(SIGNALS) / sizeof(SIGNALS[0]),
	OUR_FRAMES = 2, /* the handler, and what the kernel lets it return to */
	STACK_SIZE = 64 * 1024,
};

/* Neither an assertion nor a signal handler has a context to carry the page in. */
static struct lc_page *the_page = NULL;
static struct sigaction previous[SIGNAL_COUNT];
static stack_t previous_stack;
static void *stack = NULL; /* for the handler, when a fault is the end of the stack */

static void witness(const char *text)
{
	lc_page_say_last_words(the_page, text);
}

/* NULL for SIGABRT: a failed assertion has said its word already, and of a worker that is aborted
 * the supervisor knows why. */
static const char *fault_text(int signal_number)
{
	switch (signal_number) {
	case SIGSEGV:
		return "fault: invalid memory reference (SIGSEGV)";
	case SIGBUS:
		return "fault: memory that is not there (SIGBUS)";
	case SIGILL:
		return "fault: illegal instruction (SIGILL)";
	case SIGFPE:
		return "fault: arithmetic (SIGFPE)";
	default:
		return NULL;
	}
}

/* Puts the previous handling back first, so that a fault in here ends the process. A fault repeats
 * when its instruction runs again; a signal that somebody sent is raised again. Async-signal-safe
 * throughout, as the header explains. */
static void on_fault(int signal_number, siginfo_t *info, void *context)
{
	void *frames[OUR_FRAMES + LC_PAGE_TRACE_MAX];
	const char *text = fault_text(signal_number);
	int count;

	(void)context;
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		(void)sigaction(SIGNALS[i], &previous[i], NULL);
	if (text != NULL)
		lc_page_say_last_words(the_page, text);
	count = backtrace(frames, OUR_FRAMES + LC_PAGE_TRACE_MAX);
	if (count > OUR_FRAMES)
		lc_page_keep_trace(the_page, frames + OUR_FRAMES, (unsigned)(count - OUR_FRAMES));
	if (info->si_code <= 0)
		(void)raise(signal_number);
}

/* The first backtrace loads the library that finds the frames. */
static void prepare_backtrace(void)
{
	void *frame;

	(void)backtrace(&frame, 1);
}

void lc_last_words_keep_in(struct lc_page *page)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
	stack_t second = {.ss_size = STACK_SIZE};

	the_page = page;
	prepare_backtrace();
	stack = lc_memory_zero(1, STACK_SIZE);
	second.ss_sp = stack;
	LC_ASSERT(sigaltstack(&second, &previous_stack) == 0);
	lc_assert_set_witness(witness);
	sigemptyset(&action.sa_mask);
	action.sa_sigaction = on_fault;
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		LC_ASSERT(sigaction(SIGNALS[i], &action, &previous[i]) == 0);
}

void lc_last_words_forget(void)
{
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		LC_ASSERT(sigaction(SIGNALS[i], &previous[i], NULL) == 0);
	LC_ASSERT(sigaltstack(&previous_stack, NULL) == 0);
	free(stack);
	stack = NULL;
	lc_assert_set_witness(NULL);
	the_page = NULL;
}
