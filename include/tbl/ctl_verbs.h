/*
 * What log-courier-ctl does without a service and without ledgers. Text alone comes of it, never
 * JSON.
 *
 * LC_CTL_VERB(name, verb, word, help)    word: stands for what may follow
 */
#ifndef LC_CTL_VERB
#define LC_CTL_VERB(name, verb, word, help)
#endif

/* clang-format off */
LC_CTL_VERB(HELP, "help", "[COMMAND|json]",
	"explain a command, or what --json writes")
LC_CTL_VERB(COMPLETION, "completion", "bash|zsh|fish",
	"print what makes a shell complete the command line")
/* clang-format on */

#undef LC_CTL_VERB
