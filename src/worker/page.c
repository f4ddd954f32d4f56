#include "worker/page.h"

#include "base/assert.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

struct lc_page *lc_page_new(struct lc_error *error)
{
	void *memory = mmap(NULL, sizeof(struct lc_page), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		lc_error_set_errno(error, errno, "no memory for a worker's page");
		return NULL;
	}
	lc_page_keep(memory);
	return memory;
}

void lc_page_free(struct lc_page *page)
{
	if (page != NULL)
		LC_ASSERT(munmap(page, sizeof(*page)) == 0);
}

void lc_page_share(struct lc_page *page)
{
	LC_ASSERT(madvise(page, sizeof(*page), MADV_DOFORK) == 0);
}

void lc_page_keep(struct lc_page *page)
{
	LC_ASSERT(madvise(page, sizeof(*page), MADV_DONTFORK) == 0);
}

void lc_page_prepare(struct lc_page *page, uint64_t now_ms)
{
	for (unsigned i = 0; i < LC_COUNTERS_COUNT; i++) {
		if (LC_COUNTERS_DESCRIPTIONS[i].kind == LC_COUNTERS_KIND_GAUGE)
			lc_counters_set(&page->counters, (enum lc_counters_name)i, 0);
	}
	for (unsigned i = 0; i < LC_COUNTERS_COMPLAINT_COUNT; i++)
		lc_counters_complain(&page->counters, (enum lc_counters_complaint)i, 0, "");
	atomic_store(&page->heartbeat_ms, now_ms);
	atomic_store(&page->phase, LC_PAGE_STARTING);
	lc_page_say_last_words(page, "");
	lc_page_keep_trace(page, NULL, 0);
}

void lc_page_say_last_words(struct lc_page *page, const char *text)
{
	size_t size = strnlen(text, LC_PAGE_LAST_WORDS_SIZE - 1);

	for (size_t i = 0; i < size; i++)
		atomic_store_explicit(&page->last_words[i], text[i], memory_order_relaxed);
	atomic_store_explicit(&page->last_words[size], '\0', memory_order_release);
}

void lc_page_last_words(const struct lc_page *page, char text[LC_PAGE_LAST_WORDS_SIZE])
{
	size_t size = 0;

	while (size < LC_PAGE_LAST_WORDS_SIZE - 1) {
		char c = atomic_load_explicit(&page->last_words[size], memory_order_relaxed);

		if (c == '\0')
			break;
		text[size++] = c;
	}
	while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
		size--;
	text[size] = '\0';
}

void lc_page_keep_trace(struct lc_page *page, void *const *frames, unsigned count)
{
	unsigned size = count < LC_PAGE_TRACE_MAX ? count : LC_PAGE_TRACE_MAX;

	for (unsigned i = 0; i < size; i++)
		atomic_store_explicit(&page->trace[i], (uintptr_t)frames[i], memory_order_relaxed);
	atomic_store_explicit(&page->trace_size, size, memory_order_release);
}

void lc_page_trace(const struct lc_page *page, struct lc_page_trace *trace)
{
	unsigned size = atomic_load_explicit(&page->trace_size, memory_order_acquire);

	trace->size = size < LC_PAGE_TRACE_MAX ? size : LC_PAGE_TRACE_MAX;
	for (unsigned i = 0; i < trace->size; i++)
		trace->addresses[i] = atomic_load_explicit(&page->trace[i], memory_order_relaxed);
}

const char *lc_page_phase_name(unsigned phase)
{
	switch (phase) {
	case LC_PAGE_STARTING:
		return "starting";
	case LC_PAGE_READY:
		return "ready";
	case LC_PAGE_DRAINING:
		return "draining";
	default:
		return "unknown";
	}
}
