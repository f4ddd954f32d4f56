#include "profile.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static struct {
	pthread_mutex_t lock;
	char *user; /* NULL: there is none */
	char *settings;
} profile = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void put(char *user, char *settings)
{
	pthread_mutex_lock(&profile.lock);
	free(profile.user);
	free(profile.settings);
	profile.user = user;
	profile.settings = settings;
	pthread_mutex_unlock(&profile.lock);
}

/* The request's parameters but the user's name; `readonly` last, as it forbids what follows. */
static char *settings_of(const struct request *request)
{
	struct evbuffer *text = evbuffer_new();
	const char *readonly = request_parameter(request, "readonly");
	char *settings;

	if (text == NULL)
		abort();
	request_add_settings(request, text, "readonly");
	if (readonly != NULL) {
		evbuffer_add_printf(text, ", readonly = ");
		request_add_quoted(text, readonly, '\'');
	}
	evbuffer_add(text, "", 1);
	settings = strdup((const char *)evbuffer_pullup(text, -1));
	evbuffer_free(text);
	return settings;
}

int profile_administer(const struct request *request, struct evbuffer *answer)
{
	const char *user = request_parameter(request, "user");

	if (strcmp(request->method, "DELETE") == 0) {
		put(NULL, NULL);
	} else if (strcmp(request->method, "POST") == 0 && user != NULL && *user != '\0') {
		put(strdup(user), settings_of(request));
	} else {
		evbuffer_add_printf(answer, "a profile needs POST and user=, or DELETE\n");
		return 400;
	}
	evbuffer_add_printf(answer, "ok\n");
	return 200;
}

bool profile_is_of(const char *user)
{
	bool is;

	pthread_mutex_lock(&profile.lock);
	is = profile.user != NULL && strcmp(profile.user, user) == 0;
	pthread_mutex_unlock(&profile.lock);
	return is;
}

void profile_add_settings(const char *user, struct evbuffer *text)
{
	pthread_mutex_lock(&profile.lock);
	if (user != NULL && profile.user != NULL && strcmp(profile.user, user) == 0)
		evbuffer_add(text, profile.settings, strlen(profile.settings));
	pthread_mutex_unlock(&profile.lock);
}
