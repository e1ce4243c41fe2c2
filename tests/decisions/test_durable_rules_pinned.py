"""How durable-rules 2.0.28 behaves: what the engine's room relies on, and the faults around which it walks.

No test here says that a behaviour is good. When one fails, this is another build of the library: read what changed,
and prove the room of the engine anew, before anything is paid with it.
"""

from __future__ import annotations

import json
import locale
import operator
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

import durable_rules_engine
import pytest

COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "$gte": operator.ge,
    "$lte": operator.le,
    "$gt": operator.gt,
    "$lt": operator.lt,
    "$eq": operator.eq,
    "$neq": operator.ne,
}


def rule(*conditions: object, **settings: int) -> dict[str, object]:
    """A rule on one fact that fires when all conditions hold."""
    return {"all": [{"m": {"$and": list(conditions)}}], **settings}


def plus_one(name: str) -> dict[str, object]:
    return {"$add": {"$l": {"$m": name}, "$r": 1}}


def made(**rules: object) -> int:
    handle: int = durable_rules_engine.create_ruleset("pinned", json.dumps(rules))
    return handle


def drain(handle: int, state: int) -> list[tuple[str, Any]]:
    """The rules that fire, in order, each with what it fired on."""
    fired: list[tuple[str, Any]] = []
    started = durable_rules_engine.start_action_for_state(handle, state)
    activation = started[1] if started else None
    while activation is not None:
        fired += json.loads(activation).items()
        activation = durable_rules_engine.complete_and_start_action(handle, state)
    return fired


def fired(fact: object, **rules: object) -> list[str]:
    """The names of the rules that fire on one fact (a mapping, or its text)."""
    handle = made(**rules)
    code, state = durable_rules_engine.assert_fact(handle, fact if isinstance(fact, str) else json.dumps(fact))
    assert code in (0, 1)
    return [name for name, _ in drain(handle, state)]


