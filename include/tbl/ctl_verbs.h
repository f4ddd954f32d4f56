/*
 * What log-courier-ctl does without a service and without ledgers. It writes only text, never
 * JSON.
 *
 * LC_CTL_VERB(name, verb, word, help)    word: stands for what may follow
 */
#ifndef LC_CTL_VERB
#define LC_CTL_VERB(name, verb, word, help)
#endif

/* clang-format off */
LC_CTL_VERB(HELP, "help", "[COMMAND|json|metrics]",
	"explain a command, what --json writes, or the metrics")
LC_CTL_VERB(COMPLETION, "completion", "bash|zsh|fish",
	"print a completion script for the shell")
/* clang-format on */

#undef LC_CTL_VERB
