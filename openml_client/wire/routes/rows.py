"""What several rows of the table have in common."""

from __future__ import annotations

from openml_client.wire.filters import Filter, Kind
from openml_client.wire.route import Auth, Route
from openml_client.wire.vocabulary import given_id, names, tags_of_thing

PAGE = (Filter("limit", Kind.INT), Filter("offset", Kind.INT, is_minor=True))

SIZES = tuple(
    Filter(f"number_{what}", Kind.RANGE)
    for what in ("instances", "features", "classes", "missing_values")
)

RUN_FILTERS = (
    Filter("task", Kind.INTS, "tasks"),
    Filter("setup", Kind.INTS, "setups"),
    Filter("flow", Kind.INTS, "flows"),
    Filter("uploader", Kind.INTS),
    Filter("run", Kind.INTS, "runs"),
    Filter("tag", Kind.TEXT),
    *PAGE,
)


def tag_rows(thing: str) -> tuple[Route, Route, Route]:
    """The rows by which a kind of thing is tagged and untagged, and its tags are listed."""
    form = (f"{thing}_id", "tag")
    codes = {"missing": 471, "unknown": 472}
    return (
        Route(
            f"{thing}.tag",
            "POST",
            f"{thing}/tag",
            tags_of_thing(f"{thing}_tag"),
            form=form,
            auth=Auth.WRITE,
            codes={**codes, "twice": 473, "characters": 477},
        ),
        Route(
            f"{thing}.untag",
            "POST",
            f"{thing}/untag",
            tags_of_thing(f"{thing}_untag"),
            form=form,
            auth=Auth.WRITE,
            codes={**codes, "no_tag": 475, "owner": 476},
        ),
        Route(
            f"{thing}.tag_list",
            "GET",
            f"{thing}/tag/list",
            names(f"{thing}_tag_list", "tag", hand_made_json=True),
            auth=Auth.OPTIONAL if thing == "data" else Auth.NONE,  # only datasets may be private
            codes={"none": 1002},
        ),
    )


def delete_row(thing: str, **codes: int) -> Route:
    """The row by which a kind of thing is deleted."""
    return Route(
        f"{thing}.delete",
        "DELETE",
        f"{thing}/{{id}}",
        given_id(f"{thing}_delete"),
        auth=Auth.WRITE,
        codes=codes,
    )
