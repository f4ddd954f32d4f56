/*
 * Members of the JSON that log-courier-ctl itself makes, for docs/ctl-json.md.
 *
 * LC_CTL_JSON(document, member, type, help)    document: when it is written
 */
#ifndef LC_CTL_JSON
#define LC_CTL_JSON(document, member, type, help)
#endif

/* clang-format off */
LC_CTL_JSON("an error", "error", "text", "what is wrong and what to do")
LC_CTL_JSON("an error", "exit_code", "number", "the exit code")
LC_CTL_JSON("explain", "raft_session_id", "number", "of the source")
LC_CTL_JSON("explain", "bucket", "text", "of the source")
LC_CTL_JSON("explain", "remarks[].situation", "word", "what it is about")
LC_CTL_JSON("explain", "remarks[].sentence", "text", "the remark")
LC_CTL_JSON("explain", "remarks[].advice", "text or null", "what to do")
LC_CTL_JSON("explain", "facts", "object", "the inspection document that it was made from")
LC_CTL_JSON("ledger check", "sound", "true or false", "whether no ledger has a fault")
LC_CTL_JSON("ledger check", "ledgers[].path", "text", "the file")
LC_CTL_JSON("ledger check", "ledgers[].faults[]", "text", "what is wrong with it")
LC_CTL_JSON("ledger reset", "removed[]", "text", "each ledger file that was removed")
/* clang-format on */

#undef LC_CTL_JSON
