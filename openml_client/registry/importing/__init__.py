"""Things of other registries, stored with the ids that they have there.

Nothing is computed here: what the source published is what is stored.  Each thing is written
whole, in one `transaction`, after the contents of its files and after what it depends on.  What is
here already is found by its id; if it is something else, that is a `conflict`, and nothing is
overwritten.
"""
