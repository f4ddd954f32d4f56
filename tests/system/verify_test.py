#!/usr/bin/python3
"""Does contrib/dev/verify notice what it is there for? Wrong deliveries, one of each kind, no server."""

import os
import struct
import sys
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "contrib", "dev", "lib"))

import compare  # noqa: E402
import logline  # noqa: E402

NULL = b"\\N"
SECOND = 1549411238  # 2019-02-06 00:00:38 UTC


def bits(value):
    return b"%d" % struct.unpack("<I", struct.pack("<f", value))[0]


def row(**values):
    """One TSV line with the values of an everyday request where none are given."""
    everyday = {
        "owner": b"79a59df900b949e5",
        "bucket": b"photos",
        "start": b"%d" % (SECOND * 1000 + 123),
        "address": b"192.0.2.3",
        "requester": b"arn:aws:iam::123456789012:user/ann",
        "request": b"3E57427F3EXAMPLE",
        "operation": b"REST.GET.OBJECT",
        "key": b"a/b.jpg",
        "uri": b"GET /photos/a/b.jpg HTTP/1.1",
        "code": b"200",
        "error": NULL,
        "sent": b"2662992",
        "size": b"3462992",
        "total": bits(70),
        "turn_around": bits(0.1),
        "referer": b"",
        "agent": b"curl/7.88.1",
        "version": NULL,
        "signature": b"SigV4",
        "cipher": b"ECDHE-RSA-AES128-GCM-SHA256",
        "authentication": b"AuthHeader",
        "host": b"s3.example.net",
        "tls": b"TLSv1.2",
        "acl": NULL,
        "target": b"target-1",
        "prefix": b"logs/",
    }
    assert not values.keys() - everyday.keys()
    return b"\t".join((everyday | values).values())


EVERYDAY_LINE = (
    b"79a59df900b949e5 photos [06/Feb/2019:00:00:38 +0000] 192.0.2.3 "
    b"arn:aws:iam::123456789012:user/ann 3E57427F3EXAMPLE REST.GET.OBJECT a/b.jpg "
    b'"GET /photos/a/b.jpg HTTP/1.1" 200 - 2662992 3462992 70 0 "-" "curl/7.88.1" - - SigV4 '
    b"ECDHE-RSA-AES128-GCM-SHA256 AuthHeader s3.example.net TLSv1.2 - -"
)


def line(**values):
    return logline.Writer().line(row(**values))[0]


class TheFormat(unittest.TestCase):
    def test_an_everyday_row_reads_as_amazon_writes_it(self):
        self.assertEqual(line(), EVERYDAY_LINE)

    def test_times_can_have_their_fractions(self):
        written = logline.Writer(fractional_times=True).line(row())[0]
        self.assertEqual(written, EVERYDAY_LINE.replace(b" 70 0 ", b" 70 0.1 "))

    def test_a_region_is_the_27th_field(self):
        self.assertEqual(
            logline.Writer("eu-west-1").line(row())[0], EVERYDAY_LINE + b" eu-west-1"
        )

    def test_a_key_is_url_encoded(self):
        key = "été 100%+a~b/c.txt\\n".encode()
        self.assertIn(b" %C3%A9t%C3%A9%20100%25%2Ba~b/c.txt%0A ", line(key=key))

    def test_unquoted_text_keeps_only_printable_ascii(self):
        requester = b'a b"c\\nd\\\\e\x7f' + "é%".encode()
        self.assertIn(b" a%20b%22c%0Ad\\e%7F%C3%A9% ", line(requester=requester))

    def test_quoted_text_keeps_spaces_and_utf_8(self):
        agent = b'a "b\\t\\0\x7f\\\\' + "é".encode()
        self.assertIn(b' "a %22b%09%00%7F%5C' + "é".encode() + b'" ', line(agent=agent))

    def test_a_referer_has_no_spaces(self):
        self.assertIn(b' "http://x/a%20b" ', line(referer=b"http://x/a b"))

    def test_quoted_text_that_is_not_utf_8_does_not_stay(self):
        agent = b"\xff \xc0\xa2 \xc3\xc3\xa9 \xed\xa0\x80 \xe2\x82 \xc3"
        encoded = b'"%FF %C0%A2 %C3\xc3\xa9 %ED%A0%80 %E2%82 %C3"'
        self.assertIn(encoded, line(agent=agent))

    def test_null_and_empty_are_a_dash_and_zero_is_zero(self):
        empty = line(code=NULL, sent=b"0", size=NULL, total=NULL, turn_around=bits(0), uri=NULL)
        self.assertIn(b' a/b.jpg "-" - - 0 - - 0 "-" ', empty)

    def test_floats_are_the_shortest_decimal_without_exponent(self):
        for value, text in (
            (0.1, b"0.1"),
            (1e-7, b"0.0000001"),
            (12345.678, b"12345.678"),
            (16777216.0, b"16777216"),
            (1e10, b"10000000000"),
            (3.4028234663852886e38, b"340282350000000000000000000000000000000"),
            (1e-45, b"0." + b"0" * 44 + b"1"),
            (2.0**-96, b"0.000000000000000000000000000012621775"),
        ):
            self.assertEqual(logline.fractional_duration(bits(value)), text)

    def test_floats_are_rounded_halves_up(self):
        for value, text in (
            (0.4999, b"0"),
            (0.5, b"1"),
            (70.25, b"70"),
            (8388607.5, b"8388608"),
            (3.4028234663852886e38, b"340282350000000000000000000000000000000"),
        ):
            self.assertEqual(logline.whole_duration(bits(value)), text)

    def test_every_line_matches_the_regular_expression(self):
        evil = b'\\n\\r\\t\\0 "\\\\"x] [ - \xff\xc3(\x7f'
        fields = "owner requester request operation key uri error referer agent version".split()
        for field in fields:
            for text in (evil, NULL, b"", b"-"):
                self.assertTrue(logline.LINE(line(**{field: text})), (field, text))

    def test_an_exception_in_the_stream_is_no_row(self):
        for text in (b"Code: 241. DB::Exception: Memory limit", b"", row() + b"\tx"):
            self.assertRaises(logline.BadRow, logline.Writer().line, text)


