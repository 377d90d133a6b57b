"""Recordings of ready-set-go, from whatever file: sessions, rates in the epochs of a trial, intervals produced."""
