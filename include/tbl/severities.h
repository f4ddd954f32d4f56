/*
 * How grave a finding of the status document is.
 *
 * LC_SEVERITY(name, text, help)    text: as shown to people and written to the status document
 *
 * The gravest first: findings are told in this order.
 */
#ifndef LC_SEVERITY
#define LC_SEVERITY(name, text, help)
#endif

/* clang-format off */
LC_SEVERITY(CRITICAL, "critical", "rows are not delivered as they should be, or soon will not be; the service is unhealthy")
LC_SEVERITY(WARNING, "warning", "somebody should look at it; the service is healthy for all that")
/* clang-format on */

#undef LC_SEVERITY
