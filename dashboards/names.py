"""What stays the same for ever: the data source's uid, the folder's, and those of the dashboards."""

import unicodedata

DATA_SOURCE_UID = "smarthub-influxql"
DATA_SOURCE_NAME = "smarthub InfluxQL"
DATA_SOURCE_TYPE = "influxdb"
FOLDER_UID = "smarthub"
FOLDER_TITLE = "智慧社区 smarthub"
TAG = "smarthub"

DISTRICT_UID = "smarthub-district"
COMPOUND_UID = "smarthub-compound"
DEVICE_UID = "smarthub-device"
SITE_UID = "smarthub-site-"
UID_MAX = 40
"""Grafana refuses longer uids."""

DEFAULT_HUB = "http://127.0.0.1:8080"
CASE_LINK = "${hub:raw}/cases/${__value.raw}"
HUB_LINK = "${hub:raw}/"


def site_uid(compound: str) -> str:
    """Return the uid of a compound's own dashboard; as long as the compound's id stays, it stays."""
    return f"{SITE_UID}{compound}"[:UID_MAX]


def clean(name: str) -> str:
    """Make a name from the registry inert: no control or direction marks, no template variable."""
    plain = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in name)
    return plain.replace("$", "＄").replace("[[", "［［")
