"""The chain of receipts, and the checks that anybody can make."""
