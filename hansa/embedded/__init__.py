"""The one-machine runtime: real PostgreSQL and Kafka out of wheels and jars, and every service on them."""
