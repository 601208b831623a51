"""wxbot: a WeChat Official Account server that keeps the window, the quota and its promises."""