def alone(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a program that may end its process."""
    header = """
        import json
        import durable_rules_engine as engine
        def rule(*conditions):
            return {"all": [{"m": {"$and": list(conditions)}}]}
        def made(**rules):
            return engine.create_ruleset("pinned", json.dumps(rules))
    """
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(header) + textwrap.dedent(program)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


# What is relied on


def test_the_version_is_the_one_that_was_measured() -> None:
    assert version("durable-rules") == "2.0.28"


@pytest.mark.parametrize("name", COMPARISONS)
def test_a_comparison_of_two_fields_that_are_there_is_exact_on_64_bits(name: str) -> None:
    sides = (-(2**63), -(2**62), -(2**53) - 1, -(2**53), -1, 0, 1, 2**53, 2**53 + 1, 2**62, 2**63 - 1)
    for left, right in product(sides, repeat=2):
        names = fired({"a": 1, "l": left, "r": right}, r0=rule({"a": 1}, {name: {"l": {"$m": "r"}}}))
        assert bool(names) is COMPARISONS[name](left, right), (left, right)


@pytest.mark.parametrize("name", COMPARISONS)
def test_a_comparison_of_a_field_with_a_constant_is_exact_on_64_bits(name: str) -> None:
    sides = (-(2**62), -(2**53) - 1, -1, 0, 1, 2**53 + 1, 2**62, 2**63 - 1)
    for left, right in product(sides, repeat=2):
        names = fired({"l": left}, r0=rule({name: {"l": right}}))
        assert bool(names) is COMPARISONS[name](left, right), (left, right)


def test_rules_fire_by_rising_priority_and_then_as_they_are_defined() -> None:
    same = {"a": 1}
    rules = {
        "r0": rule(same, pri=2),
        "r1": rule(same, pri=1),
        "r2": rule(same, pri=1),
        "r3": rule(same),
        "r4": rule(same, pri=2),
    }
    assert fired({"a": 1}, **rules) == ["r3", "r1", "r2", "r0", "r4"]


def test_the_order_of_fields_in_a_fact_does_not_change_the_order_of_firing() -> None:
    rules = {f"r{i}": rule({f"f{i}": 1}, pri=i) for i in range(20)}
    names = [f"f{i}" for i in range(20)]
    for order in (names, names[::-1], names[7:] + names[:7]):
        assert fired(dict.fromkeys(order, 1), **rules) == [f"r{i}" for i in range(20)]


def test_sixty_rules_that_match_at_once_all_fire() -> None:
    rules = {f"r{i}": rule({"a": 1}, {f"f{i}": 1}, pri=i) for i in range(60)}
    assert fired({"a": 1, **{f"f{i}": 1 for i in range(60)}}, **rules) == [f"r{i}" for i in range(60)]


def test_a_ruleset_of_511_conditions_beside_each_other_answers() -> None:
    assert fired({"f7": 1}, **{f"r{i}": rule({f"f{i}": 1}) for i in range(511)}) == ["r7"]


def test_an_activation_repeats_the_fact_letter_for_letter_and_a_fact_can_be_withdrawn_by_its_identity() -> None:
    handle = made(r0=rule({"a": 1}))
    fact = '{"id":"position","a":1,"l":-4611686018427387904}'
    assert durable_rules_engine.assert_fact(handle, fact) == (0, 1)
    assert durable_rules_engine.start_action_for_state(handle, 1)[1] == f'{{"r0":{{"m":{fact}}}}}'
    assert durable_rules_engine.complete_and_start_action(handle, 1) is None
    assert durable_rules_engine.get_facts(handle, None) == f"[{fact}]"
    assert durable_rules_engine.retract_fact(handle, '{"id":"position"}') == (0, 1)
    assert durable_rules_engine.get_facts(handle, None) == "[]"


def test_a_fact_on_which_nothing_fires_is_answered_with_1_and_one_that_is_there_already_with_2() -> None:
    handle = made(r0=rule({"a": 1}))
    assert durable_rules_engine.assert_fact(handle, '{"id":"x","a":2}') == (1, 1)
    assert durable_rules_engine.assert_fact(handle, '{"id":"x","a":1}') == (0, 1)
    assert durable_rules_engine.assert_fact(handle, '{"id":"x","a":1}') == (2, 1)


def test_withdrawing_what_is_not_there_is_answered_as_if_it_had_been() -> None:
    handle = made(r0=rule({"a": 1}))
    durable_rules_engine.assert_fact(handle, '{"id":"x","a":1}')
    assert durable_rules_engine.retract_fact(handle, '{"id":"y"}') == (0, 1)
    assert durable_rules_engine.get_facts(handle, None) == '[{"id":"x","a":1}]'


# Faults: a wrong answer without a word


@pytest.mark.parametrize("name", COMPARISONS)
def test_a_comparison_with_a_right_hand_field_that_is_missing_is_true(name: str) -> None:
    assert fired({"a": 1, "l": 5}, r0=rule({"a": 1}, {name: {"l": {"$m": "r"}}})) == ["r0"]


@pytest.mark.parametrize("name", COMPARISONS)
def test_a_comparison_with_a_left_hand_field_that_is_missing_is_false(name: str) -> None:
    assert fired({"a": 1, "r": 5}, r0=rule({"a": 1}, {name: {"l": {"$m": "r"}}})) == []


def test_an_or_fires_once_for_each_branch_that_is_true() -> None:
    either = {"all": [{"m": {"$or": [{"a": 1}, {"b": 1}]}}]}
    assert fired({"a": 1, "b": 1}, r0=either) == ["r0", "r0"]


def test_a_not_does_not_withdraw_what_is_on_the_agenda() -> None:
    handle = made(r0={"all": [{"first": {"a": 1}}, {"second$not": {"b": 1}}]})
    _, state = durable_rules_engine.assert_fact(handle, '{"a":1}')
    durable_rules_engine.assert_fact(handle, '{"b":1}')
    assert drain(handle, state) == [("r0", {"first": {"a": 1}})]


def test_an_or_inside_a_join_ignores_the_condition_that_follows_it() -> None:
    second = {"$and": [{"$or": [{"x": {"first": "x"}}, {"y": {"first": "y"}}]}, {"z": {"first": "z"}}]}
    handle = made(r0={"all": [{"first": {"a": 1}}, {"second": second}]})
    _, state = durable_rules_engine.assert_fact(handle, '{"a":1,"x":1,"y":1,"z":1}')
    durable_rules_engine.assert_fact(handle, '{"b":1,"x":1,"y":1,"z":2}')
    assert [name for name, _ in drain(handle, state)] == ["r0"]


def test_a_sum_above_64_bits_wraps() -> None:
    largest = 2**63 - 1
    names = fired(
        {"a": 0, "x": largest}, r0=rule({"$lt": {"a": plus_one("x")}}), r1=rule({"$gt": {"a": plus_one("x")}})
    )
    assert names == ["r1"]


def test_a_number_above_64_bits_becomes_the_largest_that_fits() -> None:
    assert fired('{"a":9223372036854775808}', r0=rule({"a": 2**63 - 1})) == ["r0"]


def test_not_a_number_is_null_and_a_fraction_with_an_exponent_is_no_number() -> None:
    assert fired('{"a":NaN}', r0={"all": [{"m": {"a": None}}]}) == ["r0"]
    with pytest.raises(durable_rules_engine.error, match="error code: 204"):
        fired('{"a":1e-05}', r0=rule({"$lt": {"a": 1}}))


def test_a_batch_with_a_bad_number_drops_what_follows_without_a_word() -> None:
    handle = made(r0=rule({"a": 1}))
    code, _ = durable_rules_engine.assert_facts(handle, '[{"a":1,"n":1},{"a":1,"n":1e-05},{"a":1,"n":3}]')
    assert code == 0
    assert durable_rules_engine.get_facts(handle, None) == '[{"a":1,"n":1}]'


def test_a_batch_that_raises_has_stored_some_of_its_facts() -> None:
    many = {f"f{i}": 1 for i in range(65)}
    handle = made(r0=rule({"a": 1}), **{f"m{i}": rule({f"f{i}": 1}) for i in range(65)})
    with pytest.raises(durable_rules_engine.error, match="error code: 303"):
        durable_rules_engine.assert_facts(handle, json.dumps([{"a": 1}, many]))
    assert json.loads(durable_rules_engine.get_facts(handle, None)) == [{"a": 1}]


def test_an_event_fires_only_one_of_the_rules_that_match() -> None:
    handle = made(r0=rule({"a": 1}), r1=rule({"a": 1}))
    _, state = durable_rules_engine.assert_event(handle, '{"a":1}')
    assert [name for name, _ in drain(handle, state)] == ["r0"]


def test_a_misspelt_operator_is_accepted_and_never_matches() -> None:
    assert fired({"a": "x"}, r0=rule({"$equal": {"a": "x"}}), r1=rule({"a": "x"})) == ["r1"]


def test_a_priority_has_16_bits_and_wraps() -> None:
    assert fired({"a": 1}, r0=rule({"a": 1}, pri=1), r1=rule({"a": 1}, pri=65_536)) == ["r1", "r0"]


def test_a_count_has_16_bits_and_wraps() -> None:
    # A rule that should wait for 65,537 facts fires on one.
    assert fired({"a": 1}, r0=rule({"a": 1}, count=65_537)) == ["r0"]


def test_two_field_names_with_one_hash_are_one_field() -> None:
    assert fired({"liquid": 1}, r0=rule({"costarring": 1})) == ["r0"]


def test_facts_with_one_id_are_one_fact_whatever_they_say() -> None:
    handle = made(r0=rule({"a": 1}))
    assert durable_rules_engine.assert_fact(handle, '{"id":7,"a":1,"n":1}')[0] == 0
    assert durable_rules_engine.assert_fact(handle, '{"id":7,"a":1,"n":2}')[0] == 2


def test_sixty_five_rules_that_match_at_once_fail() -> None:
    rules = {f"r{i}": rule({"a": 1}, {f"f{i}": 1}) for i in range(65)}
    with pytest.raises(durable_rules_engine.error, match="error code: 303"):
        fired({"a": 1, **{f"f{i}": 1 for i in range(65)}}, **rules)


def test_a_fact_has_252_fields_of_ours_at_most() -> None:
    assert fired({f"f{i}": 1 for i in range(252)}, r0=rule({"f0": 1})) == ["r0"]
    with pytest.raises(durable_rules_engine.error, match="error code: 302"):
        fired({f"f{i}": 1 for i in range(253)}, r0=rule({"f0": 1}))


# Faults: the end of the process, or of its patience


def test_an_integer_division_by_zero_ends_the_process() -> None:
    done = alone("""
        quotient = {"$div": {"$l": {"$m": "x"}, "$r": {"$m": "y"}}}
        engine.assert_fact(made(r0=rule({"a": 1}, {"$gt": {"a": quotient}})), '{"a":1,"x":1,"y":0}')
        print("still here")
    """)
    assert done.returncode != 0
    assert done.stdout == ""


def test_a_join_that_compares_fields_of_two_facts_inside_an_and_reads_beyond_its_end() -> None:
    # When the last comparison of the AND is false, it reads on through memory for an end. Which number of rules meets
    # the end of its memory differs from process to process; one of these does, with freed memory filled.
    done = alone(
        """
        second = {"$and": [{"b": 1}, {"$gt": {"x": {"first": "x"}}}]}
        for count in range(1, 61):
            handle = made(**{f"r{i}": {"all": [{"first": {"a": 1}}, {"second": second}]} for i in range(count)})
            engine.assert_fact(handle, '{"a":1,"x":1}')
            engine.assert_fact(handle, '{"b":1,"x":0}')
        print("still here")
        """,
        MALLOC_PERTURB_="165",
    )
    assert done.returncode != 0
    assert done.stdout == ""


def test_more_than_1024_states_end_the_process_or_fail() -> None:
    done = alone("""
        handle = made(r0=rule({"a": 1}))
        for number in range(1024):
            engine.assert_fact(handle, json.dumps({"a": 1, "sid": str(number)}))
        print("1024", flush=True)
        for number in range(1024, 1100):
            engine.assert_fact(handle, json.dumps({"a": 1, "sid": str(number)}))
        print("still here")
    """)
    assert done.returncode != 0
    assert done.stdout == "1024\n"


def test_256_rules_that_end_in_one_condition_end_the_process() -> None:
    done = alone("""
        engine.assert_fact(made(**{f"r{i}": rule({"a": 1}) for i in range(255)}), '{"a":1}')
        print("255", flush=True)
        engine.assert_fact(made(**{f"r{i}": rule({"a": 1}) for i in range(256)}), '{"a":1}')
        print("still here")
    """)
    assert done.returncode != 0
    assert done.stdout == "255\n"


# Faults: the locale


def dutch_locale(folder: Path) -> tuple[str, dict[str, str]] | None:
    """A Dutch locale of this machine, or one made in ``folder``: its name and the environment in which it is found."""
    saved = locale.setlocale(locale.LC_NUMERIC)
    for name in ("nl_NL.UTF-8", "nl_NL.utf8", "nl_BE.UTF-8"):
        try:
            locale.setlocale(locale.LC_NUMERIC, name)
        except locale.Error:
            continue
        locale.setlocale(locale.LC_NUMERIC, saved)
        return name, {}
    maker = shutil.which("localedef")
    if maker is None:
        return None
    subprocess.run([maker, "-i", "nl_NL", "-f", "UTF-8", str(folder / "nl_NL.UTF-8")], capture_output=True, check=False)
    return ("nl_NL.UTF-8", {"LOCPATH": str(folder)}) if (folder / "nl_NL.UTF-8").is_dir() else None


def test_under_a_dutch_locale_fractions_lose_their_decimals_and_whole_numbers_stay_exact(tmp_path: Path) -> None:
    found = dutch_locale(tmp_path)
    if found is None:
        pytest.skip("this machine has no Dutch locale and cannot make one")
    name, environment = found
    done = alone(
        f"""
        import locale
        locale.setlocale(locale.LC_ALL, {name!r})
        handle = made(r0=rule({{"$gt": {{"l": {{"$m": "r"}}}}}}))
        for left, right in ((0.6, 0.5), (2**62, 2**62 - 1), (-1, -2), (5, 5)):
            code, _ = engine.assert_fact(handle, json.dumps({{"l": left, "r": right}}))
            print(locale.localeconv()["decimal_point"], left > right, code == 0)
        """,
        **environment,
    )
    assert done.stderr == ""
    assert done.stdout == ", True False\n, True True\n, True True\n, False False\n"
