"""What the registry answers for ids that nothing can have, and for engines that there are not."""

from __future__ import annotations

import pytest

from .registry_client import Api, code, document, information, tag, texts


@pytest.fixture
def api(api: Api) -> Api:
    """A registry with one dataset, that was processed."""
    api.publish_dataset()
    return api


def test_an_id_of_zero_is_none_where_the_server_asks_for_one(api: Api) -> None:
    for path, number in (
        ("data/0", 110),
        ("data/features/0", 271),
        ("data/qualities/0", 360),
        ("data/features/qualities/0", 631),
        ("task/0", 151),
        ("task/inputs/0", 156),
        ("tasktype/0", 240),
        ("estimationprocedure/0", 730),
        ("flow/0", 180),
        ("run/0", 235),
        ("setup/0", 280),
        ("study/0", 601),
    ):
        assert code(api.get(path)) == number, path


def test_negative_ids_are_those_of_nothing_of_whatever_size(api: Api) -> None:
    for id_ in ("-1", f"-{10**40}"):
        for path, number in (
            ("data/{}", 111),
            ("data/features/{}", 271),
            ("data/qualities/{}", 361),
            ("data/description/list/{}", 1090),
            ("task/{}", 151),
            ("task/inputs/{}", 156),
            ("tasktype/{}", 241),
            ("estimationprocedure/{}", 731),
            ("flow/{}", 181),
            ("run/{}", 236),
            ("run/trace/{}", 571),
            ("setup/{}", 281),
            ("study/{}", 601),
        ):
            assert code(api.get(path.format(id_))) == number, path
        for path, number in (
            ("data/{}", 352),
            ("task/{}", 452),
            ("flow/{}", 322),
            ("run/{}", 392),
            ("setup/{}", 402),
            ("study/{}", 592),
        ):
            assert code(api.delete(path.format(id_))) == number, path


def test_ids_that_are_no_numbers_are_no_functions(api: Api) -> None:
    for path in ("data/one", "task/1a", "run/x", "data/qualities/1/x", "data/unprocessed/x/normal"):
        assert code(api.get(path, key=api.key)) == 100, path


def test_only_one_engine_has_looked_at_a_dataset(api: Api) -> None:
    assert "NumberOfInstances" in texts(api.get("data/qualities/1/1"), "name")
    assert code(api.get("data/qualities/1/2")) == 363
    assert code(api.get("data/qualities/9/2")) == 361


def test_columns_have_no_qualities_whatever_is_asked(api: Api) -> None:
    assert code(api.get("data/features/qualities/1")) == 635
    assert code(api.get("data/features/qualities/1/1")) == 635
    assert code(api.get("data/features/qualities/1/2")) == 634
    assert code(api.get("data/features/qualities/9")) == 632
    api.publish_dataset(visibility="private")
    assert code(api.get("data/features/qualities/2")) == 632


def test_what_was_found_is_told_in_spite_of_an_error(api: Api) -> None:
    failed = api.publish_dataset(default_target_attribute="nothing")
    assert code(api.get(f"data/features/{failed}")) == 274
    answer = api.get(f"data/qualities/{failed}")
    assert code(answer) == 364
    assert information(answer)
    measured = tag("name", "NumberOfInstances") + tag("value", "10")
    head = tag("did", str(failed)) + tag("evaluation_engine_id", "1")
    upload = document("data_qualities", head + tag("quality", measured))
    assert texts(api.post("data/qualities", upload), "did") == [str(failed)]
    assert texts(api.get(f"data/qualities/{failed}"), "name") == ["NumberOfInstances"]
