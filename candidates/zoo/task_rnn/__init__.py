"""The recurrent networks of Rajalingham, Piccato & Jazayeri (2022), trained on Mental-Pong's own distribution."""

from .candidate import TaskRNN

__all__ = ["TaskRNN"]
