"""The tree of divisions, the persons in it, the posts they hold, and the chat accounts they joined with."""
