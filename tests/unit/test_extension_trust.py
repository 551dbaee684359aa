"""Nothing of a stranger's description is imported before it has passed the audit."""

from __future__ import annotations

import pickle
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openml_client.errors import FlowError, UntrustedError
from openml_client.extension.description import Description
from openml_client.extension.identity import Json
from openml_client.extension.trust import Hazard, Policy, Rule, Trust, untrusted
from tests.unit.toy_extension import POLICY, TOY, Thing

MODULE = "tests.unit.toy_extension"


def described(tree: Json) -> Description:
    return Description(extension="toy", api=1, frameworks={}, tree=tree)


def thing(cls: str = f"{MODULE}:Thing", **params: Json) -> Json:
    return {"$node": {"kind": "thing", "class": cls, "params": params, "defaults": {}}}


def build(tree: Json, *trusted: str) -> Any:
    trust = Trust.of_strangers(POLICY, trusted)
    return TOY.build(described(tree), trust=trust, compat="semantic", notes=[])


HOSTILE = {
    "a class elsewhere": thing("antigravity:Flight"),
    "a function for a class": thing("os:mkdir"),
    "a function": thing(size={"$function": "os:system"}),
    "eval": thing(size={"$function": "builtins:eval"}),
    "a partial": thing(
        size={"$partial": {"func": {"$function": "os:system"}, "args": ["id"], "kwargs": {}}}
    ),
    "a call": thing(
        size={"$call": {"kind": "thing", "name": "os:mkdir", "args": ["x"], "kwargs": {}}}
    ),
    "a call of a kind of its own": thing(
        size={"$call": {"kind": "good", "name": f"{MODULE}:Thing", "args": [], "kwargs": {}}}
    ),
    "a factory": thing(
        size={"$call": {"kind": "factory", "name": "os:mkdir", "args": [], "kwargs": {}}}
    ),
    "a class as a value": thing(size={"$class": "subprocess:Popen"}),
    "a dataclass": thing(size={"$data": {"class": "antigravity:X", "fields": {}}}),
    "an enum": thing(size={"$enum": ["antigravity:X", "A"]}),
    "a dunder": thing(f"{MODULE}:Thing.__init__.__globals__"),
    "a dunder module": thing("__main__:Thing"),
    "a private name": thing(f"{MODULE}:_Thing"),
    "a similar package": thing(f"{MODULE}_evil:Thing"),
    "hidden in the defaults": {
        "$node": {
            "kind": "thing",
            "class": f"{MODULE}:Thing",
            "params": {"size": 1},
            "defaults": {"size": {"$function": "os:system"}},
        }
    },
    "hidden in the extra": {
        "$node": {
            "kind": "thing",
            "class": f"{MODULE}:Thing",
            "params": {},
            "defaults": {},
            "extra": [{"$function": "os:system"}],
        }
    },
}


