"""Gardner et al. 2022: modules of grid cells of three rats, recorded with Neuropixels."""
