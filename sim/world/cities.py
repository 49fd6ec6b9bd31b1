"""Where people live: forty cities, evenly spaced over all longitudes.

Even spacing makes it every local hour somewhere at any instant, in the same proportions. So a drill that covers a few
hours of event time meets the same local hours as eight weeks of history do.
"""

import numpy as np

from actors.core.arrays import F64, I64

_CITIES = (  # (latitude, country) from west to east, 9 degrees of longitude apart
    *((-13.8, "WS"), (21.9, "US"), (21.3, "US"), (-17.5, "PF"), (-9.8, "PF"), (54.3, "CA"), (37.8, "US"), (33.4, "US")),
    *(
        (20.7, "MX"),
        (29.8, "US"),
        (38.2, "US"),
        (4.7, "CO"),
        (-33.4, "CL"),
        (-34.6, "AR"),
        (-25.4, "BR"),
        (-20.3, "BR"),
    ),
    *((38.7, "PT"), (64.1, "IS"), (14.7, "SN"), (40.4, "ES"), (52.1, "NL"), (52.5, "DE"), (38.0, "GR"), (30.0, "EG")),
    *((-1.3, "KE"), (40.4, "AZ"), (23.6, "OM"), (24.9, "PK"), (28.6, "IN"), (22.6, "IN"), (3.6, "ID"), (1.3, "SG")),
    *(
        (23.1, "CN"),
        (25.0, "TW"),
        (33.6, "JP"),
        (35.7, "JP"),
        (-33.9, "AU"),
        (-9.4, "SB"),
        (-22.3, "NC"),
        (-36.8, "NZ"),
    ),
)
CITY_COUNT = len(_CITIES)
COUNTRIES = tuple(sorted({country for _, country in _CITIES}))
LATITUDE: F64 = np.array([latitude for latitude, _ in _CITIES])
LONGITUDE: F64 = np.linspace(-180.0, 180.0, CITY_COUNT, endpoint=False) + 180.0 / CITY_COUNT
COUNTRY: I64 = np.array([COUNTRIES.index(country) for _, country in _CITIES], dtype=np.int64)