@pytest.mark.parametrize("tree", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_description_is_refused_with_nothing_imported(tree: Json) -> None:
    before = set(sys.modules)
    with pytest.raises(UntrustedError):
        build(tree)
    assert set(sys.modules) == before
    assert "antigravity" not in sys.modules


def test_a_dunder_is_refused_even_in_a_trusted_module() -> None:
    with pytest.raises(UntrustedError, match="no name of a class"):
        build(thing(f"{MODULE}:codec.__globals__"), MODULE)


def test_a_walk_through_a_module_leads_nowhere_even_in_a_trusted_one() -> None:
    with pytest.raises(FlowError, match=r"hashlib\.sha256 does not exist"):
        build(thing("openml_client.extension.identity:hashlib.sha256"), "openml_client")


def test_what_was_imported_must_be_of_its_kind() -> None:
    with pytest.raises(UntrustedError, match="it is a class"):
        build(thing(size={"$function": f"{MODULE}:Thing"}), MODULE)
    with pytest.raises(UntrustedError, match="an object of type function"):
        build(thing(size={"$class": f"{MODULE}:columns"}), MODULE)


def test_a_trusted_package_does_not_vouch_for_what_it_imports() -> None:
    tree = thing(size={"$function": "openml_client.extension.seeds:contextmanager"})
    with pytest.raises(UntrustedError, match="defined in contextlib"):
        build(tree, "openml_client")
    assert build(tree, "openml_client", "openml_client.extension.seeds:contextmanager")
    assert build(tree, "openml_client", "contextlib")


def test_a_rule_checks_what_a_name_turned_out_to_be() -> None:
    rule = Rule(names=frozenset({"os:getcwd"}), complaint=lambda _: "no thing at all")
    trust = Trust(Policy({"thing": rule}))
    with pytest.raises(UntrustedError, match="no thing at all"):
        trust.load("thing", "os:getcwd")


@pytest.mark.parametrize(
    ("name", "is_allowed"),
    [
        ("pkg:A", True),
        ("pkg.models:A", True),
        ("pkg.models:A.B", True),
        ("pkg._private:A", False),
        ("pkg.models:_A", False),
        ("pkg.models.tests.test_a:A", False),
        ("pkg.conftest:A", False),
        ("pkg2:A", False),
        ("other.models:A", True),
        ("other.models.deep:A", False),
        ("exact:a", True),
        ("exact:b", False),
    ],
)
def test_a_rule_allows_public_names_of_its_packages(name: str, is_allowed: bool) -> None:
    rule = Rule(frozenset({"exact:a"}), frozenset({"other.models"}), frozenset({"pkg"}))
    assert rule.allows(name) is is_allowed


def test_the_audit_names_everything_that_is_not_trusted() -> None:
    tree = thing(
        "mypkg:Net", size=[{"$function": "os:system"}], inner=thing(), name={"$class": "mypkg:A"}
    )
    names = untrusted(described(tree), POLICY)
    assert names == ("mypkg:Net", "mypkg:A", "os:system")


def test_a_name_that_stands_in_several_places_is_told_once() -> None:
    system = {"$function": "os:system"}
    with pytest.raises(UntrustedError) as caught:
        build(thing(size=[system, system]))
    assert caught.value.message.count("os:system") == 1


@pytest.mark.parametrize(
    "name", ["a:b\x1b[2J\x07", "a:\u202eb", "a:b\n  a:b: fine", "a" * 10**6 + ":b"], ids=ascii
)
def test_a_message_holds_no_odd_characters_and_no_endless_names(name: str) -> None:
    with pytest.raises(UntrustedError) as caught:
        build(thing(name, size=11))
    assert caught.value.names == (name,)
    assert all(line.isprintable() and len(line) < 400 for line in str(caught.value).split("\n"))
    assert len(str(caught.value).split("\n")) == 3


def test_the_report_says_why_each_name_is_trusted_or_not() -> None:
    rules = {
        "thing": Rule(packages=frozenset({"toys"})),
        "function": Rule(names=frozenset({"math:sqrt"}), modules=frozenset({"toys.sums"})),
    }
    functions = ("math:sqrt", "toys.sums:add", "os:system", "mypkg.a:b", "not a name")
    tree = thing("toys.deep:Net", size=[{"$function": name} for name in functions])
    found = Trust.of_strangers(Policy(rules), "mypkg").report(described(tree))
    assert {f.name: (f.kind, f.is_trusted, f.why) for f in found} == {
        "toys.deep:Net": ("thing", True, "public in toys"),
        "math:sqrt": ("function", True, "on the extension's list"),
        "toys.sums:add": ("function", True, "public in toys.sums"),
        "mypkg.a:b": ("function", True, "the caller trusts mypkg"),
        "os:system": (
            "function",
            False,
            "this function is not among those that the extension vouches for",
        ),
        "not a name": ("function", False, "this is no name of a class or function"),
    }


def test_the_report_holds_parameters_that_harm_also_if_they_are_trusted() -> None:
    tree = described(thing(size=11))
    name = f"{MODULE}:Thing.size"
    for trusted in ([], [name]):
        *_, found = Trust.of_strangers(CAREFUL, trusted).report(tree)
        assert (found.name, found.kind, found.is_trusted) == (name, "parameter", bool(trusted))
        assert found.why == "it is huge"


@pytest.mark.parametrize(
    "trusted", [("mypkg",), ("mypkg.models",), ("mypkg.models:Net",), ("mypkg.models:Net", "os")]
)
def test_a_package_a_module_or_a_name_can_be_trusted(trusted: tuple[str, ...]) -> None:
    assert untrusted(described(thing("mypkg.models:Net")), POLICY, trusted) == ()


def test_trust_in_a_package_does_not_reach_one_with_a_longer_name() -> None:
    assert untrusted(described(thing("mypkg2:Net")), POLICY, ["mypkg"]) == ("mypkg2:Net",)


@pytest.mark.parametrize("trusted", ["", "my pkg", "a:b:c", "../x", "mypkg."])
def test_trusted_must_be_a_name(trusted: str) -> None:
    with pytest.raises(FlowError, match="trusted="):
        Trust.of_strangers(POLICY, [trusted])


def test_one_name_may_be_given_without_a_list() -> None:
    assert Trust.of_strangers(POLICY, "mypkg").trusted == {"mypkg"}


def size_over_ten(parameter: str, value: Json) -> str | None:
    return "it is huge" if parameter == "size" and value == 11 else None


CAREFUL = Policy(POLICY.rules, (Hazard(size_over_ten),))


@pytest.mark.parametrize(
    ("tree", "name"),
    [
        (thing(size=11), f"{MODULE}:Thing.size"),
        (thing(name={"inner__size": 11}), f"{MODULE}:Thing.name.inner__size"),
        (thing(name=[{"$dict": [["x", 1], ["size", 11]]}]), f"{MODULE}:Thing.name.size"),
        (thing(inner=[thing(size=11)]), f"{MODULE}:Thing.size"),
        (
            {
                "$node": {
                    "kind": "thing",
                    "class": f"{MODULE}:Thing",
                    "params": {"size": 11},
                    "defaults": {"size": 11},
                }
            },
            f"{MODULE}:Thing.size",
        ),
    ],
)
def test_a_harmful_parameter_is_found_and_can_be_trusted_by_its_name(tree: Json, name: str) -> None:
    assert untrusted(described(tree), CAREFUL) == (name,)
    assert untrusted(described(tree), CAREFUL, [name]) == ()


def test_an_argument_without_a_name_can_be_trusted_by_its_number() -> None:
    made = {"$call": {"kind": "good", "name": "a:b", "args": [0, {"size": 11}], "kwargs": {}}}
    name = "a:b.1.size"
    assert name in untrusted(described(thing(size=made)), CAREFUL)
    assert name not in untrusted(described(thing(size=made)), CAREFUL, [name])


def test_a_harmful_value_that_is_set_after_the_constructor_is_found() -> None:
    tree = thing()
    tree["$node"]["extra"] = {"attributes": {"size": 11}}
    name = f"{MODULE}:Thing.extra.size"
    assert untrusted(described(tree), CAREFUL) == (name,)
    assert untrusted(described(tree), CAREFUL, [name]) == ()


def test_own_models_are_trusted_as_they_are_and_nothing_else() -> None:
    mine = described(thing("mypkg:Net", size=11))
    trust = Trust.of_own(CAREFUL, mine)
    assert trust.audit(mine) == ()
    assert trust.audit(described(thing("mypkg:Other"))) != ()


def test_policies_add_up() -> None:
    one = Policy({"thing": Rule(names=frozenset({"a:X"}))}, (Hazard(size_over_ten),))
    other = Policy({"thing": Rule(modules=frozenset({"b"})), "part": Rule()})
    both = one | other
    assert both.rules["thing"].allows("a:X")
    assert both.rules["thing"].allows("b:Y")
    assert set(both.rules) == {"thing", "part"}
    assert both.hazards == one.hazards


def test_an_object_must_please_the_rule_that_allows_its_name() -> None:
    lax = Rule(names=frozenset({"os:getcwd"}))
    strict = Rule(names=frozenset({"os:getpid"}), complaint=lambda _: "no thing at all")
    for policy in (
        Policy({"thing": lax}) | Policy({"thing": strict}),
        Policy({"thing": strict}) | Policy({"thing": lax}),
    ):
        Trust(policy).load("thing", "os:getcwd")
        with pytest.raises(UntrustedError, match="no thing at all"):
            Trust(policy).load("thing", "os:getpid")


def test_a_refusal_pickles_with_its_names() -> None:
    with pytest.raises(UntrustedError) as caught:
        build(thing("mypkg:Net"))
    assert pickle.loads(pickle.dumps(caught.value)).names == ("mypkg:Net",)
    assert "trusted=['mypkg:Net']" in str(caught.value)


def test_a_trusted_description_is_built() -> None:
    built = build(TOY.describe(Thing(size=(1, 2), inner=[Thing()])).tree)
    assert (built.size, built.inner[0].size) == ((1, 2), 1)


TREES = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
        st.dictionaries(st.sampled_from(["$node", "$part", "$call", "$leaf"]), inner, max_size=1),
        st.builds(lambda x, y: thing(size=x, inner=y), inner, inner),
        st.builds(lambda x: {"$function": x}, inner),
    ),
    max_leaves=10,
)


@given(TREES)
def test_any_tree_is_built_or_refused_with_a_documented_error(tree: Json) -> None:
    try:
        build(tree)
    except FlowError as error:
        assert str(error)  # noqa: PT017  # what is not refused is fine as well
