/*
 * What systemd is told through NOTIFY_SOCKET (sd_notify(3)): READY, RELOADING, STOPPING, a STATUS
 * line, and WATCHDOG while the event loop lives. Without that socket nothing happens.
 */
#ifndef LC_SUPERVISOR_SERVICE_MANAGER_H
#define LC_SUPERVISOR_SERVICE_MANAGER_H

#include "base/loop.h"
#include "formats/status_document.h"

struct lc_service_manager;

/* Feeds the watchdog from the loop, twice in the time that WATCHDOG_USEC allows, and renews the
 * STATUS line every few seconds; `describe` fills in the document that it is made from, to be
 * released here. */
struct lc_service_manager *
lc_service_manager_new(struct lc_loop *loop,
		       void (*describe)(void *context, struct lc_status_document *document),
		       void *context);
void lc_service_manager_free(struct lc_service_manager *manager);

/* The service is up; also the end of a reload. */
void lc_service_manager_ready(struct lc_service_manager *manager);
void lc_service_manager_reloading(struct lc_service_manager *manager);
void lc_service_manager_stopping(struct lc_service_manager *manager);

/* Renews the STATUS line now. */
void lc_service_manager_update(struct lc_service_manager *manager);

/* The line for a document: what is running, how fast, how late, and the first thing that is wrong.
 * `rows_per_second` is negative when it is not known. */
void lc_service_manager_line(const struct lc_status_document *document, double rows_per_second,
			     char line[LC_STATUS_DOCUMENT_TEXT_SIZE]);

#endif
