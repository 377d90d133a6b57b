"""Files of data sets: found, fetched, locked at their first use, unpacked."""
