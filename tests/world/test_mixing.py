"""Laws of draws by counter."""

from hypothesis import given
from hypothesis import strategies as st

from sim.chance import key_of, uniform, uniforms


@given(st.integers(0, 2**64 - 1), st.integers(-(2**63), 2**63 - 1))
def test_one_draw_is_the_draw_of_an_array(seed: int, part: int) -> None:
    """Plain numbers and arrays give the same bits."""
    assert uniform(seed, part) == uniforms(key_of(seed, part))[0]
