#include "config/setting_form.h"

#include "base/assert.h"
#include "config/text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

/* Every check returns NULL if the text is right, else what is allowed. */

static const char *check_word(const char *text)
{
	return strpbrk(text, " ,/\"\\") == NULL
		   ? NULL
		   : "a word without blanks, commas, slashes, backslashes or quotes";
}

static const char *check_token(const char *text)
{
	return strpbrk(text, " \"\\") == NULL ? NULL
					      : "a text without blanks, backslashes or quotes";
}

static const char *check_identifier(const char *text)
{
	static const char ALLOWED[] = "a letter or '_' followed by letters, digits and '_'";

	if (!isalpha((unsigned char)text[0]) && text[0] != '_')
		return ALLOWED;
	for (const char *c = text; *c != '\0'; c++) {
		if (!isalnum((unsigned char)*c) && *c != '_')
			return ALLOWED;
	}
	return NULL;
}

/* [IPv6 address]. Returns what follows it, or NULL. */
static const char *skip_bracketed(const char *text, const char *end)
{
	char address[INET6_ADDRSTRLEN];
	unsigned char binary[sizeof(struct in6_addr)];
	const char *close = memchr(text, ']', (size_t)(end - text));
	size_t size;

	if (close == NULL)
		return NULL;
	size = (size_t)(close - text) - 1;
	if (size >= sizeof(address))
		return NULL;
	memcpy(address, text + 1, size);
	address[size] = '\0';
	return inet_pton(AF_INET6, address, binary) == 1 ? close + 1 : NULL;
}

/* A host name, or an IPv4 address, which looks alike. Returns what follows it, or NULL. */
static const char *skip_name(const char *text, const char *end)
{
	const char *c = text;

	while (c < end && (isalnum((unsigned char)*c) || *c == '.' || *c == '-' || *c == '_')) {
		if (*c == '.' && (c == text || c[-1] == '.'))
			return NULL;
		c++;
	}
	return c == text || *text == '-' || c - text > LC_SETTING_FORM_HOST_MAX ? NULL : c;
}

static bool is_port(const char *text, const char *end)
{
	unsigned port = 0;

	if (text == end || *text == '0' || end - text > 5)
		return false;
	for (; text < end; text++) {
		if (!isdigit((unsigned char)*text))
			return false;
		port = port * 10 + (unsigned)(*text - '0');
	}
	return port <= 65535;
}

static bool is_url(const char *text, const char *end)
{
	static const char *const SCHEMES[] = {"http://", "https://"};

	for (size_t i = 0; i < 2; i++) {
		size_t size = strlen(SCHEMES[i]);
		const char *host = text + size;

		if ((size_t)(end - text) <= size || memcmp(text, SCHEMES[i], size) != 0)
			continue;
		host = *host == '[' ? skip_bracketed(host, end) : skip_name(host, end);
		return host != NULL && (host == end || (*host == ':' && is_port(host + 1, end)));
	}
	return false;
}

static const char *check_url(const char *text)
{
	return is_url(text, text + strlen(text)) ? NULL : "http(s)://host[:port], without a path";
}

static const char *check_urls(const char *text)
{
	unsigned count = 1;

	for (;; count++) {
		const char *end = strchrnul(text, ',');

		if (!is_url(text, end))
			return "http(s)://host[:port], without a path, or several separated by "
			       "commas";
		if (*end == '\0')
			break;
		text = end + 1;
	}
	return count <= LC_SETTING_FORM_URLS_MAX ? NULL : "1 to 64 URLs";
}

static const char *check_path(const char *text)
{
	return text[0] == '/' ? NULL : "a path that begins with '/'";
}

static const char *check_address(const char *text)
{
	unsigned char binary[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, binary) == 1 || inet_pton(AF_INET6, text, binary) == 1
		   ? NULL
		   : "an IPv4 or IPv6 address";
}

/* A number without leading zeros, at most LC_SETTING_FORM_SHARD_MAX. */
static bool take_shard(const char **rest, unsigned *number)
{
	const char *c = *rest;

	if (*c < '0' || *c > '9' || (c[0] == '0' && c[1] >= '0' && c[1] <= '9'))
		return false;
	*number = 0;
	for (; *c >= '0' && *c <= '9'; c++) {
		*number = *number * 10 + (unsigned)(*c - '0');
		if (*number > LC_SETTING_FORM_SHARD_MAX)
			return false;
	}
	*rest = c;
	return true;
}

bool lc_setting_form_next_shards(const char **rest, unsigned *first, unsigned *last)
{
	const char *c = *rest;

	if (!take_shard(&c, first))
		return false;
	*last = *first;
	if (*c == '-') {
		c++;
		if (!take_shard(&c, last) || *last < *first)
			return false;
	}
	/* A comma must be followed by another range: it stays in front when nothing does. */
	if (*c == ',' && c[1] != '\0')
		c++;
	else if (*c != '\0')
		return false;
	*rest = c;
	return true;
}

static const char *check_shards(const char *text)
{
	unsigned first;
	unsigned last;

	while (lc_setting_form_next_shards(&text, &first, &last)) {
	}
	return *text == '\0' ? NULL
			     : "shard numbers from 0 to 65535 and ranges of them, separated by "
			       "commas, such as 0-3,7";
}

