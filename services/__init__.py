"""The services of Hansa; none imports another."""
