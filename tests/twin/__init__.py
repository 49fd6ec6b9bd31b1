"""Laws of the counterfactual twin."""
