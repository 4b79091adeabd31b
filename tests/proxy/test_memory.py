"""What is remembered is good for one state, and together it never weighs more than it may."""

from proxy.rewriting.memory import Memory, Same


def test_another_state_is_not_answered_from_memory() -> None:
    memory = Memory[str](capacity=2)
    memory.put("question", "monday", "yes")
    assert memory.get("question", "monday") == "yes"
    assert memory.get("question", "tuesday") is None


def test_the_least_recently_used_goes_first() -> None:
    memory = Memory[int](capacity=2)
    memory.put("a", 0, 1)
    memory.put("b", 0, 2)
    memory.get("a", 0)
    memory.put("c", 0, 3)
    assert [memory.get(key, 0) for key in "abc"] == [1, None, 3]


def test_a_heavy_one_takes_the_place_of_many_and_one_too_heavy_is_not_kept() -> None:
    memory = Memory[int](capacity=10)
    for number in range(10):
        memory.put(number, 0, number)
    memory.put("heavy", 0, 1, weight=8)
    assert sum(memory.get(number, 0) is not None for number in range(10)) == 2
    memory.put("heavy", 0, 2, weight=11)
    assert memory.get("heavy", 0) is None
    memory.put("light", 0, 3)
    assert memory.get("light", 0) == 3


def test_a_thing_is_not_another_one_that_is_equal() -> None:
    memory = Memory[int](capacity=2)
    one, other = (1, 2, int("3")), (1, 2, int("3"))
    memory.put(Same(one), None, 1)
    assert memory.get(Same(one), None) == 1
    assert one == other
    assert memory.get(Same(tuple(list(other))), None) is None
    assert Same(one) != one
