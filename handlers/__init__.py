"""What a person can do: one file a feature, with its routes, thin functions, buttons and renderers."""
