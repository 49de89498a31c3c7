"""Where models and texts come from: pinned downloads, the cache, folders and the hub.

May import: no other room.
"""
