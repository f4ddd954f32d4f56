/*
 * A preflight that asks nobody and finds what it is told, in place of src/preflight/preflight.c.
 * LOG_COURIER_TEST_PREFLIGHT tells what it does:
 *
 *   ok       finds nothing (also without the variable)
 *   finds    a check fails, another one has a warning
 *   settings cannot work with its settings
 *   hangs    tells of one check, and hangs
 *   dies     tells of one check, and dies of SIGKILL
 *
 * The settings that it runs with are in the text of its first check.
 */
#include "preflight/preflight.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void tell(const struct lc_preflight *preflight, enum lc_verdict_grade grade,
		 const char *subject, const char *text)
{
	struct lc_verdict verdict;

	lc_verdict_set(&verdict, grade, "%s", text);
	preflight->tell(preflight->context, &verdict, subject);
}

bool lc_preflight_run(const struct lc_preflight *preflight, struct lc_error *error)
{
	const char *behaviour = getenv("LOG_COURIER_TEST_PREFLIGHT");

	if (behaviour == NULL)
		behaviour = "ok";
	if (strcmp(behaviour, "settings") == 0)
		return lc_error_set(error, LC_ERROR_USAGE, "the file is not there");
	tell(preflight, LC_VERDICT_OK, "ClickHouse", preflight->settings->clickhouse_url);
	if (strcmp(behaviour, "hangs") == 0)
		(void)pause();
	if (strcmp(behaviour, "dies") == 0)
		(void)raise(SIGKILL);
	if (strcmp(behaviour, "finds") == 0) {
		tell(preflight, LC_VERDICT_FAIL, "retention", "Make the TTL longer.");
		tell(preflight, LC_VERDICT_WARN, "clock", "Make sure that NTP works.");
	}
	if (!preflight->brief)
		tell(preflight, LC_VERDICT_OK, "query for rows", "answered");
	if (preflight->bucket != NULL)
		tell(preflight, LC_VERDICT_OK, "upload", preflight->bucket);
	return true;
}
