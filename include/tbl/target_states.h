/*
 * How a target, or its bucket, takes log objects.
 *
 * LC_TARGET_STATE(name, text, help)    text: as shown to people and in the inspection document
 */
#ifndef LC_TARGET_STATE
#define LC_TARGET_STATE(name, text, help)
#endif

/* clang-format off */
LC_TARGET_STATE(HEALTHY, "healthy", "its last upload succeeded, or none was tried")
LC_TARGET_STATE(SHAKY, "shaky", "failures, fewer than the allowed attempts")
LC_TARGET_STATE(ASIDE, "aside", "keeps failing, or refuses")
/* clang-format on */

#undef LC_TARGET_STATE
