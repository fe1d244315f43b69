"""What sound passes behind the items: effects and sends."""

import uuid

from .fake_values import SEND


def new_guid():
    return "{" + str(uuid.uuid4()).upper() + "}"


class Effect:
    def __init__(self, name, enabled=True, settings=()):
        self.name, self.enabled, self.settings, self.guid = name, enabled, dict(settings), new_guid()

    def copy(self):
        return Effect(self.name, self.enabled, self.settings)

    def plain(self):
        return {"name": self.name, "enabled": self.enabled, "settings": self.settings}


class Send:
    """From a track to another, or, without a target, to a hardware output."""

    def __init__(self, source, target, **values):
        self.source, self.target, self.values = source, target, dict(SEND)
        self.values.update({name: float(value) for name, value in values.items()})

    def plain(self):
        return {"to": self.target.guid if self.target else None, **self.values}
