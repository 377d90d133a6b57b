"""Shared vocabulary of the package: stimuli, labelled data, cards, registry, errors, settings, records, seeds."""
