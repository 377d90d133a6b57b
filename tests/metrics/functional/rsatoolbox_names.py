"""The comparisons of RDMs by the names that rsatoolbox has for them."""

PEER = {
    "pearson": "corr",
    "spearman": "spearman",
    "rho-a": "rho-a",
    "tau-a": "tau-a",
    "cosine": "cosine",
    "whitened-pearson": "corr_cov",
    "whitened-cosine": "cosine_cov",
}
