/*
 * How the log is written, as the settings let an operator choose it.
 *
 * LC_LOG_DESTINATION(name, text)                           log.destination
 * LC_LOG_KEYS(name, text, message, error, warning, info, debug)
 *                                                          log.keys: the key of the message, and
 *                                                          what the levels are called
 *
 * text: the value of the setting
 */
#ifndef LC_LOG_DESTINATION
#define LC_LOG_DESTINATION(name, text)
#endif
#ifndef LC_LOG_KEYS
#define LC_LOG_KEYS(name, text, message, error, warning, info, debug)
#endif

LC_LOG_DESTINATION(STDERR, "stderr")
LC_LOG_DESTINATION(STDOUT, "stdout")

LC_LOG_KEYS(DEFAULT, "default", "message", "error", "warn", "info", "debug")
LC_LOG_KEYS(GO, "go", "msg", "ERROR", "WARN", "INFO", "DEBUG")

#undef LC_LOG_DESTINATION
#undef LC_LOG_KEYS
