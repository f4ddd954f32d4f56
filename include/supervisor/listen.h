/* Listening sockets. Each function returns a descriptor that is not blocking and closed on exec, or
 * -1 with `error` set, saying what an operator can do. */
#ifndef LC_SUPERVISOR_LISTEN_H
#define LC_SUPERVISOR_LISTEN_H

#include "base/error.h"

#include <stdint.h>

/* A stream socket at `path`, mode 0660. The directory is made if only its last part is missing.
 * What a dead service has left at the path is replaced; a socket that somebody serves, or a file
 * that is no socket, is not. */
int lc_listen_unix(const char *path, struct lc_error *error);

/* A TCP socket on the address (or host name, resolved once) and port. */
int lc_listen_tcp(const char *address, uint16_t port, struct lc_error *error);

#endif
