"""The service: pages and a typed interface over a store; reads are open, writes need a token."""
