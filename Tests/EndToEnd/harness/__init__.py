"""What the end-to-end tests share: the real program on free ports, and a client that speaks the contract."""
