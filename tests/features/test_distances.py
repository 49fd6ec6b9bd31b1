"""Distances: compiled or not the same, and those of the sphere to a metre."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.features.kernels import EARTH_RADIUS_KM, distance_km

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)
pairs = st.tuples(latitudes, longitudes, latitudes, longitudes)


def exact_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    half_lat, half_lon = math.radians(other_lat - lat) / 2, math.radians(other_lon - lon) / 2
    cosines = math.cos(math.radians(lat)) * math.cos(math.radians(other_lat))
    chord = math.sin(half_lat) ** 2 + cosines * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord)))


@given(pairs)
def test_compiled_and_plain_agree_to_the_bit(pair: tuple[float, float, float, float]) -> None:
    """Machine code adds, multiplies and rounds as Python does."""
    plain = getattr(distance_km, "py_func", distance_km)
    assert distance_km(*pair) == plain(*pair)


@given(pairs)
def test_distances_are_those_of_the_sphere(pair: tuple[float, float, float, float]) -> None:
    """Away from the far side of the earth a distance is right to a metre; there, to two kilometres."""
    expected = exact_km(*pair)
    limit = 0.001 if expected < 18_000 else 2.0
    assert distance_km(*pair) == pytest.approx(expected, abs=limit)


@given(latitudes, longitudes)
def test_a_place_is_no_way_from_itself(lat: float, lon: float) -> None:
    """The distance of a place to itself is exactly 0, and never negative around it."""
    assert distance_km(lat, lon, lat, lon) == 0
    assert distance_km(lat, lon, min(90.0, lat + 1e-7), lon) >= 0


def test_the_date_line_is_no_barrier() -> None:
    """Two places on either side of 180 degrees are neighbours."""
    assert distance_km(0, 179.9, 0, -179.9) == pytest.approx(22.24, abs=0.01)


def test_a_missing_coordinate_makes_the_distance_missing() -> None:
    """NaN in, NaN out."""
    assert math.isnan(distance_km(math.nan, 0, 0, 0))
    assert math.isnan(distance_km(0, 0, 0, math.nan))
