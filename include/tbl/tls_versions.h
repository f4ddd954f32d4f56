/*
 * The oldest version of TLS that is spoken with a server.
 *
 * LC_TLS_VERSION(name, text)    text: the value of the setting
 */
#ifndef LC_TLS_VERSION
#define LC_TLS_VERSION(name, text)
#endif

LC_TLS_VERSION(DEFAULT, "default")
LC_TLS_VERSION(1_2, "1.2")
LC_TLS_VERSION(1_3, "1.3")

#undef LC_TLS_VERSION
