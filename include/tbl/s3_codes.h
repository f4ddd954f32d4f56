/*
 * S3's error codes, the <Code> of its answers, that say more than the HTTP status (Amazon S3 API
 * Reference, "Error responses").
 *
 * LC_S3_CODE(code, class, scope, fault)
 * LC_S3_CODE_CLASS(code, class, scope)    shows the fault that the status does
 * LC_S3_CODE_FAULT(code, fault)           has the class and scope that the status says
 *
 * class    what to do, of enum lc_retry_class (clients/retry.h). A body that was damaged on its way
 *          is whole again at the next attempt
 * scope    what it speaks of, of enum lc_retry_scope
 * fault    of include/tbl/faults.h, without S3_
 */
#ifndef LC_S3_CODE
#define LC_S3_CODE(code, class, scope, fault)
#endif
#ifndef LC_S3_CODE_CLASS
#define LC_S3_CODE_CLASS(code, class, scope)
#endif
#ifndef LC_S3_CODE_FAULT
#define LC_S3_CODE_FAULT(code, fault)
#endif

LC_S3_CODE(AccessControlListNotSupported, WAIT, BUCKET, HEADER)
LC_S3_CODE(AccessDenied, WAIT, PREFIX, RIGHTS)
LC_S3_CODE_FAULT(AccountProblem, RIGHTS)
LC_S3_CODE(AllAccessDisabled, WAIT, BUCKET, RIGHTS)
LC_S3_CODE(AuthorizationHeaderMalformed, WAIT, BUCKET, REGION)
LC_S3_CODE_CLASS(BadDigest, AGAIN, BUCKET)
LC_S3_CODE(EntityTooLarge, WAIT, OBJECT, OBJECT)
LC_S3_CODE(EntityTooSmall, WAIT, BUCKET, REQUEST)
LC_S3_CODE(ExpiredToken, WAIT, BUCKET, KEY)
LC_S3_CODE_FAULT(IllegalLocationConstraintException, REGION)
LC_S3_CODE_CLASS(IncompleteBody, AGAIN, BUCKET)
LC_S3_CODE_CLASS(InternalError, AGAIN, BUCKET)
LC_S3_CODE(InvalidAccessKeyId, WAIT, BUCKET, KEY)
LC_S3_CODE_FAULT(InvalidArgument, HEADER)
LC_S3_CODE(InvalidBucketName, WAIT, BUCKET, NO_BUCKET)
LC_S3_CODE(InvalidEncryptionAlgorithmError, WAIT, BUCKET, HEADER)
LC_S3_CODE_CLASS(InvalidPart, AGAIN, BUCKET)
LC_S3_CODE_CLASS(InvalidPartOrder, AGAIN, BUCKET)
LC_S3_CODE_FAULT(InvalidRequest, REQUEST)
LC_S3_CODE(InvalidStorageClass, WAIT, BUCKET, HEADER)
LC_S3_CODE(InvalidTag, WAIT, BUCKET, HEADER)
LC_S3_CODE(InvalidToken, WAIT, BUCKET, KEY)
LC_S3_CODE(KMS.DisabledException, WAIT, BUCKET, HEADER)
LC_S3_CODE(KMS.KMSInvalidStateException, WAIT, BUCKET, HEADER)
LC_S3_CODE(KMS.NotFoundException, WAIT, BUCKET, HEADER)
LC_S3_CODE(KeyTooLongError, WAIT, PREFIX, OBJECT)
LC_S3_CODE_CLASS(MaxMessageLengthExceeded, WAIT, OBJECT)
LC_S3_CODE(NoSuchBucket, WAIT, BUCKET, NO_BUCKET)
LC_S3_CODE_CLASS(NoSuchUpload, AGAIN, BUCKET)
LC_S3_CODE_FAULT(NotImplemented, HEADER)
LC_S3_CODE_FAULT(NotSignedUp, KEY)
LC_S3_CODE(PermanentRedirect, WAIT, BUCKET, REDIRECT)
LC_S3_CODE(QuotaExceeded, WAIT, BUCKET, OBJECT)
LC_S3_CODE_FAULT(Redirect, REDIRECT)
LC_S3_CODE_FAULT(RequestExpired, CLOCK)
LC_S3_CODE(RequestTimeTooSkewed, CLOCK, BUCKET, CLOCK)
LC_S3_CODE_CLASS(RequestTimeout, AGAIN, BUCKET)
LC_S3_CODE_CLASS(ServiceUnavailable, AGAIN, BUCKET)
LC_S3_CODE(SignatureDoesNotMatch, WAIT, BUCKET, SIGNATURE)
LC_S3_CODE_CLASS(SlowDown, AGAIN, BUCKET)
LC_S3_CODE(TemporaryRedirect, WAIT, BUCKET, REDIRECT)
LC_S3_CODE(TokenRefreshRequired, WAIT, BUCKET, KEY)
LC_S3_CODE_CLASS(XAmzContentChecksumMismatch, AGAIN, BUCKET)
LC_S3_CODE_CLASS(XAmzContentSHA256Mismatch, AGAIN, BUCKET)

#undef LC_S3_CODE
#undef LC_S3_CODE_CLASS
#undef LC_S3_CODE_FAULT
