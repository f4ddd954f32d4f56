"""SQL that makes access-log rows as a busy S3 service writes them, out of nothing but numbers.

Every value is a hash of (seed, number), so the same call makes the same rows on any server, millions
in seconds. What the rows hold on purpose: NULL and '' in every nullable column, text that clients
control with quotes, line feeds, control bytes, backslashes, Unicode and invalid UTF-8, floats of every
size, multi-object deletes of 8 and of 1,000 keys and copies of two rows, each with one (insertedAt,
startTime, req_id), what lifecycle rules expire (no client, no request), replicas, IPv4 addresses as
IPv6 writes them, error codes with blanks, one second with very many rows, sources whose target changes
midway, raft session 0, and rows that must not be delivered.
"""

# Numbers from here on make rows with loggingEnabled = false.
DISABLED = 1 << 40
DISABLED_SHARE = 50
# And from here on rows that name no target bucket.
UNTARGETED = 1 << 41

EVIL_TEXTS = (
    b'quote " inside',
    b'" 200 - - "forged',
    b"line\nfeed",
    b"GET /x HTTP/1.1\" 200 -\nowner bucket [06/Feb/2019:00:00:38 +0000] forged",
    b"carriage\r\nreturn",
    b"tab\tand\vmore\f",
    b"nul\0byte",
    b"back\\slash\\n\\x22 \\",
    b"escape\x1b[31mred\x7f",
    "été à Zürich".encode(),
    "日本語のテキスト".encode(),
    "emoji \U0001f600 and \u2028 separators \u0085".encode(),
    b"invalid \xff\xfe utf-8 \xc3",
    b"overlong \xc0\xa2 quote",
    b"percent %20 %22 %0A 100%",
    b"plus+plus & = ? # ;",
    b" leading and trailing ",
    b"[brackets] {braces} <angles> | ^ `",
    b"-",
    b'"',
    b"\n",
    b"\\N",
)

AGENTS = (
    b"aws-cli/2.15.30 Python/3.11.8 Linux/5.14.0 exe/x86_64.rhel.9 prompt/off command/s3.cp",
    b"aws-sdk-java/1.12.681 Linux/5.10 OpenJDK_64-Bit_Server_VM/17.0.9 java/17.0.9",
    b"Mozilla/5.0 (X11; Linux x86_64; rv:124.0) Gecko/20100101 Firefox/124.0",
    b"Boto3/1.34.69 md/Botocore#1.34.69 ua/2.0 os/linux#6.1 lang/python#3.11 md/pyimpl#CPython",
    b"MinIO (linux; amd64) minio-go/v7.0.69 mc/RELEASE.2024-03-15",
    b"rclone/v1.66.0",
    b"S3Console/0.4, aws-internal/3",
    b"APN/1.0 Backup \"Suite\"/12.1 \xe2\x9c\x93",
)

OPERATIONS = (
    "REST.GET.OBJECT REST.GET.OBJECT REST.GET.OBJECT REST.PUT.OBJECT REST.HEAD.OBJECT "
    "REST.GET.BUCKET REST.DELETE.OBJECT REST.COPY.OBJECT REST.PUT.PART REST.POST.UPLOADS "
    "REST.GET.ACL REST.PUT.OBJECT_TAGGING WEBSITE.GET.OBJECT"
).split()

KEY_TAILS = (
    "",
    " (copy 2).jpg",
    "/été à Zürich.txt",
    "/100%+tax&more.csv",
    "/日本語/ファイル.bin",
    "/a~b_c-d.e",
    "//double//slash/",
    "/semi;colon:at@equals=,'quote'",
)

BUCKET_STEMS = ("photos", "backup", "media.assets", "data-lake", "www.example.net", "logs", "tmp")
PREFIXES = ("", "logs/", "s3/access/", "année 2026/", "a+b%20c/", "no-slash-")

