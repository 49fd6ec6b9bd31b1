"""Distances on the earth, the same bits for one pair as for a thousand.

Only addition, multiplication, division and square root are used: the standard fixes their results, while the sine of a
scalar may differ from the sine of an array in its last bit, and streaming features must not depend on the batch size.
"""

import math

import numpy as np

from actors.arrays import F64

EARTH_RADIUS_KM = 6_371.0088  # mean radius, IUGG

_RADIANS = math.pi / 180
# sin x = x · p(x²), off by less than 2e-9 on [-π/2, π/2]
_SINE = (-0.0000000239, 0.0000027526, -0.0001984090, 0.0083333315, -0.1666666664, 1.0)
_S5, _S4, _S3, _S2, _S1, _S0 = _SINE
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
_A7, _A6, _A5, _A4, _A3, _A2, _A1, _A0 = _ARCSINE


def distances_km(lat: F64, lon: F64, other_lat: F64, other_lon: F64) -> F64:
    """Return great-circle distances, float64 (n,); NaN where a coordinate is NaN.

    Right to a metre, and to two kilometres for places on opposite sides of the earth.

    Args:
        lat: degrees, (n,), as are the others.

    Source: haversine formula; sine and arcsine from Abramowitz and Stegun, Handbook of Mathematical Functions, 4.3.97
    and 4.4.46.
    """
    angles = np.empty((4, len(lat)))  # half the ways in latitude and longitude, and the latitudes' complements
    np.subtract(other_lat, lat, out=angles[0])
    way = np.subtract(other_lon, lon, out=angles[1])
    way -= np.rint(way / 360.0) * 360.0
    angles[:2] *= 0.5
    np.subtract(90.0, np.abs(lat), out=angles[2])
    np.subtract(90.0, np.abs(other_lat), out=angles[3])
    angles *= _RADIANS
    square = angles * angles
    sines = square * _SINE[0]
    for factor in _SINE[1:-1]:
        sines += factor
        sines *= square
    sines += _SINE[-1]
    sines *= angles
    half_lat, half_lon, cosine, other_cosine = sines
    chord = half_lat * half_lat + cosine * other_cosine * (half_lon * half_lon)
    half_chord = np.sqrt(np.minimum(chord, 1.0))
    power = half_chord * _ARCSINE[0]
    for factor in _ARCSINE[1:-1]:
        power += factor
        power *= half_chord
    power += _ARCSINE[-1]
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
    cosines = _sine((90.0 - abs(lat)) * _RADIANS) * _sine((90.0 - abs(other_lat)) * _RADIANS)
    chord = half_lat * half_lat + cosines * (half_lon * half_lon)
    half_chord = math.sqrt(chord if not chord > 1.0 else 1.0)
    power = _A7 * half_chord + _A6
    power = (power * half_chord + _A5) * half_chord + _A4
    power = (power * half_chord + _A3) * half_chord + _A2
    power = (power * half_chord + _A1) * half_chord + _A0
    return (math.pi / 2 - math.sqrt(1.0 - half_chord) * power) * (2 * EARTH_RADIUS_KM)


def _sine(angle: float) -> float:
    square = angle * angle
    return (((((_S5 * square + _S4) * square + _S3) * square + _S2) * square + _S1) * square + _S0) * angle


def _turns(degrees: float) -> float:
    return degrees if math.isnan(degrees) else float(round(degrees / 360.0))
