#include "formats/s3_error.h"

#include "formats/xml.h"

#include <string.h>

static bool is_plausible_code(const char *code)
{
	for (const char *at = code; *at != '\0'; at++) {
		bool letter = (*at | 0x20) >= 'a' && (*at | 0x20) <= 'z';

		if (!letter && !(*at >= '0' && *at <= '9') && *at != '.')
			return false;
	}
	return code[0] != '\0';
}

bool lc_s3_error_parse(struct lc_view body, struct lc_s3_error *parsed)
{
	static const char *const CODE[] = {"Error", "Code", NULL};
	static const char *const MESSAGE[] = {"Error", "Message", NULL};
	struct lc_xml_text texts[] = {
	    {.path = CODE, .text = parsed->code, .room = sizeof parsed->code},
	    {.path = MESSAGE, .text = parsed->message, .room = sizeof parsed->message},
	};

	lc_xml_read(body, texts, sizeof texts / sizeof texts[0]);
	if (texts[0].whole && is_plausible_code(parsed->code))
		return true;
	parsed->code[0] = '\0';
	return false;
}
