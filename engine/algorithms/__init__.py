"""Source selection algorithms: each scores a stock's sources for a destination."""
