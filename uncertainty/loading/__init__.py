"""Where models come from: pinned downloads, the cache, folders, the hub.

May import: nothing else of this package.
"""
