/*
 * What can be asked on the control socket, and by log-courier-ctl.
 *
 * LC_CONTROL_COMMAND(name, text, path, help)    text: the word after log-courier-ctl; path: of the
 * GET
 */
#ifndef LC_CONTROL_COMMAND
#define LC_CONTROL_COMMAND(name, text, path, help)
#endif

/* clang-format off */
LC_CONTROL_COMMAND(STATUS, "status", "/v1/status",
	"show what each shard is doing and what is wrong")
LC_CONTROL_COMMAND(HEALTH, "health", "/v1/health",
	"tell whether rows are being delivered; exits with 1 if not")
/* clang-format on */

#undef LC_CONTROL_COMMAND
