"""Networks that people use, by name: ``timm:``, ``torchvision:``, ``hf:`` and of packages, as candidates."""
