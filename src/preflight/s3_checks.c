#include "preflight/s3_checks.h"

#include "clients/diagnose.h"

#include <string.h>

void lc_s3_checks_judge_keys(const struct lc_s3_answer *answer, const char *endpoint, bool second,
			     struct lc_verdict *verdict)
{
	bool denied = strcmp(answer->code, "AccessDenied") == 0;

	if (second && (answer->retry_class == LC_RETRY_DONE || denied))
		lc_verdict_set(verdict, LC_VERDICT_WARN,
			       "takes the access key and its secret, but its clock and this "
			       "machine's differ by more than it allows. log-courier signs by S3's "
			       "clock after a first refusal; make sure that NTP works on both.");
	else if (answer->retry_class == LC_RETRY_DONE)
		lc_verdict_set(verdict, LC_VERDICT_OK, "takes the access key and its secret");
	else if (denied)
		lc_verdict_set(
		    verdict, LC_VERDICT_OK,
		    "takes the access key and its secret; it may not list buckets, which "
		    "log-courier never does");
	else if (strcmp(answer->code, "NotImplemented") == 0 ||
		 strcmp(answer->code, "MethodNotAllowed") == 0)
		lc_verdict_set(
		    verdict, LC_VERDICT_WARN,
		    "reachable, but it lists no buckets, so that nothing is known of the "
		    "access key and its secret. Give --preflight-bucket to try an upload.");
	else
		lc_verdict_set_fault(verdict, &answer->error,
				     answer->error.kind == LC_ERROR_CORRUPT
					 ? LC_FAULT_S3_NOT_S3
					 : lc_diagnose_s3(answer),
				     endpoint);
}

void lc_s3_checks_judge_put(const struct lc_s3_answer *answer, const char *key,
			    struct lc_verdict *verdict)
{
	if (answer->retry_class == LC_RETRY_DONE)
		lc_verdict_set(verdict, LC_VERDICT_OK, "stored %s", key);
	else
		lc_verdict_set_fault(verdict, &answer->error, lc_diagnose_s3(answer), "");
}

void lc_s3_checks_judge_parts(const struct lc_s3_answer *answer, const char *key,
			      bool sees_leftovers, struct lc_verdict *verdict)
{
	if (answer->retry_class == LC_RETRY_DONE && !sees_leftovers)
		lc_verdict_set(
		    verdict, LC_VERDICT_WARN,
		    "stored %s, but may not list unfinished uploads. Give the access key the "
		    "rights to s3:ListBucketMultipartUploads and s3:ListMultipartUploadParts, or "
		    "the bucket a lifecycle rule that aborts incomplete multipart uploads: what a "
		    "crash leaves stays there otherwise.",
		    key);
	else
		lc_s3_checks_judge_put(answer, key, verdict);
}

void lc_s3_checks_judge_delete(const struct lc_s3_answer *answer, const char *key,
			       struct lc_verdict *verdict)
{
	if (answer->retry_class == LC_RETRY_DONE)
		lc_verdict_set(verdict, LC_VERDICT_OK, "deleted it again");
	else
		lc_verdict_set(
		    verdict, LC_VERDICT_WARN,
		    "%s is left there: %s. Delete it by hand; log-courier itself deletes "
		    "nothing and does not need the right.",
		    key, answer->error.message);
}