ROWS = [
    row(start=b"%d" % (SECOND * 1000 + n), request=b"REQUEST%d" % n, key=b"key-%d" % n)
    for n in range(6)
]
NAME = "2019-02-06-00-00-38-0123456789ABCDEF"


def delivered(rows):
    return b"".join(logline.Writer().line(r)[0] + b"\n" for r in rows)


def verify(objects, rows=None):
    """The kinds of fault with their counts, for objects as (bucket, key, body[, content type])."""
    rows = ROWS if rows is None else rows
    expected = compare.Expected()
    expected.add(*compare.hash_rows(rows, logline.Writer()))
    findings = compare.Findings(expected)
    for bucket, key, body, *kind in objects:
        kind = kind[0] if kind else "text/plain"
        findings.add(compare.check_object(expected, bucket, key, kind, body), len(body))
    findings.explain(findings.missing(), rows, logline.Writer())
    for fault, count in findings.counts.items():
        shown = min(count, compare.EXAMPLES)
        assert len(findings.examples[fault]) == shown or fault == "missing", fault
    return {kind: count for kind, count in findings.counts.items() if count}


def one_object(rows, **changes):
    bucket = changes.get("bucket", "target-1")
    return [(bucket, changes.get("prefix", "logs/") + changes.get("name", NAME), delivered(rows))]


def partitioned(time):
    day = time[:10].replace("-", "/")
    return f"79a59df900b949e5/eu-west-1/photos/{day}/{time}-0123456789ABCDEF"


