"""The leaderboard: the store of records, the board made of them, pages and export. It never runs a model."""
