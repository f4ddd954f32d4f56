/*
 * Options of log-courier-ctl that belong to no command of include/tbl/control_commands.h.
 *
 * LC_CTL_OPTION(name, option, kind, word, help)
 *
 * kind: FLAG, without a value; VALUE, with one; PACE, with a number that may be left out. word:
 * stands for the value in help.
 */
#ifndef LC_CTL_OPTION
#define LC_CTL_OPTION(name, option, kind, word, help)
#endif

/* clang-format off */
LC_CTL_OPTION(SOCKET, "socket", VALUE, "PATH",
	"path of the service's control socket")
LC_CTL_OPTION(JSON, "json", FLAG, "",
	"write the answer, and any error, as JSON, for scripts; log-courier-ctl help json describes it")
LC_CTL_OPTION(WATCH, "watch", PACE, "[SECONDS]",
	"repeat the command every SECONDS (default 2) and show rates; only for commands that change nothing")
LC_CTL_OPTION(HELP, "help", FLAG, "",
	"show this text, or after a command the help for that command")
/* clang-format on */

#undef LC_CTL_OPTION
