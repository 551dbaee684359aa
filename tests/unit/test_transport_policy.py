"""When a request is repeated, and after what wait."""

from datetime import UTC, datetime

import pytest

from openml_client.transport.message import Response
from openml_client.transport.policy import (
    Fault,
    FaultKind,
    RetryPolicy,
    is_database_down,
    retry_after_s,
)

POLICY = RetryPolicy(jitter=lambda: 1.0)


def wait(kind, attempt=1, *, policy=POLICY, retry_after=None, **values):
    response = Response(status=503, headers={}, body=b"", url="")
    fault = Fault(kind, "", retry_after_s=retry_after, response=response)
    known = {"retries": 4, "repeatable": True, "elapsed_s": 0.0, "deadline_s": 300.0}
    return policy.wait_s(fault, attempt=attempt, **(known | values))


def test_waits_double_up_to_their_cap():
    waits = [wait(FaultKind.BROKEN, attempt, retries=9) for attempt in range(1, 9)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0]


def test_waits_are_spread_from_zero():
    assert wait(FaultKind.BROKEN, policy=RetryPolicy(jitter=lambda: 0.0)) == 0.0


def test_the_number_of_retries_holds():
    assert wait(FaultKind.BROKEN, 2, retries=2) is not None
    assert wait(FaultKind.BROKEN, 3, retries=2) is None


@pytest.mark.parametrize(
    "kind", [FaultKind.SILENT, FaultKind.UNSAFE, FaultKind.TOO_LARGE, FaultKind.NO_FILE]
)
def test_what_will_not_change_is_not_repeated(kind):
    assert wait(kind) is None


@pytest.mark.parametrize("kind", [FaultKind.BROKEN, FaultKind.BUSY, FaultKind.SHORT])
def test_what_may_have_been_taken_is_not_repeated(kind):
    assert wait(kind, repeatable=False) is None


def test_what_was_never_sent_is_repeated_though_it_is_not_repeatable():
    assert wait(FaultKind.UNREACHABLE, repeatable=False) == 0.5


def test_an_unreachable_server_is_tried_for_two_seconds():
    assert wait(FaultKind.UNREACHABLE, elapsed_s=1.5) == 0.5
    assert wait(FaultKind.UNREACHABLE, elapsed_s=1.6) is None


def test_the_server_may_ask_for_a_longer_wait_but_not_for_any():
    assert wait(FaultKind.BUSY, retry_after=7.0) == 7.0
    assert wait(FaultKind.BUSY, retry_after=0.0) == 0.5
    assert wait(FaultKind.BUSY, retry_after=3600.0) is None


def test_no_wait_goes_beyond_the_deadline():
    assert wait(FaultKind.BUSY, retry_after=7.0, elapsed_s=295.0) is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 59.0),
        ("Fri, 31 Dec 1999 23:00:00 GMT", 0.0),
        (None, None),
        ("soon", None),
        ("-5", None),
        ("9" * 400, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, seconds):
    now = datetime(1999, 12, 31, 23, 59, 0, tzinfo=UTC)
    assert retry_after_s(value, now=now) == seconds


def test_a_long_document_that_mentions_code_107_is_no_error():
    assert is_database_down(b"<oml:error><oml:code>107</oml:code></oml:error>")
    assert not is_database_down(b"<oml:code>107</oml:code>" + b" " * 2000)
    assert not is_database_down(b"<oml:code>1070</oml:code>")


@pytest.mark.shared
def test_the_recorded_answers_of_a_database_that_is_down_are_recognised(shared):
    names = ("err_107_database_down", "err_107_database_down_json", "db_down_download")
    for name in names:
        content = (shared / "golden" / f"{name}.response.txt").read_bytes()
        assert is_database_down(content.partition(b"\r\n\r\n")[2])
