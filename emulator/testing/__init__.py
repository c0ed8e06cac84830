"""The emulator in the hands of Python tests: a server to start, sessions on it, what a reply is written with.

`emulator` itself exports what users take from here. Nothing is imported before it is used: pytest loads the plugin in
every run of an environment in which the package is installed.
"""
