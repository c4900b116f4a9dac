"""From what the domain says to what is told on Kafka, and back."""
