"""Partners: who they are, whether they may work, and whom to call there."""
