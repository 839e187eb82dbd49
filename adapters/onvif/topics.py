"""What ONVIF's topics mean to us, as a table.

Standard topics by the ONVIF specifications (Core, Imaging, Analytics, Access Control, Door Control,
Thermal; repository onvif/specs, July 2026). Rows marked "vendor" are what cameras in the field send.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from model.reading import Event


class Flag(NamedTuple):
    """A topic that says whether something is so: the data items that may say it, and what it is to us."""

    to: str
    items: tuple[str, ...] = ()  # the first that is there; () is any
    word: Event = Event.NONE  # said with true
    over: Event = Event.NONE  # said with false
    moment: bool = False  # happens and is over: there is no false


class Number(NamedTuple):
    """A topic that carries a quantity."""

    to: str
    item: str


_TAMPER = Event.TAMPER, Event.TAMPER_CLEARED
_FAULT = Event.FAULT, Event.FAULT_CLEARED
_PRE_ALARM = Event.PRE_ALARM, Event.NORMAL

ANALYTICS: Final[Mapping[str, Flag]] = {
    "RuleEngine/CellMotionDetector/Motion": Flag("motion", ("IsMotion", "State")),
    "RuleEngine/MotionRegionDetector/Motion": Flag("motion", ("State", "IsMotion")),
    "RuleEngine/MotionDetector/Detection": Flag("motion", ("Detected",)),  # vendor: Ajax
    "VideoSource/MotionAlarm": Flag("motion", ("State",)),
    "RuleEngine/TamperDetector/Tamper": Flag("tamper", ("IsTamper", "State"), *_TAMPER),  # de facto
    "RuleEngine/CellMotionDetector/Tamper": Flag("tamper", ("IsTamper",), *_TAMPER),  # vendor: Tapo
    "RuleEngine/FieldDetector/ObjectsInside": Flag("intrusion", ("IsInside", "State")),
    "RuleEngine/CellMotionDetector/Intrusion": Flag("intrusion", ("IsIntrusion",)),  # vendor: Tapo
    "RuleEngine/LineDetector/Crossed": Flag("line_crossed", moment=True),
    "RuleEngine/LineDetector/Crossing": Flag("line_crossed", moment=True),  # vendor: Ajax
    "RuleEngine/MyRuleDetector/PeopleDetect": Flag("person", ("State",)),  # vendor: Reolink
    "RuleEngine/MyRuleDetector/VehicleDetect": Flag("vehicle", ("State",)),  # vendor: Reolink
    "RuleEngine/MyRuleDetector/DogCatDetect": Flag("animal", ("State",)),  # vendor: Reolink
    "RuleEngine/MyRuleDetector/Package": Flag("package", ("State",)),  # vendor: Reolink
    "RuleEngine/Radiometry/TemperatureAlarm": Flag("thermal_alarm", ("AlarmActive",), *_PRE_ALARM),
    "RuleEngine/Radiometry/TemperatureMeasurementAlarm": Flag(
        "thermal_alarm", ("AlarmActive",), *_PRE_ALARM
    ),
    "VideoSource/RadiometryAlarm": Flag("thermal_alarm", ("State", "AlarmActive"), *_PRE_ALARM),
    "RuleEngine/FireDetector": Flag("pre_alarm", (), *_PRE_ALARM),  # vendor; item names not known
    "VideoSource/SignalLoss": Flag("signal_lost", ("State",), *_FAULT),
    "VideoSource/ImpairedVisibility": Flag("impaired_visibility", ("State",)),
}

_IMAGE: Final = {
    "ImageTooBlurry": "image_too_blurry",
    "ImageTooDark": "image_too_dark",
    "ImageTooBright": "image_too_bright",
    "GlobalSceneChange": "scene_changed",
}
IMAGING: Final[Mapping[str, Flag]] = {
    f"VideoSource/{topic}/{service}": Flag(to, ("State",))
    for topic, to in _IMAGE.items()
    for service in ("AnalyticsService", "ImagingService", "RecordingService")
}

ITEMS: Final[Mapping[str, Flag]] = {
    "IsMotion": Flag("motion"),
    "IsPeople": Flag("person"),
    "IsVehicle": Flag("vehicle"),
    "IsPet": Flag("animal"),
    "IsTamper": Flag("tamper", (), *_TAMPER),
    "IsIntrusion": Flag("intrusion"),
    "IsLineCross": Flag("line_crossed"),
    "IsPackageDeliver": Flag("package_delivered"),
    "IsPackagePickup": Flag("package_taken"),
}
"""Vendor: items that say by their own name what they mean, under whatever rule-engine topic."""

HARDWARE: Final[Mapping[str, tuple[str, str]]] = {
    "Device/HardwareFailure/FanFailure": ("fan", "Failed"),
    "Device/HardwareFailure/PowerSupplyFailure": ("power_supply", "Failed"),
    "Device/HardwareFailure/StorageFailure": ("storage", "Failed"),
    "Device/HardwareFailure/TemperatureCritical": ("temperature", "Critical"),
}
"""The failed part, and the item that says it."""

NUMBERS: Final[Mapping[str, Number]] = {
    "Monitoring/ProcessorUsage": Number("processor_pct", "Value"),
    "Monitoring/BatteryCapacity": Number("battery_pct", "PercentageRemainingCapacity"),
    "Monitoring/EnvironmentalConditions/Temperature": Number("temperature_c", "Status"),
    "Monitoring/EnvironmentalConditions/RelativeHumidity": Number("humidity_pct", "Status"),
    "Device/Sensor/Temperature/High": Number("temperature_c", "Value"),
    "Device/Sensor/Temperature/Low": Number("temperature_c", "Value"),
    "Device/Sensor/RelativeHumidity/High": Number("humidity_pct", "Value"),
    "Device/Sensor/RelativeHumidity/Low": Number("humidity_pct", "Value"),
    "RuleEngine/CountAggregation/Counter": Number("count", "Count"),
    "RuleEngine/CountAggregation/OccupancyCounter": Number("occupancy_count", "Count"),
}

INPUTS: Final[Mapping[str, tuple[str, str]]] = {
    "Device/Trigger/DigitalInput": ("InputToken", "LogicalState"),
    "Device/Trigger/AlarmIn": ("AlarmInToken", "State"),  # vendor: Hikvision
}
RELAY: Final = "Device/Trigger/Relay"
OBJECTS: Final = "RuleEngine/ObjectDetection/Object"
LOITERING: Final = "RuleEngine/LoiteringDetector/ObjectIsLoitering"

CLASSES: Final[Mapping[str, str]] = {
    "human": "person",
    "person": "person",
    "people": "person",
    "vehicle": "vehicle",
    "car": "vehicle",
    "truck": "vehicle",
    "bus": "vehicle",
    "motorcycle": "vehicle",
    "animal": "animal",
    "pet": "animal",
}
"""Words of ClassTypes (tt:ObjectType, and what vendors write) to our states."""

YES: Final = frozenset({"true", "1", "active", "on"})
NO: Final = frozenset({"false", "0", "inactive", "off"})