COLUMNS = (
    "insertedAt, bucketName, hostname, bucketOwner, startTime, req_id, requester, bytesSent, "
    "operation, clientIP, requestURI, httpCode, errorCode, objectKey, objectSize, "
    "logFormatVersion, totalTime, loggingEnabled, turnAroundTime, loggingTargetBucket, referer, "
    "loggingTargetPrefix, userAgent, versionId, hostHeader, signatureVersion, awsAccessKeyID, "
    "cipherSuite, raftSessionID, authenticationType, tlsVersion, aclRequired"
)


def literal(text):
    """A string of any bytes as SQL."""
    data = text if isinstance(text, bytes) else text.encode()
    return f"unhex('{data.hex()}')"


def literals(texts):
    return "[" + ", ".join(literal(text) for text in texts) + "]"


class Shape:
    """What kind of rows to make; one object per load."""

    def __init__(self, rows, sources, sessions, skew, targets, seed, untargeted=0):
        """targets: list of (bucket, prefix); prefix None takes one of several by source.

        untargeted: so many rows more that name no target bucket.
        """
        self.rows = rows
        self.sources = sources
        self.sessions = sessions
        self.skew = skew
        self.targets = targets
        self.seed = seed
        self.untargeted = untargeted

    def hash(self, salt, of="number"):
        return f"cityHash64({self.seed}, {of}, '{salt}')"

    def pick(self, salt, texts, of="number"):
        return f"{literals(texts)}[{self.hash(salt, of)} % {len(texts)} + 1]"

    def nullable(self, salt, normal):
        """The normal text, but at times NULL, '' or a text that tries to break the line."""
        h = self.hash(salt)
        return (
            f"multiIf({h} % 29 = 0, NULL, {h} % 31 = 0, '', {h} % 37 = 0, "
            f"evil[intDiv({h}, 37) % {len(EVIL_TEXTS)} + 1], {normal})"
        )

    def of_client(self, value):
        """What stands for a client or its request: what a lifecycle rule expires has none."""
        return f"if(kind = 'expiry', NULL, {value})"

    def nullable_number(self, salt, normal):
        h = self.hash(salt)
        return f"multiIf({h} % 29 = 0, NULL, {h} % 31 = 0, 0, {normal})"

    def nullable_float(self, salt):
        h = self.hash(salt)
        odd = "0.1, 1e-7, 12345.678, 0.3, 1e10, 16777216, 3.4028234e38, 1e-45, 1.17549435e-38, 1"
        return (
            f"multiIf({h} % 29 = 0, NULL, {h} % 31 = 0, toFloat32(0), "
            f"{h} % 37 = 0, arrayElement(arrayMap(x -> toFloat32(x), [{odd}]), "
            f"intDiv({h}, 37) % 10 + 1), "
            f"{h} % 41 = 0, reinterpretAsFloat32(toUInt32(1 + intDiv({h}, 41) % 2139095039)), "
            f"toFloat32(({h} % 20000) / 100))"
        )

    def grouped(self, size, one_in):
        """Whether a row's block of so many numbers has one request."""
        block = f"intDiv(number, {size})"
        return (
            f"number < {DISABLED} AND {block} * {size} >= {self.sources} "
            f"AND {self.hash(f'group of {size}', block)} % {one_in} = 0"
        )

    def source(self):
        """The source's index: each at least once, the rest by a power law of the exponent skew."""
        u = f"({self.hash('source', 'leader')} % 1000000007 / 1000000007.)"
        n = self.sources + 1
        if abs(self.skew - 1) < 1e-6:
            rank = f"pow({n}, {u})"
        else:
            power = 1 - self.skew
            rank = f"pow({u} * (pow({n}, {power}) - 1) + 1, {1 / power})"
        chosen = f"least(toUInt64({rank} - 1), toUInt64({self.sources - 1}))"
        return f"if(leader < {self.sources}, leader, {chosen})"

    def target(self, part):
        """The target bucket (part 0) or prefix (part 1); every eighth source moves to the next."""
        values = []
        for bucket, prefix in self.targets:
            by_source = f"{literals(PREFIXES)}[cityHash64(bucketName) % {len(PREFIXES)} + 1]"
            values.append(literal(bucket) if part == 0 else
                          by_source if prefix is None else literal(prefix))
        moved = f"(cityHash64(bucketName, 'moves') % 8 = 0 AND place >= {self.rows // 2})"
        choice = f"(cityHash64(bucketName, 'target') + {moved}) % {len(values)} + 1"
        text = f"[{', '.join(values)}][{choice}]"
        if part == 0:
            text = f"if(number >= {UNTARGETED}, '', {text})"
        # With a single target it is the prefix that changes.
        if part == 1 and len(values) == 1:
            return f"if({moved}, concat({text}, 'moved/'), {text})"
        return text

    def insert(self, table, start, count, seconds=None):
        """INSERT of the rows start .. start+count-1 and of their share of disabled ones.

        seconds: (base, span): insertedAt goes from base - span to base as the numbers go; None:
        insertedAt is the server's now(). The former analyzer makes the same rows in a third of the time.
        """
        if seconds:
            base, span = seconds
            # A twentieth of all rows stands in one second.
            hot = f"place >= {int(self.rows * 0.4)} AND place < {int(self.rows * 0.45)}"
            position = f"if({hot}, toUInt64({int(self.rows * 0.4)}), place)"
            passed = f"intDiv({position} * {span}, {self.rows})"
            inserted = f"toDateTime(toUInt32({base - span} + {passed}))"
        else:
            inserted = "now()"
        disabled = max(1, count // DISABLED_SHARE)
        first, end = (self.untargeted * n // self.rows for n in (start, start + count))
        ranges = ((start, count), (DISABLED + start, disabled), (UNTARGETED + first, end - first))
        numbers = " UNION ALL ".join(f"SELECT number FROM numbers({a}, {n})" for a, n in ranges)
        return f"""
INSERT INTO {table} ({COLUMNS})
WITH {literals(EVIL_TEXTS)} AS evil
SELECT
    {inserted} AS insertedAt,
    concat({literals(BUCKET_STEMS)}[source % {len(BUCKET_STEMS)} + 1], '-', toString(source))
        AS bucketName,
    {self.pick('hostname', ['node-1.example.net', 'node-2.example.net', ''])} AS hostname,
    {self.nullable('owner', "lower(hex(MD5(bucketName)))")} AS bucketOwner,
    fromUnixTimestamp64Milli(toInt64(toUnixTimestamp(insertedAt)) * 1000
        - toInt64({self.hash('start', 'leader')} % 20000)) AS startTime,
    if({self.hash('request', 'leader')} % 1009 = 0,
        evil[{self.hash('evil', 'leader')} % {len(EVIL_TEXTS)} + 1],
        hex({self.hash('req_id', 'leader')})) AS req_id,
    {self.of_client(self.nullable('requester', "if(kind = 'replica', 'arn:aws:iam::123456789012:role/replication', "
        + self.pick('requester is', [
        'arn:aws:iam::123456789012:user/ann',
        'arn:aws:sts::123456789012:assumed-role/Backup/i-0123456789abcdef0',
        '79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be']) + ')'))} AS requester,
    {self.of_client(self.nullable_number('sent', f"{self.hash('bytes')} % 5000000000"))} AS bytesSent,
    {self.nullable('operation', f"transform(kind, ['delete', 'copied', 'copy', 'expiry', 'replica'], "
        f"['BATCH.DELETE.OBJECT', 'REST.COPY.OBJECT_GET', 'REST.COPY.OBJECT', 'S3.EXPIRE.OBJECT', "
        f"'REST.PUT.OBJECT'], {self.pick('operation is', OPERATIONS)})")} AS operation,
    {self.of_client(self.nullable('address', f"if({self.hash('v6')} % 5 = 0, "
        f"concat('2001:db8::', lower(hex({self.hash('ip')} % 65536))), "
        f"concat(if({self.hash('v6')} % 5 = 1, '::ffff:', ''), "
        f"IPv4NumToString(toUInt32(3232235520 + {self.hash('ip')} % 65536))))"))} AS clientIP,
    {self.of_client(self.nullable('uri', "concat(arrayElement(['GET', 'PUT', 'HEAD', 'POST'], number % 4 + 1), ' /', "
        f"bucketName, '/', path, '?x-id=', toString({self.hash('x-id')} % 1000), "
        "' HTTP/1.1')"))} AS requestURI,
    {self.of_client(self.nullable_number('code', f"[200, 200, 200, 204, 206, 304, 403, 404, 500, 503]"
        f"[{self.hash('status')} % 10 + 1]"))} AS httpCode,
    if(httpCode >= 400, {self.nullable('error', self.pick('error is', [
        'NoSuchKey', 'AccessDenied', 'SlowDown', 'InternalError', 'Internal Server Error']))}, NULL) AS errorCode,
    {self.nullable('key', f"concat(path, {self.pick('tail', KEY_TAILS)})")} AS objectKey,
    {self.nullable_number('size', f"{self.hash('object size')} % 10000000000000")} AS objectSize,
    if({self.hash('version')} % 9 = 0, NULL, '1.0') AS logFormatVersion,
    {self.of_client(self.nullable_float('total'))} AS totalTime,
    enabled AS loggingEnabled,
    {self.of_client(self.nullable_float('turn around'))} AS turnAroundTime,
    {self.target(0)} AS loggingTargetBucket,
    {self.of_client(self.nullable('referer', self.pick('referer is', [
        '', 'https://console.example.net/s3/buckets?tab=objects', 'http://www.example.net/a b'])))}
        AS referer,
    {self.target(1)} AS loggingTargetPrefix,
    {self.of_client(self.nullable('agent', f"if({self.hash('long')} % 5003 = 0, "
        f"repeat({self.pick('agent is', AGENTS)}, 100), {self.pick('agent is', AGENTS)})"))}
        AS userAgent,
    {self.nullable('version id', f"hex({self.hash('version')})")} AS versionId,
    {self.of_client(self.nullable('host', "concat(bucketName, '.s3.example.net')"))} AS hostHeader,
    {self.of_client(self.nullable('signature', "'SigV4'"))} AS signatureVersion,
    {self.of_client(self.nullable('access key', "concat('AKIA', substring(hex(MD5(bucketName)), 1, 16))"))}
        AS awsAccessKeyID,
    {self.of_client(self.nullable('cipher', "'ECDHE-RSA-AES128-GCM-SHA256'"))} AS cipherSuite,
    cityHash64(bucketName) % {self.sessions} AS raftSessionID,
    {self.of_client(self.nullable('authentication', self.pick('how', ['AuthHeader', 'QueryString'])))}
        AS authenticationType,
    {self.of_client(self.nullable('tls', self.pick('tls is', ['TLSv1.2', 'TLSv1.3'])))} AS tlsVersion,
    {self.of_client(self.nullable('acl', self.pick('acl is', ['Yes', '-'])))} AS aclRequired
FROM (
    SELECT
        number,
        number < {DISABLED} OR number >= {UNTARGETED} AS enabled,
        {self.grouped(1000, 20)} AS is_many,
        {self.grouped(8, 40)} AS is_few,
        {self.grouped(2, 50)} AS is_copy,
        multiIf(is_many OR is_few, 'delete', is_copy AND number % 2 = 0, 'copied', is_copy, 'copy',
            {self.hash('kind')} % 40 = 0, 'expiry', {self.hash('kind')} % 40 = 1, 'replica', 'request')
            AS kind,
        multiIf(is_many, intDiv(number, 1000) * 1000, is_few, intDiv(number, 8) * 8,
            is_copy, intDiv(number, 2) * 2, number) AS leader,
        if(number < {DISABLED}, leader, number % {DISABLED}) AS place,
        {self.source()} AS source,
        concat(lower(hex({self.hash('path')} % 65536)), '/', lower(hex({self.hash('name')})))
            AS path
    FROM ({numbers})
)
SETTINGS distributed_foreground_insert = 1, allow_experimental_analyzer = 0
"""
