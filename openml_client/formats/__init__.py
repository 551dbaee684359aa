"""Data files: ARFF and Parquet, tables, splits and predictions."""
