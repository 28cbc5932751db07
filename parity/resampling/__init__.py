"""The parametric bootstrap by the criterion: no engine, all responses at once."""
