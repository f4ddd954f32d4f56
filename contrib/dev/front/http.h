/* The HTTP/1.1 side: connections, requests in, answers out. All on the event loop. */
#ifndef FRONT_HTTP_H
#define FRONT_HTTP_H

#include "exchange.h"

#include <event2/event.h>
#include <stdint.h>

/*
 * Listens on 127.0.0.1. Port 0 takes a free one. Returns the port, or 0 with errno.
 *
 * Paths: /ping; / and /query for queries; /admin/fault, /admin/style and /admin/stats for tests.
 */
uint16_t http_listen(struct event_base *base, uint16_t port);

/* Sends what an exchange has ready; an exchange_ready. */
void http_send(struct exchange *exchange);

#endif
