/*
 * What a shard does as the settings let an operator choose it.
 *
 * LC_LEDGER_WHEN_BEHIND(name, text)    ledger.when-behind: when another courier has delivered it
 *
 * text: the value of the setting
 */
#ifndef LC_LEDGER_WHEN_BEHIND
#define LC_LEDGER_WHEN_BEHIND(name, text)
#endif

LC_LEDGER_WHEN_BEHIND(STOP, "stop")
LC_LEDGER_WHEN_BEHIND(ADOPT, "adopt")

#undef LC_LEDGER_WHEN_BEHIND
