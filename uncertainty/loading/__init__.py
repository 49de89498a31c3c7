"""Where models come from: pinned downloads, the cache, folders and the hub.

May import: no other room.
"""