bool lc_setting_form_next_tag(const char **rest, struct lc_view *key, struct lc_view *value)
{
	const char *end = strchrnul(*rest, ',');
	const char *equals = memchr(*rest, '=', (size_t)(end - *rest));

	if (equals == NULL)
		return false;
	*key = (struct lc_view){.data = *rest, .size = (size_t)(equals - *rest)};
	*value = (struct lc_view){.data = equals + 1, .size = (size_t)(end - equals - 1)};
	/* A comma must be followed by another tag: it stays in front when nothing does. */
	*rest = *end == ',' && end[1] != '\0' ? end + 1 : end;
	return true;
}

static bool is_of_tags(struct lc_view text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (!isalnum((unsigned char)text.data[i]) &&
		    memchr(" +-=._:/@", text.data[i], strlen(" +-=._:/@")) == NULL)
			return false;
	}
	return true;
}

static const char *check_tags(const char *text)
{
	static const char ALLOWED[] =
	    "up to ten tags key=value, separated by commas, of letters, digits, blanks and "
	    "+ - = . _ : / @, the keys of 1 to 128 and the values of at most 256 characters";
	struct lc_view key;
	struct lc_view value;
	unsigned count = 0;

	while (lc_setting_form_next_tag(&text, &key, &value)) {
		if (++count > LC_SETTING_FORM_TAGS_MAX || key.size == 0 ||
		    key.size > LC_SETTING_FORM_TAG_KEY_MAX ||
		    value.size > LC_SETTING_FORM_TAG_VALUE_MAX || !is_of_tags(key) ||
		    !is_of_tags(value))
			return ALLOWED;
	}
	return *text == '\0' ? NULL : ALLOWED;
}

static const char *check_buckets(const char *text)
{
	static const char ALLOWED[] =
	    "names of buckets, of A-Z a-z 0-9 . _ -, in which * stands for any characters and ? "
	    "for one; several as a list";

	for (;;) {
		size_t size = 0;

		while (isalnum((unsigned char)text[size]) ||
		       (text[size] != '\0' && strchr("._-*?", text[size]) != NULL))
			size++;
		if (size == 0 || size > LC_SETTING_FORM_BUCKET_MAX)
			return ALLOWED;
		if (text[size] != ',')
			return text[size] == '\0' ? NULL : ALLOWED;
		text += size + 1;
	}
}

static const char *allowed_instead(enum lc_setting_form form, const char *text)
{
	switch (form) {
	case LC_SETTING_FORM_FREE:
		return NULL;
	case LC_SETTING_FORM_WORD:
		return check_word(text);
	case LC_SETTING_FORM_TOKEN:
		return check_token(text);
	case LC_SETTING_FORM_IDENTIFIER:
		return check_identifier(text);
	case LC_SETTING_FORM_URL:
		return check_url(text);
	case LC_SETTING_FORM_URLS:
		return check_urls(text);
	case LC_SETTING_FORM_PATH:
		return check_path(text);
	case LC_SETTING_FORM_ADDRESS:
		return check_address(text);
	case LC_SETTING_FORM_SHARDS:
		return check_shards(text);
	case LC_SETTING_FORM_TAGS:
		return check_tags(text);
	case LC_SETTING_FORM_BUCKETS:
		return check_buckets(text);
	}
	lc_assert_failed("a known form", __FILE__, __LINE__, __func__);
}

bool lc_setting_form_check(enum lc_setting_form form, const char *text, struct lc_error *error)
{
	bool url = form == LC_SETTING_FORM_URL || form == LC_SETTING_FORM_URLS;
	char found[LC_TEXT_QUOTE_SIZE];
	const char *allowed = allowed_instead(form, text);

	if (allowed == NULL)
		return true;
	if (url && strchr(text, '@') != NULL)
		return lc_error_set(error, LC_ERROR_USAGE,
				    "found a URL with user information, expected %s: user and "
				    "password have settings of their own",
				    allowed);
	return lc_error_set(error, LC_ERROR_USAGE, "found %s, expected %s",
			    lc_text_quote(found, lc_view_of(text)), allowed);
}

const char *lc_setting_form_placeholder(enum lc_setting_form form)
{
	switch (form) {
	case LC_SETTING_FORM_FREE:
	case LC_SETTING_FORM_WORD:
	case LC_SETTING_FORM_TOKEN:
		return "=TEXT";
	case LC_SETTING_FORM_IDENTIFIER:
		return "=IDENTIFIER";
	case LC_SETTING_FORM_URL:
		return "=URL";
	case LC_SETTING_FORM_URLS:
		return "=URL[,URL...]";
	case LC_SETTING_FORM_PATH:
		return "=PATH";
	case LC_SETTING_FORM_ADDRESS:
		return "=ADDRESS";
	case LC_SETTING_FORM_SHARDS:
		return "=SHARDS";
	case LC_SETTING_FORM_TAGS:
		return "=TAGS";
	case LC_SETTING_FORM_BUCKETS:
		return "=BUCKETS";
	}
	lc_assert_failed("a known form", __FILE__, __LINE__, __func__);
}
