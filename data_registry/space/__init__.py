"""Animals that walk: sessions, their checks, rate maps over space and direction."""
