#include "supervisor/obituary.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

void lc_obituary_compose(struct lc_obituary *obituary, unsigned shard, pid_t pid, int status,
			 uint64_t uptime_ms, const struct lc_page *page)
{
	*obituary = (struct lc_obituary){
	    .shard = shard,
	    .pid = pid,
	    .status = status,
	    .uptime_ms = uptime_ms,
	    .phase = lc_page_phase_name(atomic_load(&page->phase)),
	};
	lc_page_last_words(page, obituary->last_words);
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

void lc_obituary_sentence(const struct lc_obituary *obituary,
			  char text[LC_STATUS_DOCUMENT_TEXT_SIZE])
{
	bool silent = obituary->last_words[0] == '\0';
	char end[64];

	describe_end(obituary->status, end, sizeof(end));
	snprintf(text, LC_STATUS_DOCUMENT_TEXT_SIZE,
		 "worker %ld %s after %" PRIu64 ".%" PRIu64 " s, while %s%s%s", (long)obituary->pid,
		 end, obituary->uptime_ms / 1000, obituary->uptime_ms % 1000 / 100, obituary->phase,
		 silent ? "" : ": ", obituary->last_words);
}

void lc_obituary_log(const struct lc_obituary *obituary, bool expected, int64_t next_start_ms)
{
	int status = obituary->status;
	struct lc_log_field end = WIFEXITED(status) ? LC_LOG_INT("exit_code", WEXITSTATUS(status))
						    : LC_LOG_INT("signal", WTERMSIG(status));

	lc_log(expected ? LC_LOG_INFO : LC_LOG_ERROR, expected ? "worker ended" : "worker died",
	       LC_LOG_UINT("of_shard", obituary->shard), LC_LOG_INT("worker_pid", obituary->pid),
	       LC_LOG_UINT("uptime_ms", obituary->uptime_ms), end,
	       LC_LOG_BOOL("core", WIFSIGNALED(status) && WCOREDUMP(status)),
	       LC_LOG_TEXT("phase", obituary->phase),
	       LC_LOG_TEXT("last_words", obituary->last_words),
	       LC_LOG_INT("next_start_ms", next_start_ms));
}
