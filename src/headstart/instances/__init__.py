"""Instances as what is transferred: weights of source rows, by boosting or by density ratios."""
