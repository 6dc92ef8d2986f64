"""Is a model still valid on new data?"""
