"""What a model and data come to: rows, columns of X and Z, the response; free of any engine."""
