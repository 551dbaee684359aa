"""Where our registry answers otherwise than the real server, each with the reason.

`tests/golden/test_registry_scenario.py` holds that nothing else differs, that each of these does
differ, and that they are at most 3 % of what is in scope, also if all is counted that is out of
scope but not the web site's.
"""

from __future__ import annotations

from collections.abc import Mapping

OF_THE_WEB_SITE: Mapping[str, str] = {
    "votes_.*": "votes are the web site's affair; code 100 here",
    "downloads_.*": "counts of downloads are the web site's affair; code 100 here",
    "gamification_.*": "so are scores",
    "badges_.*": "and badges",
}
"""What answers code 100 by design, by patterns of names."""

OUT_OF_SCOPE: Mapping[str, str] = {
    **OF_THE_WEB_SITE,
    "job_request_.*": "and jobs, for which nobody asks any more",
    "es_down_.*|db_down_.*|err_107_.*": "a server whose search engine or database is down",
    "data_upload_err_130_too_big|data_upload_over_post_max_size": (
        "limits of the PHP that the server ran on; ours takes larger files"
    ),
    "study_upload_with_benchmark_suite": "the real server crashed with an empty answer",
    "html_frontend_.*": "pages of the web site",
}
"""What the registry is not there for, by patterns of names."""

DIFFERENCES: Mapping[str, str] = {
    "data_get_after_edit": "the real server drops the language of an edit, ours keeps it",
    "data_list_manual_in_preparation": "as data_qualities_manual",
    "data_list_uploader_multi": "the real server reads two uploaders as the first of them",
    "data_qualities_manual": (
        "the real server keeps the text of a number, 2 or 2.0, as an engine from outside wrote it; "
        "ours keeps the number, and writes 2.0"
    ),
    "dataqualities_unprocessed": "the real server's database picks any dataset, ours the first",
    "flow_tag_list": "tags in an order that the database made up",
    "golden_engine/0058_GET_api_v1_data_138": (
        "the real server gives the md5 of what it fetched from the address; ours fetches nothing"
    ),
    "merge_datasets": "ours says why it merges nothing",
    "run_get_clustering": "the real engine fails on clusterings, ours evaluates them",
    "splits_clu": "the real server has no splits of clusterings, ours does",
    "splits_chal": "ours says why there are no splits",
    "splits_surv": "ours says why there are no splits",
    "task_upload_err_622_dataset": (
        "the real server names other users' private datasets too, in an order that the database "
        "made up"
    ),
    "tasktype_list": "the real server's table has quotation marks around some names",
    "tasktype_list_json": "the same",
}
"""By the name of the transcript."""

MAX_SHARE = 0.03
"""Of the exchanges in scope, and of all but the web site's."""
