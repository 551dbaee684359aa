"""How the registry reads the filters of lists: what it refuses, in which order and words.

Source: the transcripts ``*_list_err_*``; the real server's order of checks.
"""

from __future__ import annotations

import pytest

from .registry_client import Api, code, information, texts


@pytest.fixture
def api(api: Api) -> Api:
    """A registry with one dataset, one task and two flows."""
    api.publish_dataset()
    api.publish_task()
    api.publish_flow("first")
    api.publish_flow("second")
    return api


def test_names_that_are_no_filters_are_all_told_in_their_order(api: Api) -> None:
    answer = api.get("flow/list/foo/1/tag/x/bar/2/foo")
    assert code(answer) == 501
    legal = "Legal filter operators: uploader,tag,limit,offset."
    assert information(answer) == f"{legal} Found illegal filter(s): foo, bar, foo"


def test_a_name_without_a_value_is_ignored_only_if_it_is_a_filter(api: Api) -> None:
    assert texts(api.get("data/list/limit"), "did") == ["1"]
    assert code(api.get("data/list/limitt")) == 370


def test_illegal_values_are_all_told_in_the_order_of_the_filters(api: Api) -> None:
    answer = api.get("evaluation/list/offset/a/tag/b%27c/task/1,")
    assert code(answer) == 541
    assert information(answer) == "Filters with illegal values: task,tag,offset"
    assert code(api.get("data/list/number_instances/~1")) == 371
    assert code(api.get("data/list/number_instances/many")) == 372


def test_illegal_values_are_refused_before_anything_else(api: Api) -> None:
    for path, number in (
        ("evaluation/list/foo/1/task/a/per_fold/x/offset/1/sort_order/x", 544),
        ("evaluation/list/task/a/per_fold/x/offset/1/sort_order/x", 541),
        ("evaluation/list/per_fold/x/offset/1/sort_order/x", 547),
        ("evaluation/list/offset/1/sort_order/x", 545),
        ("evaluation/list/limit/10001/sort_order/x/study/9", 546),
        ("evaluation/list/sort_order/x/study/9", 549),
        ("evaluation/list/study/9", 555),
        ("evaluation/list/per_fold/true/sort_order/asc", 540),
        ("run/list/show_errors/maybe", 510),
        ("run/list/show_errors/true/offset/1", 515),
        ("setup/list/offset/1", 675),
    ):
        assert code(api.get(path)) == number, path


def test_a_flag_that_is_none_is_refused_with_an_empty_list(api: Api) -> None:
    answer = api.get("evaluation/list/task/1/per_fold/TRUE")
    assert code(answer) == 547
    assert information(answer) == "Filters with illegal values: "


def test_an_offset_of_zero_needs_no_limit_and_one_behind_a_limit_of_zero_has_none(
    api: Api,
) -> None:
    assert texts(api.get("data/list/offset/0"), "did") == ["1"]
    assert code(api.get("data/list/limit/0/offset/5")) == 373


def test_a_limit_of_zero_is_none_in_some_lists_only(api: Api) -> None:
    assert texts(api.get("flow/list/limit/0"), "id") == ["1", "2"]
    for path, number in (("data/list", 372), ("task/list", 482), ("run/list", 512)):
        assert code(api.get(f"{path}/limit/0")) == number


def test_a_type_of_tasks_that_is_no_number_is_that_of_no_task(api: Api) -> None:
    assert code(api.get("task/list/type/abc")) == 482
    assert texts(api.get("task/list/type/1"), "task_id") == ["1"]


def test_commas_and_spaces_may_be_percent_encoded(api: Api) -> None:
    assert texts(api.get("data/list/data_id/1%2C2"), "did") == ["1"]
    assert texts(api.get("data/list/data_id/1%2C%202"), "did") == ["1"]
