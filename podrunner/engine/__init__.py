"""The Docker Engine, in podrunner's words: the only package that imports `docker`.

Everything here is one HTTP call to the engine per operation; nothing here decides. `client` connects by `transports`
and translates errors; `streams` reads long answers; `containers`, `images` and `networks` act; `observe`, `watch`,
`stats` and `logs` look; `exec`, `attach` and `tunnels` are sessions over connections that `hijack` takes over, by TLS
with `encryption`; `labels`, `translate`, `ports`, `expansion`, `references`, `frames` and `log_lines` are pure;
`address` and `credentials` read the Docker CLI's files.
"""
