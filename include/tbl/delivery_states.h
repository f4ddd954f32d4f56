/*
 * What has become of a log object that the ledger records.
 *
 * LC_DELIVERY_STATE(name, text, help)    text: as shown to people and in the inspection document
 */
#ifndef LC_DELIVERY_STATE
#define LC_DELIVERY_STATE(name, text, help)
#endif

/* clang-format off */
LC_DELIVERY_STATE(OPEN, "open", "it is on its way")
LC_DELIVERY_STATE(DELIVERED, "delivered", "its upload was confirmed")
LC_DELIVERY_STATE(EXPIRED, "expired", "rows of it were lost to retention")
LC_DELIVERY_STATE(DISCARDED, "discarded", "its target was given up")
/* clang-format on */

#undef LC_DELIVERY_STATE
