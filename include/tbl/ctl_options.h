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
	"the service's control socket")
LC_CTL_OPTION(JSON, "json", FLAG, "",
	"the answer as JSON, for scripts, errors included; log-courier-ctl help json describes it")
LC_CTL_OPTION(WATCH, "watch", PACE, "[SECONDS]",
	"look again every 2 or so many seconds, for commands that only look; rates between two looks are shown")
LC_CTL_OPTION(HELP, "help", FLAG, "",
	"this text; behind a command, all about it")
/* clang-format on */

#undef LC_CTL_OPTION
