#include "supervisor/service_manager.h"

#include "base/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

enum { STATUS_MS = 5000 };

struct lc_service_manager {
	struct lc_loop *loop;
	struct lc_loop_timer *watchdog;
	struct lc_loop_timer *status;
	uint64_t watchdog_ms; /* 0: none is wanted */
	uint64_t rows;        /* delivered at the last STATUS line */
	uint64_t rows_at_ms;  /* 0: there was none */
	void (*describe)(void *context, struct lc_status_document *document);
	void *context;
};

/* A service manager that cannot be told is one that did not ask: results are of no use here. */

static void on_watchdog(void *context)
{
	struct lc_service_manager *manager = context;

	(void)sd_notify(0, "WATCHDOG=1");
	lc_loop_timer_start(manager->watchdog, manager->watchdog_ms);
}

struct totals {
	uint64_t rows;
	uint64_t blocked;
	int64_t oldest;
};

static struct totals add_up(const struct lc_status_document *document)
{
	struct totals totals = {.oldest = LC_STATUS_DOCUMENT_NO_AGE};

	for (size_t i = 0; i < document->shards_size; i++) {
		const struct lc_status_document_shard *shard = &document->shards[i];

		totals.rows += shard->records_delivered;
		totals.blocked += shard->targets_blocked;
		if (shard->oldest_undelivered_seconds > totals.oldest)
			totals.oldest = shard->oldest_undelivered_seconds;
	}
	return totals;
}

void lc_service_manager_line(const struct lc_status_document *document, double rows_per_second,
			     char line[LC_STATUS_DOCUMENT_TEXT_SIZE])
{
	struct totals totals = add_up(document);
	char rate[64] = "";
	char lag[64] = "nothing waits";
	char blocked[64] = "";
	char finding[512] = "";

	if (document->findings_size > 0)
		snprintf(finding, sizeof(finding), "; %s%.400s",
			 document->findings[0].severity == LC_SEVERITY_CRITICAL ? "" : "warning: ",
			 document->findings[0].text);
	if (rows_per_second >= 0)
		snprintf(rate, sizeof(rate), ", %.0f rows/s", rows_per_second);
	if (totals.oldest >= 0)
		snprintf(lag, sizeof(lag), "oldest row waits %" PRId64 " s", totals.oldest);
	if (totals.blocked > 0)
		snprintf(blocked, sizeof(blocked), ", %" PRIu64 " targets blocked", totals.blocked);
	snprintf(line, LC_STATUS_DOCUMENT_TEXT_SIZE, "%u of %zu shards ready%s, %s%s%s",
		 document->ready_shards, document->shards_size, rate, lag, blocked, finding);
}

void lc_service_manager_update(struct lc_service_manager *manager)
{
	uint64_t now_ms = lc_loop_now_ms(manager->loop);
	struct lc_status_document document;
	char line[LC_STATUS_DOCUMENT_TEXT_SIZE];
	double rate = -1;
	uint64_t rows;

	manager->describe(manager->context, &document);
	rows = add_up(&document).rows;
	if (manager->rows_at_ms != 0 && now_ms > manager->rows_at_ms && rows >= manager->rows)
		rate =
		    (double)(rows - manager->rows) * 1000 / (double)(now_ms - manager->rows_at_ms);
	manager->rows = rows;
	manager->rows_at_ms = now_ms;
	lc_service_manager_line(&document, rate, line);
	lc_status_document_free(&document);
	(void)sd_notifyf(0, "STATUS=%s", line);
}

static void on_status(void *context)
{
	struct lc_service_manager *manager = context;

	lc_service_manager_update(manager);
	lc_loop_timer_start(manager->status, STATUS_MS);
}

struct lc_service_manager *
lc_service_manager_new(struct lc_loop *loop,
		       void (*describe)(void *context, struct lc_status_document *document),
		       void *context)
{
	struct lc_service_manager *manager = lc_memory_zero(1, sizeof(*manager));
	uint64_t watchdog_us = 0;

	manager->loop = loop;
	manager->describe = describe;
	manager->context = context;
	manager->watchdog = lc_loop_timer_new(loop, on_watchdog, manager);
	manager->status = lc_loop_timer_new(loop, on_status, manager);
	if (getenv("NOTIFY_SOCKET") == NULL)
		return manager;
	if (sd_watchdog_enabled(0, &watchdog_us) > 0) {
		manager->watchdog_ms = watchdog_us / 2000;
		lc_loop_timer_start(manager->watchdog, 0);
	}
	lc_loop_timer_start(manager->status, 0);
	return manager;
}

void lc_service_manager_free(struct lc_service_manager *manager)
{
	if (manager == NULL)
		return;
	lc_loop_timer_free(manager->watchdog);
	lc_loop_timer_free(manager->status);
	free(manager);
}

void lc_service_manager_ready(struct lc_service_manager *manager)
{
	(void)sd_notify(0, "READY=1");
	lc_service_manager_update(manager);
}

/* systemd wants to know when a reload has begun by its own clock (sd_notify(3), RELOADING). */
void lc_service_manager_reloading(struct lc_service_manager *manager)
{
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
			 lc_loop_now_ms(manager->loop) * 1000);
}

void lc_service_manager_stopping(struct lc_service_manager *manager)
{
	(void)sd_notify(0, "STOPPING=1");
	lc_service_manager_update(manager);
}
