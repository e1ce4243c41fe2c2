"""From lines to priced lines to positions, for all contracts together, in polars. No loop over lines."""
