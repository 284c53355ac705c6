"""The one exception with which a rule says no; it carries a reason and facts, never words."""


class Refused(Exception):
    """A rule said no: nothing was changed.

    `reason` is a dotted code such as "report.not_yours"; the feature's handlers own the sentence for it.
    `facts` fill the placeholders of that sentence.
    """

    def __init__(self, reason: str, **facts: object) -> None:
        super().__init__(reason)
        self.reason = reason
        self.facts = facts
