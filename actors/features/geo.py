"""Distances on the earth, the same bits for one pair as for a thousand.

Only addition, multiplication, division and square root are used: the standard fixes their results, while the sine of a
scalar may differ from the sine of an array in its last bit, and streaming features must not depend on the batch size.
"""

import math

import numpy as np

from actors.arrays import F64

EARTH_RADIUS_KM = 6_371.0088  # mean radius, IUGG

_RADIANS = math.pi / 180
# sin x / x as a polynomial in x²: Taylor to x^15, off by less than 1e-11 on [-π/2, π/2]
_SINE: tuple[float, ...] = tuple((-1.0) ** k / math.factorial(2 * k + 1) for k in range(7, -1, -1))
# arcsin x = π/2 − sqrt(1 − x) · p(x) on [0, 1], off by less than 3e-8: 30 cm on the earth
_ARCSINE = (
    -0.0012624911,
    0.0066700901,
    -0.0170881256,
    0.0308918810,
    -0.0501743046,
    0.0889789874,
    -0.2145988016,
    math.pi / 2,
)


def distances_km(lat: F64, lon: F64, other_lat: F64, other_lon: F64) -> F64:
    """Return great-circle distances, float64 (n,); NaN where a coordinate is NaN.

    Args:
        lat: degrees, (n,), as are the others.

    Source: haversine formula; arcsine from Abramowitz and Stegun, Handbook of Mathematical Functions, 4.4.46.
    """
    count = len(lat)
    angles = np.empty(4 * count)
    np.subtract(other_lat, lat, out=angles[:count])
    np.subtract(other_lon, lon, out=angles[count : 2 * count])
    angles[count : 2 * count] -= np.rint(angles[count : 2 * count] / 360.0) * 360.0
    angles[: 2 * count] *= 0.5
    np.subtract(90.0, lat, out=angles[2 * count : 3 * count])
    np.subtract(90.0, other_lat, out=angles[3 * count :])
    angles *= _RADIANS
    square = angles * angles
    sines = np.full(4 * count, _SINE[0])
    for factor in _SINE[1:]:
        sines *= square
        sines += factor
    sines *= angles
    half_lat, half_lon = sines[:count], sines[count : 2 * count]
    chord = half_lat * half_lat + sines[2 * count : 3 * count] * sines[3 * count :] * (half_lon * half_lon)
    half_chord = np.sqrt(np.minimum(chord, 1.0))
    power = np.full(count, _ARCSINE[0])
    for factor in _ARCSINE[1:]:
        power *= half_chord
        power += factor
    return np.asarray((math.pi / 2 - np.sqrt(1.0 - half_chord) * power) * (2 * EARTH_RADIUS_KM))


def distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Return what `distances_km` returns, for one pair.

    Example:
        >>> round(distance_km(48.8566, 2.3522, 51.5074, -0.1278), 1)  # Paris, London
        343.6
    """
    half_lat = _sine((other_lat - lat) * 0.5 * _RADIANS)
    way = other_lon - lon
    half_lon = _sine((way - _turns(way) * 360.0) * 0.5 * _RADIANS)
    cosines = _sine((90.0 - lat) * _RADIANS) * _sine((90.0 - other_lat) * _RADIANS)
    chord = half_lat * half_lat + cosines * (half_lon * half_lon)
    half_chord = math.sqrt(chord if not chord > 1.0 else 1.0)
    power: float = _ARCSINE[0]
    for factor in _ARCSINE[1:]:
        power = power * half_chord + factor
    return (math.pi / 2 - math.sqrt(1.0 - half_chord) * power) * (2 * EARTH_RADIUS_KM)


def _sine(angle: float) -> float:
    square = angle * angle
    value: float = _SINE[0]
    for factor in _SINE[1:]:
        value = value * square + factor
    return value * angle


def _turns(degrees: float) -> float:
    return degrees if math.isnan(degrees) else float(round(degrees / 360.0))
