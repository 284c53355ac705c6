"""A hazard report: from the first photo or place in a chat to the township's 受理 or 驳回."""
