"""What the clock does: asks a feature what is due and calls the same kind of action a person would."""
