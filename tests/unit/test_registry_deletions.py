"""What can be deleted from the registry, by whom, and what goes with it."""

from __future__ import annotations

from .registry_client import IRIS, Api, code


def test_a_dataset_that_any_input_of_a_task_names_stays(api: Api) -> None:
    for _ in range(4):
        api.publish_dataset(IRIS.replace(b"'petal length'", b"petal_length"))
    api.publish_task(
        type_id=9, source_data="", source_data_list="[1, 2]", estimation_procedure="29"
    )
    api.publish_task(type_id=6, source_data="3", source_data_labeled="4", estimation_procedure="18")
    assert [code(api.delete(f"data/{id_}")) for id_ in (1, 2, 3, 4)] == [354] * 4
    for task_id in (1, 2):
        assert api.delete(f"task/{task_id}").status_code == 200
    assert [api.delete(f"data/{id_}").status_code for id_ in (1, 2, 3, 4)] == [200] * 4
