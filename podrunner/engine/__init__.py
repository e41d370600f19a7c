"""The Docker Engine, in podrunner's words: the only package that imports `docker`.

Everything here is one HTTP call to the engine per operation; nothing here decides. `client` connects and translates
errors, `streams` reads long answers; `containers`, `images` and `networks` act; `observe`, `watch` and `logs` look;
`labels`, `translate`, `ports`, `expansion`, `references` and `log_lines` are pure; `address` and `credentials` read the
Docker CLI's files.
"""
