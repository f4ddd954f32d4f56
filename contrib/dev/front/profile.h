/*
 * A second user, whose profile has settings of its own: /admin/profile (see README.md). The loop
 * changes it, any thread may look at it.
 */
#ifndef FRONT_PROFILE_H
#define FRONT_PROFILE_H

#include "request.h"

/* Answers /admin/profile: POST makes the user, in place of one made before, DELETE ends it. Returns
 * the HTTP status. */
int profile_administer(const struct request *request, struct evbuffer *answer);

/* Whether there is such a user. */
bool profile_is_of(const char *user);

/* Appends ", name = 'value'" for each setting of the user's profile; nothing for other users. */
void profile_add_settings(const char *user, struct evbuffer *text);

#endif
