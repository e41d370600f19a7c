"""The Docker Engine, in podrunner's words: the only package that imports `docker`.

Everything here is one HTTP call to the engine per operation; nothing here decides. `client` connects and translates
errors; `labels`, `translate`, `ports`, `expansion` and `references` are pure; `address` only reads files;
`containers`, `images`, `pulls` and `networks` act; `observe`, `watch` and `logs` look.
"""