class WrongDeliveries(unittest.TestCase):
    def test_a_right_delivery_has_no_fault(self):
        self.assertEqual(verify(one_object(ROWS)), {})

    def test_a_right_delivery_in_two_objects_has_no_fault(self):
        second = NAME.replace("F", "E")
        halves = one_object(ROWS[:3]) + one_object(ROWS[3:], name=second)
        self.assertEqual(verify(halves), {})

    def test_a_missing_line(self):
        self.assertEqual(verify(one_object(ROWS[:-1])), {"missing": 1})

    def test_a_row_without_target_is_not_asked_for(self):
        self.assertEqual(verify(one_object(ROWS), ROWS + [row(target=b"", request=b"X")]), {})

    def test_a_row_without_target_that_is_delivered(self):
        lost = row(target=b"", request=b"X")
        self.assertEqual(verify(one_object(ROWS + [lost]), ROWS + [lost]), {"wrong_place": 1})

    def test_no_object_at_all(self):
        self.assertEqual(verify([]), {"missing": 6})

    def test_a_double_line(self):
        self.assertEqual(verify(one_object(ROWS[:2] + ROWS[1:])), {"double": 1})

    def test_a_double_object(self):
        twice = one_object(ROWS) + one_object(ROWS, name=NAME.replace("F", "E"))
        self.assertEqual(verify(twice), {"double": 6})

    def test_a_row_stored_twice_is_to_be_delivered_twice(self):
        rows = ROWS[:1] + ROWS
        self.assertEqual(verify(one_object(rows), rows), {})
        self.assertEqual(verify(one_object(ROWS), rows), {"missing": 1})
        self.assertEqual(verify(one_object(ROWS[:1] + rows), rows), {"double": 1})

    def test_rows_that_differ_only_in_milliseconds_may_stand_in_any_order(self):
        rows = [row(start=b"%d" % (SECOND * 1000 + n)) for n in (9, 5)]
        self.assertEqual(verify(one_object(rows), rows), {})

    def test_swapped_lines(self):
        swapped = [ROWS[0], ROWS[2], ROWS[1], *ROWS[3:]]
        self.assertEqual(verify(one_object(swapped)), {"disorder": 1})

    def test_request_ids_of_one_millisecond_out_of_order(self):
        rows = [row(request=b"B"), row(request=b"A")]
        self.assertEqual(verify(one_object(rows), rows), {"disorder": 1})
        self.assertEqual(verify(one_object(rows[::-1]), rows), {})

    def test_another_bucket(self):
        self.assertEqual(
            verify(one_object(ROWS, bucket="target-2")), {"missing": 6, "wrong_place": 6}
        )

    def test_another_prefix(self):
        self.assertEqual(verify(one_object(ROWS, prefix="log/")), {"missing": 6, "wrong_place": 6})

    def test_a_row_with_another_target_in_the_object(self):
        rows = [*ROWS[:-1], row(prefix=b"other/", start=b"%d" % (SECOND * 1000 + 999))]
        self.assertEqual(verify(one_object(rows), rows), {"missing": 1, "wrong_place": 1})

    def test_another_field_than_the_row_has(self):
        body = delivered(ROWS).replace(b"key-3", b"key-x")
        self.assertEqual(
            verify([("target-1", "logs/" + NAME, body)]), {"missing": 1, "unknown": 1}
        )

    def test_a_forged_field(self):
        body = delivered(ROWS).replace(b"key-3", b"key 3")
        self.assertEqual(
            verify([("target-1", "logs/" + NAME, body)]),
            {"missing": 1, "unknown": 1, "malformed": 1},
        )

    def test_a_forged_line(self):
        body = delivered(ROWS).replace(b"key-3", b"key-3\n")
        self.assertEqual(
            verify([("target-1", "logs/" + NAME, body)]),
            {"missing": 1, "unknown": 2, "malformed": 2},
        )

    def test_a_body_cut_in_mid_line(self):
        self.assertEqual(
            verify([("target-1", "logs/" + NAME, delivered(ROWS)[:-5])]),
            {"missing": 1, "unknown": 1, "bad_object": 1, "malformed": 1},
        )

    def test_a_body_without_its_last_line_feed(self):
        body = delivered(ROWS)[:-1]
        self.assertEqual(verify([("target-1", "logs/" + NAME, body)]), {"bad_object": 1})

    def test_an_empty_object(self):
        empty = [("target-1", "logs/" + NAME.replace("F", "E"), b"")]
        self.assertEqual(verify(one_object(ROWS) + empty), {"bad_object": 1})

    def test_another_content_type(self):
        [(bucket, key, body)] = one_object(ROWS)
        self.assertEqual(verify([(bucket, key, body, "binary/octet-stream")]), {"bad_object": 1})

    def test_two_source_buckets_in_one_object(self):
        rows = [*ROWS, row(bucket=b"videos", start=b"%d" % (SECOND * 1000 + 999))]
        self.assertEqual(verify(one_object(rows), rows), {"mixed": 1})

    def test_a_name_with_another_time(self):
        name = NAME.replace("-38-", "-39-")
        self.assertEqual(verify(one_object(ROWS, name=name)), {"bad_name": 1})

    def test_partitioned_names_of_the_day_and_of_the_delivery(self):
        for time in "2019-02-06-00-00-00", "2019-02-07-12-34-56":
            self.assertEqual(verify(one_object(ROWS, name=partitioned(time))), {})

    def test_a_partitioned_name_says_the_owner_of_the_first_line_that_has_one(self):
        rows = [row(owner=NULL, start=b"%d" % (SECOND * 1000)), *ROWS]
        name = partitioned("2019-02-06-00-00-00")
        self.assertEqual(verify(one_object(rows, name=name), rows), {})
        name = name.replace("79a59df900b949e5", "-")
        self.assertEqual(verify(one_object(rows[:1], name=name), rows[:1]), {})
        faults = {"missing": 7, "wrong_place": 7, "bad_name": 1}
        self.assertEqual(verify(one_object(rows, name=name), rows), faults)

    def test_partitioned_names_of_another_day_or_before_the_last_line(self):
        tomorrow = row(start=b"%d" % ((SECOND + 86400) * 1000), request=b"TOMORROW")
        for rows, time in (
            (ROWS, "2019-02-05-00-00-00"),
            ([*ROWS, tomorrow], "2019-02-06-00-00-00"),
            (ROWS, "2019-02-06-00-00-37"),
        ):
            self.assertEqual(verify(one_object(rows, name=partitioned(time)), rows), {"bad_name": 1})

    def test_a_partition_that_is_not_that_of_the_name_or_the_lines(self):
        name = partitioned("2019-02-06-00-00-00")
        for wrong in name.replace("02/06", "02/07"), name.replace("/photos/", "/videos/"):
            faults = {"missing": 6, "wrong_place": 6, "bad_name": 1}
            self.assertEqual(verify(one_object(ROWS, name=wrong)), faults)

    def test_a_prefix_that_looks_like_a_partition(self):
        prefix = "logs/79a59df900b949e5/eu-west-1/videos/2019/02/06/"
        rows = [row(prefix=prefix.encode())]
        self.assertEqual(verify(one_object(rows, prefix=prefix), rows), {})

    def test_a_name_in_lower_case(self):
        self.assertEqual(verify(one_object(ROWS, name=NAME.lower())), {"bad_name": 1})

    def test_a_foreign_object(self):
        foreign = [("target-1", "notes.txt", b"hello\n")]
        self.assertEqual(
            verify(one_object(ROWS) + foreign), {"unknown": 1, "malformed": 1, "bad_name": 1}
        )


if __name__ == "__main__":
    unittest.main()
