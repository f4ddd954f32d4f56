/*
 * How important a line of the log is, the most important first.
 *
 * LC_LOG_LEVEL(name, text)    text: as written in the log, and as the setting log-level has it
 */
#ifndef LC_LOG_LEVEL
#define LC_LOG_LEVEL(name, text)
#endif

LC_LOG_LEVEL(ERROR, "error")
LC_LOG_LEVEL(WARNING, "warn")
LC_LOG_LEVEL(INFO, "info")
LC_LOG_LEVEL(DEBUG, "debug")

#undef LC_LOG_LEVEL
