#include "ctl/explain_target.h"

#include "ctl/units.h"

#include <string.h>

static bool holds(struct lc_view text, const char *word)
{
	return text.size > 0 && memmem(text.data, text.size, word, strlen(word)) != NULL;
}

static void append_target_name(const struct lc_inspection_target *target, struct lc_buffer *text)
{
	lc_buffer_append_text(text, "'");
	lc_buffer_append_view(text, target->bucket);
	if (!target->whole_bucket && target->prefix.size > 0) {
		lc_buffer_append_char(text, '/');
		lc_buffer_append_view(text, target->prefix);
	}
	lc_buffer_append_text(text, "'");
}

static void append_retry(const struct lc_inspection_target *target, struct lc_buffer *advice)
{
	lc_buffer_append_text(advice, " log-courier-ctl retry ");
	lc_buffer_append_view(advice, target->bucket);
}

void lc_explain_target_append_cure(const struct lc_inspection_target *target,
				   struct lc_buffer *advice)
{
	static const struct {
		const char *word;
		const char *before;
		const char *behind;
	} cures[] = {
	    {"NoSuchBucket", "Make the bucket ", ", or correct where its sources log to, then:"},
	    {"AccessDenied", "Grant s3:PutObject on the bucket ",
	     " to the service's access key, then:"},
	    {"AllAccessDisabled", "Enable access to the bucket ", ", then:"},
	    {"InvalidAccessKeyId", "Correct s3.access-key-id, or make the key; for the bucket ",
	     " then:"},
	    {"SignatureDoesNotMatch",
	     "Correct s3.secret-access-key, and see that s3.region is right; for the bucket ",
	     " then:"},
	    {"QuotaExceeded", "Raise the quota of the bucket ", " or of its owner, then:"},
	};

	for (size_t i = 0; i < sizeof(cures) / sizeof(cures[0]); i++) {
		if (!holds(target->last_error, cures[i].word))
			continue;
		lc_buffer_append_text(advice, cures[i].before);
		append_target_name(target, advice);
		lc_buffer_append_text(advice, cures[i].behind);
		append_retry(target, advice);
		return;
	}
	lc_buffer_append_text(advice, "Mend what S3 says about the bucket ");
	append_target_name(target, advice);
	lc_buffer_append_text(advice, "; it is tried again by itself, or at once by:");
	append_retry(target, advice);
}

static void append_next_try(int64_t seconds, struct lc_buffer *sentence)
{
	char due[LC_UNITS_SIZE];

	lc_units_due(seconds, due);
	lc_buffer_append_format(sentence, "; next try %s.", due);
}

void lc_explain_target_append(const struct lc_inspection_target *target, const char *what,
			      struct lc_buffer *sentence)
{
	char age[LC_UNITS_SIZE];

	lc_buffer_append_text(sentence, "Its target ");
	append_target_name(target, sentence);
	lc_buffer_append_format(sentence, " %s", what);
	if (target->failing_seconds >= 0) {
		lc_units_age(target->failing_seconds, age);
		lc_buffer_append_format(sentence, " for %s", age);
	}
	if (target->last_error.size > 0) {
		lc_buffer_append_text(sentence, " (");
		lc_buffer_append_view(sentence, target->last_error);
		lc_buffer_append_text(sentence, ")");
	}
	if (target->given_up.size > 0) {
		lc_buffer_append_text(sentence, "; it is ");
		lc_buffer_append_view(sentence, target->given_up);
		lc_buffer_append_text(sentence, ", as an operator has decided");
	}
	if (target->uploads > 0)
		lc_buffer_append_text(sentence, "; it is being tried right now.");
	else if (target->next_probe_seconds >= 0)
		append_next_try(target->next_probe_seconds, sentence);
	else
		lc_buffer_append_text(sentence, ".");
}

enum lc_explain_situation lc_explain_target_situation(const struct lc_inspection_target *target)
{
	if (lc_view_equal(target->state, lc_view_of("healthy")))
		return LC_EXPLAIN_SITUATION_COUNT;
	if (target->refused)
		return LC_EXPLAIN_SITUATION_target_refuses;
	return lc_view_equal(target->state, lc_view_of("aside"))
		   ? LC_EXPLAIN_SITUATION_target_aside
		   : LC_EXPLAIN_SITUATION_target_shaky;
}
