#include "formats/credentials_answer.h"

#include "base/clock.h"
#include "formats/xml.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum {
	TIME_SIZE = 64,
	CODE_SIZE = 64,
	MESSAGE_SIZE = 256,
};

/* ---- times ---- */

/* The number of `count` digits at *at, which is moved past them and past `end`. */
static bool take_number(const char **at, unsigned count, char end, int *number)
{
	*number = 0;
	for (unsigned i = 0; i < count; i++) {
		if (!isdigit((unsigned char)(*at)[i]))
			return false;
		*number = *number * 10 + ((*at)[i] - '0');
	}
	*at += count;
	if (end != '\0' && **at != end)
		return false;
	*at += end != '\0';
	return true;
}

/* What may follow the seconds: a fraction, then Z or +00:00. */
static bool ends_well(const char *rest)
{
	if (*rest == '.') {
		rest++;
		rest += strspn(rest, "0123456789");
	}
	return strcmp(rest, "Z") == 0 || strcmp(rest, "+00:00") == 0;
}

/* Seconds since 1970; an empty text is 0, never. */
static bool read_time(const char *text, int64_t *seconds, struct lc_error *error)
{
	const char *at = text;
	struct lc_clock_date date;

	*seconds = 0;
	if (text[0] == '\0')
		return true;
	if (!take_number(&at, 4, '-', &date.year) || !take_number(&at, 2, '-', &date.month) ||
	    !take_number(&at, 2, 'T', &date.day) || !take_number(&at, 2, ':', &date.hour) ||
	    !take_number(&at, 2, ':', &date.minute) || !take_number(&at, 2, '\0', &date.second) ||
	    !ends_well(at) || date.year < 1970 || date.month < 1 || date.month > 12 ||
	    date.day < 1 || date.day > 31 || date.hour > 23 || date.minute > 59 || date.second > 60)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "the time at which the credentials expire cannot be read");
	*seconds = lc_clock_seconds_of(date);
	return true;
}

/* ---- JSON ---- */

/* Terminated; empty when there is no such text, or one that has a zero byte in it. */
static struct lc_view text_at(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	const char *text = json_string_value(value);

	if (text == NULL || strlen(text) != json_string_length(value))
		return lc_view_of("");
	return lc_view_of(text);
}

/* For people: control bytes, which might rule a terminal, are shown as spaces. */
static void show(struct lc_view text, char *place, size_t room)
{
	snprintf(place, room, "%.*s", lc_view_shown(text, (int)room - 1), text.data);
	for (; *place != '\0'; place++) {
		if ((unsigned char)*place < 0x20 || *place == 0x7F)
			*place = ' ';
	}
}

static bool refuse(const char *code, const char *message, struct lc_error *error)
{
	return lc_error_set(error, LC_ERROR_REFUSED, "%s%s%s", code, message[0] == '\0' ? "" : ": ",
			    message);
}

/* "Success", or nothing, in an answer that has credentials. */
static bool is_success(const json_t *answer, struct lc_error *error)
{
	struct lc_view code = text_at(answer, "Code");
	struct lc_view message = text_at(answer, "Message");
	char code_shown[CODE_SIZE];
	char message_shown[MESSAGE_SIZE];

	/* The container's agent says it in lower case, with "message" beside it. */
	if (code.size == 0)
		code = text_at(answer, "code");
	if (message.size == 0)
		message = text_at(answer, "message");
	if (code.size == 0 || lc_view_equal(code, lc_view_of("Success")))
		return true;
	show(code, code_shown, sizeof(code_shown));
	show(message, message_shown, sizeof(message_shown));
	return refuse(code_shown, message_shown, error);
}

static bool take_json(const json_t *answer, struct lc_credentials *credentials,
		      struct lc_error *error)
{
	int64_t expires;

	return is_success(answer, error) &&
	       read_time(text_at(answer, "Expiration").data, &expires, error) &&
	       lc_credentials_set(credentials, text_at(answer, "AccessKeyId"),
				  text_at(answer, "SecretAccessKey"), text_at(answer, "Token"),
				  expires, error);
}

bool lc_credentials_answer_read_json(struct lc_view body, struct lc_credentials *credentials,
				     struct lc_error *error)
{
	json_t *answer = NULL;
	bool good;

	if (body.size > 0 && body.size <= LC_CREDENTIALS_ANSWER_MAX)
		answer = json_loadb(body.data, body.size, 0, NULL);
	if (json_is_object(answer))
		good = take_json(answer, credentials, error);
	else
		good = lc_error_set(error, LC_ERROR_CORRUPT, "the answer is no JSON object");
	json_decref(answer);
	return good;
}

/* ---- XML ---- */

#define CREDENTIALS \
	"AssumeRoleWithWebIdentityResponse", "AssumeRoleWithWebIdentityResult", "Credentials"

bool lc_credentials_answer_read_sts(struct lc_view body, struct lc_credentials *credentials,
				    struct lc_error *error)
{
	static const char *const ID[] = {CREDENTIALS, "AccessKeyId", NULL};
	static const char *const SECRET[] = {CREDENTIALS, "SecretAccessKey", NULL};
	static const char *const TOKEN[] = {CREDENTIALS, "SessionToken", NULL};
	static const char *const EXPIRATION[] = {CREDENTIALS, "Expiration", NULL};
	static const char *const CODE[] = {"ErrorResponse", "Error", "Code", NULL};
	static const char *const MESSAGE[] = {"ErrorResponse", "Error", "Message", NULL};
	/* Ceph's errors are those of S3. */
	static const char *const S3_CODE[] = {"Error", "Code", NULL};
	static const char *const S3_MESSAGE[] = {"Error", "Message", NULL};
	char id[LC_CREDENTIALS_KEY_MAX + 1] = "";
	char secret[LC_CREDENTIALS_KEY_MAX + 1] = "";
	char token[LC_CREDENTIALS_TOKEN_MAX + 1] = "";
	char time[TIME_SIZE] = "";
	char code[CODE_SIZE] = "";
	char message[MESSAGE_SIZE] = "";
	char s3_code[CODE_SIZE] = "";
	char s3_message[MESSAGE_SIZE] = "";
	struct lc_xml_text texts[] = {
	    {.path = ID, .text = id, .room = sizeof(id)},
	    {.path = SECRET, .text = secret, .room = sizeof(secret)},
	    {.path = TOKEN, .text = token, .room = sizeof(token)},
	    {.path = EXPIRATION, .text = time, .room = sizeof(time)},
	    {.path = CODE, .text = code, .room = sizeof(code)},
	    {.path = MESSAGE, .text = message, .room = sizeof(message)},
	    {.path = S3_CODE, .text = s3_code, .room = sizeof(s3_code)},
	    {.path = S3_MESSAGE, .text = s3_message, .room = sizeof(s3_message)},
	};
	int64_t expires;
	bool good;

	lc_xml_read(body, texts, sizeof(texts) / sizeof(texts[0]));
	if (code[0] != '\0')
		good = refuse(code, message, error);
	else if (s3_code[0] != '\0')
		good = refuse(s3_code, s3_message, error);
	else if (!texts[0].whole || !texts[1].whole || !texts[2].whole || !texts[3].whole)
		good = lc_error_set(error, LC_ERROR_CORRUPT,
				    "the answer has no credentials of AssumeRoleWithWebIdentity");
	else
		good = read_time(time, &expires, error) &&
		       lc_credentials_set(credentials, lc_view_of(id), lc_view_of(secret),
					  lc_view_of(token), expires, error);
	explicit_bzero(secret, sizeof(secret));
	explicit_bzero(token, sizeof(token));
	return good;
}
