/*
 * How serious a finding of the status document is.
 *
 * LC_SEVERITY(name, text, help)    text: as shown to people and written to the status document
 *
 * The most serious first: findings are reported in this order.
 */
#ifndef LC_SEVERITY
#define LC_SEVERITY(name, text, help)
#endif

/* clang-format off */
LC_SEVERITY(CRITICAL, "critical", "rows are not being delivered as they should be, or soon will not be; the service is unhealthy")
LC_SEVERITY(WARNING, "warning", "somebody should look into it; the service is healthy all the same")
/* clang-format on */

#undef LC_SEVERITY
