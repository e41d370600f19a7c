"""Patches of API objects, and who owns which of their fields.

Pure: plain JSON data in and out, performs no I/O. Nothing is changed in place; a result may share parts with what it
was made of. `json_patch`, `merge_patch`, `strategic` and `server_side` apply a body of their kind; `ownership` keeps
`metadata.managedFields` for all other writes; `schema` says how each field merges.
"""
