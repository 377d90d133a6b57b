"""What all rooms speak: stimuli, labelled data, cards, registry, errors, settings, records, seeds."""
