"""A scenario: from YAML (or a dict) to a validated, immutable description of a market, its clients and the desk."""

from mmsim.scenario.model import Scenario, json_schema, load, restored
from mmsim.scenario.parts.instruments import OptionEntry

__all__ = ["OptionEntry", "Scenario", "json_schema", "load", "restored"]
