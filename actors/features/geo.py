"""Distances on the earth.

Only addition, multiplication, division and square root are used: the standard fixes their results, while the sine of
one library differs from that of another in its last bit, and a feature must be the same on every machine.
"""

import math

from actors.kernels import kernel

EARTH_RADIUS_KM = 6_371.0088  # mean radius, IUGG

_RADIANS = math.pi / 180
_QUARTER = math.pi / 2
# sin x = x · p(x²), off by less than 2e-9 on [-π/2, π/2]
_S5, _S4, _S3, _S2, _S1, _S0 = -0.0000000239, 0.0000027526, -0.0001984090, 0.0083333315, -0.1666666664, 1.0
# arcsin x = π/2 − sqrt(1 − x) · p(x) on [0, 1], off by less than 3e-8: 30 cm on the earth
_A7, _A6, _A5, _A4 = -0.0012624911, 0.0066700901, -0.0170881256, 0.0308918810
_A3, _A2, _A1, _A0 = -0.0501743046, 0.0889789874, -0.2145988016, _QUARTER


@kernel
def distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Return the great-circle distance of two places in degrees; NaN where a coordinate is NaN.

    Right to a metre, and to two kilometres for places on opposite sides of the earth.

    Source: haversine formula; sine and arcsine from Abramowitz and Stegun, Handbook of Mathematical Functions, 4.3.97
    and 4.4.46.

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
    return (_QUARTER - math.sqrt(1.0 - half_chord) * power) * (2 * EARTH_RADIUS_KM)


@kernel
def _sine(angle: float) -> float:
    square = angle * angle
    return (((((_S5 * square + _S4) * square + _S3) * square + _S2) * square + _S1) * square + _S0) * angle


@kernel
def _turns(degrees: float) -> float:
    return degrees if math.isnan(degrees) else float(round(degrees / 360.0))
