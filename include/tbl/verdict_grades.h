/*
 * How a check of the preflight has come out.
 *
 * LC_VERDICT_GRADE(name, text, shown, counted, help)
 *
 * text: as written to the status document. shown: at the beginning of a line. counted: "18 passed"
 */
#ifndef LC_VERDICT_GRADE
#define LC_VERDICT_GRADE(name, text, shown, counted, help)
#endif

/* clang-format off */
LC_VERDICT_GRADE(OK, "ok", "ok  ", "passed", "nothing is to be done")
LC_VERDICT_GRADE(WARN, "warn", "warn", "passed with a warning", "the service works, and yet somebody should look")
LC_VERDICT_GRADE(FAIL, "fail", "FAIL", "failed", "the service does not deliver, or is going to lose rows")
LC_VERDICT_GRADE(SKIP, "skip", "skip", "not checked", "an earlier check has failed without which this one makes no sense")
/* clang-format on */

#undef LC_VERDICT_GRADE
