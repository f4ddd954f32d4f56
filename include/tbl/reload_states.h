/*
 * How the last reload of the configuration stands.
 *
 * LC_RELOAD_STATE(name, text, help)    text: as written to the status document
 */
#ifndef LC_RELOAD_STATE
#define LC_RELOAD_STATE(name, text, help)
#endif

/* clang-format off */
LC_RELOAD_STATE(RUNNING, "running", "workers are being replaced, or the shards")
LC_RELOAD_STATE(DONE, "done", "the configuration is in force")
LC_RELOAD_STATE(FAILED, "failed", "it was given up")
/* clang-format on */

#undef LC_RELOAD_STATE
