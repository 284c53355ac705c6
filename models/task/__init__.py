"""One ladder for everything that waits on a person: a holder, a due time, reminders, and a chain it climbs."""
