/* The versions of include/tbl/tls_versions.h, shared by the settings, which take them, and the HTTP
 * client, which speaks none that is older. */
#ifndef LC_FORMATS_TLS_VERSION_H
#define LC_FORMATS_TLS_VERSION_H

/* DEFAULT: as the system's OpenSSL is configured. */
enum lc_tls_version {
#define LC_TLS_VERSION(name, text) LC_TLS_VERSION_##name,
#include "tbl/tls_versions.h"
};

#endif
