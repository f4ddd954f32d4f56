#include "supervisor/obituary.h"

#include "base/log.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

enum {
	SENTENCE_MAX = 4096,   /* before it is cut */
	TRACE_TEXT_MAX = 8192, /* bytes */
	PLACE_FRAMES = 3,      /* of a backtrace, in a sentence */
};

/* ---- a backtrace in words ---- */

struct frame {
	const char *module; /* file name without folders; NULL: in no module that we have */
	const char *symbol; /* or NULL */
	uintptr_t offset;   /* in the module as addr2line counts; the address itself without one */
	bool ours;
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static struct frame find_frame(const struct lc_page_trace *trace, unsigned index)
{
	uintptr_t address = trace->addresses[index] - (index > 0);
	struct frame frame = {.offset = address};
	const struct link_map *map;
	void *extra;
	Dl_info info;

	/* The address is only compared with where modules are.
	 * NOLINTNEXTLINE(performance-no-int-to-ptr) */
	if (dladdr1((const void *)address, &info, &extra, RTLD_DL_LINKMAP) == 0)
		return frame;
	map = extra;
	frame.module = base_name(info.dli_fname);
	frame.symbol = info.dli_sname;
	frame.offset = address - map->l_addr;
	frame.ours = map->l_name[0] == '\0'; /* the main program has no name there */
	return frame;
}

static void append_frame(const struct frame *frame, struct lc_buffer *text)
{
	if (frame->module == NULL)
		lc_buffer_append_format(text, "0x%" PRIxPTR, frame->offset);
	else
		lc_buffer_append_format(text, "%s+0x%" PRIxPTR, frame->module, frame->offset);
	if (frame->symbol != NULL)
		lc_buffer_append_format(text, " %s", frame->symbol);
}

void lc_obituary_append_trace(const struct lc_page_trace *trace, unsigned most, bool ours_alone,
			      struct lc_buffer *text)
{
	unsigned count = 0;

	for (unsigned i = 0; i < trace->size && count < most; i++) {
		struct frame frame = find_frame(trace, i);

		if (ours_alone && !frame.ours)
			continue;
		if (count++ > 0)
			lc_buffer_append_text(text, ", ");
		append_frame(&frame, text);
	}
}

/* ---- the obituary ---- */

void lc_obituary_compose(struct lc_obituary *obituary, unsigned shard, pid_t pid, int status,
			 uint64_t uptime_ms, const char *reason, const struct lc_page *page)
{
	*obituary = (struct lc_obituary){
	    .shard = shard,
	    .pid = pid,
	    .status = status,
	    .uptime_ms = uptime_ms,
	    .phase = lc_page_phase_name(atomic_load(&page->phase)),
	};
	snprintf(obituary->reason, sizeof(obituary->reason), "%s", reason);
	lc_page_last_words(page, obituary->last_words);
	lc_page_trace(page, &obituary->trace);
}

int lc_obituary_exit_code(const struct lc_obituary *obituary)
{
	return WIFEXITED(obituary->status) ? WEXITSTATUS(obituary->status) : -1;
}

static void describe_end(int status, char *text, size_t size)
{
	const char *name = WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : NULL;

	if (WIFEXITED(status))
		snprintf(text, size, "exited with code %d", WEXITSTATUS(status));
	else if (name != NULL)
		snprintf(text, size, "was ended by SIG%s%s", name,
			 WCOREDUMP(status) ? " (core dumped)" : "");
	else
		snprintf(text, size, "was ended by signal %d%s", WTERMSIG(status),
			 WCOREDUMP(status) ? " (core dumped)" : "");
}

static void append_part(struct lc_buffer *sentence, bool *first, const char *before,
			struct lc_view part)
{
	if (part.size == 0)
		return;
	lc_buffer_append_text(sentence, *first ? ": " : "; ");
	lc_buffer_append_text(sentence, before);
	lc_buffer_append_view(sentence, part);
	*first = false;
}

void lc_obituary_sentence(const struct lc_obituary *obituary,
			  char text[LC_STATUS_DOCUMENT_TEXT_SIZE])
{
	struct lc_buffer sentence;
	struct lc_buffer place;
	bool first = true;
	char end[64];

	describe_end(obituary->status, end, sizeof(end));
	lc_buffer_init(&sentence, SENTENCE_MAX);
	lc_buffer_init(&place, TRACE_TEXT_MAX);
	lc_obituary_append_trace(&obituary->trace, PLACE_FRAMES, true, &place);
	lc_buffer_append_format(&sentence,
				"worker %ld %s after %" PRIu64 ".%" PRIu64 " s, while %s",
				(long)obituary->pid, end, obituary->uptime_ms / 1000,
				obituary->uptime_ms % 1000 / 100, obituary->phase);
	append_part(&sentence, &first, "", lc_view_of(obituary->reason));
	append_part(&sentence, &first, "", lc_view_of(obituary->last_words));
	append_part(&sentence, &first, "at ", lc_buffer_view(&place));
	snprintf(text, LC_STATUS_DOCUMENT_TEXT_SIZE, "%.*s", (int)sentence.size, sentence.data);
	lc_buffer_free(&place);
	lc_buffer_free(&sentence);
}

void lc_obituary_log(const struct lc_obituary *obituary, bool expected, int64_t next_start_ms)
{
	int status = obituary->status;
	struct lc_buffer frames;
	struct lc_log_field end = WIFEXITED(status) ? LC_LOG_INT("exit_code", WEXITSTATUS(status))
						    : LC_LOG_INT("signal", WTERMSIG(status));

	lc_buffer_init(&frames, TRACE_TEXT_MAX);
	lc_obituary_append_trace(&obituary->trace, LC_PAGE_TRACE_MAX, false, &frames);
	lc_log(expected ? LC_LOG_INFO : LC_LOG_ERROR, expected ? "worker ended" : "worker died",
	       LC_LOG_UINT("of_shard", obituary->shard), LC_LOG_INT("worker_pid", obituary->pid),
	       LC_LOG_UINT("uptime_ms", obituary->uptime_ms), end,
	       LC_LOG_BOOL("core", WIFSIGNALED(status) && WCOREDUMP(status)),
	       LC_LOG_TEXT("phase", obituary->phase), LC_LOG_TEXT("reason", obituary->reason),
	       LC_LOG_TEXT("last_words", obituary->last_words),
	       LC_LOG_VIEW("backtrace", lc_buffer_view(&frames)),
	       LC_LOG_INT("next_start_ms", next_start_ms));
	lc_buffer_free(&frames);
}
