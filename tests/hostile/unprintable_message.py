# error
# control characters and lone surrogates
raise ValueError("\x00\x1b[2J\ud800\r\n" * 100)
