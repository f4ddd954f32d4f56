/*
 * Flags of log-courier that are no settings and start nothing.
 *
 * LC_SERVICE_ACTION(name, flag, help)
 */
#ifndef LC_SERVICE_ACTION
#define LC_SERVICE_ACTION(name, flag, help)
#endif

/* clang-format off */
LC_SERVICE_ACTION(HELP, "help",
	"Prints all flags and settings.")
LC_SERVICE_ACTION(VERSION, "version",
	"Prints the version.")
LC_SERVICE_ACTION(CHECK_CONFIG, "check-config",
	"Checks the configuration and says what is wrong with it. Starts nothing.")
LC_SERVICE_ACTION(PRINT_CONFIG, "print-config",
	"Prints every setting as it is in force, and where it comes from; secrets are masked. Starts "
	"nothing.")
LC_SERVICE_ACTION(PRINT_SAMPLE_CONFIG, "print-sample-config",
	"Prints a configuration file with all defaults.")
/* clang-format on */

#undef LC_SERVICE_ACTION
